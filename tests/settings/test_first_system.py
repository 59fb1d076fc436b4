"""The first system's form, unchanged: its files, its defaults, and what its keys become."""

from pathlib import Path

import pytest

from jwt_to_rbac.core.lifetime import TokenLifetimes
from jwt_to_rbac.core.policy import Namespaces, Policy, PolicyRule, Rule
from jwt_to_rbac.settings import Issuer, Listen, Logging, Settings, load
from tests.settings.given import EXAMPLES, FIRST, loaded, refusal

BUILT_IN = {
    "cluster-admin": "cluster-admin",
    "admin": "admin",
    "admins": "admin",
    "edit": "edit",
    "view": "view",
}

CONTRACT = Settings(
    issuers=(Issuer("http://dex/dex", ("example-app",)),),
    policy=Policy(
        (
            *(
                Rule(name, frozenset({name, f"pokeorg:{name}"}), BUILT_IN[name])
                for name in BUILT_IN
            ),
            Rule(
                "developers",
                frozenset({"developers", "pokeorg:developers"}),
                "developers-from-jwt",
                Namespaces(frozenset({"example"})),
                (
                    PolicyRule(
                        ("get", "list"),
                        ("", "extensions", "apps"),
                        ("deployments", "replicasets", "pods"),
                    ),
                ),
            ),
        ),
        github_org="pokeorg",
        dynamic_roles=True,
        issuers=frozenset({"http://dex/dex"}),
    ),
    listen=Listen("0.0.0.0", 5555),  # noqa: S104
    logging=Logging("info", "json", color=False),
    kubeconfig="/home/jane/.kube/config",
    tokens=TokenLifetimes(86400, 86400),
    token_creation=True,
)


@pytest.mark.parametrize("ending", ["yaml", "toml", "json"])
def test_the_contracts_example_means_the_same_in(ending: str) -> None:
    assert load(EXAMPLES / f"first_system.{ending}", {}).settings == CONTRACT


def test_its_defaults(tmp_path: Path) -> None:
    assert loaded(tmp_path, FIRST).settings == Settings(
        issuers=(Issuer("https://dex/dex", ("example-app",)),),
        policy=Policy(
            tuple(Rule(name, frozenset({name}), BUILT_IN[name]) for name in BUILT_IN),
            dynamic_roles=True,
            issuers=frozenset({"https://dex/dex"}),
        ),
        listen=Listen("0.0.0.0", 5555),  # noqa: S104
        logging=Logging("info", "json", color=False),
        accounts_namespace="jwt-to-rbac-users",
        tokens=TokenLifetimes(86400, 86400),
        token_creation=False,
    )


def test_its_default_groups_are_warned_of_at_every_start(tmp_path: Path) -> None:
    (warning,) = loaded(tmp_path, FIRST).warnings
    assert "rbachandler.defaultGroups is true" in warning
    assert "cluster-admin" in warning


def test_its_default_groups_can_be_turned_off(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{FIRST}rbachandler: {{defaultGroups: false}}\n")
    assert found.settings.policy.rules == ()
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("level", "meant"),
    [
        pytest.param("4", "info", id="number"),
        pytest.param('"5"', "debug", id="number-as-text"),
        pytest.param("0", "error", id="panic"),
        pytest.param("6", "debug", id="trace"),
        pytest.param("warn", "warning", id="short-name"),
        pytest.param("ERROR", "error", id="capitals"),
    ],
)
def test_a_log_level_is_a_number_or_a_name(tmp_path: Path, level: str, meant: str) -> None:
    found = loaded(tmp_path, f"{FIRST}log: {{level: {level}}}\n")
    assert found.settings.logging.level == meant


@pytest.mark.parametrize("key", ["issuerURL", "issuerurl", "ISSUERURL"])
def test_keys_may_be_in_any_letters(tmp_path: Path, key: str) -> None:
    text = f"TokenHandler: {{OIDC: {{clientid: app, {key}: 'https://dex'}}}}\n"
    assert loaded(tmp_path, text).settings.issuers[0].url == "https://dex"


def test_a_key_in_two_spellings_is_refused(tmp_path: Path) -> None:
    text = f"{FIRST}log:\n  level: info\n  Level: debug\n"
    assert refusal(tmp_path, text) == [
        "config.yaml:5:3: log.level is there twice, also as `Level`: keep one"
    ]


def test_what_viper_takes_for_another_type_is_taken(tmp_path: Path) -> None:
    group = (
        "{groupName: 2024, customRules: [{verbs: 'get,list', resources: pods, apiGroups: ['']}]}"
    )
    text = f"{FIRST}rbachandler: {{enableCreateSAToken: 't', customGroups: [{group}]}}\n"
    found = loaded(tmp_path, text).settings
    assert found.token_creation
    assert found.policy.rules[-1] == Rule(
        "2024",
        frozenset({"2024"}),
        "2024-from-jwt",
        own_rules=(PolicyRule(("get", "list"), ("",), ("pods",)),),
    )


def test_an_empty_key_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    text = f"{FIRST}rbachandler:\n  githubOrg:\n  tokenTTL:\n  customGroups:\n"
    assert loaded(tmp_path, text).settings == loaded(tmp_path, FIRST).settings


def test_a_charts_empty_values_are_its_defaults(tmp_path: Path) -> None:
    text = f'{FIRST}  caCertPath: ""\nrbachandler: {{githubOrg: "", kubeConfig: "", customGroups: []}}\n'
    assert loaded(tmp_path, text).settings == loaded(tmp_path, FIRST).settings


def test_a_token_can_be_asked_for_no_longer_than_token_ttl(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{FIRST}rbachandler: {{tokenTTL: 12h30m}}\n")
    assert found.settings.tokens == TokenLifetimes(45000, 45000)
    assert found.settings.tokens.bound(86400) == 45000


def test_a_token_ttl_below_what_kubernetes_issues_is_kept(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{FIRST}rbachandler: {{tokenTTL: 5m}}\n")
    assert found.settings.tokens.bound(None) == 300


def test_insecure_keeps_working_and_warns_loudly(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"{FIRST}  insecure: true\n  caCertPath: /no/such/file\n")
    assert not found.settings.issuers[0].verify_tls
    assert found.settings.issuers[0].ca_file is None
    assert any("tokenhandler.insecure is true" in line for line in found.warnings)
    assert any("tokenhandler.caCertPath has no effect" in line for line in found.warnings)


def test_a_relative_ca_path_begins_where_the_program_was_started(
    tmp_path: Path, authority: str
) -> None:
    (tmp_path / "ca.crt").write_text(authority)
    found = loaded(tmp_path, f"{FIRST}  caCertPath: ca.crt\n")
    assert found.settings.issuers[0].ca_file == tmp_path / "ca.crt"


def test_a_default_group_with_namespaces_keeps_its_role_within_them(tmp_path: Path) -> None:
    groups = "[{groupName: edit, namespaces: [a, b, a]}]"
    found = loaded(tmp_path, f"{FIRST}rbachandler: {{customGroups: {groups}}}\n").settings
    edit = next(rule for rule in found.policy.rules if rule.name == "edit")
    assert edit == Rule("edit", frozenset({"edit"}), "edit", Namespaces(frozenset({"a", "b"})))
    assert [rule.name for rule in found.policy.rules] == list(BUILT_IN)


def test_an_empty_list_of_namespaces_is_the_whole_cluster_with_a_warning(tmp_path: Path) -> None:
    rule = "{verbs: [get], resources: [pods], apiGroups: ['']}"
    groups = f"[{{groupName: dev, namespaces: [], customRules: [{rule}]}}]"
    found = loaded(tmp_path, f"{FIRST}rbachandler: {{customGroups: {groups}}}\n")
    assert found.settings.policy.rules[-1].own_rules
    assert any("customGroups[0].namespaces is empty: 'dev' gets" in w for w in found.warnings)


def test_a_name_that_joined_organisation_and_team_is_warned_of(tmp_path: Path) -> None:
    rule = "{verbs: [get], resources: [pods], apiGroups: ['']}"
    groups = f"[{{groupName: other-team, customRules: [{rule}]}}]"
    text = f"{FIRST}rbachandler: {{githubOrg: pokeorg, customGroups: {groups}}}\n"
    found = loaded(tmp_path, text)
    assert found.settings.policy.rules[-1].groups == {"other-team", "pokeorg:other-team"}
    assert any("'other:team'" in line for line in found.warnings)


def test_a_group_that_names_its_organisation_stands_for_itself_alone(tmp_path: Path) -> None:
    rule = "{verbs: [get], resources: [pods], apiGroups: ['']}"
    groups = f"[{{groupName: 'other:team', customRules: [{rule}]}}]"
    text = f"{FIRST}rbachandler: {{githubOrg: pokeorg, customGroups: {groups}}}\n"
    assert loaded(tmp_path, text).settings.policy.rules[-1].groups == {"other:team"}


def test_without_a_file_environment_and_flags_are_enough(tmp_path: Path) -> None:
    environment = {"JWTTORBAC_TOKENHANDLER_OIDC_ISSUERURL": "https://dex/dex"}
    found = load(None, environment, ["--tokenhandler.oidc.clientID=example-app"], tmp_path)
    assert found.file is None
    assert found.settings == loaded(tmp_path, FIRST).settings


def test_without_an_issuer_it_says_what_to_set(tmp_path: Path) -> None:
    assert refusal(tmp_path, "") == [
        (
            "config.yaml: tokenhandler.oidc.issuerURL is not set: write it in the file, or set "
            "JWTTORBAC_TOKENHANDLER_OIDC_ISSUERURL"
        ),
        (
            "config.yaml: tokenhandler.oidc.clientID is not set: write it in the file, or set "
            "JWTTORBAC_TOKENHANDLER_OIDC_CLIENTID"
        ),
    ]


def test_the_open_api_is_off_unless_asked_for_on_loopback(tmp_path: Path) -> None:
    assert not loaded(tmp_path, FIRST).settings.unauthenticated
    text = f"{FIRST}app: {{addr: '127.0.0.1:5555', unauthenticated: true}}\n"
    assert loaded(tmp_path, text).settings.unauthenticated
    (line,) = refusal(tmp_path, f"{FIRST}app: {{unauthenticated: true}}\n")
    assert line.startswith("config.yaml:3:7: app.unauthenticated lets whoever reaches ':5555'")
