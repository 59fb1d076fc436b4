"""From where a request came: the connection's other end, or what a trusted proxy says of it."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

Networks = Sequence[IPv4Network | IPv6Network]


def peer(scope: Scope) -> str:
    """The address of the connection's other end; "" for a socket without one."""
    address: str = (scope.get("client") or ("",))[0]
    return address


def source_of(scope: Scope, proxies: Networks) -> str:
    """The address of whoever sent the request, as far as it can be known; "" if not at all.

    X-Forwarded-For is read from its right end, where the nearest proxy wrote, for as long as
    what it names are `proxies` themselves: what stands further left a client may have invented.
    """
    nearest = _peer_address(peer(scope))
    if nearest is None:
        return peer(scope)
    if _among(nearest, proxies):
        for said in reversed(_forwarded_for(scope)):
            further = _address(said)
            if further is None:
                break  # Not an address: the proxy that wrote it is the last place that is known.
            nearest = further
            if not _among(nearest, proxies):
                break
    return str(nearest)


def _forwarded_for(scope: Scope) -> list[str]:
    # Several headers are one list (RFC 9110 section 5.3).
    lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return b",".join(lines).decode("latin-1").split(",") if lines else []


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Also with a port, as some proxies write it: `192.0.2.7:1234`, `[2001:db8::1]:1234`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # An IPv4 client on a socket for both.
    return getattr(address, "ipv4_mapped", None) or address


# Alone for the connection's other end: what a client wrote could be long.
_peer_address = lru_cache(maxsize=4096)(_address)


def _among(address: IPv4Address | IPv6Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
