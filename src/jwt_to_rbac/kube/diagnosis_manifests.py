"""Compares what is on the cluster with the manifests of this version and configuration: the
CustomResourceDefinition and the admission policies. For `jwt-to-rbac doctor`; changes nothing."""

from importlib.resources import files
from typing import Any, cast

import msgspec
import yaml

from jwt_to_rbac.core.finding import Finding, bad, good
from jwt_to_rbac.kube.admission import admission_manifests
from jwt_to_rbac.kube.installation import Installation
from jwt_to_rbac.kube.looking import NotAllowed, look, may_not_look
from jwt_to_rbac.kube.manifest import Body
from jwt_to_rbac.kube.marks import GROUP, RESOURCE, VERSION
from jwt_to_rbac.kube.session import KubeSession

CRD = f"{RESOURCE}.{GROUP}"
_CRD_PATH = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{CRD}"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_APPLY_CRD = "`jwt-to-rbac export manifests --part crd | kubectl apply -f -`"
_APPLY_POLICIES = "`jwt-to-rbac export manifests --part admission | kubectl apply -f -`"
_DEFAULTS: tuple[tuple[str, object], ...] = (
    ("conversion", {"strategy": "None"}),
    ("matchPolicy", "Equivalent"),
    ("namespaceSelector", {}),
    ("objectSelector", {}),
    ("scope", "*"),
)
"""What the API server writes into these kinds where nothing is said (Kubernetes 1.37)."""


def crd_text() -> str:
    """The CustomResourceDefinition's manifest."""
    return files("jwt_to_rbac.kube").joinpath("crd.yaml").read_text()


async def look_at_crd(session: KubeSession) -> Finding:
    """Whether AccessGrants are served, and by the schema of this version. Raises Outage."""
    check = "custom resource definition"
    served = await look(session, f"/apis/{GROUP}/{VERSION}")
    if served is None:
        return bad(check, f"{CRD} {VERSION} is not served here", f"Apply it: {_APPLY_CRD}")
    try:
        there = await look(session, _CRD_PATH)
    except NotAllowed:
        return may_not_look(check, f"{CRD}, which is served in {VERSION}; its schema")
    wanted = yaml.safe_load(crd_text())["spec"]
    different = _differences(wanted, there["spec"] if there else {})
    if different:
        return bad(
            check,
            f"{CRD} is not of this version: it differs in {', '.join(different)}",
            f"Apply this version's: {_APPLY_CRD}",
        )
    return good(check, f"{CRD} {VERSION} is this version's")


async def look_at_admission(session: KubeSession, of: Installation) -> Finding:
    """Whether each policy and its binding are in force, as this configuration makes them.

    Raises Outage.
    """
    check = "admission policies"
    wrong = []
    wanted = admission_manifests(of)
    for body in wanted:
        kind, name = str(body["kind"]), cast(Body, body["metadata"])["name"]
        plural = "policies" if kind.endswith("Policy") else "policybindings"
        try:
            there = await look(session, f"{_ADMISSION}/validatingadmission{plural}/{name}")
        except NotAllowed:
            return may_not_look(check, "validating admission policies")
        if there is None:
            wrong.append(f"{kind} {name} is missing")
        elif different := _differences(msgspec.to_builtins(body["spec"]), there["spec"]):
            wrong.append(f"{kind} {name} differs in {', '.join(different)}")
    if wrong:
        return bad(
            check,
            "; ".join(wrong),
            "A stolen credential of the program could do more than the policy says. Apply them: "
            + _APPLY_POLICIES,
        )
    return good(check, f"all {len(wanted)} objects are as this configuration makes them")


def _differences(wanted: Any, there: Any) -> list[str]:
    """The top fields of a spec in which it isn't what we would apply."""
    plain_wanted, plain = _plain(wanted), _plain(there)
    fields = sorted(plain_wanted.keys() | plain.keys())
    return [field for field in fields if plain_wanted.get(field) != plain.get(field)]


def _plain(value: Any) -> Any:
    """Without what stands for nothing said."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    plain = {key: _plain(one) for key, one in value.items()}
    return {key: one for key, one in plain.items() if (key, one) not in _DEFAULTS}
