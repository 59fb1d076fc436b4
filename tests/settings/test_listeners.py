"""TLS and the webhooks' listener: what its keys become, and what can't stand together."""

import datetime
from dataclasses import dataclass
from pathlib import Path

import pytest

from jwt_to_rbac.certificate_authority import CertificateAuthority
from jwt_to_rbac.certificate_files import CertificateFiles
from jwt_to_rbac.settings.values import Listen, Webhooks
from tests.settings.given import FIRST, LEAST, loaded, refusal

LISTENER_KEYS = {
    "server.certificateFile": "{folder}/server.crt",
    "server.keyFile": "{folder}/server.key",
    "webhooks.address": "127.0.0.1:9443",
    "webhooks.certificateFile": "{folder}/server.crt",
    "webhooks.keyFile": "{folder}/server.key",
    "webhooks.clientAuthorityFile": "{folder}/ca.crt",
}
"""Keys that only make sense together, with the values that they are given here."""


@dataclass(frozen=True)
class Given:
    """A folder with certificates, and the keys' values for them."""

    folder: Path
    keys: dict[str, str]

    def without(self, *names: str) -> list[str]:
        return [f"--{key}={value}" for key, value in self.keys.items() if key not in names]


@pytest.fixture
def given(tmp_path: Path) -> Given:
    authority = CertificateAuthority(tmp_path, "test", datetime.timedelta(days=1))
    authority.issue("server", "server", hosts=("127.0.0.1",))
    keys = {key: value.format(folder=tmp_path) for key, value in LISTENER_KEYS.items()}
    return Given(tmp_path, keys)


def test_both_listeners_have_their_files(given: Given) -> None:
    files = (given.folder / "server.crt", given.folder / "server.key")
    variables = {
        f"JWTTORBAC_{key.replace('.', '_').upper()}": value for key, value in given.keys.items()
    }
    for environment, flags in ((variables, []), ({}, given.without())):
        settings = loaded(given.folder, LEAST, environment, flags).settings
        assert settings.certificates == CertificateFiles(*files)
        assert settings.webhooks == Webhooks(
            Listen("127.0.0.1", 9443), CertificateFiles(*files, given.folder / "ca.crt")
        )


def test_the_first_systems_form_speaks_tls_too(given: Given) -> None:
    files = (given.folder / "server.crt", given.folder / "server.key")
    both = [f"--app.certificateFile={files[0]}", f"--app.keyFile={files[1]}"]
    assert loaded(given.folder, FIRST, {}, both).settings.certificates == CertificateFiles(*files)
    assert "app.keyFile is missing" in refusal(given.folder, FIRST, {}, both[:1])[0]


def test_without_keys_there_is_plain_http_and_no_webhook(tmp_path: Path) -> None:
    settings = loaded(tmp_path, LEAST).settings
    assert (settings.certificates, settings.webhooks) == (None, None)


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        pytest.param("server.keyFile", "server.keyFile is missing", id="no-key"),
        pytest.param("server.certificateFile", "server.certificateFile is missing", id="no-cert"),
        pytest.param("webhooks.keyFile", "webhooks.keyFile is missing", id="webhooks-no-key"),
        pytest.param(
            "webhooks.clientAuthorityFile",
            "webhooks.clientAuthorityFile is missing: API servers are let in by certificate alone",
            id="whoever-comes",
        ),
        pytest.param("webhooks.address", "has no effect without webhooks.address", id="nowhere"),
    ],
)
def test_half_a_listener_is_refused(given: Given, missing: str, said: str) -> None:
    assert said in "\n".join(refusal(given.folder, LEAST, {}, given.without(missing)))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        pytest.param("webhooks.keyFile", "ca.key", "but must be an absolute path", id="relative"),
        pytest.param("webhooks.keyFile", "/no/such", "No such file", id="missing"),
        pytest.param("webhooks.keyFile", "{folder}/ca.key", "MISMATCH", id="anothers-key"),
        pytest.param(
            "webhooks.clientAuthorityFile", "{folder}/ca.key", "can't be used", id="no-ca"
        ),
        pytest.param("webhooks.address", ":5555", "is also server.address", id="one-port"),
        pytest.param("webhooks.address", "example.com:1", "but must be an IP", id="a-name"),
    ],
)
def test_files_and_addresses_that_can_not_be_are_refused_at_the_start(
    given: Given, key: str, value: str, said: str
) -> None:
    flags = [*given.without(key), f"--{key}={value.format(folder=given.folder)}"]
    assert said in "\n".join(refusal(given.folder, LEAST, {}, flags))
