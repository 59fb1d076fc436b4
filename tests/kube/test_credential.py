"""When the program's own credential is read anew: once for all calls that were refused, and not at each."""

import asyncio
from dataclasses import dataclass

import pytest

from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.kube.credential import PAUSE, Credential
from jwt_to_rbac.kube.official import Configuration


@dataclass
class Source:
    """Gives a credential with the number of its reading, unless it is broken."""

    now: float = 100.0
    readings: int = 0
    broken: bool = False

    async def read(self) -> Configuration:
        await asyncio.sleep(0)
        self.readings += 1
        if self.broken:
            raise InvalidInput(Code.CONFIGURATION_INVALID, "half written")
        made = Configuration()
        made.api_key["BearerToken"] = f"Bearer {self.readings}\n"
        return made


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def credential(source: Source) -> Credential:
    return Credential(Configuration(), source.read, lambda: source.now)


async def test_many_calls_that_are_refused_together_cause_one_reading(
    source: Source, credential: Credential
) -> None:
    assert await credential.authorization() == ""
    began, source.now = source.now, source.now + 1
    assert await asyncio.gather(*(credential.renewed(began) for _ in range(20))) == [True] * 20
    assert source.readings == 1
    assert await credential.authorization() == "Bearer 1"


async def test_one_that_stays_refused_is_read_again_after_a_pause_only(
    source: Source, credential: Credential
) -> None:
    assert await credential.renewed(source.now)
    source.now += 1
    assert not await credential.renewed(source.now)
    source.now += PAUSE
    assert await credential.renewed(source.now)
    assert source.readings == 2


async def test_what_cannot_be_read_changes_nothing_until_it_can(
    source: Source, credential: Credential
) -> None:
    source.broken = True
    assert not await credential.renewed(source.now)
    assert await credential.authorization() == ""
    source.broken, source.now = False, source.now + PAUSE
    assert await credential.renewed(source.now)
    assert await credential.authorization() == "Bearer 2"


async def test_without_a_way_to_read_it_again_it_stays() -> None:
    assert not await Credential(Configuration()).renewed(0.0)
