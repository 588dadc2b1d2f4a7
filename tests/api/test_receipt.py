"""Receipts and segments: what their ids depend on, what they add up to, how far they are bounded."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from understudy_api.receipt import (
    MAX_LOGGED_GROUPS,
    Receipt,
    Segment,
    Totals,
    finished_key,
    item_id,
    segment_key,
    training_key,
)

ITEM = {
    "namespace": "acme",
    "job": "spring",
    "jti": "acme-spring-1",
    "row": "7",
    "locale": "de-DE",
    "output": "wide",
    "words": ("Hallo.",),
    "version": "v",
    "settings": {"width": 1280},
}


@pytest.mark.parametrize("field", sorted(ITEM))
def test_item_id_depends_on_every_part(field: str) -> None:
    value = ITEM[field]
    changed = ("Hallo!",) if field == "words" else {"width": 640} if field == "settings" else f"{value}x"
    assert item_id(**{**ITEM, field: changed}) != item_id(**ITEM)  # type: ignore[arg-type]


def test_item_id_is_stable() -> None:
    """Ids live in receipts for years: a change here bills everything again."""
    assert item_id(**ITEM) == "f50c72deda69e7d3dced18d361d92bf8daec57e8f6d6ae4d587577ac44bba4f8"  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 99_999_999), min_size=2, max_size=2, unique=True))
def test_segment_keys_sort_like_sequences(pair: list[int]) -> None:
    low, high = sorted(pair)
    assert segment_key("u", low) < segment_key("u", high)


def test_finished_sorts_after_every_segment() -> None:
    assert finished_key("u", "0" * 64) > segment_key("u", 99_999_999)
    assert training_key("d").startswith("trainings/")


def test_totals_count_items() -> None:
    assert Totals(done=3, failed=2, rejected=1).items == 6


def test_segment_is_bounded() -> None:
    receipt = Receipt(item="a" * 64, ordinal=0, row="r", locale="de", output="wide", outcome="done")
    base = {"uid": "u", "sequence": 0, "director": "d", "order": "b" * 64, "generation": 1, "written_at": 0.0}
    Segment.model_validate({**base, "receipts": [receipt] * 500, "totals": Totals()})
    with pytest.raises(ValidationError):
        Segment.model_validate({**base, "receipts": [receipt] * 501, "totals": Totals()})


SEGMENT: dict[str, Any] = {
    "uid": "u",
    "sequence": 0,
    "director": "d",
    "order": "b" * 64,
    "generation": 1,
    "written_at": 0.0,
    "receipts": [],
    "totals": {},
}


def test_a_segment_without_groups_reads_and_writes_as_before_there_were_groups() -> None:
    read = Segment.model_validate(SEGMENT)
    assert read.billed_worker_seconds_by_group == {}
    assert "billed_worker_seconds_by_group" not in json.loads(read.model_dump_json())


@pytest.mark.parametrize(
    ("groups", "fits"),
    [
        ({"spot": 1.5}, True),
        ({f"g{n}": 1.0 for n in range(MAX_LOGGED_GROUPS)}, True),
        ({f"g{n}": 1.0 for n in range(MAX_LOGGED_GROUPS + 1)}, False),
        ({"No Group": 1.0}, False),
        ({"": 1.0}, False),
        ({"spot": math.nan}, False),
    ],
    ids=lambda one: str(one)[:20],
)
def test_groups_of_a_segment_are_bounded(groups: dict[str, float], fits: bool) -> None:
    given = {**SEGMENT, "billed_worker_seconds_by_group": groups}
    if fits:
        read = Segment.model_validate(given)
        assert Segment.model_validate_json(read.model_dump_json()) == read
        assert read.billed_worker_seconds_by_group == groups
    else:
        with pytest.raises(ValidationError):
            Segment.model_validate(given)


@pytest.mark.parametrize(
    ("changed", "charged"), [({}, True), ({"carried": True}, False), ({"outcome": "failed"}, False)]
)
def test_what_was_made_anew_is_charged(changed: dict[str, object], charged: bool) -> None:
    known = {"item": "a" * 64, "ordinal": 0, "row": "1", "locale": "de", "output": "wide", "outcome": "done"}
    assert Receipt.model_validate({**known, **changed}).charged is charged
