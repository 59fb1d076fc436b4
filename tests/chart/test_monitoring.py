"""Alerts and dashboard ask for metrics that the program has, and each alert has its runbook."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from jwt_to_rbac.core.errors import Code
from jwt_to_rbac.sandbox import Sandbox
from tests.chart.configurations import CONFIGURATIONS
from tests.chart.release import act, article, remove_everything, started
from tests.support.helm import CHART, Helm, one

Labels = dict[str, set[str]]

OF_TARGETS = {"namespace", "pod", "instance", "job"}
"""Labels that Prometheus' operator puts on whatever is scraped."""

RUNBOOKS = CHART.parents[1] / "docs" / "runbooks.md"
DASHBOARD: dict[str, Any] = json.loads((CHART / "files" / "dashboard.json").read_text())
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
EXPRESSIONS = {alert["alert"]: alert["expr"] for alert in ALERTS} | {
    f"{panel['title']} {target['refId']}": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}


@pytest.fixture(scope="module")
def labels(
    helm: Helm, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Labels]:
    """Every sample that the installed program shows, with its labels."""
    act(helm, sandbox, "install", article(sandbox))
    with started(sandbox, tmp_path_factory.mktemp("monitored")) as client:
        assert client.log_in(sandbox.id_token("jane")).status == 201
        assert client.call("POST", "/rbac/", b"no JSON").status == 400
        text = client.call("GET", "/metrics").text
    found: Labels = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    yield found
    remove_everything(sandbox)


def parsed(expression: str) -> promql_parser.Expr:
    """Grafana puts its variables in before Prometheus reads it."""
    return promql_parser.parse(
        expression.replace("$__rate_interval", "5m").replace("$namespace", ".*")
    )


def selectors(expression: str) -> list[promql_parser.VectorSelector]:
    found: list[promql_parser.VectorSelector] = []

    def visit(part: promql_parser.Expr) -> bool:
        if isinstance(part, promql_parser.VectorSelector):
            found.append(part)
        elif isinstance(part, promql_parser.MatrixSelector):
            found.append(part.vector_selector)
        return True

    promql_parser.walk(parsed(expression), visit)
    return found


@pytest.mark.parametrize("what", EXPRESSIONS)
def test_every_metric_and_label_that_is_asked_for_exists(labels: Labels, what: str) -> None:
    asked = selectors(EXPRESSIONS[what])
    assert asked
    known = set(OF_TARGETS)
    for selector in asked:
        assert selector.name in labels, f"the program has no {selector.name}"
        known |= labels[selector.name]
        matched = {matcher.name for matcher in selector.matchers.matchers}
        assert matched <= labels[selector.name] | OF_TARGETS, selector.name
    grouped = re.findall(r"(?:by|on) \(([^)]*)\)", EXPRESSIONS[what])
    assert {name.strip() for names in grouped for name in names.split(",")} <= known


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
def test_an_alert_is_told_in_words_and_has_a_runbook(alert: dict[str, Any]) -> None:
    headings = re.findall(r"^## (.*)$", RUNBOOKS.read_text(), re.MULTILINE)
    assert alert["alert"] in headings
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert {"summary", "description"} == set(alert["annotations"])
    # What a template names must still be a label of the result.
    named = set(re.findall(r"\$labels\.(\w+)", " ".join(alert["annotations"].values())))
    (kept, *_) = [*re.findall(r"by \(([^)]*)\)", alert["expr"]), ""]
    assert named <= {name.strip() for name in kept.split(",")}


def test_there_is_no_runbook_for_an_alert_that_is_gone() -> None:
    headings = re.findall(r"^## (.*)$", RUNBOOKS.read_text(), re.MULTILINE)
    assert headings == [alert["alert"] for alert in ALERTS]


def test_the_runbooks_name_codes_that_exist() -> None:
    named = re.findall(r"^- `([a-z_]+)`:", RUNBOOKS.read_text(), re.MULTILINE)
    assert named
    assert set(named) <= set(Code)


def test_the_chart_gives_each_alert_the_address_of_its_runbook(helm: Helm) -> None:
    url = "https://docs.example.com/runbooks"
    values = {
        "config": CONFIGURATIONS["everything"],
        "prometheusRule": {"enabled": True, "runbookURL": url},
    }
    (group,) = one(helm.template(values), "PrometheusRule")["spec"]["groups"]
    for rule, alert in zip(group["rules"], ALERTS, strict=True):
        wanted = {"runbook_url": f"{url}#{alert['alert'].lower()}"}
        assert rule == alert | {"annotations": alert["annotations"] | wanted}


def test_the_dashboard_is_whole_and_is_what_the_chart_hands_to_grafana(helm: Helm) -> None:
    values = {"config": CONFIGURATIONS["everything"], "dashboard": {"enabled": True}}
    made = one(helm.template(values), "ConfigMap", "jwt-to-rbac-dashboard")
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(made["data"]["jwt-to-rbac.json"]) == DASHBOARD
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [cell for panel in panels for cell in _cells(panel["gridPos"])]
    assert len(cells) == len(set(cells)), "panels lie over each other"
    variables = {one["name"] for one in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(panels))) - {"__rate_interval"}
    assert used <= variables


def _cells(at: dict[str, int]) -> list[tuple[int, int]]:
    assert at["x"] + at["w"] <= 24
    return [
        (x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
