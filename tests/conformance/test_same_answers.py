"""Each token of the table, shown to kube-apiserver and to us, has the same answer and the same user."""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import aiohttp
import pytest

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.mapped_user import MappedUser, mapped_user
from jwt_to_rbac.oidc.person_claims import person_of
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.sandbox import Sandbox, start
from jwt_to_rbac.settings import Settings, load
from tests.support.waiting import eventually

from .many_issuers import AUDIENCE, ManyIssuers, many_issuers
from .table import CONFIGURATIONS, Changes, pairs

KUBERNETES = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration"}
OURS = {"apiVersion": "jwt-to-rbac.io/v1alpha1", "kind": "Configuration"}


@dataclass(frozen=True)
class Both:
    """The API server and our settings, under the same `jwt`."""

    issuers: ManyIssuers
    sandbox: Sandbox
    settings: Settings

    def kubernetes(self, token: str) -> MappedUser | None:
        """Whom the API server takes the token for."""
        url = f"{self.sandbox.api_server}/apis/authentication.k8s.io/v1/selfsubjectreviews"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
        context = ssl.create_default_context(cafile=str(self.sandbox.ca_file))
        try:
            with urllib.request.urlopen(request, timeout=20, context=context) as answer:
                info = json.load(answer)["status"]["userInfo"]
        except urllib.error.HTTPError as refusal:
            if refusal.code == 401:
                return None
            raise
        groups = [group for group in info["groups"] if group != "system:authenticated"]
        extra = {key: tuple(values) for key, values in info.get("extra", {}).items()}
        return MappedUser(info["username"], info.get("uid", ""), tuple(groups), extra)

    async def ours(self, token: str, configuration: str) -> MappedUser | None:
        """Whom we take the token for."""
        (found,) = (i for i in self.settings.issuers if i.url == self.issuers.url(configuration))
        trusted = TrustedIssuer(
            found.url, frozenset(found.audiences), ca_pem=found.ca_pem, mapping=found.mapping
        )
        async with aiohttp.ClientSession(trust_env=False) as session:
            issuers = TrustedIssuers([trusted], session, time.time)
            verified = await issuers.verify(token)
            await issuers.close()
        if isinstance(verified, Denial) or isinstance(person_of(verified, found.mapping), Denial):
            return None
        return mapped_user(verified.claims, found.mapping, "")


def _entries(issuers: ManyIssuers) -> list[dict[str, Any]]:
    return [
        {
            "issuer": {
                "url": issuers.url(name),
                "audiences": [AUDIENCE],
                "certificateAuthority": issuers.ca,
            },
            **configuration.entry,
        }
        for name, configuration in CONFIGURATIONS.items()
    ]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("conformance")
    with many_issuers(CONFIGURATIONS, folder / "authority") as issuers, start() as sandbox:
        # JSON is YAML; the two files differ in their first two keys alone.
        theirs, our_file = folder / "authentication.yaml", folder / "config.yaml"
        theirs.write_text(json.dumps({**KUBERNETES, "jwt": _entries(issuers)}))
        our_file.write_text(json.dumps({**OURS, "jwt": _entries(issuers)}))
        sandbox.stop("kube-apiserver")
        sandbox.start("kube-apiserver", f"--authentication-config={theirs}")
        both = Both(issuers, sandbox, load(our_file, {}).settings)
        # It gets to know an issuer in the background, and until then refuses whom it will
        # accept: a refusal counts only once it has accepted somebody of the same issuer.
        for name, configuration in CONFIGURATIONS.items():
            token = issuers.token(name, next(iter(configuration.accepted.values())))
            assert eventually(partial(both.kubernetes, token), 20.0), name
        yield both


@pytest.mark.parametrize(
    ("configuration", "changes", "accepted"),
    [pytest.param(name, changes, yes, id=f"{name}-{what}") for name, what, changes, yes in pairs()],
)
async def test_kubernetes_and_we_give_the_same_answer(
    both: Both, configuration: str, changes: Changes, accepted: bool
) -> None:
    token = both.issuers.token(configuration, changes)
    ours = await both.ours(token, configuration)
    theirs = both.kubernetes(token)
    assert ours == theirs
    assert (theirs is not None) is accepted


def test_there_are_at_least_sixty_pairs() -> None:
    assert len(pairs()) >= 60


@pytest.mark.parametrize(
    ("configuration", "changes"),
    [
        pytest.param("groups", {"groups": None}, id="groups-null"),
        pytest.param("groups", {"groups": [""]}, id="a-group-without-a-name"),
        pytest.param("groups", {"groups": ["a\u200bb"]}, id="a-group-with-what-can-not-be-seen"),
        pytest.param("sub", {"aud": [AUDIENCE, "other"]}, id="for-a-stranger-too"),
        pytest.param("sub", {"iat": ...}, id="no-time-of-issue"),
        pytest.param("email", {"email": "a@b@example.com"}, id="an-address-with-two-ats"),
    ],
)
async def test_we_refuse_more_than_kubernetes_in_this(
    both: Both, configuration: str, changes: Changes
) -> None:
    token = both.issuers.token(configuration, changes)
    assert both.kubernetes(token) is not None
    assert await both.ours(token, configuration) is None
