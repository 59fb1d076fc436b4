"""A node's programs: their command lines and readiness."""

from pathlib import Path

from jwt_to_rbac.sandbox.certificates import Pki
from jwt_to_rbac.sandbox.kubeconfig import write_kubeconfig
from jwt_to_rbac.sandbox.node import files
from jwt_to_rbac.sandbox.node.addresses import ADDRESS, NAME, PODS, SERVER_NAMES
from jwt_to_rbac.sandbox.node.cgroups import cgroup_of
from jwt_to_rbac.sandbox.part import Recipe
from jwt_to_rbac.sandbox.probes import Probe, Web, succeeds
from jwt_to_rbac.sandbox.protocol import Facts


def api_server_flags(pki: Pki) -> tuple[str, ...]:
    """What an API server with a node is told more."""
    return (
        f"--advertise-address={ADDRESS}",
        "--enable-admission-plugins=NodeRestriction",
        f"--kubelet-client-certificate={pki.admin.certificate}",
        f"--kubelet-client-key={pki.admin.key}",
        f"--kubelet-certificate-authority={pki.ca}",
        "--kubelet-preferred-address-types=InternalIP",
    )


class Node:
    """One node in the sandbox's folder, for a cluster whose API server is ready."""

    def __init__(
        self,
        sandbox: Path,
        programs: dict[str, str],
        facts: Facts,
        pki: Pki,
        web: Web,
        environment: dict[str, str],
    ) -> None:
        self.folder = files.folder_of(sandbox)
        self.folder.mkdir()
        self.programs = programs
        self.kubectl = (facts.kubectl, f"--kubeconfig={facts.kubeconfig}")
        self._cgroup = cgroup_of(sandbox)
        self._facts = facts
        self._pki = pki
        self._web = web
        # Where Debian has iptables, runc and the like.
        path = f"{environment['PATH']}:/usr/sbin:/sbin"
        self._environment = environment | {"PATH": path}

    def containerd(self) -> Recipe:
        socket = files.socket(self.folder)
        return self._recipe(
            "containerd",
            ("containerd", f"--config={files.write_containerd(self.folder)}"),
            succeeds("ctr", f"--address={socket}", "version"),
        )

    def kubelet(self) -> Recipe:
        """It is ready when its node is."""
        serving = self._pki.authority.issue("kubelet-server", NAME, hosts=SERVER_NAMES)
        configuration = files.write_kubelet(self.folder, self._cgroup, self._pki.ca, serving)
        return self._recipe(
            "kubelet",
            (
                self.programs["kubelet"],
                f"--config={configuration}",
                f"--kubeconfig={self._kubeconfig(f'system:node:{NAME}', 'system:nodes')}",
                f"--hostname-override={NAME}",
                f"--node-ip={ADDRESS}",
                f"--root-dir={self.folder / 'kubelet'}",
                f"--cert-dir={self.folder / 'kubelet-pki'}",
            ),
            succeeds(
                *(*self.kubectl, "wait", f"node/{NAME}", "--for=condition=Ready", "--timeout=1s")
            ),
        )

    def scheduler(self) -> Recipe:
        kubeconfig = self._kubeconfig("system:kube-scheduler")
        return self._recipe(
            "kube-scheduler",
            (
                self.programs["kube-scheduler"],
                f"--kubeconfig={kubeconfig}",
                "--bind-address=127.0.0.1",
                f"--tls-cert-file={self._pki.server.certificate}",
                f"--tls-private-key-file={self._pki.server.key}",
                "--leader-elect=false",
            ),
            self._web.answers("https://127.0.0.1:10259/healthz"),
        )

    def proxy(self) -> Recipe:
        return self._recipe(
            "kube-proxy",
            (
                self.programs["kube-proxy"],
                f"--kubeconfig={self._kubeconfig('system:kube-proxy')}",
                f"--master={self._facts.api_server}",
                f"--hostname-override={NAME}",
                "--proxy-mode=iptables",
                f"--cluster-cidr={PODS}",
                # These would be the whole machine's.
                "--conntrack-max-per-core=0",
                "--conntrack-tcp-timeout-established=0",
                "--conntrack-tcp-timeout-close-wait=0",
                "--healthz-bind-address=127.0.0.1:10256",
                "--metrics-bind-address=127.0.0.1:10249",
            ),
            self._web.answers("http://127.0.0.1:10256/healthz"),
        )

    def dns(self) -> Recipe:
        corefile = files.write_corefile(self.folder, Path(self._facts.kubeconfig))
        return self._recipe(
            "coredns",
            (self.programs["coredns"], "-conf", str(corefile)),
            self._web.answers("http://127.0.0.1:8181/ready"),
        )

    def _recipe(self, name: str, command: tuple[str, ...], is_ready: Probe) -> Recipe:
        return Recipe(name, command, self._environment, is_ready, patience=60)

    def _kubeconfig(self, user: str, organization: str | None = None) -> Path:
        file = user.replace(":", "-")
        return write_kubeconfig(
            self.folder / f"{file}.kubeconfig",
            server=self._facts.api_server,
            ca=self._pki.ca,
            user=user,
            pair=self._pki.authority.issue(file, user, organization=organization),
        )
