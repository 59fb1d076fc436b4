"""Metrics: Prometheus' conventions, bounded labels without people in them, and what is counted."""

import re
from collections.abc import Sequence

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from jwt_to_rbac import ports
from jwt_to_rbac.api.metrics import MetricsPage
from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.metrics import CountedAudit, Metrics


class Recorder:
    """The audit record's place: takes everything, or nothing."""

    def __init__(self, works: bool = True) -> None:
        self._works = works

    async def record(
        self,
        event: str,
        *,
        request: ports.Request | None = None,
        **facts: str | int | bool | Sequence[str] | None,
    ) -> None:
        if not self._works:
            raise Outage(Code.AUDIT_UNAVAILABLE, "full")


def samples(metrics: Metrics) -> dict[str, float]:
    """Every sample by its name and labels, as Prometheus would see them."""
    text = generate_latest(metrics.registry).decode()
    return {
        sample.name + "".join(f" {k}={v}" for k, v in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def told_everything() -> Metrics:
    """Metrics that were told of one thing each."""
    metrics = Metrics("1.2.3")
    metrics.request("POST", "/rbac", 201, 0.02)
    metrics.failure(Code.BUSY)
    metrics.call("create", "serviceaccounts/token", "201", 0.004)
    metrics.decision("login", "")
    metrics.unrecorded()
    metrics.fetch("dex.example.com", "200")
    metrics.gauge("settling_queue_depth", "Accounts that wait", lambda: 3)
    metrics.watches(lambda: [("namespaces", True, 4.5, 7), ("accessgrants", False, 90.0, 10_000)])
    return metrics


def test_each_thing_is_counted_under_its_name() -> None:
    seen = samples(told_everything())
    assert seen["jwt_to_rbac_build_info version=1.2.3"] == 1
    request = " method=POST path=/rbac status=201"
    assert seen["jwt_to_rbac_http_request_duration_seconds_count" + request] == 1
    assert seen["jwt_to_rbac_http_request_duration_seconds_sum" + request] == 0.02
    assert seen["jwt_to_rbac_http_request_failures_total code=busy"] == 1
    call = " resource=serviceaccounts/token status=201 verb=create"
    assert seen["jwt_to_rbac_kube_request_duration_seconds_count" + call] == 1
    assert seen["jwt_to_rbac_decisions_total code= event=login"] == 1
    assert seen["jwt_to_rbac_audit_failures_total"] == 1
    assert seen["jwt_to_rbac_issuer_fetches_total host=dex.example.com result=200"] == 1
    assert seen["jwt_to_rbac_settling_queue_depth"] == 3
    assert seen["jwt_to_rbac_watch_up resource=accessgrants"] == 0
    assert seen["jwt_to_rbac_watch_silence_seconds resource=namespaces"] == 4.5
    assert seen["jwt_to_rbac_watch_objects resource=accessgrants"] == 10_000
    assert seen["process_resident_memory_bytes"] > 0


def test_names_follow_the_conventions_of_prometheus() -> None:
    text = generate_latest(told_everything().registry).decode()
    for family in text_string_to_metric_families(text):
        assert re.fullmatch(r"(jwt_to_rbac|process)_[a-z_]+", family.name), family.name
        assert family.documentation
        for sample in family.samples:
            if family.type == "counter":
                assert sample.name.endswith(("_total", "_created")), sample.name
            if family.type == "histogram":
                assert family.name.endswith("_seconds"), family.name


def test_what_a_client_invents_makes_no_series() -> None:
    metrics = Metrics("1")
    for n in range(50):
        metrics.request(f"BREW{n}", "", 404, 0.1)
    counts = [name for name in samples(metrics) if "http_request_duration_seconds_count" in name]
    assert counts == [
        "jwt_to_rbac_http_request_duration_seconds_count method=other path=other status=404"
    ]


def test_a_request_that_nobody_waited_for_is_told_apart() -> None:
    metrics = Metrics("1")
    metrics.request("GET", "/rbac", 0, 0.1)
    assert any("status=aborted" in name for name in samples(metrics))


async def test_decisions_are_counted_with_their_code_once_they_are_recorded() -> None:
    metrics = Metrics("1")
    audit = CountedAudit(Recorder(), metrics)
    await audit.record("login", username="jane@example.com", grants=["admin@cluster"])
    await audit.record("login_refused", code=Code.TOKEN_EXPIRED, request=ports.Request("r"))
    seen = samples(metrics)
    assert seen["jwt_to_rbac_decisions_total code= event=login"] == 1
    assert seen["jwt_to_rbac_decisions_total code=token_expired event=login_refused"] == 1
    assert "jane" not in generate_latest(metrics.registry).decode()


async def test_a_decision_that_was_not_recorded_counts_as_a_failure_alone() -> None:
    metrics = Metrics("1")
    with pytest.raises(Outage) as refused:
        await CountedAudit(Recorder(works=False), metrics).record("login")
    assert refused.value.code is Code.AUDIT_UNAVAILABLE
    seen = samples(metrics)
    assert seen["jwt_to_rbac_audit_failures_total"] == 1
    assert not [name for name in seen if name.startswith("jwt_to_rbac_decisions_total")]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param("", "text/plain", id="anybody"),
        pytest.param(
            "application/openmetrics-text; version=1.0.0",
            "application/openmetrics-text",
            id="prometheus",
        ),
    ],
)
async def test_the_page_is_in_the_format_that_was_asked_for(accept: str, media_type: str) -> None:
    page = MetricsPage(told_everything().registry)
    scope = {"type": "http", "method": "GET", "headers": [(b"accept", accept.encode())]}
    answer = await page.get(Request(scope))
    assert answer.headers["content-type"].startswith(media_type)
    assert b"jwt_to_rbac_build_info" in bytes(answer.body)
