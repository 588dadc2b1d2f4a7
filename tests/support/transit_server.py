"""A small server that speaks the part of Transit's documented HTTP contract that the vault uses; no Vault, no OpenBao.

What it keeps of the contract: X-Vault-Token or 403; keys are made once and cannot be deleted until `deletion_allowed`;
data keys come wrapped as `vault:v1:...` and in the clear; decrypting needs the key; errors are `{"errors": [...]}`; writes
answer 204 or 200; an unknown key is 400 for use and 404 for reading. Wrapping is real (AES-GCM, its own keys).
"""

import base64
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "s.transit-token"


class Transit:
    """The engine's state; `calls` are method and path of every request."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.sealed = False

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        what, _, rest = path.removeprefix("/v1/transit/").partition("/")
        if what == "keys":
            return self._key(method, rest, body)
        if method != "POST":
            return 405, {"errors": ["unsupported operation"]}
        if what == "datakey" and rest.startswith("plaintext/"):
            return self._datakey(rest.removeprefix("plaintext/"), body)
        return self._decrypt(rest, body) if what == "decrypt" else (404, {"errors": []})

    def _key(self, method: str, rest: str, body: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        name, _, config = rest.partition("/")
        key = self.keys.get(name)
        if method == "POST" and not config:
            self.keys.setdefault(name, {"secret": AESGCM.generate_key(256), "deletion_allowed": False, **body})
            return 204, None
        if key is None:
            return (404, {"errors": []}) if method == "GET" else (400, {"errors": ["no existing key named " + name]})
        if method == "POST":
            key.update(body)
            return 200, {"data": {"deletion_allowed": key["deletion_allowed"]}}
        if method == "DELETE":
            if not key["deletion_allowed"]:
                return 400, {"errors": ["deletion is not allowed for this key"]}
            del self.keys[name]
            return 204, None
        return 200, {"data": {name: value for name, value in key.items() if name != "secret"}}

    def _datakey(self, name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if name not in self.keys:
            return 400, {"errors": ["encryption key not found"]}
        plaintext, nonce = secrets.token_bytes(body.get("bits", 256) // 8), secrets.token_bytes(12)
        wrapped = nonce + AESGCM(self.keys[name]["secret"]).encrypt(nonce, plaintext, None)
        data = {"plaintext": base64.b64encode(plaintext).decode(), "key_version": 1}
        return 200, {"data": {**data, "ciphertext": "vault:v1:" + base64.b64encode(wrapped).decode()}}

    def _decrypt(self, name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if name not in self.keys:
            return 400, {"errors": ["encryption key not found"]}
        wrapped = base64.b64decode(body["ciphertext"].removeprefix("vault:v1:"))
        try:
            plaintext = AESGCM(self.keys[name]["secret"]).decrypt(wrapped[:12], wrapped[12:], None)
        except InvalidTag:
            return 400, {"errors": ["cipher: message authentication failed"]}
        return 200, {"data": {"plaintext": base64.b64encode(plaintext).decode()}}


@contextmanager
def serving(transit: Transit) -> Iterator[str]:
    """The engine over HTTP on a random loopback port; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}") if length else {}
            transit.calls.append(f"{self.command} {self.path}")
            if self.headers.get("X-Vault-Token") != TOKEN:
                status, answer = 403, {"errors": ["permission denied"]}
            else:
                status, answer = transit.answer(self.command, self.path, body or {})
            data = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = handle_one  # noqa: N815 - the names the base class asks for

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
