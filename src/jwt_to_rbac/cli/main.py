"""The command `jwt-to-rbac`: its subcommands, and how they end. What they do is in files of their names."""

import os
import sys
from pathlib import Path

from cyclopts import App, Group, Parameter

from jwt_to_rbac.cli.first_system import NOTHING_TO_SERVE, with_subcommand
from jwt_to_rbac.cli.server_packages import installed
from jwt_to_rbac.client.errors import ClientError
from jwt_to_rbac.client.words import columns, folded
from jwt_to_rbac.core.errors import JwtToRbacError

_SERVER = "The server"
_COMMANDS = {
    "Your access": {
        "login": ("login:login", "Log in, and set kubectl up."),
        "logout": ("login:logout", "End this machine's session."),
        "whoami": ("whoami:whoami", "Who you are, what you may do, and until when."),
        "sessions": ("whoami:sessions", "Where you are logged in; end it there."),
        "kubeconfig": ("login:kubeconfig", "Write or print kubectl's entry for a server."),
        "completion": ("completion:completion", "Completion for your shell."),
    },
    "Administrators": {
        "people": ("people:people", "Who has access, and one person in full."),
        "revoke": ("people:revoke", "Take everything away from people or a group."),
        "suspend": ("people:suspend", "Keep somebody out."),
        "resume": ("people:resume", "Let them in again."),
        "who-can": ("people:who_can", "Who may do something, and by which rule."),
        "explain": ("explain:explain", "What a login would give and take."),
    },
    _SERVER: {
        "serve": ("serve:serve", "Serve the API."),
        "config": ("config:app", "Check, show and convert the configuration."),
        "export": ("export:app", "Write what a configuration needs on the cluster."),
        "doctor": ("doctor:doctor", "What is wrong with an installation, and how to mend it."),
        "adopt": ("adopt:adopt", "Take over from the first system."),
        "sandbox": ("sandbox:app", "A local cluster, Dex and a directory to try things on."),
    },
}


def application(name: str, listed: bool = False) -> App:
    """All commands, as `name` calls them.

    Where they are only `listed` each has its short help, instead of that in its own file.
    """
    app = App(
        name=name,
        help="OpenID Connect ID tokens in, Kubernetes access out.",
        # "" and False say nothing.
        default_parameter=Parameter(show_default=lambda value: value or None),
    )
    for rank, (title, commands) in enumerate(_COMMANDS.items()):
        group = Group(title, sort_key=rank)
        for command, (place, help_) in commands.items():
            if title == _SERVER and not installed():
                place = "server_packages:instead"
            # By name, so that a command imports what it needs: `serve` alone takes a second.
            app.command(
                f"jwt_to_rbac.cli.{place}",
                name=command,
                group=group,
                **({"help": help_} if listed else {}),
            )
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run one command. What went wrong is one sentence, and the exit code of docs/kubectl.md."""
    called = Path(sys.argv[0]).name
    # kubectl runs its plugins by this name, and people type it with a space.
    plugin = called.startswith("kubectl-")
    name = "kubectl jwt-to-rbac" if plugin else "jwt-to-rbac"
    given = sys.argv[1:] if arguments is None else arguments
    try:
        wanted = given if plugin else with_subcommand(given, os.environ)
        app = application(name, listed=wanted[:1] in ([], ["--help"], ["-h"]))
        if not wanted and not plugin:
            app.help_print([])
            _complain(f"{name}: {NOTHING_TO_SERVE}")
            sys.exit(2)
        app(wanted)
    except ClientError as e:
        _complain(f"{name}: {e.said()}")
        sys.exit(e.exit_code)
    except JwtToRbacError as e:
        _complain(f"{name}: {e.detail}")
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python must not try to write the rest.
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        # What a shell reports for SIGINT.
        sys.exit(130)


def _complain(text: str) -> None:
    print(folded(text, columns(sys.stderr)), file=sys.stderr)
