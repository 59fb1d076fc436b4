"""Under exactly the rules that are generated everything works, and none of them is for nothing."""

from pathlib import Path

import pytest

from tests.rights.asked import Act, allowed, requests_of
from tests.rights.installation import MODES, USERS, Installed
from tests.rights.walk import walk
from tests.support.cluster import get

RBAC = "rbac.authorization.k8s.io"
CHECKED_IN_PASSING = {
    *(Act(RBAC, "clusterroles", verb) for verb in ("bind", "create", "escalate")),
    Act("coordination.k8s.io", "leases", "create", USERS),
    Act("", "configmaps", "create", USERS),
}
"""No request has these verbs: RBAC asks for them while a binding is written, or applied what isn't."""


@pytest.fixture(params=MODES, scope="module")
def walked(request: pytest.FixtureRequest, installations: dict[str, Installed]) -> Installed:
    """An installation whose program has done all that it ever does."""
    installed: Installed = installations[request.param]
    walk(installed)
    return installed


def test_nothing_that_the_program_does_is_refused(walked: Installed, audit_folder: Path) -> None:
    asked = list(requests_of(walked, audit_folder))
    assert asked
    assert [act for act, status in asked if status in (401, 403)] == []


def test_the_program_asks_for_everything_that_it_may_do(
    walked: Installed, audit_folder: Path
) -> None:
    asked = {act for act, _ in requests_of(walked, audit_folder)}
    assert allowed(walked.sandbox, walked) - CHECKED_IN_PASSING == asked


def test_no_rule_about_named_cluster_roles_is_for_all_of_them(installed: Installed) -> None:
    """RBAC reads an empty list of names as every name."""
    rules = get(installed.sandbox, "clusterrole", installed.name)["rules"]
    unnamed = [
        r for r in rules if r["resources"] == ["clusterroles"] and not r.get("resourceNames")
    ]
    deleting = [["delete"]] if installed.mode == "dynamic" else []
    assert [sorted(rule["verbs"]) for rule in unnamed] == [["list", "watch"], *deleting]
