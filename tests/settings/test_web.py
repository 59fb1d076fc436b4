"""The web app's keys: an origin that cookies are safe on, keys that can be used, and nothing without effect."""

from pathlib import Path

import pytest

from jwt_to_rbac.settings.values import Web

from .given import LEAST, loaded, refusal


def key_file(folder: Path, content: str = "k" * 43) -> Path:
    file = folder / "session.key"
    file.write_text(content + "\n")
    return file


def told(folder: Path, text: str) -> str:
    return "\n".join(refusal(folder, text))


def with_web(folder: Path, url: str, file: Path | None = None) -> str:
    return (
        f'{LEAST}\nweb: {{publicURL: "{url}", sessionKeyFiles: ["{file or key_file(folder)}"]}}\n'
    )


def test_without_the_section_there_is_no_web_app(tmp_path: Path) -> None:
    assert loaded(tmp_path, LEAST).settings.web is None


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://access.example.com", "https://access.example.com"),
        ("https://access.example.com:8443/", "https://access.example.com:8443"),
        ("http://localhost:5555", "http://localhost:5555"),
        ("http://[::1]:5555", "http://[::1]:5555"),
    ],
)
def test_the_public_url_is_an_origin(tmp_path: Path, url: str, origin: str) -> None:
    file = key_file(tmp_path)
    assert loaded(tmp_path, with_web(tmp_path, url)).settings.web == Web(origin, (file,))


@pytest.mark.parametrize(
    "url",
    [
        "http://access.example.com",
        "https://access.example.com/app",
        "https://user@access.example.com",
        "https://Access.example.com",
        "https://access.example.com:443",
        "https://access.example.com:99999",
        "ftp://access.example.com",
        "access.example.com",
    ],
)
def test_what_browsers_would_not_know_as_ours_is_refused(tmp_path: Path, url: str) -> None:
    assert "web.publicURL is" in told(tmp_path, with_web(tmp_path, url))


def test_a_short_key_is_refused_and_not_shown(tmp_path: Path) -> None:
    file = key_file(tmp_path, "too-short")
    lines = told(tmp_path, with_web(tmp_path, "https://a.example.com", file))
    assert "web.sessionKeyFiles[0] names" in lines
    assert "has 9 bytes" in lines
    assert "too-short" not in lines


def test_a_key_that_is_missing_is_refused(tmp_path: Path) -> None:
    url = "https://a.example.com"
    assert "can't be read" in told(tmp_path, with_web(tmp_path, url, tmp_path / "no.key"))
    relative = with_web(tmp_path, url, Path("session.key"))
    assert "must be an absolute path" in told(tmp_path, relative)
    without = f'{LEAST}\nweb: {{publicURL: "{url}"}}\n'
    assert "web.sessionKeyFiles is missing" in told(tmp_path, without)


def test_keys_of_an_app_that_isnt_there_are_refused(tmp_path: Path) -> None:
    without_url = f'{LEAST}\nweb: {{sessionKeyFiles: ["{key_file(tmp_path)}"]}}\n'
    lines = told(tmp_path, without_url)
    assert "web.sessionKeyFiles has no effect without web.publicURL" in lines


def test_the_apps_client_must_be_an_audience_and_its_secret_be_there(tmp_path: Path) -> None:
    login = f"  login: {{webClientID: other, webClientSecretFile: {tmp_path / 'no'}}}\nweb:"
    text = with_web(tmp_path, "https://a.example.com").replace("\nweb:", login, 1)
    lines = told(tmp_path, text)
    assert "jwt[0].login.webClientID is 'other'" in lines
    assert "jwt[0].login.webClientSecretFile names" in lines


def test_environment_and_flags_name_the_public_url_too(tmp_path: Path) -> None:
    text = with_web(tmp_path, "https://a.example.com")
    flags = ["--web.publicURL=https://b.example.com"]
    found = loaded(tmp_path, text, flags=flags).settings.web
    assert found
    assert found.public_url == "https://b.example.com"
