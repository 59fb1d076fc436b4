"""An installation made by `export manifests` is well; each thing that is broken in it is told by
itself, with what mends it, and nothing else is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jwt_to_rbac.cli.doctor import doctor
from jwt_to_rbac.oidc.times import LEEWAY_SECONDS
from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import get, install, kubectl
from tests.support.configuration import configuration, write
from tests.support.issuer import many_people
from tests.support.release import credential
from tests.support.server import free_port
from tests.support.terminal import COLUMNS, at_a_terminal
from tests.support.waiting import eventually

HOME = "jwt-to-rbac"
NAME = "examined"
USERS = "examined-users"
MADE_BY_DOCTOR = {
    "configuration",
    "API server",
    "clock of API server",
    "rights",
    "custom resource definition",
    "admission policies",
    "accounts namespace",
    "cluster roles",
}
POLICY = {
    "dynamicRoles": False,
    "rules": [
        {"name": "admins", "groups": ["admins"], "clusterRole": "admin"},
        {
            "name": "examined",
            "groups": ["developers"],
            "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}],
            "scope": {"namespaces": ["default"]},
        },
    ],
}


@dataclass(frozen=True)
class Examined:
    """An installation, and doctor's look at it."""

    sandbox: Sandbox
    folder: Path

    def configuration(self, **changes: object) -> Path:
        """Without a kubeconfig: whoever looks has their own."""
        issuers = {self.sandbox.issuer: self.sandbox.client_id}
        whole = configuration(Path(), "/audit", issuers, POLICY)
        del whole["kubernetes"]
        whole["accounts"] = {"namespace": USERS}
        return write(whole | changes, "127.0.0.1:1", self.folder)

    def apply(self) -> None:
        command = [sys.executable, "-m", "jwt_to_rbac", "export", "manifests"]
        command += ["--config", str(self.configuration()), "--service-account", NAME]
        manifests = self.folder / "manifests.yaml"
        manifests.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
        kubectl(self.sandbox, "apply", "-f", str(manifests))

    def kubectl(self, *arguments: str) -> str:
        return kubectl(self.sandbox, *arguments)


@pytest.fixture(scope="module")
def examined(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Examined:
    install(sandbox)
    made = Examined(sandbox, tmp_path_factory.mktemp("examined"))
    made.apply()
    return made


@pytest.fixture
def look(
    examined: Examined, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Path], dict[str, dict[str, str]]]:
    """What doctor finds as an administrator, by name of the check."""
    # $KUBECONFIG, which the official client reads when it is imported: another test may have.
    official = sys.modules["kubernetes.aio.config.kube_config"]
    place = str(examined.sandbox.kubeconfig)
    monkeypatch.setattr(official, "KUBE_CONFIG_DEFAULT_LOCATION", place)

    def look(config: Path) -> dict[str, dict[str, str]]:
        code = doctor(config=config, service_account=NAME, output="json")
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert said["ok"] == (code == 0)
        assert said["ok"] == all(one["state"] != "failed" for one in said["checks"])
        return {one["check"]: one for one in said["checks"]}

    return look


Look = Callable[[Path], dict[str, dict[str, str]]]


def failed(found: dict[str, dict[str, str]]) -> set[str]:
    return {name for name, one in found.items() if one["state"] == "failed"}


def test_an_installation_from_the_exported_manifests_is_well(
    examined: Examined, look: Look
) -> None:
    found = look(examined.configuration())
    assert {one["state"] for one in found.values()} == {"ok"}, found
    assert found.keys() > MADE_BY_DOCTOR
    assert not any("mending" in one for one in found.values())


def test_with_the_programs_own_credential_it_looks_at_what_that_may_read(
    examined: Examined, look: Look
) -> None:
    kubeconfig = credential(examined.sandbox, NAME, examined.folder)
    own = {"kubeconfig": str(kubeconfig)}
    found = look(examined.configuration(kubernetes=own))
    unknown = {name for name, one in found.items() if one["state"] == "unknown"}
    assert unknown == {
        "custom resource definition",
        "admission policies",
        "accounts namespace",
    }
    assert failed(found) == set()
    assert found["rights"]["detail"].startswith("this credential may do all ")


@contextmanager
def without_a_right(examined: Examined) -> Iterator[str]:
    """ClusterRoleBindings may not be deleted any more."""
    rules = get(examined.sandbox, "clusterrole", NAME)["rules"]
    [index] = [i for i, rule in enumerate(rules) if rule["resources"] == ["clusterrolebindings"]]
    fewer = [verb for verb in rules[index]["verbs"] if verb != "delete"]
    patch = [{"op": "replace", "path": f"/rules/{index}/verbs", "value": fewer}]
    examined.kubectl("patch", "clusterrole", NAME, "--type=json", "-p", json.dumps(patch))
    yield "may not: delete clusterrolebindings.rbac.authorization.k8s.io"


@contextmanager
def without_a_right_on_accounts(examined: Examined) -> Iterator[str]:
    examined.kubectl("delete", "rolebinding", NAME, "-n", USERS)
    yield f"create serviceaccounts/token in {USERS}"


@contextmanager
def with_another_crd(examined: Examined) -> Iterator[str]:
    """As an earlier version had it, without a column."""
    patch = [{"op": "remove", "path": "/spec/versions/0/additionalPrinterColumns/0"}]
    crd = "crd/accessgrants.jwt-to-rbac.io"
    examined.kubectl("patch", crd, "--type=json", "-p", json.dumps(patch))
    yield "it differs in versions"


@contextmanager
def without_an_admission_policy(examined: Examined) -> Iterator[str]:
    examined.kubectl("delete", "validatingadmissionpolicy", f"{NAME}-tokens")
    yield f"ValidatingAdmissionPolicy {NAME}-tokens is missing"


@contextmanager
def with_a_weaker_admission_policy(examined: Examined) -> Iterator[str]:
    """It is there, and refuses nothing."""
    patch = {"spec": {"validationActions": ["Audit"]}}
    binding = f"validatingadmissionpolicybinding/{NAME}-bindings"
    examined.kubectl("patch", binding, "--type=merge", "-p", json.dumps(patch))
    yield f"ValidatingAdmissionPolicyBinding {NAME}-bindings differs in validationActions"


@contextmanager
def with_an_exception_in_a_policy(examined: Examined) -> Iterator[str]:
    """Fields that we don't set may weaken it too."""
    excluded = [
        {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["secrets"]}
    ]
    patch = {"spec": {"matchConstraints": {"excludeResourceRules": excluded}}}
    policy = f"validatingadmissionpolicy/{NAME}-sessions"
    examined.kubectl("patch", policy, "--type=merge", "-p", json.dumps(patch))
    yield f"ValidatingAdmissionPolicy {NAME}-sessions differs in matchConstraints"
    examined.kubectl("delete", policy)


@contextmanager
def without_the_quota(examined: Examined) -> Iterator[str]:
    examined.kubectl("delete", "quota", "no-pods", "-n", USERS)
    yield f"no quota keeps pods out of {USERS}"


@contextmanager
def with_a_role_that_is_outdated(examined: Examined) -> Iterator[str]:
    rules = [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods", "secrets"]}]
    patch = json.dumps({"rules": rules})
    examined.kubectl("patch", "clusterrole", "examined-from-jwt", "--type=merge", "-p", patch)
    yield "not as the policy says: examined-from-jwt"


@contextmanager
def without_a_role(examined: Examined) -> Iterator[str]:
    examined.kubectl("delete", "clusterrole", "examined-from-jwt")
    yield "missing: examined-from-jwt"


BREAKS = {
    "rights": (without_a_right, without_a_right_on_accounts),
    "custom resource definition": (with_another_crd,),
    "admission policies": (
        without_an_admission_policy,
        with_a_weaker_admission_policy,
        with_an_exception_in_a_policy,
    ),
    "accounts namespace": (without_the_quota,),
    "cluster roles": (with_a_role_that_is_outdated, without_a_role),
}


@pytest.mark.parametrize(
    ("check", "broken"),
    [
        pytest.param(check, one, id=one.__name__)
        for check, several in BREAKS.items()
        for one in several
    ],
)
def test_what_is_broken_on_the_cluster_is_told_alone_and_its_mending_mends_it(
    examined: Examined, look: Look, check: str, broken: Any
) -> None:
    config = examined.configuration()
    try:
        with broken(examined) as expected:
            # RBAC and the CRD's handler follow what is written within moments.
            assert eventually(lambda: failed(look(config)) == {check}), look(config)
            found = look(config)[check]
            assert expected in found["detail"]
            assert "jwt-to-rbac export manifests --part " in found["mending"]
    finally:
        examined.apply()
    assert eventually(lambda: failed(look(config)) == set()), look(config)


def test_a_namespace_that_is_missing_is_told(examined: Examined, look: Look) -> None:
    elsewhere = examined.configuration(accounts={"namespace": "nowhere"})
    found = look(elsewhere)
    assert found["accounts namespace"]["detail"] == "there is no namespace nowhere"
    # The rights and admission policies are for another one too.
    assert failed(found) == {"accounts namespace", "rights", "admission policies"}


def test_a_mistake_in_the_configuration_is_the_only_thing_told(
    examined: Examined, look: Look, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(json.dumps({"apiVersion": "jwt-to-rbac.io/v1alpha1", "kind": "Wrong"}))
    found = look(file)
    assert failed(found) == found.keys() == {"configuration"}
    assert "kind" in found["configuration"]["detail"]


def test_an_issuer_that_is_away_is_told(examined: Examined, look: Look) -> None:
    url = f"http://127.0.0.1:{free_port()}/dex"
    away = {
        "issuer": {"url": url, "audiences": ["x"]},
        "claimMappings": {"username": {"claim": "sub", "prefix": ""}},
    }
    found = look(examined.configuration(jwt=[away]))
    assert failed(found) == {f"issuer {url!r}"}
    assert found[f"issuer {url!r}"]["mending"]
    assert [one["check"] for one in found.values() if one["state"] == "unknown"] == [
        f"clock of issuer at {url.split('/')[2]}"
    ]


def test_an_issuer_whose_keys_do_not_fit_is_told(examined: Examined, look: Look) -> None:
    issuer = {"url": examined.sandbox.issuer, "audiences": ["x"], "signingAlgorithms": ["ES256"]}
    mapping = {"username": {"claim": "sub", "prefix": ""}}
    found = look(examined.configuration(jwt=[{"issuer": issuer, "claimMappings": mapping}]))
    [name] = failed(found)
    assert name.startswith("issuer ")
    assert "can sign with ES256" in found[name]["detail"]


def test_an_api_server_that_is_away_is_told_and_what_is_on_it_is_not(
    examined: Examined, look: Look, tmp_path: Path
) -> None:
    kubeconfig = credential(examined.sandbox, NAME, tmp_path)
    there = kubeconfig.read_text()
    kubeconfig.write_text(
        there.replace(examined.sandbox.api_server, f"https://127.0.0.1:{free_port()}")
    )
    own = {"kubeconfig": str(kubeconfig)}
    found = look(examined.configuration(kubernetes=own))
    assert failed(found) == {"API server"}
    assert "rights" not in found


def test_a_clock_that_is_off_is_told_with_how_far(examined: Examined, look: Look) -> None:
    mapping = {"username": {"claim": "sub", "prefix": ""}}
    with many_people(date="Sun, 06 Nov 1994 08:49:37 GMT") as slow:
        issuer = {"url": slow.url, "audiences": ["x"]}
        found = look(examined.configuration(jwt=[{"issuer": issuer, "claimMappings": mapping}]))
    clock = f"clock of issuer at {slow.url.removeprefix('http://')}"
    assert failed(found) == {clock}
    assert f"behind this machine's; {LEEWAY_SECONDS:.0f} s are allowed" in found[clock]["detail"]
    assert found["clock of API server"]["state"] == "ok"


def test_the_command_shows_each_check_and_its_exit_code_says_whether_all_is_well(
    examined: Examined,
) -> None:
    command = [sys.executable, "-m", "jwt_to_rbac", "doctor", "--service-account", NAME]
    environment = {"KUBECONFIG": str(examined.sandbox.kubeconfig), "PATH": ""}
    config = examined.configuration()
    well = subprocess.run(
        [*command, "--config", config], env=environment, capture_output=True, text=True
    )
    assert (well.returncode, well.stderr) == (0, "")
    assert well.stdout.startswith("ok        configuration\n")
    examined.configuration(accounts={"namespace": "nowhere"})
    ill = subprocess.run(
        [*command, "--config", config], env=environment, capture_output=True, text=True
    )
    assert ill.returncode == 1
    assert "\nfailed    accounts namespace\n" in ill.stdout
    assert "\n          -> Apply it: `jwt-to-rbac export manifests" in ill.stdout


def test_at_a_terminal_of_eighty_columns_each_finding_fits_and_what_mends_it_can_be_copied(
    examined: Examined,
) -> None:
    config = examined.configuration(accounts={"namespace": "nowhere"})
    environment = {"KUBECONFIG": str(examined.sandbox.kubeconfig), "PATH": ""}
    command = [sys.executable, "-m", "jwt_to_rbac", "doctor", "--config", str(config)]
    screen = at_a_terminal(environment | {"NO_COLOR": "1"}, *command, "--service-account", NAME)
    assert screen.ended() == 1, screen.text
    os.close(screen.terminal)
    lines = screen.text.splitlines()
    # A path or URL that is longer than a line is one word, and stays so.
    assert not [line for line in lines if len(line) > COLUMNS and len(line.split()) > 1]
    for part in ("namespace", "admission", "rbac"):
        mends = f"`jwt-to-rbac export manifests --part {part} | kubectl apply -f -`"
        assert [line for line in lines if line.startswith(" " * 10) and mends in line], part
