"""Writes the kubeconfig files that the sandbox itself hands out; reads none."""

from pathlib import Path

import yaml

from jwt_to_rbac.certificate_authority import Pair


def write_kubeconfig(path: Path, *, server: str, ca: Path, user: str, pair: Pair) -> Path:
    """A kubeconfig (mode 0600) with one cluster, user and context, named `sandbox`."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "sandbox",
                "cluster": {"server": server, "certificate-authority": str(ca)},
            }
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "client-certificate": str(pair.certificate),
                    "client-key": str(pair.key),
                },
            }
        ],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": user}}],
        "current-context": "sandbox",
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path
