"""A program that is newer than its rights: what needs none of the new ones works all the same."""

import json
from dataclasses import replace
from pathlib import Path

from jwt_to_rbac.sandbox import Sandbox
from tests.rights.installation import Installed
from tests.rights.walk import CANT_BE_TOLD, administrators_page
from tests.support.issuer import ManyPeople


def test_without_the_right_to_read_events_a_person_is_shown_and_why_these_are_not(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path
) -> None:
    older = Installed(sandbox, issuer, "older", tmp_path)
    newer = replace(older, web=True)
    its = {"config.yaml": json.dumps(newer.configuration())}
    with newer.running(replace(older.release, files=its)) as client:
        page = administrators_page(newer, client, "older-keeper")
    assert CANT_BE_TOLD in page
    assert "cannot list resource" in page
    assert "developers-from-jwt" in page
