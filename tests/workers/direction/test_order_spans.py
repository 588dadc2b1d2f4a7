"""The spans of an order: its works below it, none too many, and none where nobody records them."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from theatre import LANDSCAPE

from understudy_api.order import Order
from understudy_api.trace import TracingSettings, job_span
from understudy_api.tracing import Tracing
from understudy_api.verdict import Refusal
from understudy_workers.direction.batch import Answer, Failure, Outcome
from understudy_workers.direction.order_spans import OrderSpans
from understudy_workers.direction.units import Assignment, TakeUnit
from understudy_workers.stopwatch import Lap
from understudy_workers.work import GRANT_EXPIRED, TakeResult, TakeWork, permit_of

LAPS = (Lap("speak", 101.0, 102.0), Lap("animate", 102.0, 104.0))


class Scene:
    """An order whose spans are kept in memory; the clock ticks a second with each look."""

    def __init__(self, order: Order, limit: int = 100, tracing: bool = True) -> None:
        self.exporter = InMemorySpanExporter()
        settings = TracingSettings(endpoint="http://127.0.0.1:1", spans_per_order=limit)
        self.tracing = Tracing(self.exporter, settings) if tracing else None
        self.now = 99.0
        self.spans = OrderSpans(order, permit_of(order), self.tracing, "d1", self._tick)

    def _tick(self) -> float:
        self.now += 1.0
        return self.now

    def take(self, outcome: Outcome | None) -> None:
        """One take that came to this; None: its performer died."""
        work = TakeWork("a" * 64, ("d" * 64,), (LANDSCAPE,), "Hello.", "en-GB")
        assignment = Assignment((TakeUnit(take_id="a" * 64, words="Hello.", locale="en-GB"),), (work,), 1.0)
        self.spans.began(assignment)
        if outcome is None:
            self.spans.lost(assignment, "p0")
        else:
            self.spans.answered(assignment, "p0", Answer((outcome,), 1.0))

    def sent(self) -> list[Any]:
        if self.tracing:
            self.tracing.close()
        return list(self.exporter.get_finished_spans())


@pytest.fixture
def order(signers: Any) -> Order:
    order: Order = signers.order()
    return order.model_copy(update={"traceparent": job_span(order.uid, 1, 1.0).traceparent})


def made(laps: tuple[Lap, ...] = LAPS, refusal: Refusal | None = None) -> TakeResult:
    return TakeResult("a" * 64, 25, (False,), 3.0, {}, 101.0, refusal, laps=laps)


def test_stages_hang_below_takes_below_the_order_below_the_job(order: Order) -> None:
    scene = Scene(order)
    scene.take(made())
    scene.spans.delivered(2, 103.0)
    scene.spans.end("Finished")
    spans = {one.name: one for one in scene.sent()}
    parents = {name: one.parent.span_id for name, one in spans.items()}
    ids = {name: one.context.span_id for name, one in spans.items()}
    job = int(job_span(order.uid, 1, 1.0).span_id, 16)
    assert parents == {
        "order": job,
        "take": ids["order"],
        "speak": ids["take"],
        "animate": ids["take"],
        "deliver": ids["order"],
    }
    assert spans["speak"].resource.attributes["service.name"] == "understudy-performer"
    assert spans["speak"].resource.attributes["service.instance.id"] == "p0"
    assert (spans["animate"].start_time, spans["animate"].end_time) == (102 * 10**9, 104 * 10**9)
    assert spans["order"].attributes["understudy.state"] == "Finished"
    assert "Hello" not in str([one.attributes for one in spans.values()])


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (Failure("the words", "SpeakError"), "SpeakError"),
        (None, "PerformerLost"),
        (made((), Refusal(reason=GRANT_EXPIRED, message="late")), GRANT_EXPIRED),
        (made(), None),
    ],
)
def test_what_went_wrong_is_one_word(order: Order, outcome: Outcome | None, error: str | None) -> None:
    scene = Scene(order)
    scene.take(outcome)
    (take,) = [one for one in scene.sent() if one.name == "take"]
    assert take.status.description == error


def test_a_million_works_make_a_bounded_number_of_spans_and_failures_find_room(order: Order) -> None:
    scene = Scene(order, limit=12)
    for _ in range(1000):
        scene.take(made())
    scene.take(Failure("", "SpeakError"))
    scene.spans.end("Finished")
    sent = scene.sent()
    assert [one.name for one in sent] == ["take", "speak", "animate"] * 2 + ["take", "order"]
    assert sent[-2].status.description == "SpeakError"


def test_another_edition_goes_on_in_its_own_trace(order: Order) -> None:
    scene = Scene(order)
    later = order.model_copy(update={"generation": 2, "traceparent": job_span(order.uid, 2, 1.0).traceparent})
    scene.spans.revise(order, permit_of(order))
    scene.spans.revise(later, permit_of(later))
    scene.take(made(()))
    scene.spans.end("Finished")
    first, take, second = scene.sent()
    assert (first.attributes["understudy.state"], second.attributes["understudy.state"]) == ("Revised", "Finished")
    assert first.context.trace_id != second.context.trace_id == take.context.trace_id


@pytest.mark.parametrize("traceparent", [None, "unsampled"])
def test_nothing_is_sent_of_what_nobody_records(order: Order, traceparent: str | None) -> None:
    text = job_span(order.uid, 1, 0.0).traceparent if traceparent else None
    scene = Scene(order.model_copy(update={"traceparent": text}))
    scene.take(made())
    scene.spans.delivered(1, 1.0)
    scene.spans.end("Finished")
    assert scene.sent() == []


def test_without_a_collector_nothing_happens(order: Order) -> None:
    scene = Scene(order, tracing=False)
    scene.take(made())
    scene.spans.end("Finished")
    assert scene.now == 100.0
