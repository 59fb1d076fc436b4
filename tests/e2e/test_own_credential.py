"""The program's own credential is replaced while it runs: nobody who logs in notices."""

import datetime
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jwt_to_rbac.certificate_authority import CertificateAuthority
from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import kubectl, run_kubectl
from tests.support.configuration import pod_configuration
from tests.support.helm import NAMESPACE
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import install_chart
from tests.support.waiting import eventually

WHO = "rotated"
"""The release, and its ServiceAccount."""

AT_HOME = ("-n", NAMESPACE)
LIFE = datetime.timedelta(seconds=20)
"""Of the first certificate: long enough for a start."""

CACHED = 15.0
"""Seconds: the API server takes a dead token for ten more."""


@dataclass(frozen=True)
class Credential:
    """A kubeconfig whose credential lies in files. `replace` brings another, and ends the old one."""

    kubeconfig: Path
    replace: Callable[[], None]


def kubeconfig(sandbox: Sandbox, file: Path, user: dict[str, str]) -> Path:
    cluster = {"server": sandbox.api_server, "certificate-authority": str(sandbox.ca_file)}
    file.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": user}],
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "c",
            }
        )
    )
    return file


@pytest.fixture
def token_file(sandbox: Sandbox, tmp_path: Path) -> Iterator[Credential]:
    """A ServiceAccount's token in a file, as tools that project one do it."""
    file = tmp_path / "token"

    def bring(secret: str) -> None:
        kubectl(sandbox, "create", "secret", "generic", secret, *AT_HOME)
        bound = ("--bound-object-kind=Secret", f"--bound-object-name={secret}")
        new = tmp_path / "token.new"
        new.write_text(kubectl(sandbox, "create", "token", WHO, *AT_HOME, *bound))
        new.replace(file)

    def replace() -> None:
        bring("rotated-second")
        kubectl(sandbox, "delete", "secret", "rotated-first", *AT_HOME)

    bring("rotated-first")
    made = kubeconfig(sandbox, tmp_path / "kubeconfig", {"tokenFile": str(file)})
    # What the server starts with is kept apart, to see when it is refused.
    shutil.copy(file, tmp_path / "old-token")
    kubeconfig(sandbox, tmp_path / "old", {"tokenFile": str(tmp_path / "old-token")})
    yield Credential(made, replace)
    kubectl(sandbox, "delete", "secret", "rotated-second", *AT_HOME)


@pytest.fixture
def certificate_files(sandbox: Sandbox, tmp_path: Path) -> Credential:
    """A client certificate that cert-manager or kubelet renews before it ends, for the same rights."""
    folder = tmp_path / "authority"
    folder.mkdir()
    for name in ("ca.crt", "ca.key"):
        shutil.copy(sandbox.directory / "pki" / name, folder / name)

    def issue(life: datetime.timedelta, file: str) -> dict[str, str]:
        authority = CertificateAuthority(folder, "as it is", life)
        pair = authority.issue(file, f"system:serviceaccount:{NAMESPACE}:{WHO}")
        return {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}

    user = issue(LIFE, "client")
    made = kubeconfig(sandbox, tmp_path / "kubeconfig", user)
    old = {
        key: str(shutil.copy(file, tmp_path / f"old-{Path(file).name}"))
        for key, file in user.items()
    }
    kubeconfig(sandbox, tmp_path / "old", old)

    def replace() -> None:
        issue(datetime.timedelta(days=1), "client")

    return Credential(made, replace)


@pytest.mark.parametrize("kind", ["token_file", "certificate_files"])
def test_a_credential_that_was_replaced_is_taken_up_when_the_old_one_is_refused(
    sandbox: Sandbox,
    issuer: ManyPeople,
    tmp_path: Path,
    kind: str,
    request: pytest.FixtureRequest,
) -> None:
    config = pod_configuration(tmp_path / "audit", {issuer.url: AUDIENCE})
    release = install_chart(sandbox, config, tmp_path, WHO)
    credential: Credential = request.getfixturevalue(kind)

    def old_is_refused() -> bool:
        asked = ["--kubeconfig", str(tmp_path / "old"), "get", "namespaces"]
        return run_kubectl(sandbox, asked, check=False).returncode != 0

    with release.started(tmp_path, credential.kubeconfig, controllers=False) as server:
        client = Client(server, tmp_path / "audit")
        assert client.log_in(issuer.token(f"{WHO}-before")).status == 201
        credential.replace()
        assert eventually(old_is_refused, LIFE.total_seconds() + CACHED)
        for n in range(3):
            answer = client.log_in(issuer.token(f"{WHO}-after-{n}"))
            assert answer.status == 201, answer.text
        assert client.call("GET", "/readyz").status == 200
