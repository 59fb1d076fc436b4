"""The files that pages refer to, each at an address with its hash, so that browsers keep it for good."""

from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".svg": "image/svg+xml"}


class Static:
    """All files of `static/`, read once."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, str]] = {}
        self.addresses: dict[str, str] = {}
        for file in sorted(_FOLDER.iterdir()):
            content = file.read_bytes()
            address = f"/web/static/{sha256(content).hexdigest()[:16]}/{file.name}"
            self._files[address] = (content, _TYPES[file.suffix])
            self.addresses[file.name] = address

    def routes(self) -> list[Route]:
        return [Route(address, self._get) for address in self._files]

    async def _get(self, request: Request) -> Response:
        content, kind = self._files[request.url.path]
        return Response(
            content,
            headers={
                "Cache-Control": "public, max-age=31536000, immutable",
                "X-Content-Type-Options": "nosniff",
            },
            media_type=kind,
        )
