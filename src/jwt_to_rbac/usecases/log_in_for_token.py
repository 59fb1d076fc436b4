"""Log in and be given a Kubernetes token at once: for somebody new, side by side with their access."""

from dataclasses import dataclass

from jwt_to_rbac.core.account import Account, Credential
from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.core.session import Session, Wish
from jwt_to_rbac.ports import Request
from jwt_to_rbac.usecases.callers import Owner
from jwt_to_rbac.usecases.issue_token import IssueToken, renewed
from jwt_to_rbac.usecases.log_in import Facts, LoggedIn, LogIn
from jwt_to_rbac.usecases.reconcile import Beside


@dataclass(frozen=True, slots=True)
class LogInForToken:
    """The two use cases as one.

    Somebody new costs three round trips in a row by this, instead of five: the session is made
    beside the ServiceAccount, and the token beside the bindings.
    """

    log_in: LogIn
    issue_token: IssueToken

    async def __call__(
        self, token: str, wish: Wish, request: Request
    ) -> tuple[LoggedIn, Credential] | Denial:
        """Log in with a raw ID token. Raises as `IssueToken` does."""
        made = _Made(self.issue_token, wish, request)
        logged_in = await self.log_in(token, request, beside=None if wish.session else made.beside)
        if isinstance(logged_in, Denial):
            return logged_in
        account = logged_in.account
        if made.credential is not None and made.account_uid == account.service_account_uid:
            return logged_in, made.credential
        owner = Owner(logged_in.proven)
        issued = await self.issue_token(owner, account.name, wish, request)
        return issued if isinstance(issued, Denial) else (logged_in, issued)


class _Made:
    """What was made beside the login so far: a token of which ServiceAccount (its uid)."""

    def __init__(self, issue_token: IssueToken, wish: Wish, request: Request) -> None:
        self._issue_token = issue_token
        self._wish = wish
        self._seconds = issue_token.lifetimes().bound(wish.seconds)
        self._request = request
        self.credential: Credential | None = None
        self.account_uid = ""

    def beside(self, facts: Facts) -> Beside:
        issuing, seconds = self._issue_token, self._seconds
        made: list[Session] = []

        async def first(account: Account) -> None:
            session = issuing.begun(account, self._wish)
            await issuing.recorded(session, facts, seconds, self._request)
            session = renewed(session, issuing.clock(), seconds)
            made.append(await issuing.cluster.begin_session(account, session))

        async def then(account: Account) -> None:
            (session,) = made
            self.credential = await issuing.cluster.issue_token(account, session, seconds)
            self.account_uid = account.service_account_uid

        return Beside(first, then)
