"""The configuration files of a node's programs."""

import json
from pathlib import Path

import yaml

from jwt_to_rbac.certificate_authority import Pair
from jwt_to_rbac.sandbox.errors import ProgramMissing
from jwt_to_rbac.sandbox.node.addresses import ADDRESS, DNS, DOMAIN, PODS

PAUSE = "localhost/pause:1"
_CNI = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))


def folder_of(sandbox: Path) -> Path:
    """Where a sandbox's node keeps everything: what this module's functions take."""
    return sandbox / "node"


def socket(folder: Path) -> Path:
    """containerd's."""
    return folder / "containerd.sock"


def write_containerd(folder: Path) -> Path:
    """containerd's configuration, and that of the pods' network."""
    network = folder / "cni"
    network.mkdir()
    plugins = [_bridge(folder), {"type": "portmap", "capabilities": {"portMappings": True}}]
    (network / "pods.conflist").write_text(
        json.dumps({"cniVersion": "1.0.0", "name": "pods", "plugins": plugins})
    )
    file = folder / "containerd.toml"
    file.write_text(
        _CONTAINERD.format(folder=folder, socket=socket(folder), cni=_cni(), pause=PAUSE)
    )
    return file


def _cni() -> Path:
    for path in _CNI:
        if (path / "bridge").exists():
            return path
    raise ProgramMissing("CNI plugins are missing: apt-get install containernetworking-plugins")


def _bridge(folder: Path) -> dict[str, object]:
    return {
        "type": "bridge",
        "bridge": "pods",
        "isGateway": True,
        "ipMasq": False,
        # A pod may reach itself by its Service.
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(folder / "addresses"),
            "ranges": [[{"subnet": PODS}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }


# In the form that containerd 1.6 reads and later ones translate.
_CONTAINERD = """\
version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-state"
oom_score = 0
[grpc]
  address = "{socket}"
[ttrpc]
  address = "{socket}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  disable_apparmor = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  # Without the right to lower it, runc's child doesn't start.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni}"
    conf_dir = "{folder}/cni"
"""


def write_kubelet(folder: Path, cgroup: str, ca: Path, serving: Pair) -> Path:
    """The kubelet's configuration; `cgroup` is where the pods' are made."""
    document = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": ADDRESS,
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup}",
        "containerRuntimeEndpoint": f"unix://{socket(folder)}",
        "podLogsDir": str(folder / "pod-logs"),
        "volumePluginDir": str(folder / "volume-plugins"),
        "resolvConf": "/dev/null",
        "clusterDomain": DOMAIN,
        "clusterDNS": [DNS],
        "tlsCertFile": str(serving.certificate),
        "tlsPrivateKeyFile": str(serving.key),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(ca)},
        },
        "authorization": {"mode": "Webhook"},
        "oomScoreAdj": 0,
        "failSwapOn": False,
        # The machine's disk is shared with others and is none of the pods' business.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "imagefs.available": "0%",
            "nodefs.inodesFree": "0%",
        },
        "imageGCHighThresholdPercent": 100,
    }
    file = folder / "kubelet.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    return file


def write_corefile(folder: Path, kubeconfig: Path) -> Path:
    """CoreDNS' configuration; it runs beside the pods, not in one."""
    file = folder / "Corefile"
    file.write_text(_COREFILE.format(address=ADDRESS, domain=DOMAIN, kubeconfig=kubeconfig))
    return file


_COREFILE = """\
.:53 {{
  bind {address}
  errors
  ready 127.0.0.1:8181
  kubernetes {domain} in-addr.arpa {{
    kubeconfig {kubeconfig}
  }}
}}
"""
