"""`jwt-to-rbac export`: what a configuration makes for others to apply, on the standard output."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import yaml
from cyclopts import App, Parameter

from jwt_to_rbac.cli.installation import installation_of
from jwt_to_rbac.kube.admission import admission_manifests
from jwt_to_rbac.kube.diagnosis_manifests import crd_text
from jwt_to_rbac.kube.installation import Installation, ProgramAccount, accounts_namespace
from jwt_to_rbac.kube.manifest import Body
from jwt_to_rbac.kube.rights import rbac_manifests
from jwt_to_rbac.settings.load import load
from jwt_to_rbac.yaml_dump import dump

app = App(name="export", help="Write what a configuration needs on the cluster.")
# By name, so that `manifests` doesn't wait for what it doesn't need.
app.command("jwt_to_rbac.cli.export_api_server:webhook_config", name="webhook-config")
app.command("jwt_to_rbac.cli.export_api_server:authorization_config", name="authorization-config")
app.command(
    "jwt_to_rbac.cli.export_authentication:authentication_config", name="authentication-config"
)

Part = Literal["crd", "namespace", "rbac", "admission"]

_MAKERS: dict[Part, Callable[[Installation], list[Body]]] = {
    "crd": lambda _: [yaml.safe_load(crd_text())],
    "namespace": accounts_namespace,
    "rbac": rbac_manifests,
    "admission": admission_manifests,
}

_HEAD = """\
# Made by `jwt-to-rbac export manifests` for one configuration. The policy's ClusterRoles stand
# in it by name: make it again when the policy changes, and apply it before the new policy.
"""


@app.command
def manifests(
    *flags: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)],
    config: Annotated[Path | None, Parameter(name=["--config"])] = None,
    part: tuple[Part, ...] = ("crd", "namespace", "rbac", "admission"),
    namespace: str = ProgramAccount().namespace,
    service_account: str = ProgramAccount().name,
) -> None:
    """Write the manifests that let the program do what this configuration asks, and no more.

    The ClusterRoles that the policy has rules for are among them, unless policy.dynamicRoles
    lets the program keep those itself. That needs the verbs escalate on them and delete: apply
    the admission part too, which holds the program to the policy's rules and its own roles.

    Apply them as an administrator.

    Parameters
    ----------
    config
        The file; else config.yaml, .toml or .json in the working directory or $CONFIG_DIR.
    part
        crd (the AccessGrant's CustomResourceDefinition), namespace (where the people's accounts live), rbac (the program's rights) or admission
        (what confines them further); may be given several times; else all.
    namespace
        Where the program runs.
    service_account
        As which ServiceAccount it runs there.
    """
    settings = load(config, os.environ, flags).settings
    account = ProgramAccount(namespace, service_account)
    made = installation_of(settings, account)
    bodies = [msgspec.to_builtins(body) for each in part for body in _MAKERS[each](made)]
    print(_HEAD + "---\n".join(map(dump, bodies)), end="")
