"""The program as a pod of the chart has nothing that it doesn't need, and has enough."""

import json

from tests.node.chart.installed import Release

LIMIT = 256 * 2**20
INSIDE = """
import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
def writable(place):
    try:
        open(place + "/x", "w").close()
    except OSError as error:
        return error.strerror
    return "writable"
folders = [folder for folder, _, _ in os.walk("/", topdown=True)
           if not folder.startswith(("/proc", "/sys", "/dev"))]
print(json.dumps({
    "user": os.getuid(), "group": os.getgid(),
    "capabilities": [status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")],
    "no new privileges": status["NoNewPrivs"].strip(), "seccomp": status["Seccomp"].strip(),
    "written to": sorted({writable(folder) for folder in folders}),
}))
"""


def test_it_runs_as_a_random_user_without_capabilities_on_a_read_only_root(
    release: Release,
) -> None:
    user = release.values["podSecurityContext"]["runAsUser"]
    for pod in release.pods():
        found = json.loads(release.python(pod, INSIDE))
        assert found == {
            "user": user,
            "group": user,
            "capabilities": ["0000000000000000"] * 4,
            "no new privileges": "1",
            "seccomp": "2",
            "written to": ["Read-only file system"],
        }
