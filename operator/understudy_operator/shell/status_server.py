"""The farm's status lists over HTTP: `GET /v1/status/{twin}` answers the newest list that was delivered.

A list is signed by its owner and says nothing but which places stand, so anybody who gets here may read it: no token is
asked for. Beyond loopback TLS tells the asker whom it got the answer from, so that nobody hands out an older list instead.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import structlog

from understudy_api.digest import digest_bytes
from understudy_api.status_source import FARM, STATUS_MEDIA_TYPE, StatusSettings, poll_seconds
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.objects import S3RefusalError
from understudy_operator.shell.status_book import Held, StatusBook

CONNECTION_SECONDS: Final = 10.0
"""How long a connection has for everything: handshake, question and answer."""
CONNECTIONS: Final = 64
"""Connections held at the same time; who comes beyond that ends the oldest, since one that is well lasts milliseconds."""
AT_ONCE: Final = 16
"""Requests answered at the same time; who comes beyond that is told to come again."""
_PATH: Final = re.compile(r"/v1/status/([0-9a-f]{64})")

log = structlog.get_logger("status")


class UnusableCertificateError(Exception):
    """A certificate and its key that nothing can be served with; one line says why."""


def serve_lists(book: StatusBook, settings: StatusSettings) -> Callable[[], None]:
    """Serve at `settings.port`, or nowhere where there is none, until what it returns is called.

    The certificate is read once: a renewed one counts after a restart. Raises UnusableCertificateError, and OSError when
    the port is taken.
    """
    if settings.port is None:
        return lambda: None
    server = _Server(book, str(settings.host), settings.port, _tls(settings))
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="status", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join(5)

    return stop


def _tls(settings: StatusSettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except OSError as error:
        got = (error.reason or "neither") if isinstance(error, ssl.SSLError) else error.strerror
        raise UnusableCertificateError(
            f"status_lists.tls_cert {settings.tls_cert}: wanted a PEM certificate with its key in "
            f"{settings.tls_key}, got {got}; `understudy chart secrets` makes both"
        ) from error
    return context


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, book: StatusBook, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self.book = book
        self.room = threading.BoundedSemaphore(AT_ONCE)
        self._tls = tls
        self._lock = threading.Lock()
        self._open: dict[socket.socket, float] = {}
        """Each connection, the oldest first, and when it has to be over."""
        super().__init__((host, port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection; its handshake is done by the thread that serves it, so that nobody holds up the others."""
        connection, address = self.socket.accept()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own."""
        with self._lock:
            self._open[request] = time.monotonic() + CONNECTION_SECONDS
            for oldest in list(self._open)[:-CONNECTIONS]:
                self._cut(oldest)
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """End connections whose time is over; called after each one accepted, and ten times a second."""
        now = time.monotonic()
        with self._lock:
            for late in [one for one, end in self._open.items() if end <= now]:
                self._cut(late)

    def shutdown_request(self, request: Any) -> None:
        """Called by a connection's thread when it is done."""
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def _cut(self, connection: socket.socket) -> None:
        """Wakes a connection's thread, whatever it waits for; below TLS, whose state is that thread's own."""
        del self._open[connection]
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class calls it so
        """Connections that break off are nobody's fault."""
        log.info("connection ended", peer=str(client_address))


class _Handler(BaseHTTPRequestHandler):
    """One connection, one answer."""

    server: _Server

    def do_GET(self) -> None:
        """The newest list of a twin, or 304 to somebody who has it; `/healthz` says nothing but that it is there."""
        if self.path == "/healthz":
            return self._answer(200, b"well\n")
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
