"""An https host on loopback that serves status lists, and everything a bad host may answer instead."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from joserfc.jwk import OKPKey

from understudy_api.status_list import MAX_LIST_TOKEN_BYTES, StatusClaims, pack, sign_status_list
from understudy_api.status_source import StatusSettings
from understudy_cli.local.certificates import Authority

Answer = Callable[[BaseHTTPRequestHandler], None]


def a_list(key: OKPKey, twin: str, **changes: object) -> str:
    """A list of 8 places, all valid, signed now for 60 s unless `changes` say otherwise; `marks` are its places."""
    marks = changes.pop("marks", {})
    claims = {"sub": twin, "iat": int(time.time()), "ttl": 60, "status_list": pack(marks, 8), **changes}  # type: ignore[arg-type]
    return sign_status_list(key, StatusClaims.model_validate(claims))


class ListHost:
    """Answers `text` at every path, or whatever `answer` does; `close` refuses all further connections."""

    def __init__(self, folder: Path) -> None:
        authority = Authority.open(folder, "Lists")
        pair = authority.server(folder, "lists")
        self.text = ""
        self.answer: Answer = self._plain
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append(self.path)
                host.headers.append({name.lower(): value for name, value in self.headers.items()})
                host.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.port = self._server.server_port
        self.ca_file = authority.certificate_file

    @property
    def uri(self) -> str:
        """Where its list lies."""
        return f"https://127.0.0.1:{self.port}/ada.jwt"

    @property
    def settings(self) -> StatusSettings:
        """Settings of a farm that allows this host."""
        return StatusSettings(allowed_hosts=(f"127.0.0.1:{self.port}",), ca_file=self.ca_file)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _plain(self, handler: BaseHTTPRequestHandler) -> None:
        reply(handler, self.text.encode())


def reply(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"content-length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def _without_end(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: each read is in time, the answer never is."""
    handler.send_response(200)
    handler.send_header("content-length", "100000")
    handler.end_headers()
    pause = threading.Event()
    while not pause.wait(0.05):
        handler.wfile.write(b"x")


BAD_ANSWERS: dict[str, tuple[Answer, str]] = {
    "missing": (lambda handler: reply(handler, b"", 404), "wanted status 200, got 404"),
    "redirect": (lambda handler: reply(handler, b"", 302, location="/elsewhere"), "wanted status 200, got 302"),
    "too long": (lambda handler: reply(handler, b"x" * (MAX_LIST_TOKEN_BYTES + 1)), "wanted at most 2,097,152 bytes"),
    "without end": (_without_end, "wanted at most 2,097,152 bytes"),
    "not ASCII": (lambda handler: reply(handler, "é".encode()), "UnicodeDecodeError"),
    "no HTTP": (lambda handler: handler.wfile.write(b"hello\r\n\r\n"), "ProtocolError"),
    "hangs up": (lambda handler: handler.connection.close(), "Error"),
}
"""By name: what a host does, and what is said of it."""
SLOW_ANSWERS: dict[str, Answer] = {"drips": _drip, "silent": lambda _: threading.Event().wait(30)}  # type: ignore[dict-item, return-value]
"""What keeps an asker waiting."""
