"""`python -m bench`: all benchmarks, one after the other."""

import argparse
import asyncio
from pathlib import Path

from bench import logins

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each run takes")
    parser.add_argument("--table", type=Path, default=Path("bench/results/logins.md"))
    given = parser.parse_args()
    text = asyncio.run(logins.run(given.seconds))
    given.table.parent.mkdir(parents=True, exist_ok=True)
    given.table.write_text(text)
    print(text)
