"""Makes the chart's template of rights and admission policies from the program's own generators.

`jwt_to_rbac.kube.rights` and `.admission` are asked for every kind of configuration there is,
with marks in the place of names. What they answer differs by a few yes-or-no facts; each rule is
written once, under the condition on those facts that it was found to depend on. Which facts hold
for somebody's values is told by the chart's `_facts.tpl`.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
import yaml

from jwt_to_rbac.core.policy import (
    Namespaces,
    Policy,
    PolicyRule,
    Rule,
    Scope,
    SelectedNamespaces,
    WholeCluster,
)
from jwt_to_rbac.core.selector import LabelSelector
from jwt_to_rbac.kube.admission import admission_manifests
from jwt_to_rbac.kube.cel import is_role, texts
from jwt_to_rbac.kube.installation import Installation, ProgramAccount
from jwt_to_rbac.kube.manifest import role_rules
from jwt_to_rbac.kube.rights import (
    accounts_rules,
    cluster_info_rules,
    cluster_rules,
    news_rules,
)

Facts = frozenset[str]

FACTS = ("cluster", "named", "selected", "own", "dynamic", "stored", "standing", "web")
"""Whether: a role is bound on the cluster, in named namespaces, where a selector says; rules become
roles; the program keeps those itself; tokens are stored; groups are bound themselves; there is the
web app."""

ROLE, NAME, HOME, PEOPLE, THERE = (
    f"mark-{what}" for what in ("role", "name", "home", "people", "there")
)
LONGEST = 987_654_321
OWN_RULES = (PolicyRule(("get",), ("",), ("pods",)),)

HEAD = "{{- /* Made by `make manifests` from the program's own generators: don't edit. */}}\n"
LABELS = '{{ include "jwt-to-rbac.labels" .root | fromYaml | toJson }}'


def rights_template() -> str:
    """The whole file: a template for each list of rules, and one for the admission policies."""
    rules = {"cluster": cluster_rules, "accounts": accounts_rules}
    made = [_define(f"rules.{name}", _rules(rule)) for name, rule in rules.items()]
    made.append(_define("rules.events", _rules(news_rules)))
    made.append(_define("rules.clusterInfo", _rules(lambda _: cluster_info_rules())))
    return HEAD + "".join(made) + _define("admission", _admission())


def _define(name: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    if "mark-" in body or str(LONGEST) in body:
        raise AssertionError(f"{name}: a name is in a place that this script doesn't know")
    return f'\n{{{{- define "jwt-to-rbac.{name}" }}}}\n{body}\n{{{{- end }}}}\n'


def _rules(rules_of: Callable[[Installation], tuple[PolicyRule, ...]]) -> Iterator[str]:
    return _merged(
        {
            facts: [f"- {_line(rule, of)}" for rule in _plain(role_rules(rules_of(of)))]
            for facts, of in KINDS.items()
        }
    )


def _admission() -> Iterator[str]:
    every = {facts: _plain(admission_manifests(of)) for facts, of in KINDS.items()}
    for index, body in enumerate(every[Facts()]):
        yield "---"
        yield f"apiVersion: {body['apiVersion']}"
        yield f"kind: {body['kind']}"
        name = _filled(body["metadata"]["name"], KINDS[Facts()])
        yield f"metadata: {{name: {name}, labels: {LABELS}}}"
        yield "spec:"
        yield from _merged(
            {
                facts: list(_spec(bodies[index]["spec"], KINDS[facts]))
                for facts, bodies in every.items()
            }
        )


def _spec(spec: Mapping[str, Any], of: Installation) -> Iterator[str]:
    for key, value in spec.items():
        if key == "validations":
            yield "  validations:"
            yield from (_validation(one, of) for one in value)
        else:
            yield f"  {_line({key: value}, of)[1:-1]}"


def _validation(one: Mapping[str, str], of: Installation) -> str:
    lines = (f"{key}: {_filled(_quoted(text), of)}" for key, text in one.items())
    return "  - " + "\n    ".join(lines)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _line(body: Mapping[str, object], of: Installation) -> str:
    """As YAML in one line."""
    flow = yaml.safe_dump(body, default_flow_style=True, width=1 << 20, sort_keys=False).strip()
    listed = ".ownNames" if "escalate" in flow else ".roles"
    return _filled(flow.replace(f"[{ROLE}]", f"{{{{ {listed} | toRawJson }}}}"), of)


def _filled(text: str, of: Installation) -> str:
    """With the template's expressions in the place of the marks."""
    lists = {
        "jwt-to-rbac.bound": texts(f"{namespace}/{role}" for namespace, role in of.bound()),
        "jwt-to-rbac.standing": texts("\n".join(one) for one in of.standing()),
        "jwt-to-rbac.isOwnRole": f"({is_role('object', ROLE, OWN_RULES)})",
    }
    for template, value in lists.items():
        text = text.replace(value, f'{{{{ include "{template}" . }}}}') if value != "[]" else text
    return (
        text.replace(of.account.username, "system:serviceaccount:{{ .namespace }}:{{ .name }}")
        .replace(PEOPLE, "{{ .accountsNamespace }}")
        .replace(NAME, "{{ .name }}")
        .replace(str(LONGEST), "{{ .longestToken }}")
    )


def _installation(facts: Facts) -> Installation:
    scopes: dict[str, Scope] = {
        "cluster": WholeCluster(),
        "named": Namespaces(frozenset({THERE})),
        "selected": SelectedNamespaces(LabelSelector()),
    }
    own = OWN_RULES if "own" in facts else None
    policy = Policy(
        tuple(
            Rule(fact, frozenset({ROLE}), ROLE, scope, own)
            for fact, scope in scopes.items()
            if fact in facts
        ),
        mode="groups" if "standing" in facts else "accounts",
        dynamic_roles="dynamic" in facts,
    )
    return Installation(
        policy,
        PEOPLE,
        LONGEST,
        "stored" in facts,
        ProgramAccount(HOME, NAME),
        web_app="web" in facts,
    )


def _kinds() -> Iterator[Facts]:
    """Every set of facts that can hold together."""
    for size in range(len(FACTS) + 1):
        for some in map(frozenset, itertools.combinations(FACTS, size)):
            if some & {"cluster", "named", "selected"} or not some & {"own", "standing"}:
                yield some


KINDS = {facts: _installation(facts) for facts in _kinds()}


def _merged(every: Mapping[Facts, list[str]]) -> Iterator[str]:
    """Each piece of text that any list has, in their common order, under its condition."""
    order: list[str] = []
    present: dict[str, set[Facts]] = {}
    # The longest first: others then fall into the places that it has for them.
    for facts in sorted(every, key=lambda one: (-len(every[one]), sorted(one))):
        at = 0
        for text in every[facts]:
            if text not in present:
                order.insert(at, text)
            present.setdefault(text, set()).add(facts)
            at = order.index(text) + 1
    for facts, pieces in every.items():
        if [text for text in order if facts in present[text]] != pieces:
            raise AssertionError("the lists have no common order")
    for text in order:
        condition = _condition(present[text], set(every))
        yield f"{{{{- if {condition} }}}}\n{text}\n{{{{- end }}}}" if condition else text


def _condition(where: set[Facts], every: set[Facts]) -> str:
    """On the fewest facts that tell `where` from the rest; empty: always."""
    for size in range(len(FACTS) + 1):
        for some in map(frozenset, itertools.combinations(FACTS, size)):
            held = {facts & some for facts in where}
            free = {facts & some for facts in every - where}
            if held.isdisjoint(free):
                said, denied = _terms(held, some), _terms(free, some)
                return said if len(said) <= len(denied) + 6 else f"not ({denied})"
    raise AssertionError("a piece depends on something else than the facts")


def _terms(held: set[Facts], of: Facts) -> str:
    terms = [_term(facts, of) for facts in sorted(held, key=sorted)]
    return terms[0] if len(terms) == 1 else "or " + " ".join(f"({term})" for term in terms)


def _term(held: Facts, of: Facts) -> str:
    words = [f".is.{fact}" if fact in held else f"not .is.{fact}" for fact in sorted(of)]
    if len(words) < 2:
        return "".join(words)
    return "and " + " ".join(f"({word})" if " " in word else word for word in words)


def _plain(value: object) -> Any:
    return json.loads(msgspec.json.encode(value))
