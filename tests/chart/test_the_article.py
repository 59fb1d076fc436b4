"""The article's steps, as in tests/e2e, with the program as the chart installs it and its rights alone."""

from collections.abc import Iterator

import pytest

from jwt_to_rbac.sandbox import Sandbox
from tests.chart.helm import Helm
from tests.chart.release import act, article, remove_everything, started, uninstall
from tests.e2e.conftest import Client
from tests.e2e.test_the_article import (
    jane,
    test_a_login_that_names_a_duration_gets_its_token_in_the_same_call,
    test_a_lost_group_takes_its_access_at_the_next_login,
    test_a_second_login_with_the_same_token_changes_nothing_and_succeeds,
    test_delete_leaves_nothing_of_the_person_behind,
    test_deleting_the_access_grant_with_kubectl_revokes_everything,
    test_john_who_is_only_a_developer_gets_only_that,
    test_steps_one_to_five_of_the_article,
)

__all__ = [
    "jane",
    "test_a_login_that_names_a_duration_gets_its_token_in_the_same_call",
    "test_a_lost_group_takes_its_access_at_the_next_login",
    "test_a_second_login_with_the_same_token_changes_nothing_and_succeeds",
    "test_delete_leaves_nothing_of_the_person_behind",
    "test_deleting_the_access_grant_with_kubectl_revokes_everything",
    "test_john_who_is_only_a_developer_gets_only_that",
    "test_steps_one_to_five_of_the_article",
]


@pytest.fixture(scope="module")
def client(
    helm: Helm, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    act(helm, sandbox, "install", article(sandbox))
    with started(sandbox, tmp_path_factory.mktemp("program")) as running:
        yield running
    uninstall(helm, sandbox)
    remove_everything(sandbox)
