"""Points in time as Kubernetes and audit records write them. Never reads a clock."""

from datetime import UTC, datetime


def rfc3339(seconds: float) -> str:
    """Seconds since 1970 in whole seconds, as `2026-01-01T12:00:00Z` (RFC 3339)."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
