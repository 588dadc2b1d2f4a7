"""Spans on their way out: told to the SDK's in-memory exporter, and to a collector that speaks OTLP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector import Collector
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import ValidationError

from understudy_api import tracing
from understudy_api.trace import Parent, TracingSettings, job_span
from understudy_api.tracing import Span, Tracing, TracingError, child

SETTINGS = TracingSettings(endpoint="http://127.0.0.1:4318")
JOB = job_span("uid-00000001", 1, 1.0)


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


def test_a_span_has_its_place_its_times_and_what_went_wrong() -> None:
    exporter = InMemorySpanExporter()
    sender = Tracing(exporter, SETTINGS)
    own = child(JOB)
    sender.tell(
        Span("take", own, JOB, 10.5, 12.0, {"understudy.take": "aaa"}, "SpeakError"), "understudy-director", "d1"
    )
    sender.tell(Span("job", JOB, None, 10.0, 9.0), "understudy-operator")
    sender.close()
    take, job = exporter.get_finished_spans()
    assert (f"{take.context.trace_id:032x}", f"{take.context.span_id:016x}") == (JOB.trace_id, own.span_id)
    assert take.parent is not None
    assert f"{take.parent.span_id:016x}" == JOB.span_id
    assert (take.start_time, take.end_time) == (10_500_000_000, 12_000_000_000)
    assert (take.attributes or {})["understudy.take"] == "aaa"
    assert (take.status.is_ok, take.status.description) == (False, "SpeakError")
    assert dict(take.resource.attributes) == {"service.name": "understudy-director", "service.instance.id": "d1"}
    assert (job.parent, job.start_time, job.end_time) == (None, 10_000_000_000, 10_000_000_000)


def test_what_is_not_sampled_is_dropped() -> None:
    exporter = InMemorySpanExporter()
    sender = Tracing(exporter, SETTINGS)
    unsampled = Parent(JOB.trace_id, JOB.span_id, sampled=False)
    sender.tell(Span("job", unsampled, None, 1.0, 2.0), "understudy-operator")
    assert not child(unsampled).sampled
    sender.close()
    assert exporter.get_finished_spans() == ()


def test_a_collector_gets_spans_with_the_headers_it_asks_for(collector: Collector, tmp_path: Path) -> None:
    headers = tmp_path / "headers"
    headers.write_text("x-token=abc,x-farm=ada\n")
    sender = Tracing.begin(TracingSettings(endpoint=f"{collector.endpoint}/", headers_file=headers))
    assert sender is not None
    sender.tell(Span("job", JOB, None, 1.0, 2.0, {"understudy.items": 3}), "understudy-operator")
    sender.close()
    (got,) = collector.spans(JOB.trace_id)
    assert (got.name, got.parent, got.attributes) == ("job", "", {"understudy.items": 3})
    assert (collector.headers[0]["x-token"], collector.headers[0]["x-farm"]) == ("abc", "ada")


def test_a_collector_that_hangs_holds_up_neither_work_nor_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "CLOSE_SECONDS", 0.1)
    released = threading.Event()

    class Hanging(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            released.wait(30)
            return SpanExportResult.FAILURE

    sender = Tracing(Hanging(), SETTINGS)
    began = time.monotonic()
    for _ in range(20_000):  # more than the queue holds
        sender.tell(Span("take", child(JOB), JOB, 1.0, 2.0), "understudy-director")
    sender.close()
    assert time.monotonic() - began < 25
    released.set()


def test_without_settings_nothing_begins() -> None:
    assert Tracing.begin(None) is None


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    settings = TracingSettings(endpoint="http://127.0.0.1:4318", headers_file=tmp_path / "none")
    with pytest.raises(TracingError, match=r"tracing.headers_file: .*none: No such file or directory"):
        Tracing.begin(settings)


@pytest.mark.parametrize(
    "wrong", [{"endpoint": "collector:4318"}, {"endpoint": "http://"}, {"ratio": 1.5}, {"spans_per_order": -1}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TracingSettings.model_validate({"endpoint": "http://a:1", **wrong})
