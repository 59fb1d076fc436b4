"""`python -m bench`: all benchmarks, one after the other."""

import argparse
import asyncio
from pathlib import Path

from bench import decisions, logins, webhooks

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each run takes")
    parser.add_argument("--results", type=Path, default=Path("bench/results"))
    parser.add_argument("which", nargs="*", default=["logins", "webhooks", "decisions"])
    given = parser.parse_args()
    given.results.mkdir(parents=True, exist_ok=True)
    for name, run in (
        ("logins", logins.run),
        ("webhooks", webhooks.run),
        ("decisions", decisions.run),
    ):
        if name in given.which:
            text = asyncio.run(run(given.seconds))
            (given.results / f"{name}.md").write_text(text)
            print(text)
