"""An S3 service without conditional writes: a proxy before a real one that loses `If-None-Match` on the way.

The header is not among those that a presigned PUT signs, so the service behind never knows of it: the last PUT wins.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from understudy_api.settings import S3Settings

LOST = frozenset({"if-none-match", "connection"})


@contextmanager
def without_conditions(store: S3Settings) -> Iterator[S3Settings]:
    """The same account and buckets, reached over plain HTTP on a port of its own."""
    trust = ssl.create_default_context(cafile=str(store.ca_file)) if store.ca_file else None

    class Careless(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in LOST}
            there = http.client.HTTPSConnection(store.endpoint, context=trust, timeout=20)
            try:
                there.request(self.command, self.path, body or None, headers)
                answer = there.getresponse()
                data = answer.read()
            finally:
                there.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None: ...

    for verb in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        setattr(Careless, f"do_{verb}", Careless._pass_on)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Careless)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        plain = {"endpoint": f"127.0.0.1:{server.server_port}", "secure": False, "ca_file": None}
        yield store.model_copy(update=plain)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
