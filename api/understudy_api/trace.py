"""One trace for each edition of a job, from apply to delivery. Its ids follow from the job: restarts and new leaders join it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import Field

from understudy_api.digest import digest_bytes
from understudy_api.model import Model

TRACEPARENT: Final = r"^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$"
"""As W3C Trace Context writes it, version 00."""


@lru_cache(maxsize=512)
def trace_id(order_uid: str, generation: int) -> str:
    """The id of an order's trace, 32 hex digits; the generation is that of the order, which a restore does not set back."""
    return digest_bytes(f"{order_uid}\0{generation}".encode())[:32]


@dataclass(frozen=True)
class Parent:
    """The span that others hang under: hex ids, and whether anybody records the trace."""

    trace_id: str
    span_id: str
    sampled: bool

    @property
    def traceparent(self) -> str:
        """The same as a `traceparent`."""
        return f"00-{self.trace_id}-{self.span_id}-{self.sampled:02d}"

    @classmethod
    def read(cls, text: str | None) -> Parent | None:
        """What a `traceparent` names; None for None and for text that is none."""
        if text is None or not re.fullmatch(TRACEPARENT, text):
            return None
        _, trace, span, flags = text.split("-")
        return cls(trace, span, flags == "01")


def job_span(order_uid: str, generation: int, ratio: float) -> Parent:
    """The root of an order's trace. Of all traces a share of `ratio`, 0 to 1, is sampled: everybody picks the same ones."""
    trace = trace_id(order_uid, generation)
    span = digest_bytes(f"{order_uid}\0{generation}\0job".encode())[:16]
    return Parent(trace, span, int(trace[16:], 16) < round(ratio * 2**64))


class TracingSettings(Model):
    """Where spans go, and how many."""

    endpoint: str = Field(pattern=r"^https?://[^/\s]+(/\S*)?$", max_length=512)
    """Of a collector that takes OTLP over HTTP, `http(s)://host:4318`; spans are posted to `/v1/traces` below it."""
    headers_file: Path | None = None
    """Headers the collector asks for, `name=value` with commas between, as OTEL_EXPORTER_OTLP_HEADERS has them."""
    ca_file: Path | None = None
    """PEM bundle that vouches for the collector; None trusts the system's authorities."""
    ratio: float = Field(default=1.0, ge=0, le=1)
    """Share of the jobs whose traces are recorded."""
    spans_per_order: int = Field(default=2000, ge=0, le=100_000)
    """Spans of works that a director sends of an order at most; those of what goes well get half of it."""
