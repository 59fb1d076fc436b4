"""Whether this machine can show a browser to the person, and opening it without it touching ours."""

import shlex
import shutil
import subprocess
import threading
from collections.abc import Mapping

_OPENERS = {
    "darwin": ("open",),
    "linux": ("xdg-open", "wslview", "x-www-browser", "firefox", "chromium", "google-chrome"),
}


def opener(environment: Mapping[str, str], platform: str) -> list[str] | None:
    """The command that opens a URL (`%s` stands for it), or None where nobody would see it.

    `BROWSER` decides if it is set: editors on remote machines set it to a way back to the
    person's own. Otherwise there is none over SSH, nor on Linux without a display.
    """
    path = environment.get("PATH")
    for candidate in filter(None, environment.get("BROWSER", "").split(":")):
        words = shlex.split(candidate)
        if words and shutil.which(words[0], path=path):
            return words if any("%s" in word for word in words) else [*words, "%s"]
    if environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"):
        return None
    if platform != "darwin" and not (
        environment.get("DISPLAY")
        or environment.get("WAYLAND_DISPLAY")
        or environment.get("WSL_DISTRO_NAME")
    ):
        return None
    for name in _OPENERS.get(platform, ()):
        if found := shutil.which(name, path=path):
            return [found, "%s"]
    return None


def open_browser(command: list[str], url: str) -> subprocess.Popen[bytes]:
    """Start it apart from this terminal: what browsers print is not for kubectl, and Ctrl-C not for them."""
    process = subprocess.Popen(  # noqa: S603 (the person's own browser)
        [word.replace("%s", url) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # It may go on for hours, or end at once and leave a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
    return process
