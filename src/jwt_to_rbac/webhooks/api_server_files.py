"""The files that make a kube-apiserver ask us, as plain dictionaries. Nothing is written here."""

from dataclasses import dataclass

from jwt_to_rbac.core.kubernetes_user import ISSUER, SUBJECT

Body = dict[str, object]

CACHE = "10s"
"""How long API servers keep an answer of ours. It is also how long they keep a good token of any
kind (10 s, built in), so that what is revoked ends as soon as with ServiceAccount tokens."""

NEVER = "0s"
"""The flag for TokenReviews: the API server's own 10 s come on top of whatever stands there."""

AUTHORIZE_TIMEOUT = "3s"
"""For one SubjectAccessReview; ours ends after 2 s (`app.AUTHORIZE_SECONDS`)."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How an API server reaches us: a URL without path, and files as they are on its machine."""

    server: str
    certificate_authority: str
    client_certificate: str
    client_key: str


def kubeconfig(to: Connection, path: str) -> Body:
    """A webhook's kubeconfig. It names files, for API servers read a changed one anew."""
    name = "jwt-to-rbac"
    cluster = {
        "server": to.server.rstrip("/") + path,
        "certificate-authority": to.certificate_authority,
    }
    user = {"client-certificate": to.client_certificate, "client-key": to.client_key}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": "kube-apiserver", "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "kube-apiserver"}}],
        "current-context": name,
    }


def authorization_configuration(kubeconfig_file: str, cache: str = CACHE) -> Body:
    """An AuthorizationConfiguration (apiserver.config.k8s.io/v1) that asks us about our users alone.

    We come before RBAC, because only so a suspended person is refused what RBAC gives everybody
    or their groups. Where we don't answer our users are refused; nobody else notices.
    """
    ours = " && ".join(f"'{key}' in request.extra" for key in (ISSUER, SUBJECT))
    webhook: Body = {
        "authorizedTTL": cache,
        "unauthorizedTTL": cache,
        "timeout": AUTHORIZE_TIMEOUT,
        "subjectAccessReviewVersion": "v1",
        "matchConditionSubjectAccessReviewVersion": "v1",
        "failurePolicy": "Deny",
        "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": kubeconfig_file},
        "matchConditions": [{"expression": ours}],
    }
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthorizationConfiguration",
        "authorizers": [
            {"type": "Node", "name": "node"},
            {"type": "Webhook", "name": "jwt-to-rbac", "webhook": webhook},
            {"type": "RBAC", "name": "rbac"},
        ],
    }
