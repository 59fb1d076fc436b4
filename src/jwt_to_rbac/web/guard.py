"""The headers that every page has: what a browser may do with it, and that nobody keeps it."""

from starlette.responses import Response

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No script at all, and no style in a page but from our own file."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # For browsers that don't know frame-ancestors.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_ONE_YEAR = "max-age=31536000"


def guarded(response: Response, secure: bool) -> Response:
    """The response with all of them; `secure` where people come by https."""
    response.headers.update(_HEADERS)
    if secure:
        response.headers["Strict-Transport-Security"] = _ONE_YEAR
    return response
