"""A person's and an administrator's commands against a running server, at a machine of their own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.plugin.conftest import Product
from tests.support.machine import Ended, Machine
from tests.support.waiting import eventually


def account(machine: Machine) -> str:
    return machine.environment["WHO"].replace("@", "-").replace(".", "-")


def ours(machine: Machine, *arguments: str, code: int = 0) -> Ended:
    done = machine.run("jwt-to-rbac", *arguments)
    assert done.code == code, done
    assert "Traceback" not in done.err
    assert "\x1b" not in done.out + done.err, "no terminal, so no colours"
    return done


@pytest.fixture
def logged_in(machine: Machine) -> Machine:
    ours(machine, "login", "--server", machine.server)
    return machine


def test_login_is_the_whole_set_up(machine: Machine) -> None:
    done = ours(machine, "login", "--server", machine.server)
    me = account(machine)
    assert f"You are {machine.environment['WHO']}, as the ServiceAccount {me}." in done.out
    assert f"kubectl context: {me}@kubernetes" in done.out
    assert len(machine.addresses()) == 1
    who = machine.kubectl("auth", "whoami", "-o", "json", terminal=False)
    username = json.loads(who.out)["status"]["userInfo"]["username"]
    assert username == f"system:serviceaccount:jwt-to-rbac-users:{me}"
    assert len(machine.addresses()) == 1, "kubectl goes on with the login that there is"


def test_logging_in_again_goes_on_with_the_session(logged_in: Machine, product: Product) -> None:
    ours(logged_in, "login")
    assert len(logged_in.addresses()) == 2
    found = product.call("GET", f"/api/v1/people/{account(logged_in)}/sessions")["items"]
    assert len(found) == 1


def test_login_leaves_the_kubeconfig_alone_if_told_to(machine: Machine) -> None:
    ours(machine, "login", "--server", machine.server, "--no-kubeconfig")
    assert not (machine.home / ".kube").exists()


def test_the_context_in_use_stays_if_told_to(machine: Machine) -> None:
    machine.kubectl("config", "set-context", "mine")
    machine.kubectl("config", "use-context", "mine")
    done = ours(machine, "login", "--server", machine.server, "--keep-current-context")
    assert f"kubectl config use-context {account(machine)}@kubernetes" in done.out
    assert machine.kubectl("config", "current-context").out == "mine\n"


def test_kubectl_jwt_to_rbac_is_the_same_command(logged_in: Machine) -> None:
    done = logged_in.kubectl("jwt-to-rbac", "whoami", "-o", "name", terminal=False)
    assert (done.code, done.out) == (0, f"{account(logged_in)}\n")
    help_ = logged_in.kubectl("jwt-to-rbac", "--help", terminal=False)
    assert "Usage: kubectl jwt-to-rbac COMMAND" in help_.out
    unknown = logged_in.kubectl("jwt-to-rbac", "sessions", "end", terminal=False)
    assert unknown.err.startswith("kubectl jwt-to-rbac: Name the sessions to end")


def test_whoami_tells_who_what_and_until_when(logged_in: Machine) -> None:
    table = ours(logged_in, "whoami").out
    assert f"Username:        {logged_in.environment['WHO']}" in table
    assert "Groups:          developers" in table
    assert "59m left" in table or "60m left" in table
    assert "developers-from-jwt   cluster   developers" in table
    said = json.loads(ours(logged_in, "whoami", "-o", "json").out)
    assert said == yaml.safe_load(ours(logged_in, "whoami", "-o", "yaml").out)
    assert said["account"] == account(logged_in)


def test_sessions_are_listed_and_ended(logged_in: Machine, product: Product) -> None:
    mine = logged_in.state()["session"]
    table = ours(logged_in, "sessions").out.splitlines()
    assert table[0].split() == ["NAME", "DEVICE", "CREATED", "RENEWED", "EXPIRES"]
    assert table[1].startswith(mine)
    assert table[1].endswith("here")
    assert ours(logged_in, "sessions", "-o", "name").out == f"{mine}\n"
    assert ours(logged_in, "sessions", "end", mine).out == f"{mine} is ended.\n"
    gone = ours(logged_in, "sessions", "end", mine, code=2)
    assert "There is no such session" in gone.err
    ours(logged_in, "sessions", "end", "--all")
    assert ours(logged_in, "sessions").out == "No sessions.\n"


def test_logout_ends_the_session_and_forgets_the_tokens(
    logged_in: Machine, product: Product
) -> None:
    folder, token = logged_in.folder(), logged_in.state()["token"]
    done = ours(logged_in, "logout")
    assert "You are logged out" in done.out
    assert [path.name for path in folder.iterdir()] == ["lock"]
    assert product.call("GET", f"/api/v1/people/{account(logged_in)}/sessions")["items"] == []
    server = ["--server", product.sandbox.api_server, "--token", token]
    trusted = [*server, "--certificate-authority", str(product.sandbox.ca_file)]
    bare = ["--kubeconfig=/dev/null", *trusted, "get", "pods", "-A"]
    assert eventually(lambda: logged_in.kubectl(*bare).code != 0, 20)
    script = logged_in.kubectl("get", "pods", terminal=False)
    assert "You are not logged in here" in script.err
    assert ours(logged_in, "logout").out == "You are not logged in.\n"


def test_a_kubeconfig_to_give_out_holds_no_secret_and_logs_whoever_in(
    machine: Machine, logged_in: Machine
) -> None:
    printed = ours(logged_in, "kubeconfig", "--print", "--server", machine.server).out
    document = yaml.safe_load(printed)
    assert document["users"][0]["name"] == "jwt-to-rbac@kubernetes"
    for secret in ("refresh_token", "id_token", "token"):
        assert logged_in.state()[secret] not in printed
    file = machine.home / "given-out"
    file.write_text(printed)
    machine.environment["XDG_CACHE_HOME"] = str(machine.home / "new")
    done = machine.kubectl("--kubeconfig", str(file), "get", "pods", "-A")
    assert done.code == 0, done.err


@pytest.fixture
def token_file(product: Product, tmp_path: Path) -> str:
    file = tmp_path / "boss"
    file.write_text(product.admin)
    return str(file)


def test_an_administrator_sees_revokes_and_suspends_people(
    logged_in: Machine, token_file: str, product: Product
) -> None:
    me = account(logged_in)
    boss = ["--token-file", token_file]
    table = ours(logged_in, "people", *boss).out
    assert table.splitlines()[0].startswith("NAME")
    assert any(line.startswith(me) for line in table.splitlines())
    assert ours(logged_in, "people", *boss, "--search", me, "-o", "name").out == f"{me}\n"
    one = ours(logged_in, "people", me, *boss).out
    assert "developers-from-jwt   cluster   developers" in one
    can = ours(logged_in, "who-can", "get", "pods", *boss).out.splitlines()
    assert can[0].split() == ["NAME", "USER", "CLUSTERROLE", "SCOPE", "RULE"]
    mine = next(line for line in can if line.startswith(f"{me} "))
    assert mine.split()[2:] == ["developers-from-jwt", "cluster", "developers"]
    nobody = ours(logged_in, "who-can", "delete", "nodes", *boss).out
    assert nobody == "Nobody whom jwt-to-rbac knows.\n"
    assert ours(logged_in, "suspend", me, *boss).out == f"{me}: suspended\n"
    assert "Suspended:   yes" in ours(logged_in, "people", me, *boss).out
    told = ours(logged_in, "login", code=2)
    assert "suspended" in told.err
    assert ours(logged_in, "resume", me, *boss).out == f"{me}: no longer suspended\n"
    assert ours(logged_in, "revoke", me, *boss).out == f"{me}: revoked\n"
    gone = ours(logged_in, "people", me, *boss, code=2)
    assert "no such" in gone.err


def test_a_whole_group_is_revoked(
    machines: Callable[[tuple[str, ...]], Machine], product: Product, token_file: str
) -> None:
    group = "leavers"
    made = [machines((group, "developers")) for _ in range(2)]
    for each in made:
        ours(each, "login", "--server", each.server)
    done = ours(made[0], "revoke", "--group", group, "--token-file", token_file, "-o", "name")
    assert sorted(done.out.split()) == sorted(account(each) for each in made)


def test_who_may_not_is_told_who_could_let_them(logged_in: Machine) -> None:
    refused = ours(logged_in, "people", code=2)
    assert "An administrator may grant the verb on accessgrants" in refused.err


def test_explain_asks_a_server_about_oneself_or_about_claims(
    logged_in: Machine, token_file: str
) -> None:
    server = ["--server", logged_in.server]
    mine = ours(logged_in, "explain", *server)
    assert f"has the ServiceAccount {account(logged_in)}" in mine.out
    assert "developers-from-jwt   cluster   developers" in mine.out
    refused = ours(logged_in, "explain", *server, "-g", "admins", code=2)
    assert "administrator" in refused.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_completion(machine: Machine, shell: str) -> None:
    printed = ours(machine, "completion", shell).out
    assert "who-can" in printed
    if shell == "bash":
        (machine.home / "completion").write_text(printed)
        asked = "source ~/completion; COMP_WORDS=(jwt-to-rbac log); COMP_CWORD=1; "
        asked += "_jwt_to_rbac; echo ${COMPREPLY[@]}"
        assert machine.run("bash", "-c", asked).out.split() == ["login", "logout"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        pytest.param(["log"], ["login", "logout"], id="command"),
        pytest.param(["sessions", ""], ["end"], id="subcommand"),
        pytest.param(["people", "--out"], ["--output"], id="option"),
        pytest.param(["people", "--output", ""], ["table", "json", "yaml", "name"], id="value"),
        pytest.param(["people", "--search", "x"], [], id="anything"),
    ],
)
def test_kubectl_completes_our_commands(
    machine: Machine, typed: list[str], offered: list[str]
) -> None:
    # What kubectl's own completion of each shell calls; it finds kubectl_complete-jwt_to_rbac.
    *lines, directive = machine.kubectl("__complete", "jwt-to-rbac", *typed).out.splitlines()
    assert [line.partition("\t")[0] for line in lines] == offered
    assert directive == ":4", "and no file names among them"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["whoami"], 1, "Which server? Give --server", id="no-server"),
        pytest.param(
            ["whoami", "--server", "http://127.0.0.1:9"], 3, "Run `jwt-to-rbac login", id="no-login"
        ),
        pytest.param(
            ["login", "--server", "http://127.0.0.1:9"], 4, "can't be reached", id="nobody-there"
        ),
        pytest.param(
            ["login", "--server", "http://example.org"], 1, "--insecure-http", id="in-the-clear"
        ),
        pytest.param(
            ["login", "--server", "example.org"], 1, "https://… is wanted", id="no-address"
        ),
        pytest.param(
            ["login", "--server", "https://x", "--certificate-authority", "/none"],
            1,
            "/none can't be used as certificate authority",
            id="no-authority",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_the_next_step(
    machine: Machine, arguments: list[str], code: int, said: str
) -> None:
    done = ours(machine, *arguments, code=code)
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_a_reader_that_has_seen_enough_ends_it_quietly(logged_in: Machine) -> None:
    done = logged_in.run("sh", "-c", "jwt-to-rbac whoami -o json | head -c 1")
    assert (done.out, done.err) == ("{", "")
