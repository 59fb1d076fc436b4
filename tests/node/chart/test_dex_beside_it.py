"""Dex in a pod in front of OpenLDAP, as examples/dex has it: who logs in there gets in here."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from jwt_to_rbac.sandbox import Sandbox
from tests.node.chart import dex
from tests.node.chart.installed import Release
from tests.node.shell import Shell


@pytest.fixture(scope="module")
def shell(release: Release, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Of somebody who has followed the example's README: Dex runs."""
    assert release.values["config"]["jwt"][0]["issuer"]["url"] == "https://dex.dex.svc/dex"
    folder = tmp_path_factory.mktemp("dex")
    shutil.copytree(dex.EXAMPLE, folder / "examples" / "dex")
    manifest = folder / "examples" / "dex" / "dex.yaml"
    # No browser is here: what it does by a page, this lets a form do.
    text = manifest.read_text()
    manifest.write_text(
        text.replace("skipApprovalScreen", "passwordConnector: ldap, skipApprovalScreen")
    )
    [deployment] = [b for b in yaml.safe_load_all(text) if b["kind"] == "Deployment"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    sandbox.load_image(dex.image(folder, container["image"]))
    dex.certificate(folder, sandbox)
    (folder / "ldap-password").write_text(sandbox.facts.directory_access.password)
    (folder / "directory.json").write_text(json.dumps(dex.directory_service(sandbox)))
    shell = Shell(folder, sandbox)
    shell.run("kubectl create -f directory.json")
    for command in commands(folder):
        shell.run(command)
    shell.run("kubectl -n dex rollout status deployment/dex --timeout=90s")
    return shell


def commands(folder: Path) -> list[str]:
    """The README's, up to those that the release's fixture has done."""
    readme = (folder / "examples" / "dex" / "README.md").read_text()
    told = readme.partition("```sh\n")[2].partition("```")[0].splitlines()
    return [line for line in told if "jwt-to-rbac" not in line]


def test_who_logs_in_at_it_gets_what_their_groups_in_the_directory_give(
    shell: Shell, release: Release, sandbox: Sandbox
) -> None:
    jane = sandbox.people["jane"]
    shell.variables.update(EMAIL=jane.email, PASSWORD=jane.password, SERVICE=release.url())
    said = shell.run("""
        IP=$(kubectl -n dex get service dex -o jsonpath={.spec.clusterIP})
        # A Service's address answers once kube-proxy has heard of it, which nobody tells.
        curl --fail-with-body --silent --show-error --output token.json --cacert ca.crt \
          --resolve dex.dex.svc:443:$IP \
          --retry 30 --retry-all-errors --retry-delay 1 https://dex.dex.svc/dex/token \
          -d grant_type=password -d client_id=kubernetes --data-urlencode "username=$EMAIL" \
          --data-urlencode "password=$PASSWORD" -d 'scope=openid email groups federated:id' ||
          { cat token.json; exit 1; }
        JWT=$(sed 's/.*"id_token":"\\([^"]*\\)".*/\\1/' token.json)
        curl --fail-with-body --silent --show-error "$SERVICE/rbac/" --data '{"token": "'$JWT'"}'
    """)
    answer = json.loads(said)
    assert (answer["Email"], answer["Groups"]) == (jane.email, ["admins", "developers"])
    assert answer["FederatedClaims"]["user_id"] == "cn=jane,ou=People,dc=example,dc=org"
    granted = [grant["clusterRole"] for grant in answer["Grants"]]
    assert granted == ["admin", "developers-from-jwt"]
