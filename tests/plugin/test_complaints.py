"""What users of such clients complain about elsewhere, each shut here. `ROWS` says which test keeps
which, by the project and the number of its issue."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plugin.conftest import Product
from tests.support.machine import Machine

ROWS: dict[str, tuple[str, ...]] = {
    "parallel kubectl calls each open a login (kubelogin 389)": (
        "test_twenty_kubectl_calls_at_once_make_one_login",
        "test_many_calls_with_an_expired_credential_renew_it_once",
        "test_those_who_wait_for_a_login_that_fails_open_no_window_of_their_own",
    ),
    "a lock in /tmp that users share (kubelogin 421)": ("test_the_lock_is_each_persons_own",),
    "hundreds of tabs overnight (kubelogin 1330)": (
        "test_logins_that_nobody_answers_do_not_pile_up_windows",
        "test_a_night_of_calls_opens_three_windows",
    ),
    "a tab for each request that is refused (headlamp 4018)": (
        "test_a_script_gets_a_clear_message_and_never_a_browser",
        "test_somebody_who_is_suspended_is_told_so_and_asked_nothing",
        "test_a_server_that_is_away_is_said_and_opens_no_window",
    ),
    "a keyring's entry is too big with many groups (kubelogin 1255)": (
        "test_somebody_in_two_hundred_groups_logs_in_and_keeps_a_small_credential",
    ),
    "no way without a browser (kubelogin 717)": (
        "test_without_a_browser_a_code_is_told_on_the_terminal",
        "test_where_there_is_no_browser_a_code_for_another_device_is_told",
    ),
    "a client secret in the kubeconfig (gangway 93)": (
        "test_a_kubeconfig_to_give_out_holds_no_secret_and_logs_whoever_in",
        "test_the_kubeconfig_for_the_plugin_names_our_server_and_holds_no_secret",
        "test_nothing_of_a_login_is_in_the_kubeconfig_or_open_to_others",
    ),
    "somebody else's kubeconfig is served (gangway 108)": (
        "test_two_people_at_once_each_get_their_own_kubeconfig",
    ),
    "a cookie over 4 KB with many groups (gangway 130)": (
        "test_the_cookie_of_somebody_in_hundreds_of_groups_is_small",
    ),
    "login messages spoil k9s' screen (pinniped 1868)": (
        "test_where_a_program_draws_on_the_screen_nothing_is_written_over_it",
    ),
    "each download makes a token without an end (rancher 37705)": (
        "test_each_download_is_a_session_with_an_end_that_its_owner_sees",
    ),
    "logout of the portal leaves the command line logged in (OpenUnison 584)": (
        "test_a_logout_elsewhere_ends_the_login_here",
        "test_a_token_can_be_downloaded_and_all_sessions_ended_at_once",
    ),
}

TESTS = Path(__file__).parents[1]
MOST = 4096
"""Bytes of the credential's file; the smallest keyring (Windows') takes 2,560 of a secret."""


@pytest.fixture(scope="module")
def all_tests() -> str:
    return "".join(file.read_text() for file in sorted(TESTS.rglob("test_*.py")))


@pytest.mark.parametrize("row", ROWS)
def test_a_complaint_is_kept_away_by_tests_that_are_there(row: str, all_tests: str) -> None:
    assert ROWS[row]
    assert not [test for test in ROWS[row] if f"def {test}(" not in all_tests]


def test_somebody_in_two_hundred_groups_logs_in_and_keeps_a_small_credential(
    machines: Callable[[tuple[str, ...]], Machine], product: Product
) -> None:
    many = tuple(f"a-team-whose-name-is-rather-long-number-{i:03}" for i in range(200))
    machine = machines(("developers", *many))
    machine.set_up()
    done = machine.kubectl("get", "pods", "-A")
    assert done.code == 0, done.err
    assert len(machine.state()["id_token"]) > 10_000, "what would be too big elsewhere"
    assert (machine.folder() / "credential").stat().st_size < MOST
    machine.let_it_expire()
    assert machine.kubectl("get", "pods", "-A", terminal=False).code == 0, "renewed"
    assert "a-team" in machine.run("jwt-to-rbac", "whoami").out
