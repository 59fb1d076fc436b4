"""The configuration that end-to-end tests and benches run the product with."""

from pathlib import Path

CONFIGURATION = """\
apiVersion: jwt-to-rbac.io/v1alpha1
kind: Configuration
server: {{address: "127.0.0.1:{{port}}"}}
kubernetes: {{kubeconfig: "{kubeconfig}"}}
audit: {{sink: "{audit}"}}
jwt:
- issuer: {{url: "{issuer}", audiences: [{audience}]}}
  claimMappings:
    username: {{claim: email, prefix: ""}}
    groups: {{claim: groups, prefix: ""}}
policy:
  rules:
  - {{name: admins, groups: [admins], clusterRole: admin}}
  - name: developers
    groups: [developers]
    rules:
    - {{verbs: [get, list], resources: [deployments, replicasets, pods], apiGroups: ["", extensions, apps]}}
"""
"""The article's policy in our own form; `{port}` is left for the server's start to fill in."""


def configuration(kubeconfig: Path, audit: Path, issuer: str, audience: str) -> str:
    return CONFIGURATION.format(
        kubeconfig=kubeconfig, audit=audit, issuer=issuer, audience=audience
    )
