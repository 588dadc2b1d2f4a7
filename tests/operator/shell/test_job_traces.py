"""The operator's spans of a job: each said once, by whoever writes the status that says it."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from understudy_api.trace import TracingSettings, job_span
from understudy_api.tracing import Tracing
from understudy_operator.shell.job_traces import JobTraces

UID = "6a1f0b1e-0000-4000-8000-000000000001"
CREATED, NOW = "2026-01-01T00:00:00Z", 1_767_225_610.0
CREATED_NS = 1_767_225_600 * 10**9


def body(generation: int = 1) -> dict[str, Any]:
    metadata = {"name": "spring", "namespace": "acme", "uid": UID, "resourceVersion": "1"}
    return {"kind": "RenderJob", "metadata": {**metadata, "generation": generation, "creationTimestamp": CREATED}}


def status(generation: int = 1, at: str = CREATED, **conditions: str) -> dict[str, Any]:
    """Conditions by name as `True/Reason`."""
    said = []
    for name, text in conditions.items():
        stands, _, reason = text.partition("/")
        told = {"type": name, "status": stands, "reason": reason, "observedGeneration": generation}
        said.append({**told, "lastTransitionTime": at})
    return {"conditions": said}


def told(*changes: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], ratio: float = 1.0) -> list[Any]:
    exporter = InMemorySpanExporter()
    tracing = Tracing(exporter, TracingSettings(endpoint="http://127.0.0.1:1", ratio=ratio))
    traces = JobTraces(tracing, "operator-1", lambda: NOW)
    for change in changes:
        traces.changed(*change)
    traces.close()
    return list(exporter.get_finished_spans())


ADMITTED = status(Admitted="True/Permitted", Complete="False/Running")
DONE = status(Admitted="True/Permitted", Complete="True/Delivered")


def test_a_job_is_admitted_and_done_in_one_trace_from_its_creation() -> None:
    admission, job = told((body(), {}, ADMITTED), (body(), ADMITTED, ADMITTED), (body(), ADMITTED, DONE))
    root = job_span(UID, 1, 1.0)
    assert (admission.name, job.name) == ("admission", "job")
    assert (f"{job.context.trace_id:032x}", f"{job.context.span_id:016x}") == (root.trace_id, root.span_id)
    assert admission.parent is not None
    assert admission.parent.span_id == job.context.span_id
    assert job.parent is None
    assert admission.start_time == job.start_time == CREATED_NS
    assert admission.end_time == CREATED_NS + 10 * 10**9
    assert dict(job.attributes or {}) == {"understudy.job": "acme/spring", "understudy.order": UID}


@pytest.mark.parametrize(
    ("before", "after", "spans"),
    [
        ({}, status(Admitted="Unknown/Freezing"), []),
        ({}, status(Admitted="False/LicenseNotFound"), [("admission", "LicenseNotFound")]),
        (ADMITTED, status(Admitted="True/Permitted", Failed="True/TooManyFailures"), [("job", "Failed")]),
        (DONE, DONE, []),
        (status(Admitted="True/Permitted"), status(2, Admitted="True/Permitted"), []),
    ],
)
def test_each_word_is_a_span_once(before: dict[str, Any], after: dict[str, Any], spans: list[Any]) -> None:
    assert [(one.name, one.status.description) for one in told((body(), before, after))] == spans


def test_a_changed_job_has_another_trace_since_it_has_not_been_complete() -> None:
    before = status(2, "2026-01-01T00:00:05Z", Complete="False/Running")
    (job,) = told((body(2), before, status(2, Complete="True/Delivered")))
    assert f"{job.context.trace_id:032x}" == job_span(UID, 2, 1.0).trace_id
    assert job.start_time == CREATED_NS + 5 * 10**9


def test_a_trace_that_was_not_picked_is_not_sent() -> None:
    assert told((body(), {}, ADMITTED), ratio=0.0) == []


def test_without_a_collector_nothing_is_looked_at() -> None:
    traces = JobTraces(None, "operator-1", lambda: pytest.fail("nobody asks the time"))
    traces.changed({}, {}, {})
    traces.close()
