"""For any input: a text is settings or a refusal, and a converted file means what the old one did."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.settings import load
from jwt_to_rbac.settings.writing import as_yaml
from tests.settings.given import EXAMPLES

"""The same examples at each run, however slow the machine."""

NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
LABELS = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
RULES = st.fixed_dictionaries(
    {
        "verbs": st.lists(NAMES, min_size=1, max_size=3),
        "resources": st.lists(NAMES, min_size=1, max_size=3),
        "apiGroups": st.lists(st.just("") | NAMES, min_size=1, max_size=3),
    }
)
GROUPS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "groupName": NAMES.filter(lambda name: not set(name) & {"/", "%"}),
        "customRules": st.lists(RULES, min_size=1, max_size=2),
    },
    optional={"namespaces": st.lists(LABELS, max_size=3)},
)
FIRST_FILES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "tokenhandler": st.fixed_dictionaries(
            {
                "oidc": st.fixed_dictionaries(
                    {"clientID": NAMES, "issuerURL": LABELS.map("https://{}/dex".format)}
                )
            },
            optional={"insecure": st.booleans()},
        )
    },
    optional={
        "app": st.fixed_dictionaries({"addr": st.integers(0, 65535).map(":{}".format)}),
        "log": st.fixed_dictionaries(
            {
                "level": st.integers(0, 6) | st.sampled_from(["info", "warn", "TRACE"]),
                "format": st.sampled_from(["json", "text", "logfmt"]),
                "noColor": st.booleans(),
            }
        ),
        "rbachandler": st.fixed_dictionaries(
            {},
            optional={
                "githubOrg": NAMES.filter(lambda name: ":" not in name),
                "tokenTTL": st.integers(1, 10_000).map("{}m".format),
                "enableCreateSAToken": st.booleans(),
                "kubeConfig": NAMES,
                "customGroups": st.lists(
                    GROUPS, max_size=4, unique_by=lambda group: str(group["groupName"])
                ),
                "accountsNamespace": LABELS,
                "defaultGroups": st.booleans(),
            },
        ),
    },
)


@given(FIRST_FILES)
def test_a_converted_file_means_what_the_old_one_did(
    tmp_path_factory: pytest.TempPathFactory, file: dict[str, object]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "old.json").write_text(json.dumps(file))
    old = load(folder / "old.json", {})
    (folder / "new.yaml").write_text(as_yaml(old.configuration, old.warnings))
    assert load(folder / "new.yaml", {}).settings == old.settings


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@pytest.mark.parametrize("ending", ["yaml", "toml", "json"])
@given(
    data=st.binary(max_size=200) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))
)
def test_any_bytes_are_settings_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, ending: str, data: bytes
) -> None:
    _try(tmp_path_factory.getbasetemp() / f"any.{ending}", data)


PLACES = ["app", "log", "tokenhandler", "rbachandler", "jwt", "policy", "server", "tokens", "audit"]


@given(
    st.dictionaries(st.sampled_from(PLACES), JSON),
    st.sampled_from([{}, {"apiVersion": "jwt-to-rbac.io/v1alpha1", "kind": "Configuration"}]),
)
def test_any_data_are_settings_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object], head: dict[str, object]
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.json"
    _try(file, json.dumps(head | data).encode())


@pytest.mark.parametrize("name", sorted(file.name for file in EXAMPLES.iterdir()))
@given(data=st.data())
def test_any_damage_to_an_example_leaves_settings_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    text = (EXAMPLES / name).read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    new = data.draw(st.text(max_size=5))
    damaged = (text[:start] + new + text[end:]).encode("utf-8", "replace")
    _try(tmp_path_factory.getbasetemp() / name, damaged)


@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii", exclude_characters="\0="), max_size=8).map(
            "JWTTORBAC_{}".format
        )
        | st.sampled_from(["JWTTORBAC_LOG_LEVEL", "JWTTORBAC_SERVER_ADDRESS"]),
        st.text(max_size=12),
    ),
    st.lists(st.text(max_size=12) | st.sampled_from(["--log.level", "--audit.sink"]), max_size=4),
)
def test_any_environment_and_flags_are_settings_or_a_refusal(
    environment: dict[str, str], flags: list[str]
) -> None:
    error = _refusal(EXAMPLES / "own_least.yaml", environment, flags)
    assert error is None or error.code is Code.CONFIGURATION_INVALID


def _try(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    error = _refusal(file, {}, [])
    if error:
        assert error.code is Code.CONFIGURATION_INVALID
        # Every line can be printed and begins with the file's name.
        assert error.detail.encode()
        assert all(line.startswith(str(file)) for line in error.detail.split("\n"))


def _refusal(
    file: Path, environment: Mapping[str, str], flags: Sequence[str]
) -> InvalidInput | None:
    try:
        load(file, environment, flags)
    except InvalidInput as error:
        return error
    return None
