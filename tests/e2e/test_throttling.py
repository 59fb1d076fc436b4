"""An overloaded API server is obeyed by all calls together: few are made in vain, revocations go first.

The proxy in front of the real API server answers what comes above a rate as API Priority and Fairness
does: 429, and Retry-After of a second.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import clear, install
from tests.support.configuration import pod_configuration
from tests.support.faults import Faults, faulty_api_server
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import install_chart
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet

PEOPLE = 100
MOST_A_SECOND = 100
IN_TIME = 12.0
"""Seconds: a request ends in ten, and the machine is busy."""


@dataclass(frozen=True)
class Throttled:
    """A server behind a proxy that throttles."""

    client: Client
    faults: Faults
    issuer: ManyPeople

    def people(self, many: int) -> list[str]:
        """ID tokens of so many new people."""
        crowd = secrets.token_hex(3)
        return [self.issuer.token(f"t{crowd}-{n}") for n in range(many)]

    def overloaded(self) -> bool:
        """Something has been throttled."""
        return any(not fine for _, fine in self.faults.answered)

    def calm(self) -> bool:
        """Nothing waits to be settled."""
        metrics = self.client.call("GET", "/metrics").text
        return "\njwt_to_rbac_settling_queue_depth 0.0\n" in metrics

    async def log_in_all(self, tokens: list[str]) -> list[float]:
        """All at once; who is told to come again does. How long each attempt took that failed."""
        failed: list[float] = []
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http:

            async def log_in(token: str) -> None:
                while True:
                    began = time.monotonic()
                    url = f"{self.client.server.url}/rbac/"
                    async with http.post(url, json={"token": token}) as answer:
                        await answer.read()
                        if answer.status == 201:
                            return
                        assert answer.status in (429, 503), await answer.text()
                        failed.append(time.monotonic() - began)
                        wait = float(answer.headers["Retry-After"])
                    await asyncio.sleep(wait)

            await asyncio.gather(*(log_in(token) for token in tokens))
        return failed


@pytest.fixture(scope="module")
def throttled(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Throttled]:
    install(sandbox)
    folder = tmp_path_factory.mktemp("throttled")
    audit = folder / "audit.log"
    release = install_chart(sandbox, pod_configuration(audit, {issuer.url: AUDIENCE}), folder)
    with (
        faulty_api_server(release.credential(folder), folder) as faults,
        release.started(folder, faults.kubeconfig, controllers=False) as server,
    ):
        yield Throttled(Client(server, audit), faults, issuer)
    clear(sandbox)


def test_under_429_a_tenth_of_the_calls_at_most_is_made_in_vain_and_every_login_succeeds(
    throttled: Throttled,
) -> None:
    faults, few = throttled.faults, PEOPLE // 10
    faults.limit()
    asyncio.run(throttled.log_in_all(throttled.people(few)))
    assert eventually(throttled.calm, 30)
    needed = PEOPLE / few * len(faults.answered)

    faults.limit(MOST_A_SECOND)
    began = time.monotonic()
    failed = asyncio.run(throttled.log_in_all(throttled.people(PEOPLE)))
    took = time.monotonic() - began
    assert eventually(throttled.calm, 60)
    made, vain = len(faults.answered), sum(not fine for _, fine in faults.answered)
    sys.stdout.write(
        f"{made} calls for {needed:.0f} that were needed: {made / needed:.3f}; throttled {vain}; "
        f"{len(failed)} logins told to come again, all done after {took:.1f} s\n"
    )
    assert vain > 0
    assert made <= 1.1 * needed
    assert max(failed, default=0.0) < IN_TIME


def test_under_429_a_revocation_goes_ahead_of_the_logins_that_wait(throttled: Throttled) -> None:
    faults = throttled.faults
    faults.limit()
    [leaver] = throttled.people(1)
    account = throttled.client.log_in(leaver).json()["ServiceAccount"]
    faults.limit(MOST_A_SECOND)

    async def revoke_amid() -> float:
        logins = asyncio.create_task(throttled.log_in_all(throttled.people(PEOPLE)))
        assert await asyncio.to_thread(eventually, throttled.overloaded)
        began = time.monotonic()
        path = f"/rbac/{account}"
        answer = await asyncio.to_thread(throttled.client.call, "DELETE", path, None, leaver)
        took = time.monotonic() - began
        assert answer.status == 202, answer.text
        assert not logins.done()
        await logins
        return took

    took = asyncio.run(revoke_amid())
    sys.stdout.write(f"revoked after {took:.2f} s\n")
    assert took < 5
    faults.limit()
