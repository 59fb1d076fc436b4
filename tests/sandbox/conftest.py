"""A second sandbox for the tests that break things or want other options; the shared one stays
whole."""

from collections.abc import Iterator

import pytest

from jwt_to_rbac.sandbox import Options, Sandbox, start


@pytest.fixture(scope="package")
def apart() -> Iterator[Sandbox]:
    """A sandbox with every option away from its default, for one test at a time to break."""
    options = Options(id_token_lifetime="7m", issuer_tls=True, directory="built-in")
    with start(options) as running:
        yield running
