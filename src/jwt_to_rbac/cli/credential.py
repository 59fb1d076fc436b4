"""`jwt-to-rbac credential`: kubectl's exec plugin (client.authentication.k8s.io/v1).

While the cached credential lasts nothing but this file and its two imports is read, and no
network is used. Standard output carries the JSON alone.
"""

import os
import sys
import time

from jwt_to_rbac.client.handed_out import asked_again, in_version_of, parent, read
from jwt_to_rbac.client.target import parsed

USAGE = """\
Usage: jwt-to-rbac credential --server=URL [--issuer=NAME] [--cluster=NAME]
           [--certificate-authority=FILE] [--duration=DURATION] [--insecure-http]

Prints a credential for kubectl, which runs this by itself (`jwt-to-rbac login` writes the entry
in your kubeconfig). A credential that lasts is printed as it is; else it is renewed; else you
are asked to log in, once for all kubectl calls that wait.
"""


def credential(arguments: list[str]) -> int:
    """Print an ExecCredential; returns the exit code (docs/kubectl.md)."""
    if "--help" in arguments or "-h" in arguments:
        print(USAGE, end="")
        return 0
    try:
        target = parsed(arguments)
    except ValueError as e:
        print(f"jwt-to-rbac credential: {e}.\n{USAGE}", end="", file=sys.stderr)
        return 1
    information = os.environ.get("KUBERNETES_EXEC_INFO", "")
    folder = target.folder(os.environ)
    cached = read(folder)
    refused = ""
    if cached is not None and time.time() < cached.expires:
        # Run by hand, by the same shell again and again, it says nothing of a refusal.
        if not (information and asked_again(folder, cached.generation, parent())):
            sys.stdout.write(in_version_of(information, cached.document))
            return 0
        refused = cached.generation
    from jwt_to_rbac.client.plugin import new_credential

    return new_credential(target, folder, information, refused)
