"""What can stand in a client's way. Each error has a sentence with the next step, and an exit code.

    ClientError           1   something is not as it must be
    ├── Refused           2   the answer is no: a policy, an administrator
    ├── LoginNeeded       3   a person must log in, and can't be asked here and now
    └── Unreachable       4   something is away: try again

The exit codes are those of the process; docs/kubectl.md promises them.
"""


class ClientError(Exception):
    """The root. `detail` is for the person; never holds a token.

    `code` is the server's (core/errors.py) or the issuer's (RFC 6749, section 5.2), where one of
    them said no.
    """

    exit_code = 1

    def __init__(self, detail: str, code: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code

    def said(self) -> str:
        """The detail, and the code by which it can be looked up."""
        return f"{self.detail} ({self.code})" if self.code not in self.detail else self.detail


class Refused(ClientError):
    exit_code = 2


class LoginNeeded(ClientError):
    exit_code = 3


class Unreachable(ClientError):
    exit_code = 4
