import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.delivery import item_names, row_name


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("c-1001", "c-1001"),
        ("Zoë 美咲", "Zoë 美咲"),
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("..", "%2E%2E"),
        ("a?b#c", "a%3Fb%23c"),
    ],
)
def test_names_stay_readable_and_safe(row: str, name: str) -> None:
    assert row_name(row) == name


def test_an_item_has_three_files() -> None:
    assert item_names("c-1", "de-DE", "story") == (
        "c-1/de-DE/story.mp4",
        "c-1/de-DE/story.srt",
        "c-1/de-DE/story.jpg",
    )


@given(st.text(min_size=1), st.text(min_size=1))
def test_distinct_rows_have_distinct_names_of_one_segment(one: str, other: str) -> None:
    assert (row_name(one) == row_name(other)) == (one == other)
    assert "/" not in row_name(one)
    assert row_name(one) not in {"", ".", ".."}
