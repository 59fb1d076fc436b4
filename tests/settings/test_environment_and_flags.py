"""What stands over a file: every variable, every flag, and which of them wins."""

from collections.abc import Callable
from pathlib import Path

import pytest

from jwt_to_rbac.core.lifetime import TokenLifetimes
from jwt_to_rbac.settings import Settings
from jwt_to_rbac.settings.configuration import Configuration
from jwt_to_rbac.settings.document import Source, dotted
from jwt_to_rbac.settings.first_system import FirstSystem
from jwt_to_rbac.settings.shape import scalar_paths
from tests.settings.given import FIRST, LEAST, loaded, refusal
from tests.settings.test_listeners import LISTENER_KEYS

Case = tuple[str, Callable[[Settings], object], object]
"""A value, where it arrives, and as what."""

FIRST_KEYS: dict[str, Case] = {
    "app.addr": ("127.0.0.1:80", lambda s: (s.listen.host, s.listen.port), ("127.0.0.1", 80)),
    "app.unauthenticated": ("true", lambda s: s.unauthenticated, True),
    "log.level": ("5", lambda s: s.logging.level, "debug"),
    "log.format": ("logfmt", lambda s: s.logging.format, "text"),
    "log.noColor": ("false", lambda s: s.logging.color, True),
    "tokenhandler.caCertPath": (
        "ca.crt",
        lambda s: s.issuers[0].ca_file and s.issuers[0].ca_file.name,
        "ca.crt",
    ),
    "tokenhandler.insecure": ("1", lambda s: s.issuers[0].verify_tls, False),
    "tokenhandler.oidc.clientID": ("other", lambda s: s.issuers[0].audiences, ("other",)),
    "tokenhandler.oidc.issuerURL": ("https://x", lambda s: s.issuers[0].url, "https://x"),
    "rbachandler.githubOrg": ("org", lambda s: s.policy.github_org, "org"),
    "rbachandler.tokenTTL": ("2h", lambda s: s.tokens, TokenLifetimes(7200, 7200)),
    "rbachandler.enableCreateSAToken": ("T", lambda s: s.token_creation, True),
    "rbachandler.kubeConfig": ("/k", lambda s: s.kubeconfig, "/k"),
    "rbachandler.accountsNamespace": ("people", lambda s: s.accounts_namespace, "people"),
    "rbachandler.storedTokens": ("true", lambda s: s.stored_tokens, True),
    "rbachandler.dynamicRoles": ("false", lambda s: s.policy.dynamic_roles, False),
    "rbachandler.defaultGroups": ("false", lambda s: s.policy.rules, ()),
}

OWN_KEYS: dict[str, Case] = {
    "server.address": ("127.0.0.1:80", lambda s: (s.listen.host, s.listen.port), ("127.0.0.1", 80)),
    "server.unauthenticated": ("true", lambda s: s.unauthenticated, True),
    "server.callerAudience": ("a", lambda s: s.caller_audience, "a"),
    "log.level": ("debug", lambda s: s.logging.level, "debug"),
    "log.format": ("text", lambda s: s.logging.format, "text"),
    "log.color": ("true", lambda s: s.logging.color, True),
    "audit.sink": ("/a", lambda s: str(s.audit.file), "/a"),
    "audit.maxSize": ("5", lambda s: s.audit.rotate_bytes, 5 * 1024 * 1024),
    "audit.maxBackup": ("3", lambda s: s.audit.keep, 3),
    "limits.failuresAtOnce": ("5", lambda s: s.limits.failures_at_once, 5),
    "limits.failuresPerMinute": ("5", lambda s: s.limits.failures_per_minute, 5),
    "limits.callerRequestsPerSecond": ("5", lambda s: s.limits.caller_requests_per_second, 5),
    "limits.concurrentLogins": ("5", lambda s: s.limits.concurrent_logins, 5),
    "kubernetes.kubeconfig": ("/k", lambda s: s.kubeconfig, "/k"),
    "accounts.namespace": ("people", lambda s: s.accounts_namespace, "people"),
    "cluster.name": ("prod", lambda s: s.cluster.name, "prod"),
    "cluster.server": ("https://k", lambda s: s.cluster.server, "https://k"),
    "cluster.certificateAuthorityFile": (
        "CA",
        lambda s: s.cluster.ca_file and s.cluster.ca_file.name,
        "ca.crt",
    ),
    "tokens.defaultLifetime": ("2h", lambda s: s.tokens.default, 7200),
    "tokens.maximumLifetime": ("2h", lambda s: s.tokens.maximum, 7200),
    "tokens.allowCreate": ("F", lambda s: s.token_creation, False),
    "tokens.stored": ("true", lambda s: s.stored_tokens, True),
    "policy.mode": ("groups", lambda s: s.policy.mode, "groups"),
    "policy.githubOrg": ("org", lambda s: s.policy.github_org, "org"),
    "policy.dynamicRoles": ("true", lambda s: s.policy.dynamic_roles, True),
}

NEEDS = {
    "app.unauthenticated": ["--app.addr=127.0.0.1:5555"],
    "server.unauthenticated": ["--server.address=127.0.0.1:5555"],
    "log.noColor": ["--log.format=text"],
    "rbachandler.storedTokens": ["--rbachandler.enableCreateSAToken=true"],
    "log.color": ["--log.format=text"],
    "audit.maxSize": ["--audit.sink=/a"],
    "audit.maxBackup": ["--audit.sink=/a"],
}
"""What a key has an effect with."""

BOTH = [
    pytest.param(text, key, case, id=key)
    for text, keys in ((FIRST, FIRST_KEYS), (LEAST, OWN_KEYS))
    for key, case in keys.items()
]


def _given(case: Case, folder: Path) -> Case:
    """With the place of a CA file that there is, where one must be."""
    given, where, meant = case
    return (str(folder / "ca.crt") if given == "CA" else given), where, meant


@pytest.mark.parametrize(("text", "key", "case"), BOTH)
def test_every_key_has_an_environment_variable(
    tmp_path: Path, authority: str, text: str, key: str, case: Case
) -> None:
    (tmp_path / "ca.crt").write_text(authority)
    given, where, meant = _given(case, tmp_path)
    name = f"JWTTORBAC_{key.replace('.', '_').upper()}"
    assert where(loaded(tmp_path, text, {name: given}, NEEDS.get(key, [])).settings) == meant


@pytest.mark.parametrize(("text", "key", "case"), BOTH)
def test_every_key_has_a_flag(
    tmp_path: Path, authority: str, text: str, key: str, case: Case
) -> None:
    (tmp_path / "ca.crt").write_text(authority)
    given, where, meant = _given(case, tmp_path)
    flags = [*NEEDS.get(key, []), f"--{key}={given}"]
    assert where(loaded(tmp_path, text, {}, flags).settings) == meant


def test_no_key_is_left_out_above() -> None:
    first = {dotted(path) for path in scalar_paths(FirstSystem)}
    assert first == set(FIRST_KEYS) | {"app.certificateFile", "app.keyFile"}
    own = {dotted(path) for path in scalar_paths(Configuration)} - {"apiVersion", "kind"}
    assert own == set(OWN_KEYS) | set(LISTENER_KEYS) | {"web.publicURL"}


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(["--rbachandler.enableCreateSAToken"], id="bare"),
        pytest.param(
            ["--rbachandler.enableCreateSAToken", "--log.level=info"], id="bare-then-flag"
        ),
        pytest.param(["--rbachandler.enableCreateSAToken", "true"], id="value-apart"),
        pytest.param(["--rbachandler.enablecreatesatoken=True"], id="other-letters"),
    ],
)
def test_a_boolean_flag_may_be_written(tmp_path: Path, flags: list[str]) -> None:
    assert loaded(tmp_path, FIRST, {}, flags).settings.token_creation


def test_flags_go_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    path = ("log", "level")
    in_file = f"{LEAST}log: {{level: error}}\n"
    environment = {"JWTTORBAC_LOG_LEVEL": "warning"}
    steps = [
        (loaded(tmp_path, LEAST), "info", Source("default")),
        (loaded(tmp_path, in_file), "error", Source("file", f"{tmp_path}/config.yaml:6:7")),
        (
            loaded(tmp_path, in_file, environment),
            "warning",
            Source("environment", "JWTTORBAC_LOG_LEVEL"),
        ),
        (
            loaded(tmp_path, in_file, environment, ["--log.level=debug"]),
            "debug",
            Source("flag", "--log.level"),
        ),
    ]
    for found, level, source in steps:
        assert (found.settings.logging.level, found.reading.source_of(path)) == (level, source)


def test_an_empty_variable_counts(tmp_path: Path) -> None:
    text = f"{FIRST}rbachandler: {{kubeConfig: /k}}\n"
    environment = {"JWTTORBAC_RBACHANDLER_KUBECONFIG": ""}
    assert loaded(tmp_path, text, environment).settings.kubeconfig == ""


def test_variables_of_a_service_named_like_the_program_are_not_ours(tmp_path: Path) -> None:
    environment = {
        "JWTTORBAC_SERVICE_HOST": "10.0.0.1",
        "JWTTORBAC_SERVICE_PORT_HTTP": "5555",
        "JWTTORBAC_PORT_5555_TCP": "tcp://10.0.0.1:5555",
        "JWTTORBAC_PORT": "tcp://10.0.0.1:5555",
    }
    assert loaded(tmp_path, LEAST, environment).settings == loaded(tmp_path, LEAST).settings


@pytest.mark.parametrize(
    ("environment", "flags", "line"),
    [
        pytest.param(
            {"JWTTORBAC_LOG_LEVL": "info"},
            [],
            "JWTTORBAC_LOG_LEVL sets no key of this configuration's form; "
            "did you mean `JWTTORBAC_LOG_LEVEL`?",
            id="misspelt-variable",
        ),
        pytest.param(
            {},
            ["--sever.address=:1"],
            "--sever.address sets no key of this configuration's form; "
            "did you mean `--server.address`?",
            id="misspelt-flag",
        ),
        pytest.param(
            {},
            ["--server.address"],
            "--server.address needs a value: --server.address=...",
            id="bare",
        ),
        pytest.param(
            {"JWTTORBAC_TOKENS_ALLOWCREATE": "perhaps"},
            [],
            "JWTTORBAC_TOKENS_ALLOWCREATE: tokens.allowCreate is the text 'perhaps', but must be "
            "true or false",
            id="no-boolean",
        ),
        pytest.param(
            {"JWTTORBAC_ACCOUNTS_NAMESPACE": "a\udcff"},
            [],
            "JWTTORBAC_ACCOUNTS_NAMESPACE: accounts.namespace is 'a\\udcff', which has characters "
            "that can't be seen",
            id="bytes-that-are-no-text",
        ),
    ],
)
def test_what_sets_nothing_is_refused(
    tmp_path: Path, environment: dict[str, str], flags: list[str], line: str
) -> None:
    assert refusal(tmp_path, LEAST, environment, flags) == [line]
