"""Every error that the sandbox raises on purpose. Nothing of the product belongs here.

SandboxError
├── BuildFailed      a program could not be built or its tools could not be had
├── FolderTaken      the folder asked for is in use or isn't ours
├── NotRunning       there is no sandbox where one was expected
├── PartFailed       a part died or did not get ready
├── LoginFailed      the issuer gave no token
├── DirectoryRefused the directory refused a change
└── ProgramMissing   something that the machine must bring is not there
"""


class SandboxError(Exception):
    """Trouble with the local cluster; the text says what was seen and what to do next."""


class BuildFailed(SandboxError):
    """A program could not be built; what `go build` printed last is in the text."""


class FolderTaken(SandboxError):
    """The folder asked for belongs to a running sandbox or holds somebody's files."""


class NotRunning(SandboxError):
    """No sandbox runs where one was expected, or its keeper went away."""


class PartFailed(SandboxError):
    """A part died or did not get ready; the text holds the end of its log and the log's path.

    `port_taken` tells that the cause was a port that somebody else got first, which
    another try with other ports cures.
    """

    def __init__(self, message: str, *, port_taken: bool = False) -> None:
        super().__init__(message)
        self.port_taken = port_taken


class LoginFailed(SandboxError):
    """The issuer gave no ID token; its answer is in the text."""


class DirectoryRefused(SandboxError):
    """The directory refused a change; what it said is in the text."""


class ProgramMissing(SandboxError):
    """A program that the machine must bring is missing; the text says how to get it."""
