"""docs/kubectl.md and docs/administration.md: every command in them is run as it stands there, by
people on machines of their own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.plugin.conftest import Product
from tests.support.cluster import kubectl
from tests.support.machine import Machine

DOCS = Path(__file__).parents[2] / "docs"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
Machines = Callable[[tuple[str, ...]], Machine]


def blocks(page: str, language: str = "sh") -> list[str]:
    found = FENCED.findall((DOCS / page).read_text())
    return [text for kind, text in found if kind == language]


def account(machine: Machine) -> str:
    return machine.environment["WHO"].replace("@", "-").replace(".", "-")


def typed(machine: Machine, block: str, **instead: str) -> str:
    """What the block prints in the person's shell, with their names in the place of the page's."""
    for name, value in {"https://jwt-to-rbac.example.com": machine.server, **instead}.items():
        block = block.replace(name, value)
    done = machine.run("bash", "-euo", "pipefail", "-c", f"cd\n{block}")
    assert done.code == 0, f"{block}\n{done.out}\n{done.err}"
    return done.out


def test_what_people_are_told_to_type_works(machine: Machine, product: Product) -> None:
    first, everybody, several, pipeline = blocks("kubectl.md")
    said = typed(machine, first)
    assert f"system:serviceaccount:jwt-to-rbac-users:{account(machine)}" in said
    assert f"Username:        {machine.environment['WHO']}" in said
    typed(machine, everybody)
    handed_out = yaml.safe_load((machine.home / "everybody.kubeconfig").read_text())
    assert handed_out["users"][0]["user"]["exec"]["command"] == "jwt-to-rbac"
    assert f"{account(machine)}@kubernetes" in typed(machine, several)
    machine.environment["ID_TOKEN"] = product.sandbox.id_token("john")
    said = typed(machine, pipeline)
    assert "system:serviceaccount:jwt-to-rbac-users:johndoe-example-com" in said


def test_the_allow_list_of_the_documentation_lets_the_plugin_run(machine: Machine) -> None:
    machine.set_up()
    [allowed] = blocks("kubectl.md", "yaml")
    (machine.home / ".kube" / "kuberc").write_text(allowed)
    done = machine.kubectl("get", "pods", "-A")
    assert done.code == 0, done.err
    other = allowed.replace("command: jwt-to-rbac", "command: other")
    (machine.home / ".kube" / "kuberc").write_text(other)
    assert "credential plugin allowlist" in machine.kubectl("get", "pods", "-A").err


@pytest.fixture
def administrator(machines: Machines, product: Product) -> Machine:
    """Jane on a machine of her own, with the rights that the page's first block gives."""
    jane = machines(("developers",))
    jane.run("jwt-to-rbac", "login", "--server", jane.server)
    for line in (
        blocks("administration.md")[0].replace("janedoe-example-com", account(jane)).splitlines()
    ):
        kubectl(product.sandbox, *line.split()[1:])
    return jane


def test_what_administrators_are_told_to_type_works(
    administrator: Machine, machines: Machines
) -> None:
    leavers = machines(("developers", "leavers")), machines(("developers", "leavers"))
    for each in leavers:
        each.run("jwt-to-rbac", "login", "--server", each.server)
    john = leavers[0]
    who = account(john)

    def type_it(block: str) -> str:
        name = {"johndoe-example-com": who, "--search john": f"--search {who}"}
        return typed(administrator, block, **name)

    _, people, can, explain, end, suspend, revoke = blocks("administration.md")
    said = type_it(people)
    assert said.count(f"\n{who} ") == 2, "in both lists"
    assert f"Name:        {who}" in said
    assert "developers-from-jwt   cluster   developers" in said
    assert f"{who}-token-" in said
    assert {who, account(leavers[1])} <= set(type_it(can).split())
    assert "group cooks: no rule names it" in type_it(explain)
    assert "All sessions are ended." in type_it(end)
    said = type_it(suspend)
    assert said == f"{who}: suspended\n{who}: no longer suspended\n"
    assert type_it(revoke).split() == [f"{who}:", "revoked", account(leavers[1])]
    assert account(leavers[1]) not in type_it("jwt-to-rbac people -o name\n")
