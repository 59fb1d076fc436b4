"""The credential that kubectl gets: its file, and whom it was handed to. No network, no locks.

On the path of every kubectl call: imports only what Python has loaded anyway.

client-go runs the plugin once per process, and again only after the expiry or after a 401, and
doesn't say which. So the file `handed-out` notes who got which credential: whoever asks again
before the expiry was refused by the API server, or is one of several clients in one process.
"""

import os

_SLOTS = 4096
_SLOT = 40
"""Bytes: a pid (7), a start time in ticks (20), a generation (8), two spaces."""


class Credential:
    """What is in the file: `expires` is what kubectl is told, in seconds since 1970 by this
    machine's clock; `generation` tells it from the one before; `document` is an ExecCredential.
    """

    __slots__ = ("document", "expires", "generation")

    def __init__(self, expires: int, generation: str, document: str) -> None:
        self.expires = expires
        self.generation = generation
        self.document = document


def read(folder: str) -> Credential | None:
    """The credential in a login's folder, if there is one and nobody else can have put it there."""
    try:
        handle = os.open(f"{folder}/credential", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        status = os.fstat(handle)
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            return None
        head, _, document = os.read(handle, status.st_size).decode().partition("\n")
        expires, generation = head.split()
        return Credential(int(expires), generation, document)
    except (OSError, ValueError):
        return None
    finally:
        os.close(handle)


def asked_again(folder: str, generation: str, asker: str) -> bool:
    """Note that `asker` gets this credential; True if it has got it before.

    A slot a process, so that the file stays small; two processes may share one, and then one of
    them is forgotten.
    """
    note = f"{asker} {generation}".encode()[:_SLOT].ljust(_SLOT)
    offset = int(asker.partition(" ")[0]) % _SLOTS * _SLOT
    try:
        handle = os.open(
            f"{folder}/handed-out", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
    except OSError:
        return False
    try:
        if os.pread(handle, _SLOT, offset) == note:
            return True
        os.pwrite(handle, note, offset)
        return False
    except OSError:
        return False
    finally:
        os.close(handle)


def parent() -> str:
    """The process that runs the plugin, by pid and start time (pids are used again)."""
    pid = os.getppid()
    try:
        handle = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:  # no /proc, as on macOS: the pid alone
        return f"{pid} 0"
    try:
        # proc(5): field 22, counted behind the name, which may hold anything but ends with ")".
        return f"{pid} {os.read(handle, 4096).rpartition(b')')[2].split()[19].decode()}"
    finally:
        os.close(handle)


def in_version_of(information: str, document: str) -> str:
    """The document in the API version that the kubeconfig names (KUBERNETES_EXEC_INFO)."""
    if "client.authentication.k8s.io/v1beta1" in information:
        return document.replace("k8s.io/v1", "k8s.io/v1beta1", 1)
    return document
