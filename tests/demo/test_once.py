"""`make demo ONCE=1`: it tells the story, and only a story that was right ends well."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Options, start
from jwt_to_rbac.sandbox.demo.jane import tell_jane
from jwt_to_rbac.sandbox.demo.opening import tell_parts
from jwt_to_rbac.sandbox.demo.stage import Stage
from jwt_to_rbac.sandbox.demo.story import on_the_cluster
from jwt_to_rbac.sandbox.demo.telling import StepFailed, Teller, Wrong
from jwt_to_rbac.sandbox.demo.terminal import Terminal
from tests.demo.running import Finished, run_demo

STORY = (
    r"kube-apiserver +https://127\.0\.0\.1:\d+",
    r"Dex, the issuer +http://127\.0\.0\.1:\d+/dex",
    r"OpenLDAP, the directory +ldap://|the directory +http://",
    r"email +janedoe@example\.com",
    r"groups +admins, developers",
    r"federated_claims +ldap: cn=jane,ou=People,dc=example,dc=org",
    r"curl http://127\.0\.0\.1:\d+/rbac/ -X POST",
    r"201 Created",
    r'"ServiceAccount": "janedoe-example-com"',
    r"admin\$ kubectl get accessgrants",
    r"janedoe-example-com +janedoe@example\.com +admins,developers +admin,developers-from-jwt .*True",
    r"janedoe-example-com-admin-binding +ClusterRole/admin",
    r"janedoe-example-com-developers-from-jwt-binding +ClusterRole/developers-from-jwt",
    r"/tokens/janedoe-example-com -H",
    r"jane\$ kubectl auth whoami",
    r"Username +system:serviceaccount:jwt-to-rbac-users:janedoe-example-com",
    r"jane\$ kubectl get nodes\n.*Forbidden(.*\n){1,3} +✓ refused",
    r"with the same ID token: nothing changes",
    r"John is only a developer",
    r"none any more",
    r"-X DELETE",
    r"nothing of him is left",
    r"\(Unauthorized\)",
    r"All 12 steps were right",
)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Where the story is after its opening, for tests that have it go wrong."""
    teller = Teller(Terminal(io.StringIO()))
    options = Options(directory="built-in")
    with start(options) as sandbox, on_the_cluster(teller, sandbox) as ready:
        yield ready


def test_the_story_is_told_in_order_and_ends_with_0(told_once: Finished) -> None:
    assert told_once.code == 0, told_once.output
    at = 0
    for line in STORY:
        found = re.compile(line).search(told_once.output, at)
        assert found, f"{line!r} isn't told, or not in its place:\n{told_once.output[at:]}"
        at = found.end()


def test_no_token_is_in_the_output(told_once: Finished) -> None:
    # How a JSON Web Token begins, plain and in base64.
    assert "eyJ" not in told_once.output
    assert "ZXlK" not in told_once.output


def test_a_log_has_no_colours(told_once: Finished) -> None:
    assert "\x1b" not in told_once.output


def test_nothing_is_left_after_it(told_once: Finished) -> None:
    [folder] = re.findall(r"their folder +(\S+)", told_once.output)
    assert not Path(folder).exists()


def test_a_part_that_does_not_start_is_named_and_ends_it_with_1(tmp_path: Path) -> None:
    dex = tmp_path / "dex"
    dex.write_text("#!/bin/sh\necho 'no dex today'\nexit 3\n")
    dex.chmod(0o755)
    done = run_demo("--once", environment={"KUBEBUILDER_ASSETS": str(tmp_path)})
    assert done.code == 1
    assert "✗ Step 1, “The parts start”, went wrong: dex ended with exit code 3" in done.output
    assert "no dex today" in done.output


def test_it_says_which_directory_serves(stage: Stage) -> None:
    told = io.StringIO()
    tell_parts(Teller(Terminal(told)), stage.sandbox, own_cluster=True)
    assert "built in: OpenLDAP's slapd is not installed" in " ".join(told.getvalue().split())


def test_a_step_that_goes_wrong_is_named(stage: Stage) -> None:
    stage.sandbox.stop("dex")
    with pytest.raises(StepFailed, match=r"Step 3, “Jane proves who she is.*”, went wrong"):
        tell_jane(stage)


def test_what_is_allowed_but_should_be_refused_is_wrong(stage: Stage) -> None:
    with pytest.raises(Wrong, match="refused"):
        stage.may_not(stage.admin, "get nodes", named="admin")
    # A command that fails for another reason proves nothing.
    with pytest.raises(Wrong, match="refused"):
        stage.may_not(stage.admin, "get configmap nowhere", named="admin")
    with pytest.raises(Wrong, match="allowed"):
        stage.may(stage.admin, "get configmap nowhere", named="admin")
