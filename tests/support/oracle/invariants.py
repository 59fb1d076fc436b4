"""What must hold of every history, as pure functions: each gives what broke it, one line a case.

I1  nobody holds more than the policy gives them by the tokens that they showed
I2  at rest nothing of ours is left that no live AccessGrant owns
I3  who was revoked has nothing until a newer token comes
I4  nothing of others changes by our hand
I5  every session, and so every token, has an audit record from before it
I6  every request ends in time: in success, in an error with its code, or in its server's death
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.support.oracle.ledger import Ledger
from tests.support.oracle.revision import WRITER, Key, Revision

BINDINGS = ("ClusterRoleBinding", "RoleBinding")
USERS = "jwt-to-rbac-users"


@dataclass(frozen=True, slots=True)
class History:
    """All revisions since the start, in order, and until when was listened (seconds since 1970)."""

    revisions: tuple[Revision, ...]
    until: float

    def of(self, accounts: Collection[str]) -> "History":
        """The same of these accounts alone: what is called so, belongs to them or is bound to them."""
        return History(
            tuple(
                one
                for one in self.revisions
                if one.name in accounts
                or (one.owner is not None and one.owner.name in accounts)
                or any(subject.name in accounts for subject in one.subjects)
            ),
            self.until,
        )

    def last(self) -> dict[Key, Revision]:
        """What is there at the end."""
        state: dict[Key, Revision] = {}
        for one in self.revisions:
            _apply(state, one)
        return state


@dataclass
class _Holding:
    """Who holds what by which binding, as revisions go by."""

    bindings: dict[Key, Revision] = field(default_factory=dict)
    of_account: dict[str, dict[Key, str]] = field(default_factory=dict)

    def apply(self, one: Revision) -> set[str]:
        """The accounts that it touches. Bindings that others made are theirs to answer for."""
        touched = set()
        for known, there in ((self.bindings.pop(one.key, None), False), (one, not one.gone)):
            if known is None or (there and WRITER not in known.writers):
                continue
            for subject in known.subjects:
                if (subject.kind, subject.namespace) == ("ServiceAccount", USERS):
                    held = self.of_account.setdefault(subject.name, {})
                    if there:
                        held[one.key] = one.grant
                    else:
                        held.pop(one.key, None)
                    touched.add(subject.name)
        if not one.gone:
            self.bindings[one.key] = one
        return touched

    def held(self, account: str) -> frozenset[str]:
        return frozenset(self.of_account.get(account, {}).values())


@dataclass(frozen=True, slots=True)
class _Excess:
    """`earliest` is of the revision before it, where what began it is none itself."""

    account: str
    grant: str
    began: Revision
    earliest: float
    until: float

    @property
    def seconds(self) -> float:
        return self.until - self.began.at

    def __str__(self) -> str:
        return (
            f"I1: {self.account} has held {self.grant} for {self.seconds:.2f} s since "
            f"{self.began}: nothing gives it"
        )


def too_much(
    history: History, ledger: Ledger, accounts: Collection[str], repaired_within: float = 0.0
) -> list[str]:
    """I1. What is too much may stand for `repaired_within` seconds, or as the ledger excuses it.

    That is for replicas that were stopped in the middle of a write and woke up later, which no
    writer can take back; whoever leads does.
    """
    return [
        str(one)
        for one in _excesses(history, ledger, accounts)
        if one.seconds > repaired_within or not repaired_within
        if not ledger.excuses(one.account, one.earliest, one.began.at, one.until)
    ]


def _excesses(history: History, ledger: Ledger, accounts: Collection[str]) -> Iterator[_Excess]:
    holding, since = _Holding(), dict[tuple[str, str], tuple[Revision, float]]()
    turns = sorted(ledger.turns())
    for one, earliest, touched in _merged(history, turns, holding):
        for account in accounts if "" in touched else touched & set(accounts):
            excess = holding.held(account) - ledger.allowed(account, one.version)
            for grant in excess:
                since.setdefault((account, grant), (one, earliest))
            for account_, grant in [pair for pair in since if pair[0] == account]:
                if grant not in excess:
                    yield _Excess(account, grant, *since.pop((account_, grant)), one.at)
    for (account, grant), began in since.items():
        yield _Excess(account, grant, *began, history.until)


def _merged(
    history: History, turns: list[tuple[int, str]], holding: _Holding
) -> Iterator[tuple[Revision, float, set[str]]]:
    """Each revision, since when it may be so, and the accounts to look at after it.

    Turns come after their version's revision, and before the next one.
    """
    earliest = history.revisions[0].at if history.revisions else history.until
    for one in history.revisions:
        while turns and turns[0][0] < one.version:
            version, account = turns.pop(0)
            yield _acknowledged(version, one.at), earliest, {account}
        earliest = one.at
        if one.kind in BINDINGS:
            yield one, one.at, holding.apply(one)
    for version, account in turns:
        yield _acknowledged(version, history.until), earliest, {account}


def _acknowledged(version: int, at: float) -> Revision:
    return Revision(version, at, ("", "", "what was acknowledged"), "")


def left_over(history: History) -> list[str]:
    """I2. The history must end at rest."""
    state = history.last()
    live = {one.uid for one in state.values() if one.kind == "AccessGrant" and not one.ending}
    return [
        f"I2: {one} belongs to no live AccessGrant"
        for one in state.values()
        if one.kind != "AccessGrant"
        and (one.owner.uid not in live if one.owner else _needs_owner(one))
    ]


def _needs_owner(one: Revision) -> bool:
    """Whether it bears our marks and is of a kind that we only make for somebody.

    Bindings of Groups and Users are nobody's.
    """
    for_account = any(subject.kind == "ServiceAccount" for subject in one.subjects)
    return one.marked and (one.kind in ("ServiceAccount", "Secret") or for_account)


def undone(history: History, ledger: Ledger, repaired_within: float = 0.0) -> list[str]:
    """I3. What a revoked person has again before a newer token was shown, or has still."""
    found = []
    for revoked in ledger.revoked:
        newer = [
            one.since
            for one in ledger.shown
            if one.account == revoked.account and one.issued_at > revoked.issued_until
        ]
        until = min(newer, default=None)
        for key, spell in _spells(history, revoked.account):
            begins, ends = spell[0], spell[-1]
            lasts_beyond = ends.version > revoked.since or not ends.gone
            begins_before_newer = until is None or begins.version <= until
            ended_at = ends.at if ends.gone else history.until
            heard = next(
                (one.at for one in history.revisions if one.version >= revoked.since),
                history.until,
            )
            before = [one.at for one in history.revisions if one.version <= revoked.since]
            began_at = max(begins.at, heard)
            too_long = ended_at - began_at > repaired_within or not repaired_within
            earliest = max(begins.at, before[-1]) if before else begins.at
            excused = ledger.excuses(revoked.account, earliest, began_at, ended_at)
            if lasts_beyond and begins_before_newer and too_long and not excused:
                found.append(f"I3: {'/'.join(key)} is there after {revoked.account} was revoked")
    return found


def _spells(history: History, account: str) -> Iterator[tuple[Key, list[Revision]]]:
    """Each life of each object that gives the account something, from its first revision on."""
    lives: dict[tuple[Key, str], list[Revision]] = {}
    for one in history.revisions:
        of_account = one.name == account and one.kind in ("AccessGrant", "ServiceAccount")
        binds = one.kind in BINDINGS and one.owner is not None and one.owner.name == account
        if of_account or (binds and WRITER in one.writers):
            lives.setdefault((one.key, one.uid), []).append(one)
    yield from ((key, spell) for (key, _), spell in lives.items())


def meddled(history: History, untouchable: Collection[Key] = ()) -> list[str]:
    """I4. What others made has us among its writers later, or is `untouchable` and not as it was."""
    first: dict[str, Revision] = {}
    found = []
    for one in history.revisions:
        made = first.setdefault(one.uid, one)
        if one is made:
            continue
        if one.key in untouchable:
            found.append(f"I4: {one} has changed")
        elif one.kind != "AccessGrant" and WRITER in one.writers - made.writers:
            found.append(f"I4: {one} is somebody else's and was written by us")
    return found


def misdirected(history: History) -> list[str]:
    """I1, whatever the policy: what we bind for a person is for that person's account alone."""
    found = []
    for one in history.revisions:
        if one.kind not in BINDINGS or one.owner is None or one.writers != {WRITER} or one.gone:
            continue
        whom = [(subject.kind, subject.namespace, subject.name) for subject in one.subjects]
        if whom != [("ServiceAccount", USERS, one.owner.name)]:
            found.append(f"I1: {one} of {one.owner.name} binds {whom}")
    return found


def unrecorded(history: History, records: Iterable[Mapping[str, object]]) -> list[str]:
    """I5. Sessions without an audit record of a token for them, written before they were there."""
    told: dict[object, float] = {}
    for record in records:
        if record["event"] in ("token", "stored_token"):
            at = datetime.fromisoformat(str(record["time"])).timestamp()
            told[record.get("session")] = min(at, told.get(record.get("session"), at))
    first: dict[Key, Revision] = {}
    for one in history.revisions:
        if one.kind == "Secret" and one.marked and one.owner is not None:
            first.setdefault(one.key, one)
    return [
        f"I5: {one} has no audit record from before it"
        for one in first.values()
        if told.get(one.name, one.at + 1) > one.at
    ]


def unanswered(ledger: Ledger, within: float) -> list[str]:
    """I6. An answer of 0 is a connection that ended with its server."""
    return [
        f"I6: {one.what} was answered {one.status} {one.code!r} after {one.seconds:.1f} s"
        for one in ledger.asked
        if one.seconds > within or (one.status >= 400 and not one.code)
    ]


def _apply(state: dict[Key, Revision], one: Revision) -> None:
    if one.gone:
        state.pop(one.key, None)
    else:
        state[one.key] = one
