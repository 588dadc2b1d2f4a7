"""A collector that takes OTLP over HTTP, and says what it got: real requests, the protocol's own messages."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Got:
    """A span as it came."""

    name: str
    service: str
    trace: str
    id: str
    parent: str
    began_at: int
    ended_at: int
    attributes: dict[str, Any]
    error: str


@dataclass
class Collector:
    """Listens on a loopback port from the start; `status` is what it answers."""

    status: int = 200
    headers: list[dict[str, str]] = field(default_factory=list)
    _bodies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces" and collector.status == 200:
                    collector._bodies.append(body)
                collector.headers.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(collector.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def spans(self, trace: str) -> list[Got]:
        """The spans of a trace so far, in no order."""
        return [one for body in list(self._bodies) for one in _read(body) if one.trace == trace]


def _read(body: bytes) -> list[Got]:
    found = []
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        named = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                attributes = {
                    one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes
                }
                found.append(
                    Got(
                        span.name,
                        named["service.name"],
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                        attributes,
                        span.status.message,
                    )
                )
    return found
