"""Mistakes: each is refused with its place, all of a file at once, and with what was meant."""

from pathlib import Path

import pytest

from tests.settings.given import FIRST, LEAST, loaded, refusal

RULE = "{verbs: [get], resources: [pods], apiGroups: ['']}"


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = """\
apiVersion: jwt-to-rbac.io/v1alpha1
kind: Configuration
servr: {}
jwt:
- issuer: {url: "https://dex", audience: [app]}
  claimMappings:
    username: {expression: claims.email}
    groups: {claim: 3, prefix: ""}
log: {level: inof}
"""
    assert refusal(tmp_path, text) == [
        "config.yaml:3:1: servr is no known key; did you mean `server`?",
        "config.yaml:5:32: jwt[0].issuer.audience is no known key; did you mean `audiences`?",
        "config.yaml:5:3: jwt[0].issuer lacks the key `audiences`",
        (
            "config.yaml:8:14: jwt[0].claimMappings.groups.claim is the number 3 (quote it if text is "
            "meant), but must be text"
        ),
        (
            "config.yaml:9:7: log.level is 'inof', but must be debug or error or info or warning; "
            "did you mean `info`?"
        ),
    ]


OWN = {
    "unknown-key": ("acounts: {}", "6:1: acounts is no known key; did you mean `accounts`?"),
    "another-systems-key": ("tokenhandler: {}", "6:1: tokenhandler is no known key; known here: "),
    "wrong-letters": ("Server: {}", "6:1: Server is no known key; did you mean `server`?"),
    "claim-rules": ("claimValidationRules: []", "6:1: claimValidationRules is no known key"),
    "no-boolean": ("tokens: {allowCreate: maybe}", "6:10: tokens.allowCreate is the text 'maybe'"),
    "number-for-text": ("accounts: {namespace: 7}", "6:12: accounts.namespace is the number 7"),
    "boolean-for-text": ("accounts: {namespace: no}", "6:12: accounts.namespace is false (quote"),
    "date-for-text": ("accounts: {namespace: 2026-01-01}", "6:12: accounts.namespace is a date"),
    "nothing": ("accounts: {namespace: }", "6:12: accounts.namespace is empty, but must be text"),
    "list-for-keys": ("server: []", "6:1: server is a list, but must be keys with values"),
    "keys-for-list": ("policy: {rules: {}}", "6:10: policy.rules is keys with values, but must"),
    "list-for-choice": ("log: {level: [info]}", "6:7: log.level is ['info'], but must be debug"),
    "unseen-characters": (r'audit: {sink: "/a\nb"}', r"6:9: audit.sink is '/a\nb', which has"),
    "address-without-port": ("server: {address: localhost}", "6:10: server.address is 'localhost'"),
    "host-name": ("server: {address: 'web:80'}", "6:10: server.address is 'web:80', but must be"),
    "port-too-high": ("server: {address: ':65536'}", "6:10: server.address is ':65536', but must"),
    "open-everywhere": ("server: {unauthenticated: true}", "6:10: server.unauthenticated lets "),
    "colour-in-json": ("log: {color: true}", "6:7: log.color has no effect with format json"),
    "relative-audit": ("audit: {sink: log.txt}", "6:9: audit.sink is 'log.txt', but must be"),
    "no-number": (
        "audit: {maxSize: big}",
        "6:9: audit.maxSize is the text 'big', but must be a wh",
    ),
    "true-as-number": ("audit: {maxBackup: true}", "6:9: audit.maxBackup is true (quote it if"),
    "number-too-low": ("audit: {maxSize: 0}", "6:9: audit.maxSize is 0, but must be at least 1"),
    "rotation-of-a-pipe": ("audit: {maxBackup: 2}", "6:9: audit.maxBackup has no effect with sink"),
    "no-network": (
        "server: {trustedProxies: [10.0.0.1/8]}",
        "6:27: server.trustedProxies[0] is '10.0.0.1/8', but must be a network",
    ),
    "namespace": ("accounts: {namespace: A_b}", "6:12: accounts.namespace is 'A_b', but a "),
    "duration": ("tokens: {defaultLifetime: '12'}", "6:10: tokens.defaultLifetime is '12', but"),
    "no-time": ("tokens: {defaultLifetime: 0s}", "6:10: tokens.defaultLifetime is '0s', but"),
    "centuries": ("tokens: {maximumLifetime: 1200000h}", "6:10: tokens.maximumLifetime is '1200"),
    "default-over-most": ("tokens: {defaultLifetime: 25h}", "6:10: tokens.defaultLifetime is long"),
    "github-team": ("policy: {githubOrg: 'a:b'}", "6:10: policy.githubOrg is 'a:b', which is no"),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in OWN.items()])
def test_our_form_refuses(tmp_path: Path, case: tuple[str, str]) -> None:
    text, line = case
    (found,) = refusal(tmp_path, f"{LEAST}{text}\n")
    assert found.startswith(f"config.yaml:{line}")


RULES = {
    "no-role": ("{name: a, groups: [a]}", "8:5: policy.rules[0] needs exactly one of"),
    "two-roles": (
        f"{{name: a, groups: [a], clusterRole: view, rules: [{RULE}]}}",
        "8:5: policy.rules[0] needs exactly one of",
    ),
    "no-groups": ("{name: a, groups: [], clusterRole: view}", "8:15: policy.rules[0].groups is an"),
    "same-group": (
        "{name: a, groups: [b, b], clusterRole: view}",
        "8:27: policy.rules[0].groups[1]",
    ),
    "empty-group": (
        "{name: a, groups: [''], clusterRole: view}",
        "8:24: policy.rules[0].groups[0]",
    ),
    "role-with-slash": (
        "{name: a, groups: [a], clusterRole: a/b}",
        "8:28: policy.rules[0].clusterRole is 'a/b', but a ClusterRole's name",
    ),
    "name-with-percent": (
        f"{{name: 'a%2f', groups: [a], rules: [{RULE}]}}",
        "8:6: policy.rules[0].name is 'a%2f-from-jwt'",
    ),
    "long-name": (
        f"{{name: {'a' * 250}, groups: [a], rules: [{RULE}]}}",
        "8:6: policy.rules[0].name makes a ClusterRole's name longer than 253",
    ),
    "empty-scope": (
        "{name: a, groups: [a], clusterRole: view, scope: {}}",
        "8:47: policy.rules[0].scope needs exactly one of `namespaces` and `namespaceSelector`",
    ),
    "scope-without-value": (
        "{name: a, groups: [a], clusterRole: view, scope: }",
        "8:47: policy.rules[0].scope is empty, but must be keys",
    ),
    "no-namespaces": (
        "{name: a, groups: [a], clusterRole: view, scope: {namespaces: []}}",
        "8:55: policy.rules[0].scope.namespaces is an empty list",
    ),
    "namespaces-without-value": (
        "{name: a, groups: [a], clusterRole: view, scope: {namespaces: }}",
        "8:55: policy.rules[0].scope.namespaces is empty, but must be a list",
    ),
    "bad-namespace": (
        "{name: a, groups: [a], clusterRole: view, scope: {namespaces: [a.b]}}",
        "8:68: policy.rules[0].scope.namespaces[0] is 'a.b', but a namespace's",
    ),
    "nobody": ("{name: a, clusterRole: view}", "8:5: policy.rules[0] needs `groups`, `when` or"),
    "cel-syntax": (
        "{name: a, clusterRole: view, when: 'user.'}",
        "8:34: policy.rules[0].when is no valid CEL expression: 1:6: Syntax error: ",
    ),
    "cel-unknown-name": (
        "{name: a, clusterRole: view, when: \"user.mail == 'a'\"}",
        "8:34: policy.rules[0].when is no valid CEL expression: 1:5: undeclared reference to 'us",
    ),
    "cel-types": (
        "{name: a, clusterRole: view, when: \"user.groups == 'a'\"}",
        "8:34: policy.rules[0].when is no valid CEL expression: 1:13: found no matching overload",
    ),
    "cel-no-boolean": (
        "{name: a, clusterRole: view, when: user.username}",
        "8:34: policy.rules[0].when has the type STRING, but must be true or false",
    ),
    "cel-has": (
        "{name: a, clusterRole: view, when: has(user.email)}",
        "8:34: policy.rules[0].when asks has() for a field that is always there",
    ),
    "cel-empty": (
        "{name: a, clusterRole: view, when: ''}",
        "8:34: policy.rules[0].when is empty",
    ),
    "two-scopes": (
        "{name: a, groups: [a], clusterRole: view, scope: {namespaces: [n], namespaceSelector: {}}}",
        "8:47: policy.rules[0].scope needs exactly one of",
    ),
    "label-key": (
        "{name: a, groups: [a], clusterRole: view, scope: {namespaceSelector: {matchLabels: {a b: c}}}}",
        "8:89: policy.rules[0].scope.namespaceSelector.matchLabels'a b' is about 'a b', which is",
    ),
    "label-prefix": (
        "{name: a, groups: [a], clusterRole: view, scope: {namespaceSelector: {matchLabels: {A.com/b: c}}}}",
        "8:89: policy.rules[0].scope.namespaceSelector.matchLabels.A.com/b is about 'A.com/b'",
    ),
    "label-value": (
        "{name: a, groups: [a], clusterRole: view, scope: {namespaceSelector: {matchLabels: {a: -c}}}}",
        "8:89: policy.rules[0].scope.namespaceSelector.matchLabels.a is '-c', but a label's",
    ),
    "label-value-a-number": (
        "{name: a, groups: [a], clusterRole: view, scope: {namespaceSelector: {matchLabels: {a: 1}}}}",
        "8:89: policy.rules[0].scope.namespaceSelector.matchLabels.a is the number 1 (quote",
    ),
    "labels-a-list": (
        "{name: a, groups: [a], clusterRole: view, scope: {namespaceSelector: {matchLabels: [a]}}}",
        "8:75: policy.rules[0].scope.namespaceSelector.matchLabels is a list, but must be keys",
    ),
    "operator": (
        (
            "{name: a, groups: [a], clusterRole: view, scope: "
            "{namespaceSelector: {matchExpressions: [{key: a, operator: in}]}}}"
        ),
        "8:103: policy.rules[0].scope.namespaceSelector.matchExpressions[0].operator is 'in', but",
    ),
    "in-nothing": (
        (
            "{name: a, groups: [a], clusterRole: view, scope: "
            "{namespaceSelector: {matchExpressions: [{key: a, operator: In}]}}}"
        ),
        "8:94: policy.rules[0].scope.namespaceSelector.matchExpressions[0] lacks `values`",
    ),
    "exists-among": (
        (
            "{name: a, groups: [a], clusterRole: view, scope: "
            "{namespaceSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}}"
        ),
        "8:121: policy.rules[0].scope.namespaceSelector.matchExpressions[0].values has no effect",
    ),
    "no-api-groups": (
        "{name: a, groups: [a], rules: [{verbs: [get], resources: [pods]}]}",
        "8:36: policy.rules[0].rules[0] lacks `apiGroups`",
    ),
    "no-resources": (
        "{name: a, groups: [a], rules: [{verbs: [get], apiGroups: ['']}]}",
        "8:36: policy.rules[0].rules[0] lacks `resources`",
    ),
    "urls-and-resources": (
        "{name: a, groups: [a], rules: [{verbs: [get], nonResourceURLs: [/x], resources: [pods]}]}",
        "8:74: policy.rules[0].rules[0].resources can't stand beside nonResourceURLs",
    ),
    "urls-in-namespaces": (
        "{name: a, groups: [a], rules: [{verbs: [get], nonResourceURLs: [/x]}], scope: {namespaces: [n]}}",
        "8:51: policy.rules[0].rules[0].nonResourceURLs has no effect within namespaces",
    ),
    "same-name": (
        "{name: a, groups: [a], clusterRole: view}\n  - {name: a, groups: [b], clusterRole: edit}",
        "9:6: policy.rules[1].name is 'a' again, as policy.rules[0].name",
    ),
    "anothers-own-role": (
        f"{{name: a, groups: [a], rules: [{RULE}]}}\n  - {{name: b, groups: [b], clusterRole: a-from-jwt}}",
        "9:28: policy.rules[1].clusterRole is what the rules of 'a' become",
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in RULES.items()])
def test_a_policy_is_refused_with(tmp_path: Path, case: tuple[str, str]) -> None:
    rule, line = case
    (found,) = refusal(tmp_path, f"{LEAST}policy:\n  rules:\n  - {rule}\n")
    assert found.startswith(f"config.yaml:{line}")


ISSUERS = {
    "no-url": ("url: dex", "url is 'dex', but must be https://host/path"),
    "another-scheme": ("url: 'ftp://dex'", "url is 'ftp://dex', but must be"),
    "impossible-port": ("url: 'https://dex:99999'", "url is 'https://dex:99999', but must be"),
    "query": ("url: 'https://dex?a'", "url has a query"),
    "fragment": ("url: 'https://dex#a'", "url has a fragment"),
    "same-url": ("url: 'https://dex', discoveryURL: 'https://dex'", "discoveryURL is also jwt[0]"),
    "audience-twice": (
        "url: 'https://dex', audiences: [a, a], audienceMatchPolicy: MatchAny",
        "audiences names one twice",
    ),
    "several-audiences": (
        "url: 'https://dex', audiences: [a, b]",
        "audiences has several: say `audienceMatchPolicy: MatchAny`",
    ),
    "match-all": (
        "url: 'https://dex', audienceMatchPolicy: MatchAll",
        "audienceMatchPolicy is 'MatchAll', but must be MatchAny",
    ),
    "symmetric": (
        "url: 'https://dex', signingAlgorithms: [HS256]",
        "signingAlgorithms[0] is 'HS256', but must be ",
    ),
    "algorithm-twice": (
        "url: 'https://dex', signingAlgorithms: [RS256, RS256]",
        "signingAlgorithms names one twice",
    ),
    "no-pem": ("url: 'https://dex', certificateAuthority: x", "certificateAuthority holds no PEM"),
    "no-file": (
        "url: 'https://dex', certificateAuthorityFile: /no/such",
        "certificateAuthorityFile names '/no/such', which can't be read: No such file",
    ),
    "relative-file": (
        "url: 'https://dex', certificateAuthorityFile: ca.crt",
        "certificateAuthorityFile is 'ca.crt', but must be an absolute path",
    ),
    "two-authorities": (
        "url: 'https://dex', certificateAuthorityFile: /a, certificateAuthority: x",
        "certificateAuthorityFile is there beside certificateAuthority",
    ),
    "authority-without-effect": (
        "url: 'https://dex', insecureSkipTLSVerify: true, certificateAuthority: x",
        "certificateAuthority has no effect with insecureSkipTLSVerify",
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in ISSUERS.items()])
def test_an_issuer_is_refused_with(tmp_path: Path, case: tuple[str, str]) -> None:
    keys, line = case
    audiences = "" if "audiences" in keys else ", audiences: [app]"
    text = LEAST.replace(
        'url: "https://dex.example.com", audiences: [example-app]', f"{keys}{audiences}"
    )
    (found,) = refusal(tmp_path, text)
    assert f": jwt[0].issuer.{line}" in found


def test_a_password_in_an_issuers_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    for url in ("https://jane:secret@dex", "ftp://jane:secret@dex"):
        (line,) = refusal(tmp_path, LEAST.replace("https://dex.example.com", url))
        assert "secret" not in line


def test_a_private_key_in_place_of_a_certificate_is_not_repeated(tmp_path: Path) -> None:
    key = "-----BEGIN PRIVATE KEY-----secret"
    text = LEAST.replace("audiences:", f"certificateAuthority: '{key}', audiences:")
    (line,) = refusal(tmp_path, text)
    assert "secret" not in line


FIRST_FORM = {
    "unknown": ("rbachandler: {tokenTLL: 1h}", "3:15: rbachandler.tokenTLL is no known key; did "),
    "older-name": ("dex: {}", "3:1: dex is not supported: it is called `oidc`"),
    "our-forms-key": ("policy: {}", "3:1: policy is not supported: it is a key of the other form"),
    "level": ("log: {level: loud}", "3:7: log.level is 'loud', but must be panic or fatal"),
    "level-number": ("log: {level: 7}", "3:7: log.level is '7', but must be panic or fatal"),
    "format": ("log: {format: jsno}", "3:7: log.format is 'jsno', but must be json or text or log"),
    "ttl": ("rbachandler: {tokenTTL: 24}", "3:15: rbachandler.tokenTTL is '24', but must be a"),
    "no-as-text": (
        "rbachandler: {customGroups: [{groupName: no}]}",
        "3:31: rbachandler.customGroups[0].groupName is false (quote it if text is meant)",
    ),
    "default-group-with-rules": (
        f"rbachandler: {{customGroups: [{{groupName: admins, customRules: [{RULE}]}}]}}",
        "3:50: rbachandler.customGroups[0].customRules has no effect: 'admins' is a default group",
    ),
    "default-group-alone": (
        "rbachandler: {customGroups: [{groupName: view}]}",
        "3:30: rbachandler.customGroups[0] has no effect: 'view' is a default group",
    ),
    "group-without-rules": (
        "rbachandler: {customGroups: [{groupName: dev, namespaces: [a]}]}",
        "3:30: rbachandler.customGroups[0] gives 'dev' nothing",
    ),
    "rule-without-api-groups": (
        "rbachandler: {customGroups: [{groupName: a, customRules: [{verbs: [get], resources: [x]}]}]}",
        "3:59: rbachandler.customGroups[0].customRules[0] lacks the key `apiGroups`",
    ),
    "empty-api-groups": (
        (
            "rbachandler: {customGroups: [{groupName: a, customRules: "
            "[{verbs: [get], resources: [x], apiGroups: []}]}]}"
        ),
        "3:59: rbachandler.customGroups[0].customRules[0] lacks `apiGroups`",
    ),
    "namespace": (
        f"rbachandler: {{customGroups: [{{groupName: a, namespaces: [B], customRules: [{RULE}]}}]}}",
        "3:58: rbachandler.customGroups[0].namespaces[0] is 'B', but a namespace's name",
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in FIRST_FORM.items()])
def test_the_first_systems_form_refuses(tmp_path: Path, case: tuple[str, str]) -> None:
    text, line = case
    (found,) = refusal(tmp_path, f"{FIRST}{text}\n")
    assert found.startswith(f"config.yaml:{line}")


def test_a_group_given_twice_is_refused(tmp_path: Path) -> None:
    group = f"{{groupName: dev, customRules: [{RULE}]}}"
    text = f"{FIRST}rbachandler:\n  customGroups:\n  - {group}\n  - {group}\n"
    assert refusal(tmp_path, text) == [
        (
            "config.yaml:6:5: rbachandler.customGroups[1] is the group 'dev' again, which has no "
            "effect: put both in one"
        )
    ]


def test_a_wrong_version_is_told_with_the_right_one(tmp_path: Path) -> None:
    (line,) = refusal(tmp_path, LEAST.replace("v1alpha1", "v1"))
    assert line == (
        "config.yaml:1:1: apiVersion is 'jwt-to-rbac.io/v1', but must be jwt-to-rbac.io/v1alpha1; "
        "did you mean `jwt-to-rbac.io/v1alpha1`?"
    )


def test_two_issuers_can_not_share_a_name(tmp_path: Path) -> None:
    issuer = LEAST[LEAST.index("- issuer") :]
    assert refusal(tmp_path, LEAST + issuer) == [
        "config.yaml:6:12: jwt[1].issuer.url is also jwt[0].issuer.url: each must differ"
    ]


def test_a_stranger_s_key_can_not_forge_a_line(tmp_path: Path) -> None:
    lines = refusal(tmp_path, f'{LEAST}"a\\nwarning: all is well": 1\n')
    assert len(lines) == 1
    assert r"'a\nwarning: all is well' is no known key" in lines[0]


def test_nothing_is_left_of_a_refused_file(tmp_path: Path) -> None:
    refusal(tmp_path, f"{LEAST}acounts: {{}}\n")
    assert loaded(tmp_path, LEAST).warnings == ()
