"""`make identities`: ten million people, or as many as are named, log in twice."""

import resource
import sys
import time

from tests.identities.accounts import log_in_all

TEN_MILLION = 10_000_000


def main() -> int:
    people = int(sys.argv[1]) if len(sys.argv) > 1 else TEN_MILLION
    began = time.monotonic()
    found = log_in_all(people)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{found}\n{seconds:.0f} s, {peak:.0f} MiB")  # noqa: T201
    good = found.names == found.people and not (found.refused or found.invalid or found.foreign)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
