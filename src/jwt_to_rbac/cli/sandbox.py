"""`jwt-to-rbac sandbox`: a local cluster, Dex and a directory to try things on.

Only reads arguments and prints; what happens is in `jwt_to_rbac.sandbox`.
"""

import os
import shlex
import sys
from pathlib import Path

from cyclopts import App

from jwt_to_rbac.sandbox import Options, SandboxError
from jwt_to_rbac.sandbox.builds import HELM, KUBECONFORM, NODE, ensure_program, ensure_programs
from jwt_to_rbac.sandbox.detached import default_folder, end, facts_of, start_detached
from jwt_to_rbac.sandbox.node.namespaces import obstacle
from jwt_to_rbac.sandbox.protocol import Facts

app = App(name="sandbox", help="A local cluster, Dex and a directory to try things on.")


@app.command
def build(*, helm: bool = False, node: bool = False) -> int:
    """Build the programs that the sandbox runs, if that has not been done on this machine.

    Parameters
    ----------
    helm
        Build Helm too, which the chart's tests and `make manifests` need, and kubeconform for the tests.
    node
        Build the programs of a node too, which tests run pods on, if this machine can have one.
    """
    try:
        ensure_programs()
        if helm:
            ensure_program(HELM)
            ensure_program(KUBECONFORM)
        if node and not obstacle():
            for program in NODE:
                ensure_program(program)
    except SandboxError as trouble:
        return _complain(trouble)
    return 0


@app.command
def up(*, dir: Path | None = None, id_token_lifetime: str = "1h") -> int:  # noqa: A002
    """Start the sandbox and return when it is ready; it runs until `down`.

    Parameters
    ----------
    dir
        The folder for its data; one sandbox a folder. By default one under the cache.
    id_token_lifetime
        How long Dex's ID tokens are good for, such as 10m or 1h30m.
    """
    folder = dir or default_folder()
    try:
        facts = start_detached(folder, Options(id_token_lifetime=id_token_lifetime))
    except SandboxError as trouble:
        return _complain(trouble)
    option = f" --dir {shlex.quote(str(dir))}" if dir else ""
    print(f"The sandbox is up in {facts.directory}")
    print(f"  API server  {facts.api_server}")
    print(f"  issuer      {facts.issuer} (Dex; directory: {facts.directory_access.kind})")
    if facts.directory_access.kind == "built-in":
        print("  OpenLDAP is not installed (Debian: slapd ldap-utils); a built-in directory")
        print("  with the same people and groups serves in its place.")
    print("Use it in this shell:")
    print(f'  eval "$(jwt-to-rbac sandbox env{option})"')
    print("  kubectl get namespaces")
    print("End it:")
    print(f"  jwt-to-rbac sandbox down{option}")
    return 0


@app.command
def down(*, dir: Path | None = None) -> int:  # noqa: A002
    """End the sandbox and remove its folder.

    Parameters
    ----------
    dir
        The folder that was given to `up`.
    """
    try:
        end(dir or default_folder())
    except SandboxError as trouble:
        return _complain(trouble)
    return 0


@app.command
def env(*, dir: Path | None = None) -> int:  # noqa: A002
    """Print shell exports for a running sandbox.

    Parameters
    ----------
    dir
        The folder that was given to `up`.
    """
    try:
        facts = facts_of(dir or default_folder())
    except SandboxError as trouble:
        return _complain(trouble)
    for name, value in exports(facts, os.environ.get("PATH", os.defpath)).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def exports(facts: Facts, path: str) -> dict[str, str]:
    """The environment of somebody who uses the sandbox; `path` is their PATH so far."""
    kubectl = str(Path(facts.kubectl).parent)
    people = {
        f"OIDC_{what}_{name.upper()}": value
        for name, person in facts.people.items()
        for what, value in (("USER", person.email), ("PASSWORD", person.password))
    }
    return {
        "KUBECONFIG": facts.kubeconfig,
        "OIDC_ISSUER": facts.issuer,
        "OIDC_CA_FILE": facts.ca_file,
        "OIDC_CLIENT_ID": facts.client_id,
        "OIDC_CLIENT_SECRET": facts.client_secret,
        "OIDC_PUBLIC_CLIENT_ID": facts.public_client_id,
        **people,
        # Once only, however often a shell evaluates this.
        "PATH": path if kubectl in path.split(os.pathsep) else f"{kubectl}{os.pathsep}{path}",
    }


def _complain(trouble: SandboxError) -> int:
    print(f"jwt-to-rbac sandbox: {trouble}", file=sys.stderr)
    return 1
