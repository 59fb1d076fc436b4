"""Where each kind lives on the API server."""

from urllib.parse import quote

from jwt_to_rbac.kube.marks import GROUP, RESOURCE, VERSION

NAMESPACES = "/api/v1/namespaces"
GRANTS = f"/apis/{GROUP}/{VERSION}/{RESOURCE}"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
CLUSTER_ROLES = f"{RBAC}/clusterroles"
CLUSTER_ROLE_BINDINGS = f"{RBAC}/clusterrolebindings"
ROLE_BINDINGS = f"{RBAC}/rolebindings"
TOKEN_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"
EVENTS_NAMESPACE = "default"
"""The one for Events about what has no namespace: the API server refuses them elsewhere."""
EVENTS = f"/apis/events.k8s.io/v1/namespaces/{EVENTS_NAMESPACE}/events"
AUTHORIZATION = "/apis/authorization.k8s.io/v1"
CLUSTER_INFO_NAMESPACE, CLUSTER_INFO_NAME = "kube-public", "cluster-info"
CLUSTER_INFO = f"{NAMESPACES}/{CLUSTER_INFO_NAMESPACE}/configmaps/{CLUSTER_INFO_NAME}"
ACCESS_REVIEWS = f"{AUTHORIZATION}/subjectaccessreviews"


def grant(name: str) -> str:
    return f"{GRANTS}/{name}"


def cluster_role(name: str) -> str:
    # A rule's name is nearly free in RBAC: blanks and question marks may stand in it.
    return f"{CLUSTER_ROLES}/{quote(name, safe='')}"


def service_accounts(namespace: str) -> str:
    return f"{NAMESPACES}/{namespace}/serviceaccounts"


def lease(namespace: str, name: str) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{name}"


def config_maps(namespace: str) -> str:
    return f"{NAMESPACES}/{namespace}/configmaps"


def secrets(namespace: str) -> str:
    return f"{NAMESPACES}/{namespace}/secrets"


def token(namespace: str, account: str) -> str:
    return f"{service_accounts(namespace)}/{account}/token"


def bindings(namespace: str) -> str:
    """ClusterRoleBindings for "", else the RoleBindings of a namespace."""
    return f"{RBAC}/namespaces/{namespace}/rolebindings" if namespace else CLUSTER_ROLE_BINDINGS
