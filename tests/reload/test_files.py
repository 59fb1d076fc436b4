"""Which changes of files are taken up, when, and as a whole; with real files and real settings."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jwt_to_rbac.controllers.reloading import LOOK, Reloading
from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.logs import Stderr, make_log
from jwt_to_rbac.settings.load import Loaded, load
from jwt_to_rbac.settings.reload import contents, reload
from tests.reload.config_map import ConfigMap
from tests.settings.conftest import authority  # noqa: F401  (a fixture)
from tests.settings.given import FIRST, LEAST

RULE = "policy:\n  rules:\n  - {name: a, groups: [%s], clusterRole: view}\n"
BROKEN = LEAST + "policy:\n  rules:\n  - {name: a, groups: [a]}\n"
LONG = 3 * LOOK


class Running:
    """The files of one configuration, looked after; `in_force` is what was taken up last."""

    def __init__(self, file: Path, log_file: Path) -> None:
        self.in_force = load(file, {})
        self.fail_next: Outage | None = None
        self.log_file = log_file
        self.stream = log_file.open("wb")
        self.reloading: Reloading[Loaded] = Reloading(
            lambda: contents(self.in_force),
            lambda: reload(self.in_force, {}),
            self.take_up,
            make_log("info", "json", False, Stderr(self.stream.fileno())),
            lambda: 1_795_454_000.0,
        )

    async def take_up(self, found: Loaded) -> None:
        if self.fail_next is not None:
            failure, self.fail_next = self.fail_next, None
            raise failure
        self.in_force = found

    def group(self) -> str:
        """The one group of the policy in force."""
        rules = self.in_force.settings.policy.rules
        return "".join(rules[0].groups) if rules else ""

    def said(self) -> str:
        return self.log_file.read_text()

    async def until(self, condition: Callable[[], object], seconds: float = LONG) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110  (of files, which have no asyncio.Event)
                await asyncio.sleep(0.02)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    return folder


@asynccontextmanager
async def running(file: Path) -> AsyncIterator[Running]:
    here = Running(file, file.parent.parent / "log")
    task = asyncio.create_task(here.reloading.run())
    try:
        yield here
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        here.stream.close()


async def test_a_config_map_that_swaps_its_link_is_taken_up(tmp_path: Path) -> None:
    mounted = ConfigMap(tmp_path / "mounted", {"config.yaml": LEAST + RULE % "before"})
    async with running(mounted.folder / "config.yaml") as here:
        for group in ("once", "twice", "thrice"):
            mounted.swap({"config.yaml": LEAST + RULE % group})
            await here.until(lambda group=group: here.group() == group)  # type: ignore[misc]


@pytest.mark.parametrize("how", ["written", "renamed", "removed-and-made-anew"])
async def test_a_file_that_a_person_saves_is_taken_up(folder: Path, how: str) -> None:
    file = folder / "config.yaml"
    file.write_text(LEAST + RULE % "before")
    async with running(file) as here:
        for group in ("once", "twice"):
            text = LEAST + RULE % group
            if how == "renamed":
                (folder / ".config.yaml.swp").write_text(text)
                (folder / ".config.yaml.swp").rename(file)
            else:
                if how == "removed-and-made-anew":
                    file.unlink()
                file.write_text(text)
            await here.until(lambda group=group: here.group() == group)  # type: ignore[misc]


async def test_a_broken_file_changes_nothing_says_where_once_and_is_taken_up_when_mended(
    folder: Path,
) -> None:
    file = folder / "config.yaml"
    file.write_text(LEAST + RULE % "before")
    async with running(file) as here:
        file.write_text(BROKEN)
        await here.until(lambda: here.reloading.failing)
        await here.reloading.look()
        assert here.group() == "before"
        assert f"{file}:8:5: policy.rules[0] needs exactly one of" in here.said()
        assert here.said().count("has a mistake") == 1
        assert here.reloading.state()["code"] == "configuration_invalid"
        assert "policy" not in str(here.reloading.state())
        file.write_text(LEAST + RULE % "after")
        await here.until(lambda: here.group() == "after")
        assert not here.reloading.failing
        assert here.reloading.state().keys() == {"inForceSince"}


async def test_a_file_that_goes_away_changes_nothing(folder: Path) -> None:
    file = folder / "config.yaml"
    file.write_text(LEAST + RULE % "before")
    async with running(file) as here:
        file.unlink()
        await here.until(lambda: here.reloading.failing)
        assert here.group() == "before"
        assert "can't be read" in here.said()


@pytest.mark.parametrize(
    ("text", "more", "told"),
    [
        pytest.param(
            LEAST,
            "server: {address: ':80'}\n",
            ":6:10: server.address is now ':80', but was ':5555' when the program started",
            id="own-form",
        ),
        pytest.param(
            FIRST,
            "app: {addr: ':80'}\n",
            ":3:7: app.addr is now ':80', but was ':5555' when the program started",
            id="first-systems-form",
        ),
        pytest.param(LEAST, "tokens: {allowCreate: false}\n", "tokens.allowCreate", id="paths"),
        pytest.param(LEAST, "accounts: {namespace: x}\n", "accounts.namespace", id="accounts"),
        pytest.param(LEAST, "audit: {sink: /tmp/a}\n", "audit.sink", id="audit"),
    ],
)
async def test_what_needs_a_restart_is_named_and_nothing_beside_it_is_taken_up(
    folder: Path, text: str, more: str, told: str
) -> None:
    file = folder / "config.yaml"
    file.write_text(text)
    narrower = text.replace("example-app", "another-app")
    assert narrower != text
    async with running(file) as here:
        file.write_text(narrower + more)
        await here.until(lambda: here.reloading.failing)
        assert told in here.said()
        assert "restart it to take this up, or put it back" in here.said()
        assert here.in_force.settings.issuers[0].audiences == ("example-app",)
        file.write_text(narrower)
        await here.until(lambda: not here.reloading.failing)
        assert here.in_force.settings.issuers[0].audiences == ("another-app",)


async def test_lifetimes_and_issuers_are_taken_up_without_a_restart(folder: Path) -> None:
    file = folder / "config.yaml"
    file.write_text(LEAST)
    async with running(file) as here:
        file.write_text(
            LEAST.replace("example-app", "another-app")
            + "tokens: {defaultLifetime: 20m, maximumLifetime: 2h}\n"
        )
        await here.until(lambda: here.in_force.settings.tokens.maximum == 7200)
        assert here.in_force.settings.issuers[0].audiences == ("another-app",)


async def test_a_ca_file_that_breaks_is_told_of_and_mended_without_touching_the_configuration(
    folder: Path,
    authority: str,  # noqa: F811
) -> None:
    elsewhere = folder.parent / "ca"
    elsewhere.mkdir()
    ca = elsewhere / "ca.crt"
    ca.write_text(authority)
    file = folder / "config.yaml"
    file.write_text(LEAST.replace("audiences", f"certificateAuthorityFile: {ca}, audiences"))
    async with running(file) as here:
        ca.write_text("not a certificate")
        await here.until(lambda: here.reloading.failing)
        assert "holds no PEM certificates" in here.said()
        ca.write_text(authority)
        await here.until(lambda: not here.reloading.failing)


async def test_what_could_not_be_recorded_is_taken_up_later(folder: Path) -> None:
    file = folder / "config.yaml"
    file.write_text(LEAST + RULE % "before")
    async with running(file) as here:
        await here.reloading.look()
        here.fail_next = Outage(Code.AUDIT_UNAVAILABLE, "No space left on device")
        file.write_text(LEAST + RULE % "after")
        await here.until(lambda: "audit_unavailable" in here.said())
        await here.until(lambda: here.group() == "after")
        assert not here.reloading.failing


async def test_a_file_without_events_is_looked_at_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The program's own switch for file systems that have none; here the events come too late.
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "true")
    monkeypatch.setenv("WATCHFILES_POLL_DELAY_MS", "600000")
    file = folder / "config.yaml"
    file.write_text(LEAST + RULE % "before")
    async with running(file) as here:
        await here.until(lambda: here.reloading.failing is False)
        file.write_text(LEAST + RULE % "after")
        await here.until(lambda: here.group() == "after")
