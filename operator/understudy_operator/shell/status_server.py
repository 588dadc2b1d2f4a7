"""The farm's status lists over HTTP on loopback: `GET /v1/status/{twin}` answers the newest list that was delivered.

A list is signed by its owner and says nothing but which places stand, so anybody on this machine may read it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import structlog

from understudy_api.digest import digest_bytes
from understudy_api.status_source import FARM, STATUS_MEDIA_TYPE, poll_seconds
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.objects import S3RefusalError
from understudy_operator.shell.status_book import Held, StatusBook

IDLE_SECONDS: Final = 10.0
AT_ONCE: Final = 16
"""Requests answered at the same time; who comes beyond that is told to come again."""
_PATH: Final = re.compile(r"/v1/status/([0-9a-f]{64})")

log = structlog.get_logger("status")


def serve_lists(book: StatusBook, port: int) -> Callable[[], None]:
    """Serve until what it returns is called. Raises OSError when the port is taken."""
    server = _Server(book, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="status", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(5)

    return stop


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, book: StatusBook, port: int) -> None:
        self.book = book
        self.room = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class calls it so
        """Connections that break off are nobody's fault."""
        log.info("connection ended", peer=str(client_address))


class _Handler(BaseHTTPRequestHandler):
    """One connection, one answer."""

    timeout = IDLE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """The newest list of a twin, or 304 to somebody who has it."""
        found = _PATH.fullmatch(self.path)
        if found is None:
            return self._answer(404, b"wanted /v1/status/<twin>\n")
        if not self.server.room.acquire(blocking=False):
            return self._answer(503, b"busy; come again\n", {"Retry-After": "1"})
        try:
            held = self.server.book.newest(found[1], FARM)
        except (OutageError, S3RefusalError) as error:
            log.warning("cannot answer", error=str(error))
            return self._answer(503, b"the ledger bucket does not answer; come again\n", {"Retry-After": "5"})
        finally:
            self.server.room.release()
        return self._answer(404, b"no list was delivered for this twin\n") if held is None else self._say(held)

    def _say(self, held: Held) -> None:
        tag = f'"{digest_bytes(held.token.encode())}"'
        headers = {"ETag": tag, "Cache-Control": f"max-age={poll_seconds(held.list.ttl_seconds):.0f}"}
        if self.headers.get("If-None-Match") == tag:
            return self._answer(304, b"", headers)
        return self._answer(200, held.token.encode(), {"Content-Type": STATUS_MEDIA_TYPE, **headers})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Type": "text/plain", "Cache-Control": "no-store", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: healthy requests are no news."""
