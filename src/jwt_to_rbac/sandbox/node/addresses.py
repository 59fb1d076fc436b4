"""Where things are on a node: names, addresses and ranges, inside its own network alone."""

NAME = "node"
ADDRESS = "10.91.0.1"
"""The node's, and so that of the control plane, of Dex and of the directory."""
PODS = "10.92.0.0/24"
SERVICES = "10.0.0.0/24"
API_SERVER = "10.0.0.1"
"""The Service `kubernetes`: the first address of the range."""
DNS = "10.0.0.10"
DOMAIN = "cluster.local"
SERVER_NAMES = (
    *("kubernetes", "kubernetes.default", "kubernetes.default.svc"),
    f"kubernetes.default.svc.{DOMAIN}",
    *(NAME, ADDRESS, API_SERVER),
)
"""What the API server and the kubelet are called by, besides loopback."""
