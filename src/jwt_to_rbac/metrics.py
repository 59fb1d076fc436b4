"""What is counted and timed for Prometheus: names, labels, and who is told. Nothing is served here.

No label holds what a client chose or who a person is: paths are templates, methods the known
ones, results our codes; so the number of series is bounded. A histogram's `_count` is the number
of calls. One observation costs 2 µs; values that are kept elsewhere are read when asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from jwt_to_rbac.core.errors import Outage
from jwt_to_rbac.ports import Audit, Request

PREFIX = "jwt_to_rbac_"

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds: what an API server asks is to be answered within 2 ms, a renewal takes some 5 ms, a
request 10 s at most."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
"""A method or path of the client's own invention."""

WatchState = tuple[str, bool, float, int]
"""A watch's resource, whether it is up, the seconds since the API server was last heard on it, and how
many objects are known by it."""


class Metrics:
    """The program's metrics, in a registry of their own. Its methods are told what happened."""

    def __init__(self, version: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        build = Gauge(
            f"{PREFIX}build_info", "1, for the version", ["version"], registry=self.registry
        )
        build.labels(version).set(1)
        self._requests = self._timed(
            "http_request_duration_seconds",
            "HTTP requests by path template; status aborted: the client went away",
            "method",
            "path",
            "status",
        )
        self._calls = self._timed(
            "kube_request_duration_seconds",
            "Calls to the Kubernetes API server; status error: there was no answer",
            "verb",
            "resource",
            "status",
        )
        self._failures = self._counted(
            "http_request_failures_total", "Requests that ended with an error, by its code", "code"
        )
        self._decisions = self._counted(
            "decisions_total",
            "Decisions in the audit record (logins, tokens, revocations, refusals) by event, and "
            "by code for those refused",
            "event",
            "code",
        )
        self._unrecorded = Counter(
            f"{PREFIX}audit_failures_total",
            "Decisions that could not be recorded, and so were not carried out",
            registry=self.registry,
        )
        self._fetches = self._counted(
            "issuer_fetches_total",
            "Documents (discovery, keys) asked of issuers, by the answer's status, or error",
            "host",
            "result",
        )

    def request(self, method: str, path: str, status: int, seconds: float) -> None:
        """A request ended; `path` is a template or "" for none, status 0: nobody waited for it."""
        known = method if method in METHODS else OTHER
        self._requests(known, path or OTHER, status or "aborted").observe(seconds)

    def failure(self, code: str) -> None:
        """A request ended with an error (a denial is none)."""
        self._failures(code).inc()

    def call(self, verb: str, resource: str, status: str, seconds: float) -> None:
        """A call to the API server ended."""
        self._calls(verb, resource, status).observe(seconds)

    def decision(self, event: str, code: str) -> None:
        self._decisions(event, code).inc()

    def unrecorded(self) -> None:
        self._unrecorded.inc()

    def fetch(self, host: str, result: str) -> None:
        """An issuer answered, or didn't."""
        self._fetches(host, result).inc()

    def gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """A value that somebody else keeps; `value` is called from another thread."""
        Gauge(PREFIX + name, meaning, registry=self.registry).set_function(value)

    def watches(self, states: Callable[[], Iterable[WatchState]]) -> None:
        """The watches' health and size; `states` is called from another thread."""
        self.registry.register(_Watches(states))

    def reloads(self, succeeded: Callable[[], bool], succeeded_at: Callable[[], float]) -> None:
        """How the last look at the configuration's files ended; called from another thread."""
        self.gauge(
            "configuration_last_reload_successful",
            "1, or 0 if the configuration's files hold what can't be taken up: the older is in force",
            lambda: float(succeeded()),
        )
        self.gauge(
            "configuration_last_reload_success_timestamp_seconds",
            "When the configuration in force was read, in seconds since 1970",
            succeeded_at,
        )

    # Series are found by `cache`, as there are not many: `labels` takes a lock and makes texts anew.

    def _timed(self, name: str, meaning: str, *labels: str) -> Callable[..., Histogram]:
        made = Histogram(PREFIX + name, meaning, labels, registry=self.registry, buckets=BUCKETS)
        return cache(made.labels)

    def _counted(self, name: str, meaning: str, *labels: str) -> Callable[..., Counter]:
        return cache(Counter(PREFIX + name, meaning, labels, registry=self.registry).labels)


class CountedAudit:
    """The port `Audit`, counting what passes: every decision goes this way before its effect."""

    def __init__(self, audit: Audit, metrics: Metrics) -> None:
        self._audit = audit
        self._metrics = metrics

    async def record(
        self,
        event: str,
        *,
        request: Request | None = None,
        **facts: str | int | bool | Sequence[str] | None,
    ) -> None:
        try:
            await self._audit.record(event, request=request, **facts)
        except Outage:
            self._metrics.unrecorded()
            raise
        self._metrics.decision(event, str(facts.get("code") or ""))


class _Watches(Collector):
    def __init__(self, states: Callable[[], Iterable[WatchState]]) -> None:
        self._states = states

    def describe(self) -> Iterable[Metric]:
        return self._families()

    def collect(self) -> Iterator[Metric]:
        up, silence, objects = self._families()
        for resource, healthy, seconds, known in self._states():
            up.add_metric([resource], healthy)
            silence.add_metric([resource], seconds)
            objects.add_metric([resource], known)
        yield from (up, silence, objects)

    def _families(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily(
                f"{PREFIX}watch_up",
                "1 if the watch cache is filled and connected, else 0: it may be stale",
                labels=["resource"],
            ),
            GaugeMetricFamily(
                f"{PREFIX}watch_silence_seconds",
                "Seconds since the API server was last heard on a watch; it says something each "
                "minute",
                labels=["resource"],
            ),
            GaugeMetricFamily(
                f"{PREFIX}watch_objects",
                "Objects that are known of a kind: of accessgrants everybody's, of bindings all on "
                "the cluster",
                labels=["resource"],
            ),
        )
