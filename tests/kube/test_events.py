"""The writer of Events ends whenever it is told to, whatever it is doing at that moment."""

import asyncio
import time
from pathlib import Path

import pytest
import structlog

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.news import News
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.kube.events import Events
from jwt_to_rbac.kube.session import KubeSession, load_configuration

NOWHERE = """\
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
"""


@pytest.mark.parametrize("turns", range(9))
async def test_it_ends_at_any_turn_of_the_loop_while_it_hurries(tmp_path: Path, turns: int) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(NOWHERE)
    session = KubeSession(await load_configuration(str(kubeconfig)))
    events = Events(session, "replica", time.time, structlog.get_logger())
    person = Person(Identity("https://issuer", "sub"), "jane", "", ())
    for n in range(3):
        events.tell(
            Account("jane", f"uid-{n}", "1", Record(person, 0)), News("Repaired", "Repair", "")
        )
    hurrying = asyncio.create_task(events.written())
    writing = asyncio.create_task(events.run())
    for _ in range(turns):
        await asyncio.sleep(0)
    writing.cancel()
    ended, _ = await asyncio.wait({writing}, timeout=1)
    hurrying.cancel()
    writing.cancel()
    await asyncio.gather(hurrying, writing, return_exceptions=True)
    await session.close()
    assert ended, "it goes on"
