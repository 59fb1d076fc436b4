"""kubectl with our plugin: one login in the browser, then silence, for as long as access lasts."""

from collections.abc import Callable
from pathlib import Path

from tests.plugin.conftest import Product
from tests.support.machine import Machine


def account(machine: Machine) -> str:
    return machine.environment["WHO"].replace("@", "-").replace(".", "-")


def test_the_first_kubectl_call_logs_in_and_the_next_ones_are_silent(
    machine: Machine, product: Product
) -> None:
    machine.set_up()
    first = machine.kubectl("get", "pods", "-A")
    assert first.code == 0, first.err
    assert len(machine.addresses()) == 1
    second = machine.kubectl("get", "pods", "-A", terminal=False)
    assert (second.code, second.err) == (0, "No resources found\n")
    assert len(machine.addresses()) == 1
    who = machine.kubectl("auth", "whoami")
    assert f"system:serviceaccount:jwt-to-rbac-users:{account(machine)}" in who.out
    assert len(product.audited("token", account(machine))) == 1


def test_twenty_kubectl_calls_at_once_make_one_login(machine: Machine, product: Product) -> None:
    machine.set_up()
    calls = [machine.start("kubectl", "get", "pods", "-A", terminal=True) for _ in range(20)]
    ended = [machine.wait(call) for call in calls]
    assert [e.code for e in ended] == [0] * 20, ended
    assert len(machine.addresses()) == 1
    assert len(product.audited("token", account(machine))) == 1


def test_an_expired_credential_is_renewed_silently_in_the_same_session(
    machine: Machine, product: Product
) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    before = machine.state()
    machine.let_it_expire()
    again = machine.kubectl("get", "pods", "-A", terminal=False)
    assert (again.code, again.err) == (0, "No resources found\n")
    after = machine.state()
    assert after["session"] == before["session"]
    assert after["refresh_token"] != before["refresh_token"]
    assert after["token"] != before["token"]
    assert len(machine.addresses()) == 1
    sessions = product.call("GET", f"/api/v1/people/{account(machine)}/sessions")["items"]
    assert [s["name"] for s in sessions] == [before["session"]]


def test_many_calls_with_an_expired_credential_renew_it_once(
    machine: Machine, product: Product
) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    machine.let_it_expire()
    calls = [machine.start("kubectl", "get", "pods", "-A") for _ in range(8)]
    ended = [machine.wait(call) for call in calls]
    assert [e.code for e in ended] == [0] * 8, ended
    assert len(product.audited("token", account(machine))) == 2


def test_what_the_plugin_prints_is_one_json_document(machine: Machine) -> None:
    import json

    machine.set_up()
    arguments = machine.target().arguments()
    done = machine.run("jwt-to-rbac", "credential", *arguments, terminal=True)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["apiVersion"] == "client.authentication.k8s.io/v1"
    assert document["kind"] == "ExecCredential"
    assert set(document["status"]) == {"expirationTimestamp", "token"}
    assert done.out.count("\n") == 1


def test_nothing_of_a_login_is_in_the_kubeconfig_or_open_to_others(machine: Machine) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    kubeconfig = (machine.home / ".kube" / "config").read_text()
    state = machine.state()
    for secret in ("refresh_token", "id_token", "token"):
        assert state[secret] not in kubeconfig
    for path in Path(machine.home, ".cache").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_kubectl_goes_on_with_nobody_but_who_was_logged_in(
    machines: Callable[[tuple[str, ...]], Machine], product: Product
) -> None:
    # A device code that somebody else entered, a browser that knows another person.
    machine, other = machines(("developers",)), machines(("developers",))
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    before = machine.state()
    machine.let_it_expire()
    machine.change_state(refresh_token="", token_expires=1.0)
    them = {name: other.environment[name] for name in ("WHO", "PASSWORD")}
    machine.environment |= them
    refused = machine.kubectl("get", "pods", "-A")
    assert refused.code != 0
    assert f"This login is of {them['WHO']}" in refused.err
    assert f"kubectl was logged in here as {before['username']}: nothing is changed" in refused.err
    assert machine.state()["subject"] == before["subject"]
    assert product.audited("login", account(other)) == []
    said = machine.run("jwt-to-rbac", "login")
    assert f"You are {them['WHO']}" in said.out, "by themselves people may be whom they like"
