"""One table of people, requests and modes: a real API server says the same in each, and what the policy says."""

import base64
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.support.waiting import eventually
from tests.webhooks.api_server import beside
from tests.webhooks.conftest import Hooked
from tests.webhooks.people import PEOPLE
from tests.webhooks.table import CELLS, answered, policys_word


def test_the_table_has_at_least_two_hundred_cells_a_mode() -> None:
    assert len(CELLS) >= 200


@pytest.fixture(scope="module")
def service_account_tokens(hooked: Hooked) -> dict[str, str]:
    """Everybody's ServiceAccount token of the first mode; dave, whom no rule names, gets none."""
    found = {}
    for person in PEOPLE:
        body = {"token": hooked.token(person), "duration": "1h"}
        answer = hooked.client.call("POST", "/rbac/", body)
        if person == "hooks-dave":
            assert (answer.status, answer.json()["code"]) == (403, "no_access")
            continue
        assert answer.status == 201, answer.text
        found[person] = base64.b64decode(answer.json()["Token"]["data"]["token"]).decode()
    return found


Flags = Callable[[Hooked], tuple[str, ...]]

MODES: dict[str, Flags] = {
    "webhook authentication and authorization": lambda hooked: (
        *hooked.exports.webhook_authentication(),
        hooked.exports.webhook_authorization(),
    ),
    "structured authentication, webhook authorization": lambda hooked: (
        hooked.exports.authentication(hooked.config),
        hooked.exports.webhook_authorization(),
    ),
}


def started(hooked: Hooked, mode: str) -> AbstractContextManager[str]:
    return hooked.sandbox.api_server_beside("hooked-apiserver", *MODES[mode](hooked))


def test_service_accounts_may_what_the_policy_says(
    hooked: Hooked, service_account_tokens: dict[str, str]
) -> None:
    server = beside(hooked.sandbox, hooked.sandbox.api_server)
    found = answered(server, service_account_tokens)
    wanted = policys_word(hooked)
    assert {cell: may for cell, may in wanted.items() if cell in found} == found
    assert sum(found.values()) > 50, "a table of refusals shows nothing"


@pytest.mark.parametrize("mode", MODES)
def test_an_id_token_may_what_its_service_account_token_may(hooked: Hooked, mode: str) -> None:
    tokens = {person: hooked.token(person) for person in PEOPLE}
    with started(hooked, mode) as url:
        server = beside(hooked.sandbox, url)
        # An API server learns of an issuer in the background.
        assert eventually(lambda: server.user(tokens["hooks-jane"]), 20.0)
        assert answered(server, tokens) == policys_word(hooked)
