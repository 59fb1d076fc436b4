"""Files: which one is taken, what no reader lets through, and where a mistake stands."""

import json
from pathlib import Path
from time import process_time

import pytest

from jwt_to_rbac.core.errors import InvalidInput
from jwt_to_rbac.settings import load
from jwt_to_rbac.settings.document import LARGEST
from tests.settings.given import EXAMPLES, FIRST, LEAST, loaded, refusal


def test_the_working_directory_goes_before_config_dir(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    environment = {"CONFIG_DIR": str(there)}
    (there / "config.toml").write_text((EXAMPLES / "first_system.toml").read_text())
    assert load(None, environment, directory=here).file == there / "config.toml"
    (here / "config.json").write_text((EXAMPLES / "first_system.json").read_text())
    assert load(None, environment, directory=here).file == here / "config.json"


def test_a_named_file_goes_before_all_others(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("broken: {")
    (tmp_path / "mine.yml").write_text(LEAST)
    assert load(tmp_path / "mine.yml", {}, directory=tmp_path).file == tmp_path / "mine.yml"


def test_two_files_in_one_place_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("")
    (line,) = refusal(tmp_path, LEAST)
    assert line.endswith("has config.yaml and config.toml: keep one, or say which with --config")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param("absent.yaml", "absent.yaml: can't be read: No such file", id="absent"),
        pytest.param(
            "config.ini", "config.ini: must end in .yaml, .yml, .toml, .json", id="ending"
        ),
        pytest.param("folder.yaml", "folder.yaml: can't be read: Is a directory", id="directory"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused(tmp_path: Path, name: str, line: str) -> None:
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path / name, {})
    assert caught.value.detail.startswith(f"{tmp_path}/{line}")


BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(8)
)

TEXTS = {
    "yaml-syntax": ("config.yaml", "a: b: c", "config.yaml:1:5: is no YAML: mapping values"),
    "yaml-key-twice": (
        "config.yaml",
        "log: {level: info}\nlog: {level: debug}",
        "config.yaml:2:1: has the key 'log' twice (first in line 1)",
    ),
    "yaml-bomb": ("config.yaml", BOMB, "config.yaml:1:8: has more than 50,000 values"),
    "yaml-of-itself": ("config.yaml", "a: &a [*a]", "config.yaml:1:4: is nested deeper than 32"),
    "yaml-deep": ("config.yaml", "[" * 500_000, "config.yaml:1:33: is nested deeper than 32"),
    "yaml-tag": ("config.yaml", "a: !!python/name:os.system x", "config.yaml:1:4: has a tag"),
    "yaml-merge": ("config.yaml", "a: {<<: {b: 1}}", "config.yaml:1:5: has the key '<<'"),
    "yaml-number-as-key": ("config.yaml", "1: 2", "config.yaml:1:1: has the key '1'"),
    "yaml-list-as-key": ("config.yaml", "? [a]\n: b", "config.yaml:1:3: has a key that is no text"),
    "yaml-no-date": ("config.yaml", "a: 2026-99-99", "config.yaml:1:4: has '2026-99-99'"),
    "yaml-two-documents": ("config.yaml", "a: 1\n---\nb: 1", "config.yaml:2:1: is no YAML"),
    "yaml-control": ("config.yaml", "a: 1\nb: \x07", "config.yaml:2:1: is no text that YAML"),
    "yaml-list": ("config.yaml", "- a", "config.yaml:1:1: the file is a list, but must be keys"),
    "json-syntax": ("config.json", '{"a": 1,}', "config.json:1:9: is no JSON: Expecting property"),
    "json-key-twice": ("config.json", '{"a": 1, "a": 2}', "config.json: has the key 'a' twice"),
    "json-nan": ("config.json", '{"a": NaN}', "config.json: has NaN, which is no JSON number"),
    "json-deep": ("config.json", "[" * 500_000, "config.json: is nested deeper than 32 levels"),
    # Half as deep as what Python's parser takes, and too deep for recursion over the data.
    "json-deep-data": ("config.json", "[" * 500 + "]" * 500, "config.json: is nested deeper"),
    "json-deep-in-a-key": (
        "config.json",
        f'{{"rbachandler": {"[" * 500}{"]" * 500}}}',
        "config.json: is nested deeper",
    ),
    "json-many-values": ("config.json", f"[0{',0' * 50_000}]", "config.json: has more than 50,000"),
    "json-long-number": ("config.json", "9" * 5000, "config.json: is no JSON: Exceeds the limit"),
    "toml-syntax": ("config.toml", "a = \n", "config.toml: is no TOML: Invalid value (at line 1"),
    "toml-key-twice": ("config.toml", "a = 1\na = 2", "config.toml: is no TOML: Cannot overwrite"),
    "toml-deep": ("config.toml", f"a = {'[' * 100_000}", "config.toml: is nested deeper than 32"),
    # tomllib takes dotted keys of any depth, at the cost of its square in memory.
    "toml-deep-key": ("config.toml", f"a{'.a' * 100_000} = 1", "config.toml: is nested deeper"),
    "toml-deep-quoted": ("config.toml", '"a" . ' * 3000 + "b = 1", "config.toml: is nested deeper"),
    "toml-deep-header": ("config.toml", f"[a{'.a' * 3000}]", "config.toml: is nested deeper"),
    "toml-deep-tables": (
        "config.toml",
        "\n".join(f"[{'a.' * 30}a{'.b' * n}]" for n in (1, 2)),
        "config.toml: is nested deeper",
    ),
    "toml-many-values": ("config.toml", f"a = [0{',0' * 50_000}]", "config.toml: has more than 50"),
    "too-large": ("config.yaml", "#" * (LARGEST + 1), "config.yaml: is larger than 1048576 bytes"),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in TEXTS.items()])
def test_a_text_is_refused_with(tmp_path: Path, case: tuple[str, str, str]) -> None:
    name, text, line = case
    (found,) = refusal(tmp_path, text, name=name)
    assert found.startswith(line)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    for name in ("config.yaml", "config.json", "config.toml"):
        (tmp_path / name).write_bytes(b"# \xff\n")
        with pytest.raises(InvalidInput, match="is no "):
            load(tmp_path / name, {})


def test_an_alias_stands_for_what_it_names(tmp_path: Path) -> None:
    text = LEAST.replace("{claim: groups, prefix: ", "{claim: &name groups, prefix: ")
    text += "policy: {rules: [{name: *name, groups: [*name], clusterRole: view}]}\n"
    assert loaded(tmp_path, text).settings.policy.rules[0].name == "groups"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert loaded(tmp_path, f"\ufeff{LEAST}").settings == loaded(tmp_path, LEAST).settings


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param('[log]\nlevel = "loud"\n', "2:1: log.level", id="in-a-table"),
        pytest.param('log = { level = "loud" }\n', "1:1: log.level", id="in-an-inline-table"),
        pytest.param('\nlog.level = "loud"\n', "2:1: log.level", id="dotted"),
        pytest.param(
            "[[rbachandler.customGroups]]\ngroupName = 'a'\n"
            "[[rbachandler.customGroups.customRules]]\nverbs = [\n  'get',\n]\nverb = ''\n",
            "7:1: rbachandler.customGroups[0].customRules[0].verb",
            id="in-the-last-table-of-a-list",
        ),
    ],
)
def test_toml_mistakes_have_a_line(tmp_path: Path, text: str, place: str) -> None:
    lines = refusal(tmp_path, text, name="config.toml")
    assert any(line.startswith(f"config.toml:{place}") for line in lines)


def test_looking_for_lines_in_toml_ends_in_time(tmp_path: Path) -> None:
    statement = "a = [\n" + "0,0,0,0,0,0,0,0,0,0,\n" * 4000 + "]\n"
    before = process_time()
    lines = refusal(tmp_path, statement, name="config.toml")
    # A second or two; without a bound, reading each line 4,000 times, some minutes.
    assert process_time() - before < 20
    assert lines[0].startswith("config.toml:1:1: a is no known key")


def test_json_mistakes_have_a_line(tmp_path: Path) -> None:
    text = json.dumps({"log": {"level": "loud"}}, indent=2)
    lines = refusal(tmp_path, text, name="config.json")
    assert any(line.startswith("config.json:3:5: log.level") for line in lines)


def test_a_misspelt_key_is_told_with_its_column(tmp_path: Path) -> None:
    assert refusal(tmp_path, FIRST.replace("issuerURL", "issuerUrll"))[0].startswith(
        "config.yaml:2:33: tokenhandler.oidc.issuerUrll is no known key; did you mean `issuerURL`?"
    )
