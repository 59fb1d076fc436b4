"""Log in: an ID token becomes exactly the access that the policy gives its person.

verify → record → plan → audit → apply; then `settle` verifies and reports. Whoever shows the token is its owner here: the token is
the credential. Tokens for kubectl are `issue_token`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.difference import Changes, difference
from jwt_to_rbac.core.errors import Code, Conflict, Denial, Outage
from jwt_to_rbac.core.identity import Identity, Person, ProvenPerson
from jwt_to_rbac.core.plan import AccessPlan, plan
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.core.record import REVOKED, TOO_OLD, Record, advance
from jwt_to_rbac.ports import Audit, Clock, Cluster, LifetimesInForce, PolicyInForce, Request
from jwt_to_rbac.usecases.callers import named
from jwt_to_rbac.usecases.decided import Decided, Ground
from jwt_to_rbac.usecases.door import Door
from jwt_to_rbac.usecases.lapse import has_lapsed
from jwt_to_rbac.usecases.one_at_a_time import OneAtATime
from jwt_to_rbac.usecases.reconcile import Beside, Decision, in_place, reconcile

ROUNDS = 8
"""Decisions tried anew when other writers interfere, before the client is asked to come again."""


Facts = dict[str, str | list[str] | None]
"""What an audit record says of a login: who, by which ID token, holds what."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A successful login. `access` is what the person holds now, each grant with its rule."""

    account: Account
    person: Person
    proven: ProvenPerson
    access: AccessPlan
    facts: Facts


@dataclass(frozen=True, slots=True)
class LogIn:
    """The use case with all that it needs. One instance serves every request."""

    door: Door
    cluster: Cluster
    policy: PolicyInForce
    audit: Audit
    clock: Clock
    turns: OneAtATime[Identity]
    lifetimes: LifetimesInForce
    settle_later: Callable[[str, float | None], None]
    """Has `Settle` look after an account soon: (its name, when the person logged in)."""
    decided: Decided = field(default_factory=Decided)

    async def __call__(
        self,
        token: str,
        request: Request,
        *,
        beside: Callable[[Facts], Beside] | None = None,
    ) -> LoggedIn | Denial:
        """Log in with a raw ID token. See `of`."""
        proven = await self.door.prove(token, request)
        if isinstance(proven, Denial):
            await self._refused(proven, request, named(token, proven))
            return proven
        return await self.of(proven, request, beside=beside)

    async def of(
        self,
        proven: ProvenPerson,
        request: Request,
        *,
        for_a_token: bool = False,
        beside: Callable[[Facts], Beside] | None = None,
    ) -> LoggedIn | Denial:
        """Log in somebody whose ID token was verified for this request.

        `for_a_token`: if nothing has to change there is no record, for the one that the caller
        writes before the token is issued says all of it (`LoggedIn.facts`). `beside`: what is
        made together with a new account, told the facts of the login.
        Raises Outage if issuer, cluster or audit are away, or JwtToRbacError for what an
        administrator must mend.
        """
        async with self.door.login(), self.turns(proven.person.identity):
            for _ in range(ROUNDS):
                try:
                    return await self._decide_and_apply(proven, request, for_a_token, beside)
                except Conflict:
                    continue
        raise Outage(Code.BUSY, "Others change this person's access at this moment. Try again.")

    async def _decide_and_apply(
        self,
        proven: ProvenPerson,
        request: Request,
        for_a_token: bool,
        beside: Callable[[Facts], Beside] | None,
    ) -> LoggedIn | Denial:
        now, policy = self.clock(), self.policy()
        account = self.cluster.account_of(proven.person.identity)
        revoked = self.cluster.revoked_before(proven.person.identity)
        record = advance(account.record if account else None, proven, now, revoked)
        if isinstance(record, Denial):
            await self._take_everything(record, proven, account, request)
            return record
        decision, done = self._decide(record, proven, account, policy)
        if not decision.access.grants:
            denial = nothing_for(record.person)
            await self._take_everything(denial, proven, account, request, record)
            return denial
        facts = _facts(decision, proven)
        if not (done and for_a_token):
            await self._granted(decision, facts, account, request, changed=not done)
        if account is None or not done:
            if account is not None and has_lapsed(account, self.cluster, self.lifetimes, now):
                # Else whoever leads would take at once what is given here.
                account = await self.cluster.note_login(account, now)
            also = None if beside is None else beside(facts)
            account = await reconcile(self.cluster, account, decision, policy, also)
            self.settle_later(account.name, now)
        elif not account.reported:
            self.settle_later(account.name, None)
        return LoggedIn(account, record.person, proven, decision.access, facts)

    def _decide(
        self, record: Record, proven: ProvenPerson, account: Account | None, policy: Policy
    ) -> tuple[Decision, bool]:
        """What is to hold, and whether it does already."""
        namespaces = self.cluster.namespaces()
        if account is None:
            return Decision(record, plan(record.person, policy, namespaces)), False
        ground = Ground(proven, account, policy, namespaces)
        known = self.decided.on(ground) if record is account.record else None
        if known is not None:
            return known, True
        decision = Decision(record, plan(record.person, policy, namespaces))
        done = in_place(account, decision)
        if done:
            self.decided.keep(ground, decision)
        return decision, done

    async def _granted(
        self,
        decision: Decision,
        facts: Facts,
        account: Account | None,
        request: Request,
        *,
        changed: bool,
    ) -> None:
        changes = Changes()
        if changed:
            changes = difference(decision.access.wanted(), account.held if account else ())
        await self.audit.record(
            "login",
            request=request,
            **facts,
            account=account.name if account else None,
            given=[str_grant(g.cluster_role, g.namespace) for g in changes.bind],
            taken=[str_grant(h.grant.cluster_role, h.grant.namespace) for h in changes.revoke],
            changed=changed,
        )

    async def _take_everything(
        self,
        denial: Denial,
        proven: ProvenPerson,
        account: Account | None,
        request: Request,
        record: Record | None = None,
    ) -> None:
        """Record the refusal, and leave the person nothing, unless it is the token that is old.

        `record` is remembered, so that no older token brings back what this one took.
        """
        if account is None or denial in (REVOKED, TOO_OLD):
            await self._refused(denial, request, proven.token_sha256, proven)
            return
        held = [str_grant(h.grant.cluster_role, h.grant.namespace) for h in account.held]
        await self._refused(denial, request, proven.token_sha256, proven, account, held)
        decision = Decision(record or account.record, AccessPlan())
        if held or account.record != decision.record:
            await reconcile(self.cluster, account, decision, self.policy())
            self.settle_later(account.name, None)

    async def _refused(
        self,
        denial: Denial,
        request: Request,
        token_sha256: str | None,
        proven: ProvenPerson | None = None,
        account: Account | None = None,
        taken: list[str] | None = None,
    ) -> None:
        identity = proven.person.identity if proven else None
        await self.audit.record(
            "login_refused",
            request=request,
            code=denial.code,
            issuer=identity.issuer if identity else None,
            subject=identity.subject if identity else None,
            token_sha256=token_sha256,
            account=account.name if account else None,
            taken=taken or [],
        )


def _facts(decision: Decision, proven: ProvenPerson) -> Facts:
    return {
        "issuer": proven.person.identity.issuer,
        "subject": proven.person.identity.subject,
        "username": proven.person.username,
        "token_sha256": proven.token_sha256,
        "grants": [
            str_grant(p.grant.cluster_role, p.grant.namespace, p.rule)
            for p in decision.access.grants
        ],
        "failed_rules": [str(failed) for failed in decision.access.failed_rules] or None,
    }


def str_grant(cluster_role: str, namespace: str, rule: str = "") -> str:
    """A grant as one word of an audit record: `admin@cluster`, `view@example (rule viewers)`."""
    where = f"{cluster_role}@{namespace or 'cluster'}"
    return f"{where} (rule {rule})" if rule else where


def nothing_for(person: Person) -> Denial:
    """The refusal of somebody whom no rule gives anything; it names the groups that were seen."""
    seen = ", ".join(person.groups[:20]) if person.groups else "none at all"
    more = f" and {len(person.groups) - 20} more" if len(person.groups) > 20 else ""
    return Denial(
        Code.NO_ACCESS,
        f"No rule of the policy gives {person.username} anything on this cluster. "
        f"Groups in the token: {seen}{more}. "
        + (
            "Ask an administrator to map one of them."
            if person.groups
            else "Request the scope `groups`, and ask the issuer's administrator to send it."
        ),
    )
