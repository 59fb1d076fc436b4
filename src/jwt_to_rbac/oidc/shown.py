"""How names from tokens and documents appear in messages: short, and with nothing unprintable."""

_LONGEST = 80
"""Characters: an issuer's URL or a client id is recognised by then, a token is not leaked."""


def shown(name: str) -> str:
    """Quote and escape (so that no message can be split or forged), and cut what is long."""
    return repr(name if len(name) <= _LONGEST else name[:_LONGEST] + "…")
