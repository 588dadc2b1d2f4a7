"""The vault's HTTP: JSON over TLS with the standard library alone, a thread for each connection, everything bounded."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import structlog
from pydantic import ValidationError

from understudy_api.model import Model, fault_of
from understudy_api.passcode import PasscodeAsking
from understudy_api.release import MAX_BODY_BYTES, Asking, Handover, Heartbeat, OwnersWord
from understudy_api.verdict import Refusal, Verdict
from understudy_vault.bucket import BucketError
from understudy_vault.keystore import KeyStoreError
from understudy_vault.reviewer import ReviewError
from understudy_vault.vault import Vault

IDLE_SECONDS: Final = 30.0
MAX_CONNECTIONS: Final = 1024
"""One more is closed at once, and its client tries again: each holds a thread and some 80 KiB, in the 256 MiB that the chart gives."""
_BODIES: Final[dict[str, type[Model]]] = {
    "/v1/release": Asking,
    "/v1/leases": Heartbeat,
    "/v1/handover": Handover,
    "/v1/acts": OwnersWord,
    "/v1/passcodes": PasscodeAsking,
}

log = structlog.get_logger("vault")


class Server(ThreadingHTTPServer):
    """One vault at one address. `serve_forever` until `shutdown`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, vault: Vault, host: str, port: int, certificate: Path, key: Path) -> None:
        self.vault = vault
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificate, key)
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)
        super().__init__((host, port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection; its handshake is done by the thread that serves it, so that nobody holds up the others."""
        connection, address = self.socket.accept()
        connection.settimeout(IDLE_SECONDS)
        return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve the connection in a thread of its own, or end it where too many are open."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            log.warning("too many connections", peer=str(client_address), most=MAX_CONNECTIONS)
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection to its end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class calls it so
        """Connections that break off are nobody's fault; what else goes wrong is logged."""
        log.info("connection ended", peer=str(client_address))


class _Handler(BaseHTTPRequestHandler):
    """One connection. Answers never repeat a token or a key."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Health, for probes: nothing of the vault's is told."""
        if self.path == "/healthz":
            self._answer(200, {"vault": "well"})
        else:
            self._answer(404, {"error": "no such path"})

    def do_POST(self) -> None:
        """The five questions."""
        kind = _BODIES.get(self.path)
        if kind is None:
            return self._refuse(404, "no such path")
        body = self._body(kind)
        if body is None:
            return None
        try:
            answer = self._ask(body)
        except (BucketError, KeyStoreError, ReviewError) as error:
            log.warning("cannot answer", path=self.path, error=str(error))
            return self._answer(503, {"error": f"vault: {error}"})
        except Exception:
            log.exception("stumbled", path=self.path)
            return self._answer(500, {"error": "vault: stumbled; its log says where"})
        return self._say(answer)

    def _ask(self, body: Model) -> Model:
        vault = self.server.vault
        match body:
            case Asking():
                return vault.release(self._bearer(), body)
            case Heartbeat():
                return vault.pulse(body)
            case Handover():
                return vault.hand_over(body)
            case OwnersWord():
                return vault.heed(body)
            case PasscodeAsking():
                return vault.issue(body)
        raise TypeError(type(body))

    def _say(self, answer: Model) -> None:
        if isinstance(answer, Refusal):
            log.warning("stranger", peer=self.client_address[0], message=answer.message)
            return self._answer(401, answer.model_dump(mode="json"))
        refused = isinstance(answer, Verdict)
        return self._answer(403 if refused else 200, answer.model_dump(mode="json"))

    def _bearer(self) -> str:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""

    def _body(self, kind: type[Model]) -> Model | None:
        """The request's body; None when it was refused already."""
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY_BYTES:
            self._refuse(413, f"wanted a body of at most {MAX_BODY_BYTES} bytes with its Content-Length")
            return None
        data = self.rfile.read(length)
        try:
            return kind.model_validate_json(data)
        except ValidationError as error:
            self._refuse(422, fault_of(error, "body"))
            return None

    def _refuse(self, status: int, message: str) -> None:
        """An answer after which the connection ends: its body may not have been read."""
        self.close_connection = True
        self._answer(status, {"error": message})

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: paths and peers of healthy requests are no news."""
