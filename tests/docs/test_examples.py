"""Examples in the documentation: configurations load, and commands are ones that the program has."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cyclopts import CycloptsError, MissingArgumentError

from jwt_to_rbac.cli.completion import make
from jwt_to_rbac.settings.load import load
from tests.docs.test_reference import PAGES, ROOT

FENCED = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
OURS = "apiVersion: jwt-to-rbac.io/v1alpha1"
TYPED = re.compile(r"^\s*(?:kubectl )?jwt-to-rbac ([a-z][^|>#\n]*)", re.MULTILINE)
NAMED = re.compile(r"`(?:kubectl )?jwt-to-rbac ([a-z][^`|>]*)`")


def configurations() -> Iterator[tuple[str, str]]:
    """Each whole configuration of ours, also within a chart's values, and the page that has it."""
    for page in PAGES:
        for kind, text in FENCED.findall(page.read_text()):
            if kind != "yaml" or OURS not in text or "kind: Configuration" not in text:
                continue
            whole = yaml.safe_load(text)
            config = whole.get("config", whole)
            yield f"{page.relative_to(ROOT)}", yaml.safe_dump(config)


def commands() -> list[tuple[str, str]]:
    """Each command, in an example or in a sentence, and its page."""
    found = []
    for page in PAGES:
        text = page.read_text()
        if text.startswith("<!-- Made of the code"):
            continue  # A command's synopsis is no command.
        typed = [one for _, block in FENCED.findall(text) for one in TYPED.findall(block)]
        named = NAMED.findall(FENCED.sub("", text))
        found += [(f"{page.relative_to(ROOT)}", " ".join(one.split())) for one in typed + named]
    return found


def _short(value: str) -> str:
    return value.splitlines()[0][:60]


@pytest.mark.parametrize(("page", "text"), list(configurations()), ids=_short)
def test_a_configuration_in_the_documentation_has_no_mistake(
    page: str, text: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    assert not load(file, {}, ()).warnings, page


@pytest.mark.parametrize(("page", "command"), commands(), ids=_short)
def test_a_command_in_the_documentation_is_one_that_there_is(page: str, command: str) -> None:
    app = make()
    try:
        app.parse_args(shlex.split(command), exit_on_error=False, print_error=False)
    except MissingArgumentError:
        pass  # A sentence names the command alone.
    except CycloptsError as error:
        pytest.fail(f"{page}: jwt-to-rbac {command}: {error}")


def test_there_are_examples_of_both_kinds() -> None:
    assert len(list(configurations())) >= 4
    assert len(commands()) >= 20
