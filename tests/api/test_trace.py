"""Ids of traces: the same for everybody who knows the job, and none that two jobs share."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.trace import TRACEPARENT, Parent, job_span, trace_id

UIDS = st.from_regex(r"[A-Za-z0-9-]{8,64}", fullmatch=True)
GENERATIONS = st.integers(1, 10**9)


@given(UIDS, GENERATIONS)
def test_whoever_knows_the_job_knows_its_trace(uid: str, generation: int) -> None:
    span = job_span(uid, generation, 1.0)
    assert span.trace_id == trace_id(uid, generation)
    assert span.sampled
    assert re.fullmatch(TRACEPARENT, span.traceparent)
    assert Parent.read(span.traceparent) == span


@given(UIDS, UIDS, GENERATIONS, GENERATIONS)
def test_other_jobs_and_editions_have_other_traces(one: str, other: str, first: int, second: int) -> None:
    if (one, first) != (other, second):
        assert trace_id(one, first) != trace_id(other, second)


@given(UIDS, GENERATIONS, st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_what_a_smaller_one_picked(uid: str, generation: int, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert job_span(uid, generation, large).sampled >= job_span(uid, generation, small).sampled
    assert not job_span(uid, generation, 0.0).sampled


def test_about_as_many_are_picked_as_asked_for() -> None:
    picked = sum(job_span(f"uid-{number:08}", 1, 0.25).sampled for number in range(4000))
    assert 900 < picked < 1100


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "00-" + "a" * 32 + "-" + "b" * 16,
        "01-" + "a" * 32 + "-" + "b" * 16 + "-01",
        "00-" + "A" * 32 + "-" + "b" * 16 + "-01",
        "00-" + "a" * 32 + "-" + "b" * 16 + "-01\n",
    ],
)
def test_what_is_no_traceparent_is_none(text: str | None) -> None:
    assert Parent.read(text) is None
