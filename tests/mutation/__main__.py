"""`make mutants`: python -m tests.mutation [--again] [mutant pattern ...].

Everything anew, which takes an hour; `--again` keeps what was killed before and tries the rest;
patterns such as 'jwt_to_rbac.core.names*' try those alone. Fails where a survivor isn't in
`survivors.md`, where one that is there was killed, or where too few were killed.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

from tests.mutation.survivors import FILE, Survivor, committed, to_be_judged

WORK = Path("mutants")
LEAST_KILLED = 0.95
FORGERIES = "80"
"""How many bad tokens the suite makes for each mutant, in place of its thousands."""
ALIVE = ("survived", "no tests", "skipped", "not checked", "suspicious")


def main(arguments: list[str]) -> int:
    """Run mutmut, then hold what survived against the committed list; returns the exit code."""
    patterns = [each for each in arguments if each != "--again"]
    if "--again" in arguments:
        forget_the_living()
    elif not patterns:
        shutil.rmtree(WORK, ignore_errors=True)
    run = [sys.executable, "-m", "mutmut", "run", *patterns]
    if subprocess.call(run, env={**os.environ, "FORGERIES": FORGERIES}) != 0:
        return 1
    return judge(patterns)


def judge(patterns: list[str]) -> int:
    """Tell the share of killed mutants, and what has to be mended in the list."""
    tried = {
        mutant: status
        for mutant, status in results()
        if not patterns or any(fnmatch(mutant, pattern) for pattern in patterns)
    }
    alive = [survivor_of(mutant) for mutant, status in tried.items() if status in ALIVE]
    killed = 1 - len(alive) / len(tried)
    print(f"{len(tried)} mutants: {dict(Counter(tried.values()))}; {killed:.2%} killed")
    new = to_be_judged(alive)
    for survivor in new:
        print(f"survived, and is not in {FILE.name}:\n{survivor.text()}")
    dead = sorted(set(committed()) - set(alive)) if not patterns else []
    for survivor in dead:
        print(f"is in {FILE.name}, and was killed or is no more:\n{survivor.text()}")
    return 1 if new or dead or (killed < LEAST_KILLED and not patterns) else 0


def results() -> Iterator[tuple[str, str]]:
    """Each mutant with what became of it."""
    for meta in sorted(WORK.rglob("*.meta")):
        for mutant, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            yield mutant, status_by_exit_code[code]


def survivor_of(mutant: str) -> Survivor:
    module = mutant.rpartition(".")[0]
    function, of_class = orig_function_and_class_names_from_key(mutant)
    name = ".".join(part for part in (module, of_class, function) if part)
    diff = get_diff_for_mutant(mutant).splitlines()
    changed = [line for line in diff if line[:1] in "-+" and line[:3] not in ("---", "+++")]
    return Survivor(name, tuple(changed))


def forget_the_living() -> None:
    """Have mutmut try again what wasn't killed, with all tests as they are now."""
    for meta in WORK.rglob("*.meta"):
        whole = json.loads(meta.read_text())
        codes = whole["exit_code_by_key"]
        for mutant, code in codes.items():
            if status_by_exit_code[code] in (*ALIVE, "timeout", "segfault"):
                codes[mutant] = None
        meta.write_text(json.dumps(whole))
    (WORK / "mutmut-stats.json").unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
