"""The control plane: its controllers work, and its API server can be stopped and started."""

import subprocess
from pathlib import Path

import pytest

from jwt_to_rbac.sandbox import Sandbox, SandboxError
from tests.sandbox.waiting import ended, until


def kubectl(sandbox: Sandbox, *arguments: str) -> str:
    command = [str(sandbox.kubectl), "--kubeconfig", str(sandbox.kubeconfig), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_garbage_collector_collects_what_an_owner_leaves(sandbox: Sandbox) -> None:
    kubectl(sandbox, "create", "clusterrole", "gc-owner", "--verb=get", "--resource=pods")
    uid = kubectl(sandbox, "get", "clusterrole", "gc-owner", "-o", "jsonpath={.metadata.uid}")
    kubectl(sandbox, "create", "serviceaccount", "gc-owned")
    owner = f'{{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","name":"gc-owner","uid":"{uid}"}}'
    patch = f'{{"metadata":{{"ownerReferences":[{owner}]}}}}'
    kubectl(sandbox, "patch", "serviceaccount", "gc-owned", "--type=merge", "-p", patch)

    kubectl(sandbox, "delete", "clusterrole", "gc-owner")
    until(
        lambda: "gc-owned" not in kubectl(sandbox, "get", "serviceaccounts", "-o", "name"),
        "the owned ServiceAccount is collected",
    )


def test_a_restarted_api_server_has_its_port_and_its_data(apart: Sandbox) -> None:
    kubectl(apart, "create", "namespace", "kept")
    before = apart.part("kube-apiserver").pid
    assert before is not None

    apart.stop("kube-apiserver")
    assert ended(before)
    assert apart.part("kube-apiserver").pid is None
    assert apart.trouble() == []
    with pytest.raises(subprocess.CalledProcessError):
        kubectl(apart, "get", "namespace", "kept")

    apart.start("kube-apiserver")
    assert kubectl(apart, "get", "namespace", "kept", "-o", "name") == "namespace/kept"


def test_the_api_server_can_be_started_with_further_flags(apart: Sandbox, tmp_path: Path) -> None:
    """As the token review and structured authentication of later work need it."""
    authority = "".join(f"      {line}\n" for line in apart.ca_file.read_text().splitlines())
    configuration = tmp_path / "authentication.yaml"
    configuration.write_text(
        "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt:\n"
        f"- issuer:\n    url: {apart.issuer}\n    audiences: [example-app]\n"
        f"    certificateAuthority: |\n{authority}"
        "  claimMappings:\n    username: {claim: email, prefix: ''}\n"
        "    groups: {claim: groups, prefix: 'dex:'}\n"
    )
    apart.stop("kube-apiserver")
    apart.start("kube-apiserver", f"--authentication-config={configuration}")
    token = apart.id_token("jane")

    def name() -> str:
        command = [str(apart.kubectl), "--server", apart.api_server, "--token", token]
        command += ["--certificate-authority", str(apart.ca_file), "auth", "whoami"]
        command += ["-o", "jsonpath={.status.userInfo.username}"]
        environment = {"KUBECONFIG": "/dev/null", "HOME": str(tmp_path)}
        return subprocess.run(command, env=environment, capture_output=True, text=True).stdout

    # It fetches the issuer's keys in the background, so the first answers may be 401.
    until(lambda: name() == "janedoe@example.com", "the API server takes Dex's token")


def test_a_part_that_cannot_start_says_why_and_where_its_log_is(apart: Sandbox) -> None:
    apart.stop("kube-apiserver")
    with pytest.raises(SandboxError) as failure:
        apart.start("kube-apiserver", "--no-such-flag")
    message = str(failure.value)
    assert "kube-apiserver ended with exit code" in message
    assert "unknown flag: --no-such-flag" in message
    log = Path(apart.part("kube-apiserver").log)
    assert str(log) in message
    assert "unknown flag: --no-such-flag" in log.read_text()

    apart.start("kube-apiserver")
    assert apart.trouble() == []
