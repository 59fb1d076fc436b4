"""Points in time as Kubernetes and audit records write them. Never reads a clock."""

from datetime import UTC, datetime

LATEST = 253402300799
"""The last second of the year 9999: RFC 3339 has none after it, save by a time zone's offset."""


def rfc3339(seconds: float) -> str:
    """Seconds since 1970 in whole seconds, as `2026-01-01T12:00:00Z` (RFC 3339); LATEST at most."""
    moment = datetime.fromtimestamp(min(int(seconds), LATEST), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
