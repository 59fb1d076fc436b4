"""What each stable error code means and what to do about it, for the reference; nothing else."""

from jwt_to_rbac.core.errors import Code

MEANINGS: dict[Code, str] = {
    Code.BODY_MALFORMED: "The body isn't the JSON that this path takes; `detail` names the field.",
    Code.BODY_TOO_LARGE: "The body is larger than any use of this path needs.",
    Code.DURATION_INVALID: "A duration such as `12h30m` was expected: Go's, with a unit.",
    Code.NOT_FOUND: "There is nothing of this name or at this path. For callers who may not know, the "
    "answer is `forbidden` whether it exists or not.",
    Code.METHOD_NOT_ALLOWED: "The path takes other methods; `Allow` names them.",
    Code.TOO_MANY_REQUESTS: "Too many bad credentials came from this address or for this issuer, or one "
    "caller sent too many requests. Wait for `Retry-After`; good credentials are served then.",
    Code.CREDENTIAL_MISSING: "Send `Authorization: Bearer`: an ID token, or a Kubernetes token for our audience.",
    Code.CREDENTIAL_REFUSED: "The Kubernetes token isn't good: expired, revoked, or for another audience. Get a new one.",
    Code.FORBIDDEN: "Not yours, and Kubernetes doesn't let you: whoever should may be given the verb on "
    "`accessgrants` that `detail` names.",
    Code.LOGIN_INCOMPLETE: "The browser's login isn't the one that was begun here (another tab, an old link, "
    "cookies switched off). Begin again.",
    Code.LOGIN_REFUSED: "The issuer refused the login. `detail` has its words.",
    Code.FORM_REFUSED: "The form was not sent from our own page, or its page was too old. Reload it.",
    Code.TOKEN_MISSING: "The body has no `token`.",
    Code.TOKEN_TOO_LARGE: "The ID token is too large. Have the issuer put fewer claims or groups in it.",
    Code.TOKEN_MALFORMED: "This is no signed JSON Web Token.",
    Code.TOKEN_ALGORITHM: "The token's algorithm isn't allowed for its issuer: `jwt[].issuer.signingAlgorithms`.",
    Code.TOKEN_KEY_UNKNOWN: "The issuer doesn't publish the key that signed the token. Log in again: keys are "
    "replaced. If it stays, the token is another issuer's.",
    Code.TOKEN_SIGNATURE: "The signature doesn't fit: the token was changed, or was never the issuer's.",
    Code.TOKEN_ISSUER: "The token is of an issuer that isn't configured. `iss` must equal `jwt[].issuer.url` "
    "character by character.",
    Code.TOKEN_AUDIENCE: "The token is meant for another client: `jwt[].issuer.audiences`.",
    Code.TOKEN_EXPIRED: "The ID token is over, or older than is allowed. Log in at the issuer again.",
    Code.TOKEN_NOT_YET_VALID: "The token's times lie ahead: compare the clocks (`jwt-to-rbac doctor`).",
    Code.TOKEN_CLAIM: "A claim is missing, of the wrong kind, or refused by a validation rule; `detail` names it.",
    Code.NO_ACCESS: "The token is good, and no rule of the policy gives this person anything. `detail` names the "
    "groups that were seen; none at all mostly means a scope or a connector without groups.",
    Code.SUSPENDED: "An administrator suspended this person: `jwt-to-rbac resume`, or `spec.suspended: false`.",
    Code.ACCESS_EXPIRED: "The end that an administrator set (`spec.expiresAt`) is over.",
    Code.ACCESS_LAPSED: "The last session has ended, and its access with it. Log in again.",
    Code.TOKEN_REVOKED: "The ID token is from before a revocation. Log in at the issuer again.",
    Code.SESSION_ENDED: "The session that was to be renewed is over. Begin a new one (leave `session` out).",
    Code.TOO_MANY_SESSIONS: "End some sessions, or name the one to renew.",
    Code.NAME_TAKEN: "An object of the name that is needed isn't ours, and is never adopted. An administrator "
    "renames or deletes it.",
    Code.CONFIGURATION_INVALID: "The program can't use its configuration: `jwt-to-rbac config check`.",
    Code.ROLE_OUTDATED: "A ClusterRole of the policy is missing or isn't as the policy has it: apply "
    "`jwt-to-rbac export manifests`, or `helm upgrade`.",
    Code.CLUSTER_UNAVAILABLE: "The API server is away, too slow or overloaded. Nothing is half-given; try again.",
    Code.CLUSTER_REFUSED: "The API server refused a call, mostly for lack of a right: `jwt-to-rbac doctor`.",
    Code.ISSUER_UNAVAILABLE: "The issuer's keys or token endpoint can't be had. Who is logged in stays so.",
    Code.AUDIT_UNAVAILABLE: "The audit record can't be written, so nothing is done: free its disk or its reader.",
    Code.BUSY: "Others are changing the same at this moment, or all places are taken. Try again.",
    Code.NOT_LEADING: "This replica stopped leading before it could write. The next leader does it.",
    Code.INTERNAL: "An error of ours. The log has it under `requestId`; please report it.",
}
