"""kube-apiserver and kube-controller-manager: their command lines and readiness."""

from pathlib import Path

from jwt_to_rbac.sandbox.certificates import Pki
from jwt_to_rbac.sandbox.node.addresses import SERVICES
from jwt_to_rbac.sandbox.part import Recipe
from jwt_to_rbac.sandbox.probes import Web, both

# Those whose work shows in RBAC, ServiceAccounts, owners and namespaces.
WITHOUT_NODES = (
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "clusterrole-aggregation-controller",
    "root-ca-certificate-publisher-controller",
    "resourcequota-controller",
)


def api_server_recipe(
    program: str,
    *,
    port: int,
    etcd: str,
    pki: Pki,
    web: Web,
    environment: dict[str, str],
    address: str = "127.0.0.1",
    name: str = "kube-apiserver",
    flags: tuple[str, ...] = (),
) -> Recipe:
    """`etcd` is its client URL."""
    configured = any(flag.startswith("--authorization-config") for flag in flags)
    return Recipe(
        name=name,
        command=(
            program,
            f"--bind-address={address}",
            f"--secure-port={port}",
            f"--etcd-servers={etcd}",
            f"--client-ca-file={pki.ca}",
            f"--tls-cert-file={pki.server.certificate}",
            f"--tls-private-key-file={pki.server.key}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-signing-key-file={pki.service_account_key}",
            f"--service-account-key-file={pki.service_account_public_key}",
            # The program takes the one or the other.
            *(() if configured else ("--authorization-mode=Node,RBAC",)),
            f"--service-cluster-ip-range={SERVICES}",
            # It refuses to advertise a loopback address.
            *(("--endpoint-reconciler-type=none",) if address == "127.0.0.1" else ()),
            *flags,
        ),
        environment=environment,
        is_ready=web.answers(f"https://{address}:{port}/readyz"),
        patience=60,
    )


def controller_manager_recipe(
    program: str,
    *,
    port: int,
    api_server: str,
    kubeconfig: Path,
    pki: Pki,
    web: Web,
    environment: dict[str, str],
    controllers: tuple[str, ...] = WITHOUT_NODES,
) -> Recipe:
    """Needs a ready API server. It is ready when its controllers work, not when it listens."""
    return Recipe(
        name="kube-controller-manager",
        command=(
            program,
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--kubeconfig={kubeconfig}",
            f"--tls-cert-file={pki.server.certificate}",
            f"--tls-private-key-file={pki.server.key}",
            f"--root-ca-file={pki.ca}",
            f"--service-account-private-key-file={pki.service_account_key}",
            f"--controllers={','.join(controllers)}",
            "--use-service-account-credentials",
            "--leader-elect=false",
        ),
        environment=environment,
        is_ready=both(
            web.answers(f"https://127.0.0.1:{port}/healthz"),
            # Made by one of the controllers, so it shows that they run.
            web.answers(f"{api_server}/api/v1/namespaces/default/serviceaccounts/default"),
        ),
    )
