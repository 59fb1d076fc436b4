"""A release on a node, as Helm sees it: its test passes, an upgrade gets ready, and so does the way back."""

import json

from tests.node.chart.installed import Release, is_ready
from tests.support.waiting import eventually


def revision(release: Release) -> int:
    """The release's newest."""
    history = json.loads(release.act("history", "--output=json"))
    return int(history[-1]["revision"])


def test_helms_test_passes_in_a_pod_that_finds_the_service_by_its_name(release: Release) -> None:
    assert "Phase:          Succeeded" in release.act("test")


def test_an_upgrade_to_an_image_that_isnt_there_takes_no_pod_away_and_is_rolled_back(
    release: Release,
) -> None:
    release.settled()
    before, good = release.pods().keys(), revision(release)
    release.act("upgrade", "--wait=hookOnly", image={"tag": "none"})
    new = eventually(lambda: release.pods().keys() - before, 30)
    assert len(new) == 1
    assert eventually(lambda: reason(release, *new) in ("ErrImagePull", "ImagePullBackOff"), 30)
    assert sum(is_ready(pod) for pod in release.pods().values()) == 2

    release.act("rollback", str(good), "--wait")
    release.settled()
    assert release.pods().keys() == before


def reason(release: Release, pod: str) -> str:
    """What a container waits for."""
    statuses = release.pods()[pod]["status"].get("containerStatuses", [{}])
    return str(statuses[0].get("state", {}).get("waiting", {}).get("reason"))
