"""What the documentation says of the API and of metrics is what the running program says."""

import pytest

from tests.docs.served import FOLDER, texts
from tests.e2e.conftest import Client


@pytest.mark.parametrize("file", ["openapi.json", "metrics.md"])
def test_the_reference_is_what_the_program_serves(client: Client, file: str) -> None:
    served = texts(client.server.url)[file]
    assert (FOLDER / file).read_text() == served, "renew it: make reference"
