"""Our own form: what each key becomes, and what stands where nothing is said."""

from ipaddress import ip_network
from pathlib import Path
from typing import get_args

import pytest

from jwt_to_rbac.core.claim_mapping import Claim, ClaimMapping
from jwt_to_rbac.core.lifetime import TokenLifetimes
from jwt_to_rbac.core.policy import Namespaces, Policy, PolicyRule, Rule, WholeCluster
from jwt_to_rbac.oidc.algorithms import DEFAULT_ALGORITHMS, KEY_SHAPE
from jwt_to_rbac.settings import Issuer, Listen, Logging, Settings, load
from jwt_to_rbac.settings.configuration import Algorithm
from jwt_to_rbac.settings.values import AuditSink, Login, PublicCluster
from jwt_to_rbac.usecases.door import Limits
from tests.settings.given import EXAMPLES, LEAST, loaded

DEX = Issuer(
    "https://dex.example.com", ("example-app",), ClaimMapping(Claim("email"), Claim("groups"))
)

WHOLE = Settings(
    issuers=(
        Issuer(
            url="https://dex.example.com",
            audiences=("example-app", "cli"),
            mapping=ClaimMapping(Claim("email", "dex:"), Claim("groups")),
            algorithms=("RS256", "ES256"),
            discovery_url="https://dex.dex.svc/.well-known/openid-configuration",
            login=Login("Staff", "cli", ("openid", "email")),
        ),
        Issuer(
            url="https://trial.example.com",
            audiences=("trial",),
            mapping=ClaimMapping(Claim("sub"), Claim("roles", "trial:")),
            verify_tls=False,
        ),
    ),
    policy=Policy(
        (
            Rule("admins", frozenset({"admins", "pokeorg:admins"}), "admin"),
            Rule(
                "developers",
                frozenset({"developers"}),
                "developers-from-jwt",
                Namespaces(frozenset({"example", "other"})),
                (PolicyRule(("get", "list"), ("", "apps"), ("pods", "deployments"), ("web",)),),
            ),
            Rule(
                "health",
                frozenset({"watchers"}),
                "health-from-jwt",
                WholeCluster(),
                (PolicyRule(("get",), non_resource_urls=("/healthz",)),),
            ),
        ),
        github_org="pokeorg",
        group_prefixes={"https://trial.example.com": "trial:"},
        accounts_namespace="people",
        dynamic_roles=True,
        issuers=frozenset({"https://dex.example.com", "https://trial.example.com"}),
    ),
    listen=Listen("127.0.0.1", 5556),
    unauthenticated=True,
    caller_audience="rbac.example.com",
    logging=Logging("debug", "text", color=True),
    audit=AuditSink(Path("/var/log/jwt-to-rbac/audit.jsonl"), 10 * 1024 * 1024, 7),
    kubeconfig="/etc/jwt-to-rbac/kubeconfig",
    accounts_namespace="people",
    cluster=PublicCluster("production", "https://k8s.example.com:6443"),
    tokens=TokenLifetimes(1800, 45000),
    token_creation=False,
    trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("2001:db8::7/128")),
    limits=Limits(10, 20, 30, 40),
)


def test_the_least_file_leaves_every_default(tmp_path: Path) -> None:
    found = loaded(tmp_path, LEAST)
    assert found.settings == Settings(
        issuers=(DEX,),
        policy=Policy((), issuers=frozenset({DEX.url})),
        listen=Listen("0.0.0.0", 5555),  # noqa: S104
        unauthenticated=False,
        caller_audience="jwt-to-rbac",
        logging=Logging("info", "json", color=False),
        audit=AuditSink(None, 100 * 1024 * 1024, 0),
        kubeconfig="",
        accounts_namespace="jwt-to-rbac-users",
        tokens=TokenLifetimes(3600, 86400),
        token_creation=True,
        trusted_proxies=(),
        limits=Limits(300, 60, 1000, 1024),
    )
    assert found.warnings == ()


def test_settings_made_without_a_file_have_the_same_defaults(tmp_path: Path) -> None:
    assert loaded(tmp_path, LEAST).settings == Settings(
        (DEX,), Policy(issuers=frozenset({DEX.url}))
    )


@pytest.mark.parametrize("ending", ["yaml", "toml", "json"])
def test_every_key_arrives_from(ending: str) -> None:
    assert load(EXAMPLES / f"own_whole.{ending}", {}).settings == WHOLE


def test_no_default_group_is_bound_that_no_rule_names(tmp_path: Path) -> None:
    assert loaded(tmp_path, LEAST).settings.policy.rules == ()


def test_an_issuer_without_verification_of_its_certificate_is_warned_of_loudly() -> None:
    warnings = load(EXAMPLES / "own_whole.yaml", {}).warnings
    assert len(warnings) == 1
    assert "own_whole.yaml:33:5: jwt[1].issuer.insecureSkipTLSVerify is true" in warnings[0]
    assert "NOT checked" in warnings[0]


def test_an_authority_is_taken_inline_or_from_a_file(tmp_path: Path, authority: str) -> None:
    (tmp_path / "ca.crt").write_text(authority)
    indented = authority.replace("\n", "\n      ")
    inline = loaded(tmp_path, _with_issuer(f"certificateAuthority: |\n      {indented}"))
    file = loaded(tmp_path, _with_issuer(f"certificateAuthorityFile: {tmp_path}/ca.crt"))
    assert inline.settings.issuers[0].ca_pem.strip() == authority.strip()
    assert inline.settings.issuers[0].ca_file is None
    assert file.settings.issuers[0].ca_file == tmp_path / "ca.crt"
    assert file.settings.issuers[0].ca_pem == ""


@pytest.mark.parametrize(
    ("address", "listen"),
    [
        pytest.param(":80", Listen("0.0.0.0", 80), id="no-host-is-everywhere"),  # noqa: S104
        pytest.param("localhost:80", Listen("127.0.0.1", 80), id="localhost-is-never-looked-up"),
        pytest.param("[::1]:80", Listen("::1", 80), id="ipv6"),
        pytest.param("10.1.2.3:0", Listen("10.1.2.3", 0), id="any-free-port"),
    ],
)
def test_an_address_is_read_as_go_reads_it(tmp_path: Path, address: str, listen: Listen) -> None:
    found = loaded(tmp_path, LEAST, flags=[f"--server.address={address}"])
    assert found.settings.listen == listen


def test_accounts_in_the_namespace_default_are_warned_of(tmp_path: Path) -> None:
    (warning,) = loaded(tmp_path, f"{LEAST}accounts: {{namespace: default}}\n").warnings
    assert warning.startswith(f"{tmp_path}/config.yaml:6:12: accounts.namespace is default")


def test_the_algorithms_are_those_that_the_verifier_takes() -> None:
    assert set(get_args(Algorithm)) == set(KEY_SHAPE)
    assert set(Issuer("u", ("a",)).algorithms) == DEFAULT_ALGORITHMS


def test_a_reload_of_a_broken_file_leaves_the_old_settings_untouched(tmp_path: Path) -> None:
    before = loaded(tmp_path, LEAST)
    with pytest.raises(Exception, match="no known key"):
        loaded(tmp_path, f"{LEAST}sevrer: {{}}\n")
    assert loaded(tmp_path, LEAST).settings == before.settings


def _with_issuer(line: str) -> str:
    return f"""\
apiVersion: jwt-to-rbac.io/v1alpha1
kind: Configuration
jwt:
- issuer:
    url: https://dex.example.com
    audiences: [example-app]
    {line}
  claimMappings: {{username: {{claim: email, prefix: ""}}, groups: {{claim: groups, prefix: ""}}}}
"""
