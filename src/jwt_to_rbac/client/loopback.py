"""The listener that the browser comes back to (RFC 8252, section 7.3): loopback, one path, one use."""

import errno
import hmac
import html
import queue
import secrets
import socket
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = "/callback"

_PAGE = """\
<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1rem;\
color-scheme:light dark}}</style>
<h1>{title}</h1><p>{text}</p></html>
"""
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    # The code is in this page's address: it is not to be told to anybody.
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}
_ANSWER_SECONDS = 60.0
"""How long the browser waits for the login's end."""


class Redirect:
    """What the browser brought: the query's parameters. `answer` is the page that it shows."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self.parameters = parameters
        self._page: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()

    def answer(self, title: str, text: str) -> None:
        self._page.put((title, text))

    def page(self) -> tuple[str, str]:
        """Waits for `answer`."""
        try:
            return self._page.get(timeout=_ANSWER_SECONDS)
        except queue.Empty:
            return "This takes long", "Look at the terminal for how the login went on."


class Loopback:
    """Listens from `with` on, on a free port of 127.0.0.1 and, where there is one, of ::1.

    `state` is what the browser must bring back (RFC 6749, section 10.12). Whoever comes with
    another is turned away, and the login goes on.
    """

    def __init__(self) -> None:
        self.state = secrets.token_urlsafe(24)
        self._arrived: queue.SimpleQueue[Redirect] = queue.SimpleQueue()
        self._open = threading.Lock()
        self._servers = _listeners(self._handler())
        self._threads: list[threading.Thread] = []
        port = self._servers[0].server_port
        # By this name: Dex up to 2.41 and others take no numbers in public clients' addresses.
        self.uri = f"http://localhost:{port}{PATH}"
        self._hosts = (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}")

    def __enter__(self) -> "Loopback":
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def wait(self, seconds: float) -> Redirect | None:
        """The browser's return, if it comes in this time."""
        try:
            return self._arrived.get(timeout=seconds)
        except queue.Empty:
            return None

    def take(self, method: str, host: str, target: str) -> tuple[int, str, str]:
        """Status, title and text for one request."""
        path, _, query = target.partition("?")
        if host.lower() not in self._hosts:
            # A page from elsewhere whose name was made to point here (DNS rebinding).
            return 403, "Refused", "This address is for a login on this machine."
        if path != PATH:
            return 404, "Nothing here", "This address is for the end of a login."
        if method != "GET":
            return 405, "Refused", "The end of a login is a GET."
        parameters = dict(urllib.parse.parse_qsl(query))
        if not hmac.compare_digest(parameters.get("state", "").encode(), self.state.encode()):
            return 400, "Refused", "This is not the login that was begun here. Begin again."
        if not self._open.acquire(blocking=False):
            return 410, "Used already", "This login has come to its end already."
        redirect = Redirect(parameters)
        self._arrived.put(redirect)
        return 200, *redirect.page()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self.take

        class Handler(BaseHTTPRequestHandler):
            timeout = 5  # a browser opens connections that it may never use
            server_version, sys_version = "jwt-to-rbac", ""

            def _answer(self) -> None:
                host = self.headers.get("Host", "")
                status, title, text = take(self.command, host, self.path)
                page = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
                self.send_response(status)
                for name, value in (_HEADERS | {"Content-Length": str(len(page))}).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(page)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = _answer

            def log_message(self, *_: object) -> None:
                """Nothing: kubectl's output is for kubectl."""

        return Handler


class _Ipv4(ThreadingHTTPServer):
    daemon_threads = True
    # Closing must not wait for a browser that keeps a connection open.
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A browser that goes away is no trouble."""

    def server_bind(self) -> None:
        # Without HTTPServer's look-up of the host's name, which may take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]


class _Ipv6(_Ipv4):
    address_family = socket.AF_INET6


def _listeners(handler: type[BaseHTTPRequestHandler]) -> list[_Ipv4]:
    """Both addresses of `localhost` on one port: nobody else can then wait at the other."""
    for _ in range(20):
        first = _Ipv4(("127.0.0.1", 0), handler)
        try:
            return [first, _Ipv6(("::1", first.server_port), handler)]
        except OSError as e:
            if e.errno != errno.EADDRINUSE:
                return [first]  # no IPv6 here
            first.server_close()
    raise OSError("no free port on the loopback addresses")
