"""The entry of kubectl's plugin in a kubeconfig, as the command line and the web app write it. Imports nothing."""

COMMAND = "jwt-to-rbac"
PLUGIN = "kubectl-jwt_to_rbac"
"""The same program by the name that Krew installs it under, alone."""
_HINT = """\
jwt-to-rbac is not on your PATH. It gets kubectl's credential for this cluster: install it as
whoever runs the cluster tells you, then try again.
"""


def exec_entry(arguments: list[str], command: str = COMMAND) -> dict[str, object]:
    """What stands under `users[].user.exec`; `arguments` name the login, and hold no secret."""
    return {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": command,
        "args": ["credential", *arguments],
        "env": None,
        "installHint": _HINT,
        "interactiveMode": "IfAvailable",
        "provideClusterInfo": False,
    }
