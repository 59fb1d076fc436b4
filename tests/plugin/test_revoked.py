"""Access that was taken: the plugin finds out, and a person has to say that they want it again."""

from collections.abc import Callable

import pytest

from tests.plugin.conftest import Product
from tests.support.machine import Ended, Machine
from tests.support.waiting import eventually


def account(machine: Machine) -> str:
    return machine.environment["WHO"].replace("@", "-").replace(".", "-")


@pytest.fixture
def logged_in(machine: Machine) -> Machine:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    return machine


def until_refused(machine: Machine, terminal: bool = True) -> Ended:
    """Call kubectl until the API server no longer takes the token: it remembers one for 10 s, and
    says "Forbidden" meanwhile if its rights have gone."""
    calls: list[Ended] = []

    def refused() -> bool:
        calls.append(machine.kubectl("get", "pods", "-A", terminal=terminal))
        return calls[-1].code != 0 and "Forbidden" not in calls[-1].err

    assert eventually(refused, 30)
    return calls[-1]


def revoke(product: Product, machine: Machine) -> None:
    product.call("DELETE", f"/api/v1/people/{account(machine)}")


def test_after_a_revocation_the_next_calls_log_in_anew(
    logged_in: Machine, product: Product
) -> None:
    who = account(logged_in)
    revoke(product, logged_in)
    until_refused(logged_in)
    assert eventually(lambda: logged_in.kubectl("get", "pods", "-A").code == 0, 30)
    assert len(logged_in.addresses()) == 2
    assert len(product.audited("token", who)) == 2


def test_a_revocation_is_not_undone_behind_the_persons_back(
    logged_in: Machine, product: Product
) -> None:
    revoke(product, logged_in)
    ended = until_refused(logged_in, terminal=False)
    later = logged_in.kubectl("get", "pods", "-A", terminal=False)
    for each in (ended, later):
        assert each.code != 0
        assert "jwt-to-rbac login" in each.err
    assert len(logged_in.addresses()) == 1
    people = product.call("GET", "/api/v1/people")["items"]
    assert account(logged_in) not in [p["name"] for p in people]


def test_a_logout_elsewhere_ends_the_login_here(logged_in: Machine, product: Product) -> None:
    # OpenUnison 584: what a portal does when somebody logs out there.
    product.call("DELETE", f"/api/v1/people/{account(logged_in)}/sessions")
    until_refused(logged_in, terminal=False)
    again = logged_in.kubectl("get", "pods", "-A", terminal=False)
    assert again.code != 0
    assert "Your login was ended" in again.err
    assert len(logged_in.addresses()) == 1


def test_somebody_who_is_suspended_is_told_so_and_asked_nothing(
    logged_in: Machine, product: Product
) -> None:
    product.call("PATCH", f"/api/v1/people/{account(logged_in)}", {"suspended": True})
    logged_in.let_it_expire()
    refused = logged_in.kubectl("get", "pods", "-A")
    assert refused.code != 0
    assert "suspended" in refused.err
    assert len(logged_in.addresses()) == 1
    product.call("PATCH", f"/api/v1/people/{account(logged_in)}", {"suspended": False})
    assert eventually(lambda: logged_in.kubectl("get", "pods", "-A").code == 0, 30)


def test_a_lost_group_is_lost_with_the_next_renewal(
    machines: Callable[[tuple[str, ...]], Machine], product: Product
) -> None:
    machine = machines(("developers",))
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    name = account(machine).removesuffix("-example-com")
    product.sandbox.directory_server.remove_from_group(name, "developers")
    machine.let_it_expire()
    refused = machine.kubectl("get", "pods", "-A")
    assert refused.code != 0
    assert "group" in refused.err
    assert len(machine.addresses()) == 1, "no login would help"


def test_a_token_that_still_works_is_handed_to_the_same_process_again(
    logged_in: Machine, product: Product
) -> None:
    # Several clients in one process, as k9s has them: each asks once.
    arguments = logged_in.target().arguments()
    plugin = " ".join(["jwt-to-rbac", "credential", *(f"'{a}'" for a in arguments)])
    logged_in.environment["KUBERNETES_EXEC_INFO"] = '{"spec": {"interactive": false}}'
    done = logged_in.run("sh", "-c", f"{plugin}; {plugin}; {plugin}")
    assert done.code == 0, done.err
    assert len(set(done.out.splitlines())) == 1
    assert len(product.audited("token", account(logged_in))) == 1
