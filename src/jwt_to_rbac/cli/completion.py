"""`jwt-to-rbac completion`: what a shell needs to complete the other commands."""

from typing import Literal

from cyclopts import App


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print the completion for a shell.

    bash: `source <(jwt-to-rbac completion bash)` in ~/.bashrc. zsh: write it to a file
    `_jwt-to-rbac` in a folder of $fpath. fish: write it to
    ~/.config/fish/completions/jwt-to-rbac.fish.
    """
    print(make().generate_completion(shell=shell))


def make() -> App:
    """The application under its own name, whatever it was called by."""
    from jwt_to_rbac.cli.main import application

    return application("jwt-to-rbac")
