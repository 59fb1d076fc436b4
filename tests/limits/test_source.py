"""From where a request came: a proxy is believed only where it is trusted, and only its own word."""

from ipaddress import ip_network

import pytest

from jwt_to_rbac.api.source import source_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("peer", "said", "source"),
    [
        pytest.param("192.0.2.1", [], "192.0.2.1", id="no-proxy"),
        pytest.param("192.0.2.1", ["203.0.113.9"], "192.0.2.1", id="a-stranger-s-word"),
        pytest.param("10.0.0.1", [], "10.0.0.1", id="a-proxy-that-says-nothing"),
        pytest.param("10.0.0.1", ["203.0.113.9"], "203.0.113.9", id="one-proxy"),
        pytest.param(
            "10.0.0.1", ["1.1.1.1, 203.0.113.9"], "203.0.113.9", id="a-client-s-invention"
        ),
        pytest.param("10.0.0.1", ["203.0.113.9, 10.2.3.4"], "203.0.113.9", id="two-proxies"),
        pytest.param("10.0.0.1", ["1.1.1.1", "203.0.113.9"], "203.0.113.9", id="two-headers"),
        pytest.param("10.0.0.1", ["203.0.113.9, unknown"], "10.0.0.1", id="no-address"),
        pytest.param("10.0.0.1", ["10.9.9.9, 10.2.3.4"], "10.9.9.9", id="nothing-but-proxies"),
        pytest.param("10.0.0.1", [" 203.0.113.9:4711 "], "203.0.113.9", id="with-a-port"),
        pytest.param("2001:db8:1::5", ["[2001:db8:2::7]:80"], "2001:db8:2::7", id="version-6"),
        pytest.param("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9", id="mapped"),
        pytest.param("", ["203.0.113.9"], "", id="a-socket-without-address"),
    ],
)
def test_the_nearest_address_that_no_proxy_of_ours_has(
    peer: str, said: list[str], source: str
) -> None:
    headers = [(b"x-forwarded-for", line.encode()) for line in said]
    assert source_of({"client": (peer, 1), "headers": headers}, PROXIES) == source


def test_without_trusted_proxies_nobody_is_believed() -> None:
    headers = [(b"x-forwarded-for", b"203.0.113.9")]
    assert source_of({"client": ("10.0.0.1", 1), "headers": headers}, ()) == "10.0.0.1"
