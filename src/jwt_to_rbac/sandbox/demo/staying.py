"""What a person can try while the demo goes on running: a file for their shell, and what to type."""

import shlex
import urllib.parse

from jwt_to_rbac.sandbox import SCOPES, Sandbox
from jwt_to_rbac.sandbox.demo.jane import JANE
from jwt_to_rbac.sandbox.demo.stage import Stage
from jwt_to_rbac.sandbox.demo.terminal import Ink
from jwt_to_rbac.sandbox.protocol import Person

_TRY = (
    "kubectl auth whoami",
    "kubectl get pods --all-namespaces",
    "kubectl get nodes",
    'kubectl --kubeconfig "$ADMIN_KUBECONFIG" get accessgrants',
    f'curl -H "Authorization: Bearer $(id_token jane)" "$JWT_TO_RBAC/tokens/{JANE}"',
    f'curl -X DELETE -H "Authorization: Bearer $(id_token jane)" "$JWT_TO_RBAC/rbac/{JANE}"',
)


def invite(stage: Stage) -> None:
    """Write the file, and say what can be done with it."""
    file = stage.folder / "try-it.sh"
    file.touch(mode=0o600)
    file.write_text(_script(stage))
    terminal = stage.teller.terminal
    terminal.line()
    terminal.line("Everything goes on running, and jane is logged in. In another shell:", Ink.HEAD)
    # Unfolded, whatever the width: these are to be copied.
    for command in (f". {shlex.quote(str(file))}", *_TRY):
        terminal.line(f"    {command}", Ink.COMMAND)
    terminal.line()
    terminal.line("Ctrl-C ends it and removes everything.", Ink.HEAD)


def _script(stage: Stage) -> str:
    sandbox = stage.sandbox
    variables = {
        "KUBECONFIG": str(stage.folder / "jane.kubeconfig"),
        "ADMIN_KUBECONFIG": str(stage.admin.kubeconfig),
        "JWT_TO_RBAC": stage.server,
        "OIDC_ISSUER": sandbox.issuer,
        "OIDC_CLIENT_ID": sandbox.client_id,
    }
    lines = ["# For a shell beside the demo, as long as it runs: . try-it.sh"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    lines.append(f'export PATH={shlex.quote(str(sandbox.kubectl.parent))}:"$PATH"')
    lines += [
        "# An ID token of jane or john from Dex: id_token jane",
        "id_token() {",
        '  case "$1" in',
    ]
    for name, person in sandbox.people.items():
        lines.append(f"    {name}) printf %s {shlex.quote(_form(sandbox, person))} ;;")
    lines += [
        "  esac | curl -sf --data @- "
        + shlex.quote(f"{sandbox.issuer}/token")
        + r""" | sed -n 's/.*"id_token":"\([^"]*\)".*/\1/p'""",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _form(sandbox: Sandbox, person: Person) -> str:
    return urllib.parse.urlencode(
        {
            "grant_type": "password",
            "client_id": sandbox.client_id,
            "client_secret": sandbox.client_secret,
            "username": person.email,
            "password": person.password,
            "scope": " ".join(SCOPES),
        }
    )
