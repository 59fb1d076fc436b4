"""What can stand in a client's way. Each error has a sentence with the next step, and an exit code.

    ClientError           1   something is not as it must be
    ├── Refused           2   the answer is no: a policy, an administrator
    ├── LoginNeeded       3   a person must log in, and can't be asked here and now
    └── Unreachable       4   something is away: try again

The exit codes are those of the process; docs/command-line.md promises them.
"""


class ClientError(Exception):
    """The root. `detail` is for the person; never holds a token."""

    exit_code = 1

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Refused(ClientError):
    """`code` is the server's (core/errors.py), or the issuer's (RFC 6749, section 5.2)."""

    exit_code = 2

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class LoginNeeded(ClientError):
    exit_code = 3


class Unreachable(ClientError):
    exit_code = 4
