"""What is deleted with a job is named exactly as it was delivered, in whatever script rows are keyed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from understudy_api import delivery
from understudy_workers.work import row_name, staged_files


@given(st.text(min_size=1, max_size=40), st.sampled_from(["en-GB", "ja-JP"]), st.sampled_from(["wide", "story"]))
def test_both_planes_name_files_alike(row: str, locale: str, output: str) -> None:
    assert delivery.row_name(row) == row_name(row)
    assert delivery.item_names(row, locale, output) == tuple(
        file.name for file in staged_files("", row, locale, output)
    )


@given(st.text(min_size=1), st.text(min_size=1))
def test_distinct_rows_have_distinct_names_of_one_segment(one: str, other: str) -> None:
    assert (delivery.row_name(one) == delivery.row_name(other)) == (one == other)
    assert "/" not in delivery.row_name(one)
    assert delivery.row_name(one) not in {"", ".", ".."}
