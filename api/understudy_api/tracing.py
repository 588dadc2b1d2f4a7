"""Sends spans to a collector, beside the work: nobody waits for it, and what it does not take is lost.

The one part of the words both planes share that reaches out. OpenTelemetry's SDK is loaded only where settings name a collector.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from understudy_api.trace import Parent, TracingSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.export import SpanExporter

EXPORT_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 2.0
"""How long the last spans may hold up the end of a process."""
_QUEUE_SPANS: Final = 4096
_EVERY_SECONDS: Final = 2.0
_NANOSECONDS: Final = 1e9


class TracingError(Exception):
    """Tracing was asked for and cannot begin; one line with the cure."""


@dataclass(frozen=True)
class Span:
    """Something that was done, in Unix seconds. `own` is its place in a trace; `error` is one word, empty when it went well."""

    name: str
    own: Parent
    parent: Parent | None
    began_at: float
    ended_at: float
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    error: str = ""


def child(parent: Parent) -> Parent:
    """A new place below another one."""
    return Parent(parent.trace_id, secrets.token_hex(8), parent.sampled)


class Tracing:
    """Takes spans from any thread, at once. Spans of traces that are not sampled are dropped."""

    def __init__(self, exporter: SpanExporter, settings: TracingSettings) -> None:
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self.settings = settings
        self._batches = BatchSpanProcessor(
            exporter, max_queue_size=_QUEUE_SPANS, schedule_delay_millis=_EVERY_SECONDS * 1000
        )
        self._resources: dict[tuple[str, str], Resource] = {}

    @classmethod
    def begin(cls, settings: TracingSettings | None) -> Tracing | None:
        """Begins as settings say; None without any. Raises TracingError."""
        if settings is None:
            return None
        try:
            import requests
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.util.re import parse_env_headers
        except ImportError as error:
            raise TracingError(f"tracing.endpoint: {error}; install the extra `tracing`") from error
        try:
            headers = settings.headers_file.read_text().strip() if settings.headers_file else ""
        except OSError as error:
            raise TracingError(f"tracing.headers_file: {settings.headers_file}: {error.strerror}") from error
        session = requests.Session()
        session.trust_env = False
        exporter = OTLPSpanExporter(
            endpoint=f"{settings.endpoint.rstrip('/')}/v1/traces",
            certificate_file=str(settings.ca_file) if settings.ca_file else None,
            headers=parse_env_headers(headers, liberal=True),
            timeout=EXPORT_SECONDS,
            session=session,
        )
        return cls(exporter, settings)

    def tell(self, span: Span, service: str, instance: str = "") -> None:
        """A span of what a service did: `understudy-operator`, `-director` or `-performer`, and which of them."""
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace.status import Status, StatusCode

        self._batches.on_end(
            ReadableSpan(
                span.name,
                _context(span.own),
                _context(span.parent) if span.parent else None,
                self._resource(service, instance),
                dict(span.attributes),
                status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
                start_time=int(span.began_at * _NANOSECONDS),
                end_time=int(max(span.ended_at, span.began_at) * _NANOSECONDS),
            )
        )

    def _resource(self, service: str, instance: str) -> Resource:
        from opentelemetry.sdk.resources import Resource

        if (service, instance) not in self._resources:
            named = {"service.name": service} | ({"service.instance.id": instance} if instance else {})
            self._resources[service, instance] = Resource(named)
        return self._resources[service, instance]

    def close(self) -> None:
        """Sends what waits, for as long as CLOSE_SECONDS; a collector that hangs holds nothing up."""
        closing = threading.Thread(target=self._batches.shutdown, name="tracing", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)


def _context(place: Parent):  # type: ignore[no-untyped-def]
    from opentelemetry.trace import SpanContext, TraceFlags

    flags = TraceFlags(TraceFlags.SAMPLED if place.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(place.trace_id, 16), int(place.span_id, 16), is_remote=False, trace_flags=flags)
