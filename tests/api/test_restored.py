"""What an object keeps over a restore, and over the next one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.restored import (
    GENERATION_ANNOTATION,
    ROOM_GENERATIONS,
    UID_ANNOTATION,
    earlier_generations,
    lasting_uid,
    restored,
)

UIDS = st.uuids().map(str)


def metadata(uid: str, generation: int | None = 1, annotations: dict[str, Any] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"uid": uid, "annotations": annotations}
    return found if generation is None else {**found, "generation": generation}


@given(UIDS, st.integers(1, 100_000))
def test_an_object_that_was_never_restored_is_itself(uid: str, generation: int) -> None:
    for said in (None, {}, {"team": "spring"}):
        one = metadata(uid, generation, said)
        assert (lasting_uid(one), earlier_generations(one)) == (uid, 0)
    assert lasting_uid({"uid": uid}) == uid


@given(UIDS, st.lists(st.tuples(UIDS, st.integers(1, 500)), min_size=1, max_size=4))
def test_it_stays_the_first_one_however_often_it_is_restored(first: str, later: list[tuple[str, int]]) -> None:
    known, edition = metadata(first), 1
    for uid, changes in later:
        before = edition
        known = metadata(uid, changes, restored(known))
        edition = earlier_generations(known) + changes
        assert lasting_uid(known) == first
        assert edition > before + ROOM_GENERATIONS, "whatever became of the one that was saved counts as earlier"


def test_a_namespace_has_no_generations() -> None:
    assert restored(metadata("0c8f2b1e-0000", None)) == {UID_ANNOTATION: "0c8f2b1e-0000"}


@pytest.mark.parametrize(
    "named", ["", "short", "a" * 65, "../../other/log", "0c8f2b1e\n0000", "0c8f2b1e/0000", None, 5]
)
def test_what_is_no_uid_counts_for_nothing(named: Any) -> None:
    assert lasting_uid(metadata("0c8f2b1e-0000", annotations={UID_ANNOTATION: named})) == "0c8f2b1e-0000"


@pytest.mark.parametrize("named", ["", "-3", "1.5", "many", "9" * 10, "3\n", None])
def test_what_is_no_number_counts_for_nothing(named: Any) -> None:
    assert earlier_generations(metadata("0c8f2b1e-0000", annotations={GENERATION_ANNOTATION: named})) == 0
