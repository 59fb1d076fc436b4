"""A rule's namespace selector: what the configuration says becomes the core's value."""

from pathlib import Path

from jwt_to_rbac.core.policy import SelectedNamespaces
from jwt_to_rbac.core.selector import LabelSelector, Requirement
from jwt_to_rbac.settings.in_force import in_force
from tests.settings.given import LEAST, loaded

RULE = """\
policy:
  rules:
  - name: shop
    groups: [shop]
    clusterRole: edit
    scope:
      namespaceSelector:
        matchLabels: {example.com/team: shop, empty: ""}
        matchExpressions:
        - {key: stage, operator: NotIn, values: [prod, ""]}
        - {key: frozen, operator: DoesNotExist}
accounts: {namespace: people}
"""


def test_labels_and_expressions_must_all_match(tmp_path: Path) -> None:
    policy = loaded(tmp_path, LEAST + RULE).settings.policy
    assert policy.accounts_namespace == "people"
    assert policy.rules[0].scope == SelectedNamespaces(
        LabelSelector(
            (
                Requirement("example.com/team", "In", frozenset({"shop"})),
                Requirement("empty", "In", frozenset({""})),
                Requirement("stage", "NotIn", frozenset({"prod", ""})),
                Requirement("frozen", "DoesNotExist"),
            )
        )
    )


def test_an_empty_selector_is_every_namespace(tmp_path: Path) -> None:
    text = "policy: {rules: [{name: a, groups: [a], clusterRole: view, scope: {namespaceSelector: {}}}]}\n"
    (rule,) = loaded(tmp_path, LEAST + text).settings.policy.rules
    assert rule.scope == SelectedNamespaces(LabelSelector())


def test_what_is_in_force_is_shown_label_by_label(tmp_path: Path) -> None:
    shown = {row.key: row.value for row in in_force(loaded(tmp_path, LEAST + RULE))}
    labels = "policy.rules[0].scope.namespaceSelector.matchLabels"
    assert shown[f"{labels}.example.com/team"] == "shop"
