"""Configurations in YAML, TOML and JSON, in our form and the first system's: settings or a refusal.

The first byte of an input is the ending: y, t or j (another: y).
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.kube.admission import admission_manifests
from jwt_to_rbac.kube.installation import Installation, accounts_namespace
from jwt_to_rbac.kube.rights import rbac_manifests
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.settings.in_force import in_force
from jwt_to_rbac.settings.load import Loaded, load
from jwt_to_rbac.settings.writing import as_yaml

ENDINGS = {b"t": "toml", b"j": "json"}

WORDS = (
    *("apiVersion", "jwt-to-rbac.io/v1alpha1", "kind", "Configuration", "jwt", "issuer", "url"),
    *("audiences", "audienceMatchPolicy", "MatchAny", "discoveryURL", "certificateAuthority"),
    *("certificateAuthorityFile", "signingAlgorithms", "RS256", "insecureSkipTLSVerify"),
    *("claimMappings", "username", "groups", "uid", "extra", "claim", "prefix", "expression"),
    *("claimValidationRules", "requiredValue", "message", "userValidationRules", "key"),
    *("valueExpression", "policy", "githubOrg", "rules", "name", "when", "clusterRole", "scope"),
    *("namespaces", "namespaceSelector", "matchLabels", "matchExpressions", "operator", "NotIn"),
    *("values", "verbs", "resources", "apiGroups", "resourceNames", "nonResourceURLs", "server"),
    *("address", "unauthenticated", "callerAudience", "tokens", "defaultLifetime", "1h", "12h30m"),
    *("maximumLifetime", "allowCreate", "accounts", "namespace", "kubernetes", "kubeconfig", "log"),
    *("level", "format", "color", "audit", "sink", "stdout", "app", "addr", "noColor"),
    *("tokenhandler", "insecure", "caCertPath", "oidc", "clientID", "issuerURL", "rbachandler"),
    *("tokenTTL", "enableCreateSAToken", "kubeConfig", "customGroups", "groupName", "customRules"),
    *("accountsNamespace", "defaultGroups", "https://", "http://", "127.0.0.1:5555", "true"),
    *("null", ": ", "- ", "[[", "]]", '"""', "&a ", "*a", "!!", "<<", "claims.", "user.", "\n  "),
)


class Trial:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def one(self, data: bytes) -> None:
        """Raises AssertionError, or what must never leave `load`."""
        file = self._folder / f"config.{ENDINGS.get(data[:1], 'yaml')}"
        file.write_bytes(data[1:])
        try:
            loaded = load(file, {}, directory=self._folder)
        except InvalidInput as error:
            assert error.code is Code.CONFIGURATION_INVALID
            for line in error.detail.split("\n"):
                assert line.startswith(str(self._folder)), line
                assert line.isprintable(), line
        else:
            self._usable(loaded)

    def _usable(self, loaded: Loaded) -> None:
        """What was taken can be used by everybody who is handed it, and means the same in YAML."""
        settings = loaded.settings
        again = self._folder / "again.yaml"
        again.write_text(as_yaml(loaded.configuration, loaded.warnings))
        assert load(again, {}, directory=self._folder).settings == settings
        assert all(str(each.source) for each in in_force(loaded))
        for issuer in settings.issuers:
            TrustedIssuer(
                issuer.url,
                frozenset(issuer.audiences),
                frozenset(issuer.algorithms),
                issuer.ca_file,
                issuer.discovery_url,
                ca_pem=issuer.ca_pem,
                verify_tls=issuer.verify_tls,
                mapping=issuer.mapping,
            )
        for dynamic in (False, True):
            made = Installation(settings.policy, settings.accounts_namespace, 3600, dynamic)
            assert accounts_namespace(made)
            assert rbac_manifests(made)
            assert admission_manifests(made)


@contextmanager
def ready() -> Iterator[Callable[[bytes], None]]:
    """The target, with a folder for the files."""
    with tempfile.TemporaryDirectory() as folder:
        yield Trial(Path(folder)).one
