"""Where every command begins: kubectl's plugin goes its short way, all others through `main`."""

import sys


def main() -> None:
    """`jwt-to-rbac …`, also as `kubectl jwt-to-rbac …`. Imports what the command needs, no more."""
    if sys.argv[1:2] == ["credential"]:
        from jwt_to_rbac.cli.credential import credential

        sys.exit(credential(sys.argv[2:]))
    import gc

    # Modules are no garbage, and to look through them for some takes a twelfth of what importing them does.
    # `serve` has it enabled again; any other command ends before there is anything worth collecting.
    gc.disable()
    from jwt_to_rbac.cli.main import main as all_commands

    all_commands()
