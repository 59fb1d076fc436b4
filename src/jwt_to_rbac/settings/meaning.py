"""What a whole configuration means: the one way from our own form to Settings, for both forms.

What can't be, or would have no effect, goes to `wrong` with its path; nothing is guessed.
"""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path as FilePath

from jwt_to_rbac.core.errors import InvalidInput
from jwt_to_rbac.core.lifetime import TokenLifetimes, parse_duration
from jwt_to_rbac.settings.configuration import Audit, Cluster, Configuration, Log, Server, Tokens
from jwt_to_rbac.settings.document import Path, shown
from jwt_to_rbac.settings.issuer_meaning import check_pem_file, is_loopback, issuers
from jwt_to_rbac.settings.listener_meaning import listening, own_certificates, webhooks
from jwt_to_rbac.settings.policy_meaning import check_namespace, policy
from jwt_to_rbac.settings.shape import Report
from jwt_to_rbac.settings.values import AuditSink, Listen, Logging, PublicCluster, Settings
from jwt_to_rbac.settings.web_meaning import web_app
from jwt_to_rbac.usecases.door import Limits

_LONGEST_TOKEN = 1 << 32
"""Seconds; TokenRequest refuses more (k8s.io/kubernetes/pkg/apis/authentication/validation)."""


def settings(form: Configuration, wrong: Report, warn: Report) -> Settings:
    """The settings; they count only if nothing went to `wrong`."""
    listen = listening(form.server.address, ("server", "address"), wrong)
    if form.server.unauthenticated and listen and not is_loopback(listen.host):
        wrong(
            ("server", "unauthenticated"),
            f"lets whoever reaches {shown(form.server.address)} take anybody's access: listen on "
            "a loopback address such as 127.0.0.1:5555, or take this out",
        )
    namespace = form.accounts.namespace
    check_namespace(namespace, ("accounts", "namespace"), wrong)
    if namespace == "default":
        warn(
            ("accounts", "namespace"),
            "is default: whoever may create a pod there can act as every account; "
            "use a namespace where no pod may run",
        )
    trusted = issuers(form.jwt, wrong, warn)
    return Settings(
        issuers=trusted,
        policy=policy(form.policy, trusted, namespace, wrong),
        listen=listen or Listen(),
        certificates=own_certificates(form.server, wrong),
        web=web_app(form.web, form.jwt, wrong),
        webhooks=webhooks(form.webhooks, form.server, wrong),
        unauthenticated=form.server.unauthenticated,
        caller_audience=form.server.caller_audience,
        logging=_logging(form.log, wrong),
        audit=_audit(form.audit, wrong),
        kubeconfig=form.kubernetes.kubeconfig,
        accounts_namespace=namespace,
        cluster=_cluster(form.cluster, wrong),
        tokens=_lifetimes(form.tokens, wrong, warn),
        token_creation=form.tokens.allow_create,
        stored_tokens=form.tokens.stored,
        trusted_proxies=_networks(form.server, wrong),
        limits=Limits(
            form.limits.failures_at_once,
            form.limits.failures_per_minute,
            form.limits.caller_requests_per_second,
            form.limits.concurrent_logins,
        ),
    )


def _logging(log: Log, wrong: Report) -> Logging:
    if log.color and log.format != "text":
        wrong(("log", "color"), "has no effect with format json: take it out, or say format: text")
    return Logging(log.level, log.format, log.color)


def _audit(audit: Audit, wrong: Report) -> AuditSink:
    if audit.sink == "stdout":
        default = Audit()
        for key in ("max_size", "max_backup"):
            if getattr(audit, key) != getattr(default, key):
                name = "maxSize" if key == "max_size" else "maxBackup"
                wrong(
                    ("audit", name), "has no effect with sink stdout: take it out, or name a file"
                )
        return AuditSink()
    if not FilePath(audit.sink).is_absolute():
        wrong(("audit", "sink"), f"is {shown(audit.sink)}, but must be stdout or an absolute path")
    return AuditSink(FilePath(audit.sink), audit.max_size * 1024 * 1024, audit.max_backup)


def _networks(server: Server, wrong: Report) -> tuple[IPv4Network | IPv6Network, ...]:
    found = []
    for index, text in enumerate(server.trusted_proxies):
        try:
            found.append(ip_network(text))
        except ValueError:
            path: Path = ("server", "trustedProxies", index)
            wrong(path, f"is {shown(text)}, but must be a network such as 10.0.0.0/8 or 10.0.0.7")
    return tuple(found)


def _cluster(form: Cluster, wrong: Report) -> PublicCluster:
    at: Path = ("cluster", "server")
    if form.server and not form.server.startswith("https://"):
        wrong(at, f"is {shown(form.server)}, but must be https://host:port")
    file = FilePath(form.certificate_authority_file) if form.certificate_authority_file else None
    if file is not None:
        check_pem_file(file, ("cluster", "certificateAuthorityFile"), wrong)
    return PublicCluster(form.name, form.server.rstrip("/"), file)


def _lifetimes(tokens: Tokens, wrong: Report, warn: Report) -> TokenLifetimes:
    default = _lifetime(tokens.default_lifetime, ("tokens", "defaultLifetime"), wrong)
    maximum = _lifetime(tokens.maximum_lifetime, ("tokens", "maximumLifetime"), wrong)
    if default > maximum:
        wrong(("tokens", "defaultLifetime"), "is longer than tokens.maximumLifetime")
    if tokens.stored and not tokens.allow_create:
        wrong(("tokens", "stored"), "has no effect without tokens.allowCreate: say that too")
    return TokenLifetimes(default, maximum)


def _lifetime(text: str, path: Path, wrong: Report) -> float:
    try:
        seconds = parse_duration(text)
    except InvalidInput:
        wrong(
            path, f"is {shown(text)}, but must be a duration such as 12h30m or 1.5h (unit needed)"
        )
        return 0.0
    if not 0 < seconds <= _LONGEST_TOKEN:
        wrong(path, f"is {shown(text)}, but must be more than nothing and at most 2^32 seconds")
    return seconds
