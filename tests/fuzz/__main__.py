"""`make fuzz`: python -m tests.fuzz [target ...], each for FUZZ_SECONDS; --keep adds to the corpus.

What was found goes on growing in the cache; an input that breaks a promise is left in the
working directory as `crash-...` (`timeout-...`, `oom-...`), and the exit code is then not 0.
"""

import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from jwt_to_rbac.sandbox.places import cache_home
from tests.fuzz.corpus import FOLDER, LONGEST, fewest, inputs, keep

TARGETS = ("tokens", "configurations", "claims")
SLOWEST = 10
"""Seconds for one input, on a busy machine under instrumentation."""
MOST_MEMORY = 2048
"""Megabytes of the whole process."""


def main(arguments: list[str]) -> int:
    """Fuzz the targets named, one after the other; returns the exit code."""
    if arguments[:1] == ["--fuzz"]:
        fuzz(arguments[1], arguments[2:])
    named = [each for each in arguments if each != "--keep"] or list(TARGETS)
    if "--keep" in arguments:
        for target in named:
            shrink(target)
        return 0
    seconds = os.environ.get("FUZZ_SECONDS", "300")
    # A process each: libFuzzer ends the one it runs in.
    return max(
        subprocess.call([sys.executable, "-m", "tests.fuzz", "--fuzz", target, seconds])
        for target in named
    )


def fuzz(target: str, rest: list[str]) -> None:
    """Never returns."""
    try:
        import atheris
    except ModuleNotFoundError:
        sys.exit("atheris has no build for this machine (x86_64 and Python 3.11 to 3.13 have one)")
    with atheris.instrument_imports(include=["jwt_to_rbac"]):
        module = import_module(f"tests.fuzz.{target}")
    found = grown(target)
    found.mkdir(parents=True, exist_ok=True)
    with module.ready() as one, tempfile.NamedTemporaryFile("w", suffix=".dict") as dictionary:
        dictionary.writelines(f'"{_escaped(word)}"\n' for word in module.WORDS)
        dictionary.flush()
        options = [
            f"-max_total_time={rest[0]}",
            f"-max_len={LONGEST}",
            f"-timeout={SLOWEST}",
            f"-rss_limit_mb={MOST_MEMORY}",
            f"-dict={dictionary.name}",
            *rest[1:],
        ]
        atheris.Setup([target, *options, str(found), str(FOLDER / target)], one)
        atheris.Fuzz()


def shrink(target: str) -> None:
    """Commit of what was found the few inputs that go ways of their own."""
    module = import_module(f"tests.fuzz.{target}")
    found = [file.read_bytes() for file in grown(target).iterdir()]
    with module.ready() as one:
        keep(target, fewest(one, [*inputs(target), *found]))


def grown(target: str) -> Path:
    return cache_home() / "fuzz" / target


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
