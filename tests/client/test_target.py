"""Which login is meant: arguments and folders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.client.target import Target, parsed

URLS = st.from_regex(r"https://[a-z0-9.]{1,30}(:[0-9]{1,5})?(/[a-z%]{1,10})?", fullmatch=True)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
TARGETS = st.builds(Target, URLS, WORDS, WORDS, WORDS, st.booleans(), WORDS)


def values(target: Target) -> list[object]:
    return [getattr(target, name) for name in Target.__slots__]


@given(TARGETS)
def test_a_kubeconfigs_arguments_are_read_as_the_target_that_wrote_them(target: Target) -> None:
    assert values(parsed(target.arguments())) == values(target)


@given(TARGETS, TARGETS)
def test_two_logins_share_a_folder_only_if_all_their_settings_are_the_same(
    one: Target, other: Target
) -> None:
    ignored = Target.__slots__.index("duration")
    same = [v for i, v in enumerate(values(one)) if i != ignored] == [
        v for i, v in enumerate(values(other)) if i != ignored
    ]
    assert (one.folder({"HOME": "/h"}) == other.folder({"HOME": "/h"})) is same


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"issuer": "a+b"}, {"issuer": "a", "cluster": "b"}, id="separator"),
        pytest.param({"issuer": "x"}, {"cluster": "x"}, id="position"),
        pytest.param({"issuer": "%2B"}, {"issuer": "+"}, id="escape"),
        pytest.param({}, {"insecure_http": True}, id="tls"),
        pytest.param({}, {"certificate_authority": "/ca"}, id="authority"),
    ],
)
def test_settings_that_look_alike_have_folders_of_their_own(
    first: dict[str, str], second: dict[str, str]
) -> None:
    folders = {Target("https://s", **each).folder({"HOME": "/h"}) for each in (first, second)}  # type: ignore[arg-type]
    assert len(folders) == 2


def test_a_very_long_address_still_has_a_folder_name_that_file_systems_take() -> None:
    folder = Target("https://s/" + "x" * 5000).folder({"XDG_CACHE_HOME": "/cache"})
    assert folder.startswith("/cache/jwt-to-rbac/credentials/")
    assert len(folder.rpartition("/")[2]) < 255


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param([], "--server is missing", id="nothing"),
        pytest.param(["--server"], "--server needs a value", id="no-value"),
        pytest.param(["--server="], "--server needs a value", id="empty"),
        pytest.param(["--sever=x"], "'--sever=x' is not an argument", id="misspelt"),
        pytest.param(["https://x"], "is not an argument", id="bare"),
    ],
)
def test_arguments_that_cannot_be_meant_are_named(arguments: list[str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parsed(arguments)
