"""Makes calls at a fixed number in flight and measures them. Knows nothing of what is called."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Measured:
    """`rate` in calls a second, `p50` and `p99` in milliseconds, `cpu` of the server in ms a call."""

    calls: int
    rate: float
    p50: float
    p99: float
    cpu: float


async def measure(call: Call, in_flight: int, seconds: float, pid: int | None) -> Measured:
    """Call as fast as `in_flight` callers can for `seconds`; `pid` is the process to charge."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while time.perf_counter() < end:
            began = time.perf_counter()
            await call()
            times.append(time.perf_counter() - began)

    cpu_before, began = cpu_seconds(pid), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(in_flight)))
    elapsed, cpu = time.perf_counter() - began, cpu_seconds(pid) - cpu_before
    cuts = quantiles(times, n=100, method="inclusive")
    return Measured(
        len(times), len(times) / elapsed, cuts[49] * 1e3, cuts[98] * 1e3, cpu * 1e3 / len(times)
    )


def cpu_seconds(pid: int | None) -> float:
    """CPU time that a process has used, in seconds; 0 for none (proc(5), utime and stime)."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100  # USER_HZ is 100 on every Linux we know


def peak_memory(pid: int) -> float:
    """The most memory that a process had resident, in MB (proc(5), VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(kilobytes) / 1024
