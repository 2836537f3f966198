"""One page on this machine's own address, for this machine's own browser."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Timer
from typing import Any

PATIENCE_SECONDS = 10.0
"""Time in which a client must have asked for the page and fetched it: some megabytes on the same machine."""


class _Handler(BaseHTTPRequestHandler):
    """Answers for the page to those who ask for it under this machine's own name."""

    server: PageServer
    timeout = PATIENCE_SECONDS  # of each read and write

    def setup(self) -> None:
        super().setup()
        self._limit = Timer(PATIENCE_SECONDS, self._hang_up)  # of all of them, for those who send byte by byte
        self._limit.daemon = True
        self._limit.start()

    def finish(self) -> None:
        self._limit.cancel()
        super().finish()

    def _hang_up(self) -> None:
        """End the connection of a client that has taken too long."""
        with suppress(OSError):  # the client was faster
            self.connection.shutdown(socket.SHUT_RDWR)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        """The page, or an empty refusal to anybody who asks under another name or for another path."""
        status, media, content = HTTPStatus.OK, "text/html; charset=utf-8", self.server.page
        if not self._is_asked_for_itself():
            status, media, content = HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b""
        elif self.path.split("?")[0] not in ("/", "/index.html"):
            status, media, content = HTTPStatus.NOT_FOUND, "text/plain", b""
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", "frame-ancestors 'none'")  # which a page cannot say of itself
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def _is_asked_for_itself(self) -> bool:
        """Host is one of this machine's own names: a page elsewhere whose name leads here may not read this one."""
        names = ("localhost", "127.0.0.1", "[::1]")
        hosts = self.headers.get_all("Host", [])
        return len(hosts) == 1 and hosts[0].lower() in [f"{name}:{self.server.server_port}" for name in names]

    def version_string(self) -> str:
        return "mc-sie"

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


class PageServer(ThreadingHTTPServer):
    """Serves one page on loopback.

    Parameters
    ----------
    port : int
        Port; 0 takes a free one.

    Attributes
    ----------
    page : bytes
        The page that is served; to be set before serving.
    """

    page = b""

    def __init__(self, port: int) -> None:  # noqa: D107 (the class says it)
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let clients go as they like: only what is our own mistake is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
