"""A login's files: whose they are, how they are written, and who waits for whom."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jwt_to_rbac.client.cache import Cache, State
from jwt_to_rbac.client.errors import ClientError, Unreachable
from jwt_to_rbac.client.handed_out import asked_again, parent, read


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(str(tmp_path / "cache" / "jwt-to-rbac" / "credentials" / "one"))


def modes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): oct(path.stat().st_mode & 0o777)
        for path in folder.rglob("*")
    }


def test_nobody_else_can_read_the_cache(cache: Cache, tmp_path: Path) -> None:
    # Folders that somebody made too open are closed.
    (tmp_path / "cache" / "jwt-to-rbac").mkdir(parents=True, mode=0o755)
    with cache.locked(lambda waited: None):
        cache.write_state(State(refresh_token="secret"))
        cache.write_credential(1.0, "{}\n")
    asked_again(cache.folder, "generation", parent())
    assert modes(tmp_path / "cache") == {
        "jwt-to-rbac": "0o700",
        "jwt-to-rbac/credentials": "0o700",
        "jwt-to-rbac/credentials/one": "0o700",
        "jwt-to-rbac/credentials/one/lock": "0o600",
        "jwt-to-rbac/credentials/one/state.json": "0o600",
        "jwt-to-rbac/credentials/one/credential": "0o600",
        "jwt-to-rbac/credentials/one/handed-out": "0o600",
    }


def test_what_was_written_is_read(cache: Cache) -> None:
    cache.write_state(State(session="s", scopes=["openid"], windows=2))
    assert cache.state() == State(session="s", scopes=["openid"], windows=2)
    written = cache.write_credential(1767268800.9, '{"a": 1}\n')
    found = read(cache.folder)
    assert found is not None
    assert (found.expires, found.document) == (1767268800, '{"a": 1}\n')
    assert found.generation == written.generation


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("no JSON", id="garbage"),
        pytest.param("[]", id="list"),
        pytest.param("null", id="null"),
        pytest.param('{"unknown": 1}', id="of-another-version"),
    ],
)
def test_a_state_that_cannot_be_read_is_none(cache: Cache, text: str) -> None:
    cache.write_state(State(session="s"))
    (Path(cache.folder) / "state.json").write_text(text)
    assert cache.state() == State()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("soon g\n{}", id="no-time"),
        pytest.param("12\n{}", id="no-generation"),
        pytest.param("\xff", id="odd-bytes"),
    ],
)
def test_a_credential_that_cannot_be_read_is_none(cache: Cache, text: str) -> None:
    cache.write_credential(1.0, "{}")
    (Path(cache.folder) / "credential").write_text(text, encoding="latin-1")
    assert read(cache.folder) is None


def test_a_credential_that_others_can_read_or_that_is_a_link_is_not_used(cache: Cache) -> None:
    cache.write_credential(1.0, "{}")
    file = Path(cache.folder) / "credential"
    file.chmod(0o640)
    assert read(cache.folder) is None
    file.chmod(0o600)
    assert read(cache.folder) is not None
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")
    assert read(cache.folder) is None


def test_who_asks_again_for_the_same_credential_is_noticed(cache: Cache) -> None:
    with cache.locked(lambda waited: None):
        pass
    assert not asked_again(cache.folder, "g1", "100 7")
    assert asked_again(cache.folder, "g1", "100 7")
    assert not asked_again(cache.folder, "g1", "101 7"), "another process"
    assert not asked_again(cache.folder, "g1", "100 8"), "another process with the same pid"
    assert not asked_again(cache.folder, "g2", "100 8"), "another credential"
    assert asked_again(cache.folder, "g2", "100 8")


def test_the_notes_on_who_asked_stay_small(cache: Cache) -> None:
    with cache.locked(lambda waited: None):
        pass
    for pid in range(1, 60000, 7):
        asked_again(cache.folder, "12345678", f"{pid} 18446744073709551615")
    assert (Path(cache.folder) / "handed-out").stat().st_size <= 4096 * 40
    assert asked_again(cache.folder, "12345678", f"{59998 // 7 * 7 + 1} 18446744073709551615")


def test_the_process_that_asks_is_known_by_pid_and_start() -> None:
    pid, start = parent().split()
    assert int(pid) == os.getppid()
    assert int(start) > 0


def test_one_at_a_time_holds_the_lock_and_the_others_wait(cache: Cache) -> None:
    waited: list[float] = []
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with cache.locked(waited.append):
            entered.set()
            leave.wait(10)

    def give_up(seconds: float) -> None:
        leave.set()
        waited.append(seconds)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(10)
    with cache.locked(give_up):
        assert waited
    holder.join()


def test_whoever_waits_may_give_up(cache: Cache) -> None:
    def give_up(seconds: float) -> None:
        raise Unreachable("another call is at it")

    with cache.locked(lambda waited: None), pytest.raises(Unreachable), cache.locked(give_up):
        pass


def test_a_process_that_is_killed_gives_the_lock_back(cache: Cache) -> None:
    script = (
        "import sys, time; from jwt_to_rbac.client.cache import Cache\n"
        "with Cache(sys.argv[1]).locked(lambda waited: None):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, cache.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        waited: list[float] = []

        def end_it(seconds: float) -> None:
            waited.append(seconds)
            holder.kill()

        with cache.locked(end_it):
            assert waited


def test_a_cache_that_cannot_be_written_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ClientError, match="XDG_CACHE_HOME"),
        Cache(str(tmp_path / "file" / "a" / "b")).locked(lambda waited: None),
    ):
        pass
