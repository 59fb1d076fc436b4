"""`python -m jwt_to_rbac.sandbox.demo`: arguments, signals and exit codes of the demo."""

import argparse
import signal
import sys

from jwt_to_rbac.sandbox.builds import ensure_programs
from jwt_to_rbac.sandbox.demo.borrowed import Borrowed
from jwt_to_rbac.sandbox.demo.staying import invite
from jwt_to_rbac.sandbox.demo.story import told
from jwt_to_rbac.sandbox.demo.telling import StepFailed, Teller, Wrong
from jwt_to_rbac.sandbox.demo.terminal import Ink, Terminal
from jwt_to_rbac.sandbox.errors import SandboxError

_INTERRUPTED = 130  # what a shell reports for SIGINT


def main() -> int:
    """Tell the story; 0 if every step was right, and if a person ended it while it stayed."""
    arguments = _arguments()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        # As an exception, so that everything started is ended and everything made is removed.
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    # A shell that starts it in the background has SIGINT ignored, and Ctrl-C is how it ends.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    teller = Teller(Terminal.of(sys.stdout))
    teller.terminal.line(
        "jwt-to-rbac: an OpenID Connect login becomes access to a Kubernetes cluster", Ink.HEAD
    )
    try:
        return _run(teller, once=arguments.once, current=arguments.cluster == "current")
    except (StepFailed, Wrong, SandboxError) as trouble:
        _complain(teller, trouble)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(teller: Teller, *, once: bool, current: bool) -> int:
    borrowed = None
    if current:
        borrowed = Borrowed.in_use(ensure_programs()["kubectl"])
        if not borrowed.may_be_used(teller, _ask):
            teller.say("Nothing was done.")
            return 1
    with told(teller, borrowed) as stage:
        if not once:
            invite(stage)
            _wait_for_ctrl_c()
    # Only here, because giving a borrowed cluster back is a step as well.
    verdict = f"All {teller.steps} steps were right ({teller.elapsed:.0f} s)."
    teller.terminal.line()
    teller.terminal.line(verdict, Ink.GOOD)
    return 0


def _complain(teller: Teller, trouble: BaseException) -> None:
    """The first failure first, if removing what was made failed after it."""
    if isinstance(trouble.__context__, StepFailed):
        _complain(teller, trouble.__context__)
    teller.terminal.line()
    teller.terminal.line(f"✗ {trouble}", Ink.BAD)


def _wait_for_ctrl_c() -> None:
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        pass


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        return ""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the last step")
    parser.add_argument(
        "--cluster", choices=["current"], help="use kubectl's current context as the cluster"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
