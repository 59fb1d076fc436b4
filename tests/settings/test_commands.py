"""`jwt-to-rbac config`: data on the standard output, what is said about it on the standard error."""

import json
from pathlib import Path

import pytest
import yaml

from jwt_to_rbac.cli.config import app
from jwt_to_rbac.settings import load
from tests.settings.given import EXAMPLES, FIRST, LEAST


def run(*arguments: str) -> int:
    status = app(arguments, result_action="return_value")
    assert isinstance(status, int)
    return status


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CONFIG_DIR", raising=False)


def test_check_says_yes_to_a_good_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(LEAST)
    assert run("check") == 0
    assert capsys.readouterr() == ("config.yaml: no mistakes\n", "")


def test_check_lists_every_mistake_of_a_bad_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text(f"{LEAST}acounts: {{}}\nlog: {{level: inof}}\n")
    assert run("check") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(" ")[0] for line in err.splitlines()] == [
        "config.yaml:6:1:",
        "config.yaml:7:7:",
    ]


def test_check_tells_warnings_and_still_says_yes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text(FIRST)
    assert run("check") == 0
    assert capsys.readouterr().err.startswith("warning: config.yaml:1:1: rbachandler.defaultGroups")


def test_flags_are_taken_as_the_server_takes_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text(FIRST)
    assert run("check", "--config", "mine.yaml", "--rbachandler.tokenTTL=1") == 1
    assert "--rbachandler.tokenTTL: rbachandler.tokenTTL is '1'" in capsys.readouterr().err


def test_show_tells_each_value_and_its_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.yaml").write_text(f"{LEAST}log: {{level: error}}\n")
    monkeypatch.setenv("JWTTORBAC_ACCOUNTS_NAMESPACE", "people")
    assert run("show", "--tokens.defaultLifetime=2h", "-o", "json") == 0
    rows = {row["key"]: row for row in json.loads(capsys.readouterr().out)}
    expected = {
        "log.level": ("error", {"kind": "file", "where": "config.yaml:6:7"}),
        "accounts.namespace": (
            "people",
            {"kind": "environment", "where": "JWTTORBAC_ACCOUNTS_NAMESPACE"},
        ),
        "tokens.defaultLifetime": ("2h", {"kind": "flag", "where": "--tokens.defaultLifetime"}),
        "audit.sink": ("stdout", {"kind": "default"}),
        "jwt[0].issuer.audiences": (
            ["example-app"],
            {"kind": "file", "where": "config.yaml:4:44"},
        ),
    }
    assert {key: (rows[key]["value"], rows[key]["from"]) for key in expected} == expected


def test_show_writes_a_table_the_same_as_yaml_and_the_keys_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ("show", "--config", str(EXAMPLES / "own_whole.yaml"))
    assert run(*arguments) == 0
    table = capsys.readouterr().out.splitlines()
    assert run(*arguments, "--output", "yaml") == 0
    rows = yaml.safe_load(capsys.readouterr().out)
    assert table[0].split() == ["KEY", "VALUE", "FROM"]
    assert [line.split()[0] for line in table[1:]] == [row["key"] for row in rows]
    assert run(*arguments, "--output", "name") == 0
    assert capsys.readouterr().out.splitlines() == [row["key"] for row in rows]


def test_show_tells_the_first_systems_places(capsys: pytest.CaptureFixture[str]) -> None:
    file = EXAMPLES / "first_system.yaml"
    assert run("show", "--config", str(file), "-o", "json") == 0
    rows = {row["key"]: row["from"] for row in json.loads(capsys.readouterr().out)}
    assert rows["jwt[0].issuer.url"] == {"kind": "file", "where": f"{file}:6:33"}
    assert rows["tokens.maximumLifetime"] == {"kind": "file", "where": f"{file}:9:3"}
    assert rows["policy.rules[5].scope.namespaces"] == {"kind": "file", "where": f"{file}:16:5"}
    assert rows["policy.rules[0].groups"] == {"kind": "default"}


def test_convert_writes_what_means_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = EXAMPLES / "first_system.yaml"
    assert run("convert", "--config", str(old), "--log.level=debug") == 0
    out, err = capsys.readouterr()
    assert err == ""
    (tmp_path / "new.yaml").write_text(out)
    assert load(tmp_path / "new.yaml", {}).settings == load(old, {}, ["--log.level=debug"]).settings
    assert "# Written out here, so no longer to be set: --log.level." in out
    assert "rbachandler.defaultGroups is true" in out


def test_convert_leaves_our_own_form_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("convert", "--config", str(EXAMPLES / "own_least.yaml")) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("own_least.yaml: is in our own form already\n")


def test_schema_writes_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    assert json.loads(capsys.readouterr().out)["$ref"] == "#/$defs/Configuration"
