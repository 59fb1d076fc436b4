"""What went wrong in programs like this one, each shut here. `ROWS` says which test keeps which.

Those of the first system of this kind are in `test_first_systems_holes`.
"""

import http.client
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, install, kubectl, names
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.waiting import eventually

ROWS: dict[str, tuple[str, ...]] = {
    "a token for one client or cluster works at another (CVE-2024-5798, CVE-2023-22482)": (
        "test_a_wrong_claim_is_refused_by_name",
        "test_several_allowed_audiences_need_an_allowed_azp",
        "test_a_bad_token_is_refused_with_its_code_and_nothing_is_made",
        "test_a_token_for_the_cluster_itself_is_none_for_us",
    ),
    "algorithm confusion (CVE-2022-29217, CVE-2024-37568)": (
        "test_a_public_key_is_never_taken_for_a_secret",
        "test_a_forgers_key_is_refused_whatever_the_header_says",
    ),
    "unknown crit accepted (CVE-2025-59420)": ("test_a_malformed_token_is_refused",),
    "e-mail as identity (CVE-2026-55075)": (
        "test_an_email_address_never_makes_two_people_one",
        "test_a_name_of_ones_own_choosing_makes_nobody_else",
    ),
    "email_verified coerced (CVE-2026-55076), several @ (CVE-2026-40574)": (
        "test_a_claim_of_the_wrong_kind_is_refused_never_coerced",
    ),
    "a caller changes the user name it gets (CVE-2022-2385)": (
        "test_a_name_of_ones_own_choosing_makes_nobody_else",
        "test_what_else_stands_in_a_body_changes_nobody",
    ),
    "directory values escaped wrongly (CVE-2026-55770)": (
        "test_a_name_stays_within_its_quotes",
        "test_every_account_name_is_a_dns_label_whatever_the_claims",
    ),
    "access outlives removal (CVE-2021-36775, CVE-2023-32199, CVE-2023-22650)": (
        "test_deleting_the_access_grant_with_kubectl_revokes_everything",
        "test_a_lost_group_takes_its_access_at_the_next_login",
        "test_renewing_a_session_that_a_revocation_took_gives_nothing_back",
    ),
    "expired tokens still exchanged (CVE-2022-31677)": (
        "test_a_remembered_token_expires_like_any_other",
        "test_a_bad_token_is_refused_with_its_code_and_nothing_is_made",
    ),
    "leases outlive their TTL (CVE-2020-25816)": (
        "test_the_server_bounds_the_lifetime_that_clients_choose",
        "test_a_session_is_there_until_no_token_of_it_is_good",
    ),
    "a directory outage deletes everybody's bindings (rbacsync 7)": (
        "test_the_issuer_is_away_and_known_keys_go_on",
        "test_an_issuer_that_is_away_takes_nothing_from_anybody",
    ),
    "impersonation (Infra), Connection (CVE-2021-31999), underscores (CVE-2025-64484) in headers": (
        "test_no_header_makes_anybody_somebody",
        "test_no_header_makes_somebody_another",
    ),
    "an empty token accepted (CVE-2023-48312)": ("test_an_empty_credential_is_none",),
    "CR, LF, NUL in identity values (Teleport)": (
        "test_invisible_characters_never_reach_an_identity",
    ),
    "an option that is parsed and then ignored (kube-oidc-proxy)": (
        "test_every_key_arrives_from",
        "test_every_key_of_kubernetes_mappings_and_rules_arrives",
        "test_a_rule_is_refused_with",
        "test_our_form_refuses",
        "test_a_token_names_somebody_exactly_where_kubernetes_says_so",
    ),
    "a key that joins two names without a separator (Paralus)": (
        "test_the_hash_tells_where_the_issuer_ends_and_the_subject_begins",
        "test_names_that_can_be_read_two_ways_never_share_a_binding",
    ),
    "tokens and secrets in audit logs (CVE-2023-22649, CVE-2024-58269, CVE-2024-8365)": (
        "test_no_token_or_secret_is_told_by_logs_records_metrics_or_errors",
        "test_a_password_in_the_wrong_place_is_not_on_record_even_as_a_hash",
    ),
    "tokens parsed unverified (gangway)": (
        "test_the_signature_is_checked_before_claims_are_talked_about",
        "test_no_input_breaks_a_promise",
    ),
    "a guessable state (dex-k8s-authenticator), logins that share theirs (OpenUnison 1052)": (
        "test_a_browser_login_uses_pkce_state_and_nonce_and_a_free_loopback_port",
        "test_two_logins_share_no_secret",
    ),
    "login phishing through a command line (CVE-2026-33757, CVE-2024-58267)": (
        "test_an_attackers_link_back_to_this_machine_logs_nobody_in",
        "test_a_link_to_log_in_by_that_somebody_sent_brings_them_nothing",
        "test_a_code_of_anothers_login_is_worth_nothing_even_with_the_right_state",
        "test_a_device_code_is_shown_with_a_warning_and_is_of_use_to_this_process_alone",
        "test_kubectl_goes_on_with_nobody_but_who_was_logged_in",
        "test_every_endpoint_authenticates",
    ),
    "rules without apiGroups (CVE-2021-25318)": (
        "test_a_policy_is_refused_with",
        "test_the_first_systems_form_refuses",
    ),
    "namespaces made later are ignored (rbac-manager 106)": (
        "test_a_namespace_made_after_the_configuration_is_covered_at_the_next_login",
        "test_namespaces_that_come_change_and_go_are_followed",
    ),
    "one deleted namespace blocks other grants (rbac-manager 563)": (
        "test_a_namespace_that_ends_blocks_no_other_grant",
    ),
    "drift is not repaired (rbac-manager 46)": (
        "test_what_somebody_changed_by_hand_is_right_again_within_two_seconds",
    ),
}

TESTS = Path(__file__).parents[1]
Headers = Sequence[tuple[str, str]]


@pytest.fixture(scope="module")
def all_tests() -> str:
    return "".join(file.read_text() for file in sorted(TESTS.rglob("test_*.py")))


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_kept_by_tests_that_are_there(row: str, all_tests: str) -> None:
    assert ROWS[row]
    assert not [test for test in ROWS[row] if f"def {test}(" not in all_tests]


@pytest.fixture
def nobody(sandbox: Sandbox, client: Client) -> Iterator[None]:
    """The test begins and ends with nobody on the cluster."""
    clear(sandbox)
    yield
    clear(sandbox)


def asked(client: Client, method: str, path: str, headers: Headers) -> tuple[int, str]:
    """Status and body, for headers exactly as they are given, twice the same included."""
    connection = http.client.HTTPConnection(urlsplit(client.server.url).netloc, timeout=30)
    try:
        connection.putrequest(method, path)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


STRANGE = [
    pytest.param(
        [("Impersonate-User", "system:admin"), ("Impersonate-Group", "system:masters")],
        id="impersonation",
    ),
    pytest.param([("X-Remote-User", "admin"), ("X-Remote-Group", "system:masters")], id="remote"),
    pytest.param([("X-Forwarded-User", "a"), ("X-Forwarded-Email", "a@b.c")], id="forwarded"),
    pytest.param([("X_Remote_User", "admin"), ("Impersonate_User", "admin")], id="underscores"),
    pytest.param([("Connection", "close, Authorization, X-Request-Id")], id="connection"),
    pytest.param([("Forwarded", "for=127.0.0.1"), ("X-Real-IP", "127.0.0.1")], id="loopback"),
]
PLACES = [("GET", "/rbac"), ("GET", "/api/v1/whoami"), ("DELETE", "/rbac/jane-example-com")]


@pytest.mark.parametrize("headers", STRANGE)
def test_no_header_makes_anybody_somebody(client: Client, headers: Headers) -> None:
    for method, path in PLACES:
        status, body = asked(client, method, path, headers)
        assert (status, '"credential_missing"' in body) == (401, True), (path, body)


@pytest.mark.parametrize("headers", STRANGE)
def test_no_header_makes_somebody_another(
    client: Client, issuer: ManyPeople, headers: Headers
) -> None:
    own = ("Authorization", f"Bearer {issuer.token('plain')}")
    status, body = asked(client, "GET", "/api/v1/whoami", [own, *headers])
    assert status == 200
    assert '"username":"plain@example.com"' in body
    assert asked(client, "GET", "/rbac", [own, *headers])[0] == 403


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([""], id="nothing"),
        pytest.param(["Bearer"], id="the-scheme-alone"),
        pytest.param(["Bearer "], id="an-empty-token"),
        pytest.param(["bearer \t "], id="white-space"),
        pytest.param(["Basic Og=="], id="an-empty-password"),
        pytest.param(["Bearer a", "Bearer b"], id="two-headers"),
    ],
)
def test_an_empty_credential_is_none(client: Client, values: list[str]) -> None:
    for method, path in PLACES:
        status, body = asked(client, method, path, [("Authorization", each) for each in values])
        assert (status, '"credential_missing"' in body) == (401, True), (path, body)


def test_of_two_credentials_neither_counts(client: Client, issuer: ManyPeople) -> None:
    """Whatever stands before us may have looked at the other one."""
    good = ("Authorization", f"Bearer {issuer.token('twice')}")
    for pair in ([good, ("Authorization", "Bearer x")], [("Authorization", "Basic x"), good]):
        status, body = asked(client, "GET", "/api/v1/whoami", pair)
        assert (status, '"credential_missing"' in body) == (401, True), body


def test_a_token_for_the_cluster_itself_is_none_for_us(sandbox: Sandbox, client: Client) -> None:
    account = ["default", "-n", "default"]
    for audience in ([], ["--audience", "another-program"]):
        token = kubectl(sandbox, "create", "token", *account, *audience).strip()
        answer = client.call("GET", "/api/v1/whoami", bearer=token)
        assert (answer.status, answer.json()["code"]) == (401, "credential_refused")
    ours = kubectl(sandbox, "create", "token", *account, "--audience", "jwt-to-rbac").strip()
    assert client.call("GET", "/api/v1/whoami", bearer=ours).status == 200


def test_a_name_of_ones_own_choosing_makes_nobody_else(
    sandbox: Sandbox, client: Client, issuer: ManyPeople, nobody: None
) -> None:
    victim = client.log_in(issuer.token("victim", groups=["admins"])).json()["ServiceAccount"]
    # Whoever may type an address and a name at the issuer types the victim's.
    thief = issuer.token(
        "thief",
        email="victim@example.com",
        preferred_username="victim",
        groups=["developers"],
        federated_claims={"connector_id": "local", "user_id": "cn=victim"},
    )
    answer = client.log_in(thief)
    assert answer.status == 201
    assert answer.json()["ServiceAccount"] != victim
    assert client.call("GET", f"/tokens/{victim}", bearer=thief).status == 403
    assert client.call("DELETE", f"/rbac/{victim}", bearer=thief).status == 403
    # And whoever has another address from now on stays who they were.
    moved = issuer.token("victim", email="new@example.com", groups=["admins"])
    assert client.log_in(moved).json()["ServiceAccount"] == victim
    assert len(names(sandbox, "accessgrants")) == 2


def test_what_else_stands_in_a_body_changes_nobody(
    sandbox: Sandbox, client: Client, issuer: ManyPeople, nobody: None
) -> None:
    others = {"username": "system:admin", "groups": ["admins"], "ServiceAccount": "admin"}
    token = issuer.token("body", groups=["developers"])
    answer = client.call("POST", "/rbac/", {"token": token, **others})
    assert answer.status == 201
    assert answer.json()["ServiceAccount"] == "body-example-com"
    assert names(sandbox, "clusterrolebindings", "-l", "generatedby=jwttorbac") == [
        "body-example-com-developers-from-jwt-binding"
    ]


def test_an_issuer_that_is_away_takes_nothing_from_anybody(
    sandbox: Sandbox, client: Client, issuer: ManyPeople, nobody: None
) -> None:
    assert client.log_in(issuer.token("steady")).status == 201
    bound = names(sandbox, "clusterrolebindings", "-l", "generatedby=jwttorbac")
    assert bound
    sandbox.stop("dex")
    try:
        # By a key that must be asked for, so that nobody can say who this is.
        unknown = issuer.token("steady", iss=sandbox.issuer, aud=sandbox.client_id)
        assert client.log_in(unknown).status in (401, 503)
        assert names(sandbox, "clusterrolebindings", "-l", "generatedby=jwttorbac") == bound
    finally:
        sandbox.start("dex")


def test_a_namespace_that_ends_blocks_no_other_grant(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path
) -> None:
    install(sandbox)
    for name in ("held-first", "open-second"):
        kubectl(sandbox, "create", "namespace", name)
    hold = '{"metadata":{"finalizers":["example.com/hold"]}}'
    kubectl(sandbox, "patch", "namespace", "held-first", "--type=merge", "-p", hold)
    kubectl(sandbox, "delete", "namespace", "held-first", "--wait=false")
    scope = {"namespaces": ["held-first", "never-made", "open-second"]}
    rule = {"name": "r", "groups": ["r"], "clusterRole": "view", "scope": scope}
    policy: dict[str, object] = {"rules": [rule]}
    audit = tmp_path / "audit.log"
    config = pod_configuration(audit, {issuer.url: AUDIENCE}, policy)
    person = issuer.token("somewhere", groups=["r"])
    try:
        with installed_server(sandbox, config, tmp_path) as server:
            client = Client(server, audit)
            assert eventually(lambda: client.log_in(person).status == 201)
            assert names(sandbox, "rolebindings", "-n", "open-second") == [
                "somewhere-example-com-view-binding"
            ]
            assert client.call("DELETE", "/rbac/somewhere-example-com", bearer=person).status == 202
    finally:
        free = '{"metadata":{"finalizers":null}}'
        kubectl(sandbox, "patch", "namespace", "held-first", "--type=merge", "-p", free)
        kubectl(sandbox, "delete", "namespace", "open-second", "--wait=false")
