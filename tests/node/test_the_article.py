"""`kubectl create -f deploy/…` on a real node, then the article's steps two to five, word for word."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from jwt_to_rbac.sandbox import Sandbox
from tests.node.shell import Shell
from tests.support.cluster import DEPLOY
from tests.support.dex import later_id_token

JANE = "janedoe-example-com"
POLICIES = ("pdb", "networkpolicy")


def with_issuer(configmap: Path, sandbox: Sandbox) -> None:
    """The one thing in deploy/ that everybody has to change."""
    body = yaml.safe_load(configmap.read_text())
    config = yaml.safe_load(body["data"]["config.yaml"])
    config["jwt"][0]["issuer"] = {
        "url": sandbox.issuer,
        "audiences": [sandbox.client_id],
        "certificateAuthority": sandbox.ca_file.read_text(),
    }
    body["data"]["config.yaml"] = yaml.safe_dump(config)
    configmap.write_text(yaml.safe_dump(body))


@pytest.fixture(scope="module")
def shell(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """An administrator's, who has made what docs/install.md says, and sees it run."""
    folder = tmp_path_factory.mktemp("article")
    shutil.copytree(DEPLOY, folder / "deploy")
    with_issuer(folder / "deploy" / "configmap.yaml", sandbox)
    shell = Shell(folder, sandbox)
    for files in (
        ("namespace", "crd"),
        ("rbac", "admission"),
        ("configmap", "deployment", "service"),
        POLICIES,
    ):
        shell.run(f"kubectl create -f {' -f '.join(f'deploy/{name}.yaml' for name in files)}")
    shell.run("kubectl config set-context --current --namespace=jwt-to-rbac")
    shell.run("kubectl rollout status deployment/jwt-to-rbac --timeout=90s")
    return shell


@pytest.fixture
def jane(shell: Shell, sandbox: Sandbox) -> Iterator[Shell]:
    """The same shell, with jane's ID token from Dex, which had asked OpenLDAP."""
    shell.variables["JWT"] = later_id_token(sandbox, "jane")
    with shell.meanwhile("kubectl port-forward svc/jwt-to-rbac 5555", "Forwarding from 127.0.0.1"):
        yield shell


def test_steps_two_to_five_of_the_article(jane: Shell, sandbox: Sandbox) -> None:
    assert sandbox.directory_kind == "openldap"
    # 2: her ID token goes to the program.
    said = jane.run("""
        curl --fail-with-body --silent --request POST --url http://localhost:5555/rbac/ \
          --header 'Content-Type: application/json' --data '{"token": "'$JWT'"}'
    """)
    assert json.loads(said).items() >= {
        "Email": "janedoe@example.com",
        "Groups": ["admins", "developers"],
        "FederatedClaims": {
            "connector_id": "ldap",
            "user_id": "cn=jane,ou=People,dc=example,dc=org",
        },
        "ServiceAccount": JANE,
    }.items()  # fmt: skip

    # 3: what there is now.
    bindings = jane.run("kubectl get clusterrolebindings -l generatedby=jwttorbac -o name")
    assert bindings.split() == [
        f"clusterrolebinding.rbac.authorization.k8s.io/{JANE}-{role}-binding"
        for role in ("admin", "developers-from-jwt")
    ]
    account = jane.run("kubectl get serviceaccounts -A -l generatedby=jwttorbac -o name")
    assert account.split() == [f"serviceaccount/{JANE}"]
    jane.run(f"kubectl wait accessgrant/{JANE} --for=condition=Ready --timeout=20s")

    # 4: the token of her ServiceAccount, and one that lasts as long as she says.
    jane.run(f"""
        curl --fail-with-body --silent --url http://localhost:5555/tokens/{JANE} \
          --header "Authorization: Bearer $JWT" > token.json
        curl --fail-with-body --silent --request POST --url http://localhost:5555/tokens/{JANE} \
          --header "Authorization: Bearer $JWT" --header 'Content-Type: application/json' \
          --data '{{"duration": "12h30m"}}' > longer.json
    """)
    tokens = [
        *json.loads((jane.folder / "token.json").read_text()),
        json.loads((jane.folder / "longer.json").read_text()),
    ]
    assert [one["name"].startswith(f"{JANE}-token-") for one in tokens] == [True, True]

    # 5: kubectl with it obeys her groups.
    for one in tokens:
        jane.variables["TOKEN"] = one["data"]["token"]
        jane.run("""
            kubectl config set-credentials jane --token=$(echo $TOKEN | base64 -d)
            kubectl config set-context jane --cluster=sandbox --user=jane
            kubectl --context jane get pods --all-namespaces
            kubectl --context jane --namespace default create configmap hers
            kubectl --context jane --namespace default delete configmap hers
        """)
        refused = jane.tried("kubectl --context jane get nodes")
        assert (refused.returncode, "forbidden" in refused.stderr) == (1, True), refused.stderr

    # And back: nothing of hers is left.
    status = jane.run(f"""
        curl --silent --request DELETE --url http://localhost:5555/rbac/{JANE} \
          --header "Authorization: Bearer $JWT" --output /dev/null --write-out '%{{http_code}}'
    """)
    assert status == "202"
    assert jane.tried("kubectl --context jane get pods --all-namespaces").returncode == 1
