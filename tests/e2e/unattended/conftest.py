"""A server that leads, for each file one: nobody logs in again at it."""

from collections.abc import Iterator

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.e2e.unattended.keeping import POLICY, Kept
from tests.support.cluster import clear, install
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def kept(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kept]:
    install(sandbox)
    clear(sandbox)
    folder = tmp_path_factory.mktemp("kept")
    audit = folder / "audit.log"
    config = pod_configuration(audit, {issuer.url: AUDIENCE}, POLICY)
    with installed_server(sandbox, config, folder, controllers=True) as server:
        client = Client(server, audit)
        leads = "\njwt_to_rbac_leader 1.0\n"
        assert eventually(lambda: leads in client.call("GET", "/metrics").text, 15)
        yield Kept(sandbox, client, issuer)
    clear(sandbox)
