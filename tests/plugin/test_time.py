"""Time passes, and clocks differ: watches live on, and a clock that is off locks nobody out."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from jwt_to_rbac.client.cache import Cache
from jwt_to_rbac.client.clock import ServerClock
from jwt_to_rbac.client.handed_out import read
from jwt_to_rbac.client.log_in_at_issuer import Person
from jwt_to_rbac.client.session import Session
from jwt_to_rbac.client.target import Target
from tests.plugin.conftest import Product
from tests.support.cluster import kubectl
from tests.support.machine import Machine
from tests.support.waiting import eventually


def test_whoever_comes_back_after_a_while_goes_on_without_a_login(
    machine: Machine, product: Product
) -> None:
    # The session ended with its token: nothing was ended by anybody.
    machine.run("jwt-to-rbac", "login", "--server", machine.server, "--duration", "3s")
    before = machine.state()
    path = f"/api/v1/people/{before['account']}/sessions"
    assert eventually(lambda: product.call("GET", path)["items"] == [], 90)
    again = machine.kubectl("get", "pods", "-A", terminal=False)
    assert again.code == 0, again.err
    assert machine.state()["session"] != before["session"]
    assert len(machine.addresses()) == 1


def test_a_long_watch_survives_the_end_of_its_token_and_renewals(
    machine: Machine, product: Product
) -> None:
    done = machine.run("jwt-to-rbac", "login", "--server", machine.server, "--duration", "12s")
    assert done.code == 0, done.err
    kubectl(product.sandbox, "create", "configmap", "before")
    boss = ["create", "clusterrolebinding", f"watch-{machine.home.name}", "--clusterrole=view"]
    account = machine.state()["account"]
    kubectl(product.sandbox, *boss, f"--serviceaccount=jwt-to-rbac-users:{account}")
    seen = machine.home / "seen"
    with seen.open("w") as out:
        watch = subprocess.Popen(
            ["kubectl", "get", "configmaps", "-w", "-o", "name"],
            env=machine.environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
        )
    try:
        assert eventually(lambda: "configmap/before" in seen.read_text(), 30)
        ends = machine.state()["token_expires"]
        assert eventually(lambda: time.time() > ends, 30)
        renewed = machine.kubectl("get", "pods", "-A", terminal=False)
        assert renewed.code == 0, renewed.err
        assert machine.state()["token_expires"] > ends
        kubectl(product.sandbox, "create", "configmap", "after")
        assert eventually(lambda: "configmap/after" in seen.read_text(), 30)
        assert watch.poll() is None
    finally:
        watch.terminate()
        watch.wait(20)
        kubectl(product.sandbox, "delete", "configmap", "before", "after", "--ignore-not-found")
    assert len(machine.addresses()) == 1


@pytest.mark.parametrize("off", [-600.0, 600.0, 86_400.0], ids=["slow", "fast", "a-day-fast"])
def test_a_clock_that_is_off_is_allowed_for_by_the_servers_date(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, off: float
) -> None:
    for name in ("WHO", "PASSWORD", "LOG"):
        monkeypatch.setenv(name, machine.environment[name])
    target = Target(machine.server)
    cache = Cache(target.folder(machine.environment))
    clock = ServerClock(lambda: time.time() + off)
    browser = machine.environment["BROWSER"].split()
    with cache.locked(lambda waited: None):
        session = Session(target, cache, clock)
        session.log_in(Person(browser, lambda text: None))
        first = read(cache.folder)
        second = session.renew()
    assert first is not None
    # By its own clock, which kubectl goes by too, the machine has the hour that it was given.
    for credential in (first, second):
        assert 3400 < credential.expires - (time.time() + off) < 3600
        told = json.loads(credential.document)["status"]["expirationTimestamp"]
        assert told == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(credential.expires))
    assert ("fast" if off > 0 else "slow") in clock.complaint()


def test_a_clock_that_is_right_is_not_spoken_of() -> None:
    clock = ServerClock(lambda: 1000.0)
    clock.learn(998.0)
    assert (clock.complaint(), clock.now(), clock.as_here(5.0)) == ("", 1000.0, 5.0)
    clock.learn(None)
    assert clock.now() == 1000.0


def test_kubectl_is_told_an_end_slightly_before_the_tokens(machine: Machine) -> None:
    machine.set_up()
    assert machine.kubectl("get", "pods", "-A").code == 0
    found = read(str(Path(machine.folder())))
    assert found is not None
    assert 25 < machine.state()["token_expires"] - found.expires < 35
