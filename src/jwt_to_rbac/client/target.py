"""Which login is meant: our server and what goes with it, read from arguments, and its folder.

On the path of every kubectl call: imports only what Python has loaded anyway.
"""

import os

_OPTIONS = ("server", "issuer", "cluster", "certificate-authority", "duration")
_FLAG = "insecure-http"
_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
_LONGEST_NAME = 200
"""Bytes of a folder's name, of the 255 that file systems take."""


class Target:
    """A server, the issuer and the cluster of those that it names (empty: there is only one).

    `certificate_authority` is an absolute path; `duration` is how long credentials are asked
    for, in Go's form; `insecure_http` sends tokens in the clear where the URL says http.
    """

    __slots__ = (
        "certificate_authority",
        "cluster",
        "duration",
        "insecure_http",
        "issuer",
        "server",
    )

    def __init__(
        self,
        server: str,
        issuer: str = "",
        cluster: str = "",
        certificate_authority: str = "",
        insecure_http: bool = False,
        duration: str = "",
    ) -> None:
        self.server = server.rstrip("/")
        self.issuer = issuer
        self.cluster = cluster
        self.certificate_authority = (
            os.path.abspath(certificate_authority) if certificate_authority else ""
        )
        self.insecure_http = insecure_http
        self.duration = duration

    def arguments(self) -> list[str]:
        """The arguments that `parsed` reads as this target again."""
        values = (self.server, self.issuer, self.cluster, self.certificate_authority, self.duration)
        named = [f"--{name}={value}" for name, value in zip(_OPTIONS, values, strict=True) if value]
        return [*named, f"--{_FLAG}"] if self.insecure_http else named

    def folder(self, environment: "os._Environ[str] | dict[str, str]") -> str:
        """Where the login's files lie, in the person's own cache.

        The name covers all that decides which credential is right: server, issuer, cluster and
        TLS settings. (Client and scopes follow from these; the files say which they were.)
        """
        parts = [self.server, self.issuer, self.cluster, self.certificate_authority]
        name = "+".join(_as_file_name(part) for part in parts)
        if self.insecure_http:
            name += "+http"
        if len(name) > _LONGEST_NAME:
            import hashlib

            name = hashlib.sha256(name.encode()).hexdigest()
        base = environment.get("XDG_CACHE_HOME") or os.path.join(
            environment.get("HOME") or os.path.expanduser("~"), ".cache"
        )
        return os.path.join(base, "jwt-to-rbac", "credentials", name)


def parsed(arguments: list[str]) -> Target:
    """The target that arguments name; raises ValueError with what is wrong with them."""
    found: dict[str, str] = {}
    insecure = False
    rest = iter(arguments)
    for argument in rest:
        name, equals, value = argument.partition("=")
        if argument == f"--{_FLAG}":
            insecure = True
            continue
        if name[:2] != "--" or name[2:] not in _OPTIONS:
            raise ValueError(f"{argument!r} is not an argument of this command")
        if not equals:
            value = next(rest, "")
        if not value:
            raise ValueError(f"{name} needs a value")
        found[name[2:].replace("-", "_")] = value
    if "server" not in found:
        raise ValueError("--server is missing: the URL of jwt-to-rbac")
    return Target(insecure_http=insecure, **found)


def _as_file_name(text: str) -> str:
    """Percent-encoded, so that two texts never become the same name."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text.encode())
