"""Whether there is a browser that the person would see."""

import sys
from pathlib import Path

import pytest

from jwt_to_rbac.client.browser import open_browser, opener
from tests.support.waiting import eventually


@pytest.fixture
def programs(tmp_path: Path) -> str:
    for name in ("xdg-open", "open", "my-browser"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    return str(tmp_path)


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        pytest.param({"DISPLAY": ":0"}, "linux", "xdg-open", id="x11"),
        pytest.param({"WAYLAND_DISPLAY": "wayland-0"}, "linux", "xdg-open", id="wayland"),
        pytest.param({"WSL_DISTRO_NAME": "Debian"}, "linux", "xdg-open", id="wsl"),
        pytest.param({}, "linux", None, id="no-display"),
        pytest.param({"DISPLAY": ":10", "SSH_CONNECTION": "a b"}, "linux", None, id="ssh"),
        pytest.param({}, "darwin", "open", id="mac"),
        pytest.param({"SSH_TTY": "/dev/ttys1"}, "darwin", None, id="ssh-to-a-mac"),
        pytest.param({"BROWSER": "my-browser"}, "linux", "my-browser", id="said"),
        pytest.param(
            {"BROWSER": "my-browser", "SSH_TTY": "x"},
            "linux",
            "my-browser",
            id="an-editors-way-back",
        ),
        pytest.param(
            {"BROWSER": "gone:my-browser"}, "linux", "my-browser", id="first-that-is-there"
        ),
        pytest.param({"BROWSER": "gone"}, "linux", None, id="said-but-not-there"),
    ],
)
def test_a_browser_is_used_where_the_person_would_see_it(
    programs: str, environment: dict[str, str], platform: str, expected: str | None
) -> None:
    found = opener({"PATH": programs, **environment}, platform)
    assert (None if found is None else Path(found[0]).name) == expected


def test_a_browsers_own_output_reaches_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mark = tmp_path / "started"
    script = (
        f"import sys, pathlib; print('noise'); pathlib.Path({str(mark)!r}).write_text(sys.argv[1])"
    )
    process = open_browser([sys.executable, "-c", script, "%s"], "http://x/?a=1&b=$(id)")
    assert process.wait(10) == 0
    assert eventually(mark.exists, 5)
    assert mark.read_text() == "http://x/?a=1&b=$(id)", "no shell reads the address"
    assert capfd.readouterr() == ("", "")
