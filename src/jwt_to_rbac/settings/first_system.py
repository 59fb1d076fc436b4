"""The first system's form, whole: reads it and turns it into our own form's Configuration.

What it can't say unchanged, and why:

- `tokenTTL` is the lifetime that is given and the longest that may be asked for: the first
  system let a client choose freely, so its value was the only bound an administrator set.
- With `githubOrg: pokeorg` the group `developer` of this file is `developer` of every connector
  but `github`, and `pokeorg:developer` of `github`: rules name groups as issuers send them.
  `github_groups` holds the two apart (a bare name from `github` counts for nothing, as
  before, and `pokeorg:...` from elsewhere neither).
- `org:team` of another organisation was the group `org-team`, which `o:rg-team` could be
  too. Such a group is now named as it is, `org:team`; its old name gives less, never more.
- Keys that are ours: `app.unauthenticated` (the open API is off unless asked for),
  `app.certificateFile` and `app.keyFile`, `rbachandler.accountsNamespace`,
  `rbachandler.defaultGroups`, `rbachandler.storedTokens`, `rbachandler.dynamicRoles`.
"""

from collections.abc import Sequence
from pathlib import Path as FilePath

import msgspec
from msgspec import field

from jwt_to_rbac.settings.configuration import (
    API_VERSION,
    KIND,
    Accounts,
    Authenticator,
    ClaimForm,
    ClaimMappings,
    Configuration,
    Form,
    IssuerForm,
    Kubernetes,
    Log,
    PolicyForm,
    Server,
    Tokens,
)
from jwt_to_rbac.settings.document import Document, Mistake, Path, shown
from jwt_to_rbac.settings.first_system_groups import CustomGroup, rule_forms
from jwt_to_rbac.settings.overlay import Override, overlaid, variable_of
from jwt_to_rbac.settings.reading import Reading
from jwt_to_rbac.settings.shape import Report, did_you_mean, fit
from jwt_to_rbac.settings.spelling import respelt

_LEVELS = ("error", "error", "error", "warning", "info", "debug", "debug")
"""Ours for logrus' 0 to 6: panic, fatal, error, warning, info, debug, trace."""

_LEVEL_NAMES = ("panic", "fatal", "error", "warning", "info", "debug", "trace")

_FORMATS = {"json": "json", "text": "text", "logfmt": "text"}


class App(Form, frozen=True):
    """Where it listens; with a certificate and its key in TLS."""

    addr: str = ":5555"
    certificate_file: str = ""
    key_file: str = ""
    unauthenticated: bool = False


class FirstLog(Form, frozen=True):
    """`level` is a name or a number of logrus."""

    level: str = "info"
    format: str = "json"
    no_color: bool = True


class Oidc(Form, frozen=True):
    """The issuer."""

    client_id: str = field(name="clientID", default="")
    issuer_url: str = field(name="issuerURL", default="")


class Tokenhandler(Form, frozen=True):
    """How ID tokens are verified."""

    ca_cert_path: str = ""
    insecure: bool = False
    oidc: Oidc = Oidc()


class Rbachandler(Form, frozen=True):
    """What groups get, and on which cluster."""

    github_org: str = ""
    token_ttl: str = field(name="tokenTTL", default="24h")
    enable_create_sa_token: bool = field(name="enableCreateSAToken", default=False)
    kube_config: str = ""
    custom_groups: tuple[CustomGroup, ...] = ()
    accounts_namespace: str = "jwt-to-rbac-users"
    default_groups: bool = True
    stored_tokens: bool = False
    dynamic_roles: bool = True


class FirstSystem(Form, frozen=True):
    """The whole file."""

    app: App = App()
    log: FirstLog = FirstLog()
    tokenhandler: Tokenhandler = Tokenhandler()
    rbachandler: Rbachandler = Rbachandler()


_ORIGINS: dict[Path, Path] = {
    ("server", "address"): ("app", "addr"),
    ("server", "certificateFile"): ("app", "certificateFile"),
    ("server", "keyFile"): ("app", "keyFile"),
    ("server", "unauthenticated"): ("app", "unauthenticated"),
    ("log", "level"): ("log", "level"),
    ("log", "format"): ("log", "format"),
    ("log", "color"): ("log", "noColor"),
    ("jwt", 0, "issuer", "url"): ("tokenhandler", "oidc", "issuerURL"),
    ("jwt", 0, "issuer", "audiences"): ("tokenhandler", "oidc", "clientID"),
    ("jwt", 0, "issuer", "certificateAuthorityFile"): ("tokenhandler", "caCertPath"),
    ("jwt", 0, "issuer", "insecureSkipTLSVerify"): ("tokenhandler", "insecure"),
    ("policy", "githubOrg"): ("rbachandler", "githubOrg"),
    ("policy", "dynamicRoles"): ("rbachandler", "dynamicRoles"),
    ("tokens", "defaultLifetime"): ("rbachandler", "tokenTTL"),
    ("tokens", "maximumLifetime"): ("rbachandler", "tokenTTL"),
    ("tokens", "allowCreate"): ("rbachandler", "enableCreateSAToken"),
    ("tokens", "stored"): ("rbachandler", "storedTokens"),
    ("kubernetes", "kubeconfig"): ("rbachandler", "kubeConfig"),
    ("accounts", "namespace"): ("rbachandler", "accountsNamespace"),
}

_NOT_SUPPORTED = {
    "dex": "it is called `oidc` since the first system's version 0.5",
    "server": "it is called `app`, with `addr`",
    "jwt": "it is a key of the other form, which begins with `apiVersion: jwt-to-rbac.io/v1alpha1`",
    "policy": "it is a key of the other form, which begins with `apiVersion: jwt-to-rbac.io/v1alpha1`",
}


def read(document: Document, overrides: Sequence[Override], directory: FilePath) -> Reading:
    """The document with the overrides over it, turned into our form.

    `directory` is where a relative `caCertPath` begins.
    """
    document, twice = respelt(document, FirstSystem)
    document, unknown = overlaid(document, overrides, FirstSystem)
    form, unfit = fit(document.tree, FirstSystem, _NOT_SUPPORTED, weak=True)
    mistakes, warnings = [*twice, *unknown, *unfit], list[Mistake]()
    if form is None:
        return Reading(document, None, {}, tuple(mistakes))

    def wrong(path: Path, text: str) -> None:
        mistakes.append(Mistake(path, text))

    def warn(path: Path, text: str) -> None:
        warnings.append(Mistake(path, text))

    handler = form.rbachandler
    rules = rule_forms(
        handler.custom_groups, handler.default_groups, handler.github_org, wrong, warn
    )
    if handler.default_groups:
        warn(
            ("rbachandler", "defaultGroups"),
            "is true: whoever the issuer puts in a group cluster-admin, admin, admins, edit or "
            "view gets that built-in ClusterRole; say false where nobody relies on it",
        )
    configuration = Configuration(
        api_version=API_VERSION,
        kind=KIND,
        jwt=(_authenticator(form.tokenhandler, directory, wrong, warn),),
        policy=PolicyForm(
            rules=rules.forms,
            github_org=handler.github_org,
            dynamic_roles=handler.dynamic_roles,
        ),
        server=Server(
            address=form.app.addr,
            certificate_file=form.app.certificate_file,
            key_file=form.app.key_file,
            unauthenticated=form.app.unauthenticated,
        ),
        tokens=Tokens(
            default_lifetime=handler.token_ttl,
            maximum_lifetime=handler.token_ttl,
            allow_create=handler.enable_create_sa_token,
            stored=handler.stored_tokens,
        ),
        accounts=Accounts(namespace=handler.accounts_namespace),
        kubernetes=Kubernetes(kubeconfig=handler.kube_config),
        log=_log(form.log, wrong, warn),
    )
    origins = {**_ORIGINS, **rules.origins}
    return Reading(document, configuration, origins, tuple(mistakes), tuple(warnings))


def _authenticator(
    form: Tokenhandler, directory: FilePath, wrong: Report, warn: Report
) -> Authenticator:
    for key, value in (("issuerURL", form.oidc.issuer_url), ("clientID", form.oidc.client_id)):
        if not value:
            path: Path = ("tokenhandler", "oidc", key)
            wrong(path, f"is not set: write it in the file, or set {variable_of(path)}")
    ca_file, at = form.ca_cert_path, ("tokenhandler", "caCertPath")
    if ca_file and form.insecure:
        warn(at, "has no effect, because tokenhandler.insecure is true")
        ca_file = ""
    elif ca_file and form.oidc.issuer_url.startswith("http://"):
        warn(at, "has no effect, because tokenhandler.oidc.issuerURL is http")
        ca_file = ""
    return Authenticator(
        issuer=IssuerForm(
            url=form.oidc.issuer_url,
            audiences=(form.oidc.client_id,),
            certificate_authority_file=str(directory / ca_file) if ca_file else "",
            insecure_skip_tls_verify=form.insecure,
        ),
        # No `username`: people whom GitHub gives no e-mail address could log in, too.
        claim_mappings=ClaimMappings(groups=ClaimForm(claim="groups", prefix="")),
    )


def _log(form: FirstLog, wrong: Report, warn: Report) -> Log:
    # Names as logrus takes them: in any letters, `warn` too.
    name = {"warn": "warning"}.get(form.level.lower(), form.level.lower())
    levels = dict(zip(_LEVEL_NAMES, _LEVELS, strict=True))
    levels |= {str(number): level for number, level in enumerate(_LEVELS)}
    if name not in levels:
        hint = did_you_mean(name, list(levels))
        choices = f"{' or '.join(_LEVEL_NAMES)}, or 0 to 6"
        wrong(("log", "level"), f"is {shown(form.level)}, but must be {choices}{hint}")
    if form.format not in _FORMATS:
        hint = did_you_mean(form.format, list(_FORMATS))
        choices = " or ".join(_FORMATS)
        wrong(("log", "format"), f"is {shown(form.format)}, but must be {choices}{hint}")
    text = _FORMATS.get(form.format) == "text"
    if not form.no_color and not text:
        warn(("log", "noColor"), "has no effect with format json")
    return msgspec.convert(
        {
            "level": levels.get(name, "info"),
            "format": _FORMATS.get(form.format, "json"),
            "color": text and not form.no_color,
        },
        Log,
    )
