"""Runs one `go build` and shows how far it is; what to build is decided elsewhere.

An interrupted build resumes: Go keeps every package that it has compiled in its own cache.
"""

import json
import queue
import subprocess
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from jwt_to_rbac.sandbox.errors import BuildFailed
from jwt_to_rbac.sandbox.filelock import locked
from jwt_to_rbac.sandbox.lifeline import die_with_parent
from jwt_to_rbac.sandbox.places import cache_home
from jwt_to_rbac.sandbox.progress import Progress, clock

_LINES_KEPT = 20


@dataclass(frozen=True)
class GoBuild:
    """Everything about one call of `go build`."""

    name: str
    go: Path
    folder: Path
    package: str
    flags: tuple[str, ...]
    output: Path
    environment: Mapping[str, str]


def run_build(build: GoBuild) -> None:
    """Build, with progress on standard error. Raises BuildFailed with Go's last lines."""
    with Progress(f"building {build.name}", _last_time(build.name)) as progress:
        progress.tick("fetching modules")
        total = _packages_to_compile(build)
        command = [str(build.go), "build", "-v", *build.flags, "-o", str(build.output)]
        last: deque[str] = deque(maxlen=_LINES_KEPT)
        done = 0
        with subprocess.Popen(
            [*command, build.package],
            cwd=build.folder,
            env=build.environment,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent(),
        ) as process:
            for line in _Lines(cast(IO[str], process.stderr)):
                if line is not None:
                    last.append(line)
                    done += 1
                linking = " (linking)" if done >= total else ""
                progress.tick(f"{min(done, total):,} of {total:,} packages{linking}")
        if process.returncode != 0:
            raise BuildFailed(
                f"go build of {build.name} failed:\n{''.join(last)}"
                "Run it again: what is compiled is kept. If modules could not be fetched, "
                "check the network and GOPROXY."
            )
        _remember(build.name, progress.elapsed, total)


def _packages_to_compile(build: GoBuild) -> int:
    # Go knows which packages its cache lacks; they alone are what `go build -v` will name.
    command = [str(build.go), "list", "-deps", "-f", "{{.Stale}}", *build.flags, build.package]
    listed = subprocess.run(
        command, cwd=build.folder, env=build.environment, capture_output=True, text=True
    )
    if listed.returncode != 0:
        raise BuildFailed(
            f"go list for {build.name} failed:\n{listed.stderr[-2000:]}"
            "Check the network and GOPROXY, then run it again."
        )
    return listed.stdout.split().count("true")


class _Lines:
    """Iterates over a stream's lines, with a None each second in which there was no line."""

    def __init__(self, stream: IO[str]) -> None:
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._queue.put(line)
        self._queue.put(None)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str | None:
        try:
            line = self._queue.get(timeout=1)
        except queue.Empty:
            return None
        if line is None:
            raise StopIteration
        return line


def _timings() -> Path:
    return cache_home() / "build-times.json"


def _read_timings() -> dict[str, list[int]]:
    try:
        timings: dict[str, list[int]] = json.loads(_timings().read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return timings


def _last_time(name: str) -> str:
    seconds, packages = _read_timings().get(name, (0, 0))
    return f"last time {clock(seconds)} for {packages:,} packages" if seconds else ""


def _remember(name: str, seconds: float, packages: int) -> None:
    with locked(cache_home() / ".build-times.lock"):
        timings = _read_timings() | {name: [round(seconds), packages]}
        unfinished = _timings().with_suffix(".part")
        unfinished.write_text(json.dumps(timings))
        unfinished.replace(_timings())
