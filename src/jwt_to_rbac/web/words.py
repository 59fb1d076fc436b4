"""Times and durations as people read them; filters of the templates. Never reads a clock."""

from datetime import UTC, datetime

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))


def moment(seconds: float) -> str:
    """A point in time, in UTC as everybody's logs are: `24 Nov 2026, 09:05 UTC`."""
    # Not strftime's %b, which follows the locale.
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    when = datetime.fromtimestamp(int(seconds), UTC)
    return f"{when.day} {months[when.month - 1]} {when.year}, {when:%H:%M} UTC"


def length(seconds: float) -> str:
    """A duration by its two largest units: `1 hour 30 minutes`, `20 seconds`."""
    left, said = int(seconds), []
    for unit, name in _UNITS:
        count, left = divmod(left, unit)
        if count:
            said.append(f"{count} {name}{'s' if count > 1 else ''}")
    if not said:
        return f"{left} second{'' if left == 1 else 's'}"
    return " ".join(said[:2])


def distance(seconds: float, now: float) -> str:
    """How far from now, roughly: `3 hours ago`, `in 59 minutes`, `just now`."""
    away = abs(seconds - now) + 30  # To the nearest minute.
    for unit, name in _UNITS:
        if away >= unit:
            count = int(away // unit)
            said = f"{count} {name}{'s' if count > 1 else ''}"
            return f"in {said}" if seconds > now else f"{said} ago"
    return "in less than a minute" if seconds > now else "just now"
