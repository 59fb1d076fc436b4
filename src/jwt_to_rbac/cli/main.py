"""The command `jwt-to-rbac`: its subcommands, and how they end. What they do is in files of their names."""

import sys

from cyclopts import App

from jwt_to_rbac.core.errors import JwtToRbacError

app = App(name="jwt-to-rbac", help="OpenID Connect ID tokens in, Kubernetes access out.")
# By name, so that a command imports what it needs and no more: `serve` alone takes a second.
app.command("jwt_to_rbac.cli.serve:serve", name="serve")
app.command("jwt_to_rbac.cli.config:app", name="config")
app.command("jwt_to_rbac.cli.explain:explain", name="explain")
app.command("jwt_to_rbac.cli.export:app", name="export")
app.command("jwt_to_rbac.cli.sandbox:app", name="sandbox")


def main(arguments: list[str] | None = None) -> None:
    """Run one command. Exits with 1 and one sentence for an error of this program's tree."""
    try:
        app(arguments)
    except JwtToRbacError as e:
        print(f"jwt-to-rbac: {e.detail}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        # What a shell reports for SIGINT.
        sys.exit(130)
