"""Commands that need the server's packages, where they aren't installed: say so, and how to mend it."""

from importlib.util import find_spec
from typing import Annotated

from cyclopts import Parameter

from jwt_to_rbac.client.errors import ClientError


def installed() -> bool:
    """Whether the extra `server` is: one package stands for all, as pip installs all or none."""
    return find_spec("msgspec") is not None


def demand() -> None:
    """Raises ClientError unless it is installed."""
    if not installed():
        raise ClientError(
            "This needs the server's packages, which aren't installed here: "
            "pip install 'jwt-to-rbac[server]'."
        )


def instead(*_: Annotated[str, Parameter(allow_leading_hyphen=True, show=False)]) -> None:
    """Needs the extra `server`: pip install 'jwt-to-rbac[server]'."""
    demand()
