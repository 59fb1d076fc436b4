"""The configuration that the demo runs the product with: the policy of the first system's article."""

import json
from pathlib import Path

POLICY = """\
policy:
  dynamicRoles: true            # we keep the ClusterRole that a rule becomes
  rules:
  - name: admins
    groups: [admins]
    clusterRole: admin            # a ClusterRole that every cluster has
  - name: developers
    groups: [developers]
    rules:                        # become the ClusterRole developers-from-jwt
    - verbs: [get, list]
      resources: [deployments, replicasets, pods]
      apiGroups: ["", extensions, apps]
"""

_AROUND = """\
apiVersion: jwt-to-rbac.io/v1alpha1
kind: Configuration
server: {{address: "127.0.0.1:{{port}}"}}
kubernetes: {{kubeconfig: {kubeconfig}}}
audit: {{sink: {audit}}}
jwt:
- issuer: {{url: {issuer}, audiences: [{audience}]}}
  claimMappings:
    username: {{claim: email, prefix: ""}}
    groups: {{claim: groups, prefix: ""}}
"""


def configuration(*, kubeconfig: Path, audit: Path, issuer: str, audience: str) -> str:
    """The whole file; `{port}` is left for whoever starts the server."""
    # Strings of JSON are strings of YAML, whatever is in them.
    around = _AROUND.format(
        kubeconfig=json.dumps(str(kubeconfig)),
        audit=json.dumps(str(audit)),
        issuer=json.dumps(issuer),
        audience=json.dumps(audience),
    )
    return around + POLICY
