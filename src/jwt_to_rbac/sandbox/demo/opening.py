"""The first steps: the parts, what the product needs on the cluster, and the product itself."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from jwt_to_rbac.sandbox import Sandbox
from jwt_to_rbac.sandbox.demo.configuration import POLICY, configuration
from jwt_to_rbac.sandbox.demo.http import call
from jwt_to_rbac.sandbox.demo.kubectl import Kubectl
from jwt_to_rbac.sandbox.demo.stage import Stage
from jwt_to_rbac.sandbox.demo.telling import Teller, Wrong
from jwt_to_rbac.sandbox.server import running_server

_DEPLOY = Path(__file__).parents[4] / "deploy"
MANIFESTS = ("crd.yaml", "namespace.yaml")
RUN_LABEL = "jwt-to-rbac.io/demo"
"""On what the demo itself makes: its value is different in every run."""


def tell_parts(teller: Teller, sandbox: Sandbox, *, own_cluster: bool) -> None:
    """What runs where, and which directory serves."""
    directory = sandbox.facts.directory_access
    parts = {"Dex, the issuer": sandbox.issuer}
    if own_cluster:
        parts = {"kube-apiserver": f"{sandbox.api_server} (with etcd and its controllers)"} | parts
    if directory.kind == "openldap":
        parts["OpenLDAP, the directory"] = directory.url
    else:
        parts["the directory"] = f"{directory.url} (built in: OpenLDAP's slapd is not installed)"
    parts["their folder"] = str(sandbox.directory)
    teller.terminal.pairs(parts)
    teller.say(
        "Real upstream programs, on loopback only. The directory knows jane (groups admins and "
        "developers) and john (developers); Dex asks it, and the API server knows neither."
    )
    names = sorted(sandbox.parts())
    teller.sure(f"{len(names)} programs run: {', '.join(names)}", not sandbox.trouble())


def install(stage: Stage, run: str) -> None:
    """Create the CRD and the accounts' namespace, labelled as made by this run."""
    teller, admin = stage.teller, stage.admin
    version = json.loads(admin.do("version", "-o", "json"))["serverVersion"]["gitVersion"]
    teller.say(
        f"An administrator installs the kind AccessGrant, which is the record of one person's "
        f"access, and a namespace for people's accounts where no pod may run. (Kubernetes {version})"
    )
    for name in MANIFESTS:
        teller.command("admin", f"kubectl create -f deploy/{name}")
        teller.terminal.block(admin.do("create", "-f", "-", given=_labelled(name, run)))
    crd = "crd/accessgrants.jwt-to-rbac.io"
    admin.do("wait", "--for=condition=Established", crd, "--timeout=30s")
    teller.sure("the API server serves AccessGrants", admin.ask("get", "accessgrants").allowed)


@contextmanager
def serve(stage: Stage) -> Iterator[Stage]:
    """Start the product; the stage within the block knows where it is."""
    teller, sandbox = stage.teller, stage.sandbox
    text = configuration(
        kubeconfig=stage.admin.kubeconfig,
        audit=stage.folder / "audit.log",
        issuer=sandbox.issuer,
        audience=sandbox.client_id,
    )
    with ExitStack() as running:
        with teller.step("jwt-to-rbac starts, with a policy"):
            teller.say("Who gets what is decided by groups. The configuration's policy:")
            teller.terminal.block(POLICY)
            teller.command("admin", "jwt-to-rbac serve --config config.yaml")
            server = running.enter_context(running_server(text, stage.folder))
            ready = call("GET", server.url + "/readyz")
            teller.sure(f"it is ready at {server.url}", ready.status == 200, ready.text)
        yield replace(stage, server=server.url)


def administrator(program: Path, kubeconfig: str, folder: Path) -> Kubectl:
    """kubectl with this kubeconfig, written into `folder` (mode 0600)."""
    file = folder / "admin.kubeconfig"
    file.touch(mode=0o600)
    file.write_text(kubeconfig)
    return Kubectl(program, file)


def _labelled(name: str, run: str) -> str:
    try:
        documents = list(yaml.safe_load_all((_DEPLOY / name).read_text()))
    except FileNotFoundError as e:
        raise Wrong(f"{e.filename} is missing: run the demo from the repository.") from e
    for document in documents:
        document["metadata"].setdefault("labels", {})[RUN_LABEL] = run
    return yaml.safe_dump_all(documents)
