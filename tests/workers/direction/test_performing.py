"""What a performer makes of a batch."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs
from theatre import LANDSCAPE

from understudy_workers.direction.batch import Batch, Failure, Witness
from understudy_workers.direction.performing import open_studio, perform
from understudy_workers.objects import MissingObjectError, OutageError
from understudy_workers.work import ItemResult, ItemWork, PlannedItem, TakeResult, TakeWork, permit_of


class FaultyError(Exception):
    reason = "NotSpeakable"


class Studio:
    """Answers, or raises what it is told to."""

    thumbprint, key = "t" * 43, "k" * 43

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = iter(errors)

    def perform(self, take, permit):
        if error := next(self.errors, None):
            raise error
        return TakeResult(take.take_id, 25, (False,), 0.1, {}, 0.0)

    def assemble(self, item, permit):
        if error := next(self.errors, None):
            raise error
        return ItemResult(None, (), 0.1)


TAKE = TakeWork("a" * 64, ("b" * 64,), (LANDSCAPE,), "Hello.", "en-GB")
ITEM = ItemWork(PlannedItem(0, "c" * 64, "r", "en-GB", LANDSCAPE, ("Hello.",), ("a" * 64,), ("b" * 64,)), 0.0, "p/")


@pytest.fixture
def batch(write_order):
    return lambda *works: Batch(permit_of(write_order()), works)


def test_outcomes_go_along_the_works(batch) -> None:
    answer = perform(Studio(), batch(TAKE, ITEM, TAKE))
    assert [type(outcome) for outcome in answer.outcomes] == [TakeResult, ItemResult, TakeResult]
    assert 0 <= answer.busy_seconds < 5
    assert answer.witness == Witness(Studio.key, batch().permit.grant)
    assert answer.group == ""


def test_an_answer_names_the_group_of_its_node(batch) -> None:
    assert perform(Studio(ValueError("no tongue")), batch(TAKE), "spot").group == "spot"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ValueError("first line\n  second line \n"), Failure("second line", "ValueError")),
        (FaultyError("no tongue"), Failure("no tongue", "NotSpeakable")),
        (KeyError(), Failure("KeyError", "KeyError")),
        (OutageError("S3 is away"), Failure("S3 is away", "StoreOutage", outage=True)),
        (MissingObjectError("no such object"), Failure("no such object", "MissingObjectError")),
        (RuntimeError("x" * 900), Failure("x" * 500, "RuntimeError")),
    ],
)
def test_a_work_that_raises_leaves_the_others_alone(batch, error, failure) -> None:
    answer = perform(Studio(None, error, None), batch(TAKE, ITEM, TAKE))
    assert answer.outcomes[1] == failure
    assert isinstance(answer.outcomes[0], TakeResult)
    assert isinstance(answer.outcomes[2], TakeResult)


def test_what_a_work_raises_is_logged_with_what_it_was_about(batch) -> None:
    with capture_logs() as lines:
        perform(Studio(ValueError("no tongue"), KeyError(), OutageError("S3 is away")), batch(TAKE, ITEM, TAKE))
    take, item = lines  # an outage is the director's to tell, once
    assert (take["event"], take["take"], "item" in take) == ("work failed", "a" * 12, False)
    assert (item["takes"], item["order"]) == (["a" * 12], batch().permit.order_uid)


def test_a_studio_is_opened_by_name(settings) -> None:
    studio = open_studio("puppet:Puppet", settings)
    assert type(studio).__name__ == "Puppet"
    with pytest.raises(AttributeError):
        open_studio("puppet:Nobody", settings)
