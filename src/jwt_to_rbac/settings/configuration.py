"""Our own form of the configuration, key for key; the JSON Schema for editors is made from it.

Only shapes and defaults are here; what values mean and which go together is in `meaning`.
Issuers have the names of Kubernetes' AuthenticationConfiguration (apiserver.config.k8s.io/v1).
"""

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from jwt_to_rbac.settings.values import SCOPES

API_VERSION: Final = "jwt-to-rbac.io/v1alpha1"
KIND: Final = "Configuration"

Text = Annotated[str, Meta(min_length=1)]
Number = Annotated[int, Meta(ge=1)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1)]
Cel = Annotated[str, Meta(min_length=1, description="CEL", extra={"lines": True})]
Algorithm = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]


class Form(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename="camel",
):
    """What all parts of a configuration have in common."""


class Server(Form, frozen=True):
    """How the program is reached."""

    address: Annotated[Text, Meta(description="host:port to listen on; no host: all of IPv4")] = (
        ":5555"
    )
    certificate_file: Annotated[
        str, Meta(description="PEM; with it the listener speaks TLS; read anew when it changes")
    ] = ""
    key_file: Annotated[str, Meta(description="PEM, of the certificate's key")] = ""
    unauthenticated: Annotated[
        bool,
        Meta(description="the first system's open API; needs a loopback address to listen on"),
    ] = False
    caller_audience: Annotated[
        Text, Meta(description="audience of the Kubernetes tokens that callers show")
    ] = "jwt-to-rbac"
    trusted_proxies: Annotated[
        Texts,
        Meta(
            description="networks such as 10.0.0.0/8 of the proxies in front, whose "
            "X-Forwarded-For is believed; without, the connection's own address counts"
        ),
    ] = ()


class Limits(Form, frozen=True):
    """How much is taken before somebody has to wait. Good logins never count against an address."""

    failures_at_once: Annotated[
        Number,
        Meta(
            description="refused requests of one address (IPv6: of one /64) before its refusals "
            "are held back and its new tokens examined at a bounded rate; all addresses "
            "together, and all forged tokens of one issuer, may have ten times as many"
        ),
    ] = 300
    failures_per_minute: Annotated[
        Number, Meta(description="how many of them are forgotten each minute")
    ] = 60
    caller_requests_per_second: Annotated[
        Number,
        Meta(description="of one proven caller, with ten seconds' worth at once; beyond: 429"),
    ] = 1000
    concurrent_logins: Annotated[
        Number, Meta(description="logins in work at one time; beyond: 503")
    ] = 1024


class Webhooks(Form, frozen=True):
    """Where API servers ask who a token is and what somebody may do; a listener of its own.

    It speaks TLS alone, and only to whoever has a certificate of the client authority's: give
    the API servers one of their own, for every certificate of it is let in.
    """

    address: Annotated[str, Meta(description="host:port to listen on; empty: no webhooks")] = ""
    certificate_file: Annotated[str, Meta(description="PEM; read anew when it changes")] = ""
    key_file: Annotated[str, Meta(description="PEM, of the certificate's key")] = ""
    client_authority_file: Annotated[
        str, Meta(description="PEM certificates that the API servers' must be signed by")
    ] = ""


class Web(Form, frozen=True):
    """The Authentication App, where people log in with a browser, below `/web` of the server."""

    public_url: Annotated[
        str,
        Meta(description="https://host[:port] as people's browsers reach it; empty: no web app"),
    ] = field(name="publicURL", default="")
    session_key_files: Annotated[
        Texts,
        Meta(
            description="absolute paths of files of 32 random bytes or more, the same on each "
            "replica, read anew when they change: the first seals people's cookies, all open them"
        ),
    ] = ()


class Log(Form, frozen=True):
    """The program's own messages (not the audit record)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"
    color: Annotated[bool, Meta(description="only with format text")] = False


class Audit(Form, frozen=True):
    """The record of every decision."""

    sink: Annotated[Text, Meta(description="stdout, or the absolute path of a file")] = "stdout"
    max_size: Annotated[
        Number, Meta(description="MiB of the file until it is moved to <file>.<time>")
    ] = 100
    max_backup: Annotated[
        Annotated[int, Meta(ge=0)],
        Meta(description="how many moved files are kept; 0: all, deleting is up to you"),
    ] = 0


class Kubernetes(Form, frozen=True):
    """How the cluster is reached."""

    kubeconfig: Annotated[
        str,
        Meta(
            description="path of a kubeconfig; empty: the pod's ServiceAccount, and outside of "
            "a pod $KUBECONFIG or ~/.kube/config"
        ),
    ] = ""


class Cluster(Form, frozen=True):
    """The cluster as people reach it, for their kubeconfigs."""

    name: Annotated[Text, Meta(description="what people call it")] = "kubernetes"
    server: Annotated[
        Text,
        Meta(
            description="the API server's URL; else what the ConfigMap cluster-info in "
            "kube-public says, else the one that the program uses itself"
        ),
    ] = ""
    certificate_authority_file: Annotated[
        Text, Meta(description="absolute path of a PEM file; else as for the server")
    ] = ""


class Accounts(Form, frozen=True):
    """The ServiceAccounts that stand for people."""

    namespace: Annotated[Text, Meta(description="a namespace where no pod may run")] = (
        "jwt-to-rbac-users"
    )


class Tokens(Form, frozen=True):
    """The tokens that people get. Durations are Go's: 12h30m, 1.5h."""

    default_lifetime: Text = "1h"
    maximum_lifetime: Text = "24h"
    allow_create: Annotated[bool, Meta(description="whether POST /tokens/{name} exists")] = True
    stored: Annotated[
        bool,
        Meta(
            description="whether POST /tokens/{name} keeps the token in a Secret, for clients that "
            "fetch it again; whoever may read Secrets there then has it"
        ),
    ] = False


class IssuerForm(Form, frozen=True):
    """Where an issuer is and what it is trusted for."""

    url: Annotated[Text, Meta(description="equal to the tokens' iss, character by character")]
    audiences: Annotated[Texts, Meta(description="client ids that tokens must be meant for")]
    audience_match_policy: Annotated[
        Literal["", "MatchAny"], Meta(description="MatchAny where there are several audiences")
    ] = ""
    discovery_url: Annotated[
        Text, Meta(description="where the discovery document is, if not below url")
    ] = field(name="discoveryURL", default="")
    certificate_authority: Annotated[
        Text,
        Meta(
            description="PEM certificates, inline, instead of the system's", extra={"lines": True}
        ),
    ] = ""
    certificate_authority_file: Annotated[
        Text, Meta(description="absolute path of a PEM file (ours; Kubernetes has it inline only)")
    ] = ""
    signing_algorithms: Annotated[
        tuple[Algorithm, ...], Meta(min_length=1, description="ours; Kubernetes has no such key")
    ] = ("RS256",)
    insecure_skip_tls_verify: Annotated[
        bool, Meta(description="ours; whoever is on the way can then be anybody: for trials only")
    ] = field(name="insecureSkipTLSVerify", default=False)


class ClaimForm(Form, frozen=True):
    """One claim of the token with what is put before its value, or an expression instead."""

    claim: Text = ""
    prefix: Annotated[
        str | UnsetType, Meta(description="must be there with a claim; may be empty")
    ] = UNSET
    expression: Annotated[Cel, Meta(description="CEL over claims, which gives text (or texts)")] = (
        ""
    )


class UidForm(Form, frozen=True):
    """A claim or an expression; for userValidationRules."""

    claim: Text = ""
    expression: Cel = ""


class ExtraForm(Form, frozen=True):
    """One of user.extra; for userValidationRules."""

    key: Annotated[Text, Meta(description="example.com/department")]
    value_expression: Cel


class ClaimMappings(Form, frozen=True):
    """Which claims say who somebody is.

    Without `username` people are shown by a verified e-mail address, else `preferred_username`,
    else `sub`; without `groups` they are in none.
    """

    username: ClaimForm | UnsetType = UNSET
    groups: ClaimForm | UnsetType = UNSET
    uid: UidForm | UnsetType = UNSET
    extra: tuple[ExtraForm, ...] = ()


class ClaimRuleForm(Form, frozen=True):
    """A claim that must have a value, or an expression that must hold."""

    claim: Text = ""
    required_value: str = ""
    expression: Annotated[Cel, Meta(description="CEL over claims, true or false")] = ""
    message: Text = ""


class UserRuleForm(Form, frozen=True):
    """An expression that must hold of the user."""

    expression: Annotated[
        Cel, Meta(description="CEL over user.username, .uid, .groups, .extra, true or false")
    ]
    message: Text = ""


class LoginForm(Form, frozen=True):
    """How a person's own machine logs in at an issuer (ours; Kubernetes has no such key)."""

    name: Annotated[Text, Meta(description="shown to people; else the issuer's host")] = ""
    client_id: Annotated[
        Text, Meta(description="a public client of the issuer's; else the first of the audiences")
    ] = field(name="clientID", default="")
    scopes: Annotated[Texts, Meta(description="federated:id is Dex's, for its connectors' ids")] = (
        SCOPES
    )
    web_client_id: Annotated[
        Text,
        Meta(
            description="the web app's own client, with <web.publicURL>/web/callback as redirect "
            "URI; else clientID. It is never asked for offline_access"
        ),
    ] = field(name="webClientID", default="")
    web_client_secret_file: Annotated[
        Text,
        Meta(description="absolute path of that client's secret, read at each login; none: public"),
    ] = ""


class Authenticator(Form, frozen=True):
    """One entry of `jwt`."""

    issuer: IssuerForm
    claim_mappings: ClaimMappings
    login: LoginForm = LoginForm()
    claim_validation_rules: tuple[ClaimRuleForm, ...] = ()
    user_validation_rules: tuple[UserRuleForm, ...] = ()


class RoleRule(Form, frozen=True):
    """A rule of a ClusterRole (rbac.authorization.k8s.io/v1 PolicyRule)."""

    verbs: Texts
    api_groups: Annotated[tuple[str, ...], Meta(min_length=1)] = ()
    resources: Texts = ()
    resource_names: Texts = ()
    non_resource_urls: Texts = field(name="nonResourceURLs", default=())


class RequirementForm(Form, frozen=True):
    """One condition on a label; `values` with In and NotIn, and only with them."""

    key: Text
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    values: tuple[str, ...] = ()


class LabelSelectorForm(Form, frozen=True):
    """Kubernetes' LabelSelector: all of it must match; an empty one matches every namespace."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[RequirementForm, ...] = ()


class ScopeForm(Form, frozen=True):
    """Where a rule's grant holds: one of the two. Without a scope that is the whole cluster."""

    namespaces: Texts = ()
    namespace_selector: Annotated[
        LabelSelectorForm | UnsetType,
        Meta(description="covers namespaces made later too, never that of the accounts"),
    ] = UNSET


class RuleForm(Form, frozen=True):
    """Who gets what, where: whoever is in one of `groups`, and for whom `when` holds."""

    name: Annotated[Text, Meta(description="shown as the reason of each grant")]
    groups: Annotated[Texts, Meta(description="any of these, compared exactly")] = ()
    when: Annotated[
        Cel,
        Meta(
            description="CEL over user.username, .groups, .email, .connector, .issuer, .subject "
            "and .userID; beside groups both must hold"
        ),
    ] = ""
    cluster_role: Annotated[
        Text, Meta(description="a ClusterRole that exists; or give rules instead")
    ] = ""
    rules: Annotated[
        tuple[RoleRule, ...],
        Meta(min_length=1, description="become the ClusterRole <name>-from-jwt"),
    ] = ()
    scope: ScopeForm | UnsetType = UNSET


class PolicyForm(Form, frozen=True):
    """All rules; the first to give a grant is its reason."""

    rules: tuple[RuleForm, ...] = ()
    mode: Annotated[
        Literal["accounts", "groups"],
        Meta(
            description="who holds what rules give: each person's ServiceAccount after a login, or "
            "the groups themselves, for API servers that read ID tokens"
        ),
    ] = "accounts"
    github_org: Annotated[
        Text,
        Meta(description="groups `<this>:team` are believed from the connector `github` alone"),
    ] = ""
    dynamic_roles: Annotated[
        bool,
        Meta(
            description="keep the ClusterRoles that rules become, and delete those of earlier "
            "rules; needs wider rights, see `export manifests`. Without, they stand in those "
            "manifests, for an administrator to apply"
        ),
    ] = False


class Configuration(Form, frozen=True):
    """The whole file."""

    api_version: Literal["jwt-to-rbac.io/v1alpha1"]
    kind: Literal["Configuration"]
    jwt: Annotated[tuple[Authenticator, ...], Meta(min_length=1, description="the issuers")]
    policy: PolicyForm = PolicyForm()
    server: Server = Server()
    web: Web = Web()
    webhooks: Webhooks = Webhooks()
    tokens: Tokens = Tokens()
    accounts: Accounts = Accounts()
    cluster: Cluster = Cluster()
    kubernetes: Kubernetes = Kubernetes()
    log: Log = Log()
    audit: Audit = Audit()
    limits: Limits = Limits()
