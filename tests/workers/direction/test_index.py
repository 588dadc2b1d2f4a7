"""The index of an order and its contact sheet."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from theatre import LANDSCAPE, NOW, receipt

from understudy_api.order import VideoOutput
from understudy_api.receipt import Segment, Totals
from understudy_workers.direction.index import index_line, write_index
from understudy_workers.direction.sheet import sheet


def segments(order, *ordinals: list[int]) -> list[Segment]:
    return [
        Segment(
            uid="order-uid",
            sequence=sequence,
            director="d",
            order="a" * 64,
            generation=1,
            written_at=NOW,
            receipts=tuple(receipt(order, n).model_copy(update={"row": f"r{n}@{sequence}"}) for n in found),
            totals=Totals(),
        )
        for sequence, found in enumerate(ordinals)
    ]


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_lines_stand_in_the_orders_own_sequence(tmp_path) -> None:
    first = write_index(segments(None, [3, 0], [2], [1]), 5, tmp_path / "index.jsonl", shown=2)
    assert [line["row"] for line in lines(tmp_path / "index.jsonl")] == ["r0@0", "r1@2", "r2@1", "r3@0"]
    assert [one.ordinal for one in first] == [0, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["index.jsonl"]


def test_an_item_stands_there_as_it_was_told_first(tmp_path) -> None:
    write_index(segments(None, [0], [0, 1]), 2, tmp_path / "index.jsonl")
    assert [line["row"] for line in lines(tmp_path / "index.jsonl")] == ["r0@0", "r1@1"]


@settings(deadline=None)
@given(st.permutations(range(12)), st.integers(1, 5))
def test_any_order_of_receipts_gives_the_same_index(tmp_path_factory, ordinals, size) -> None:
    path = tmp_path_factory.mktemp("index") / "index.jsonl"
    parts = [ordinals[start : start + size] for start in range(0, 12, size)]
    write_index(segments(None, *parts), 12, path)
    assert [int(line["row"].split("@")[0][1:]) for line in lines(path)] == list(range(12))


def test_a_video_is_named_with_its_files() -> None:
    done = receipt(None, 0).model_copy(update={"row": "ä/b", "bytes": 9, "sha256": "f" * 64, "carried": True})
    assert index_line(done) == {
        "row": "ä/b",
        "locale": "en-GB",
        "output": "landscape",
        "state": "done",
        "item": "0" * 64,
        "seconds": 2.0,
        "metered_seconds": 2.0,
        "carried": True,
        "sha256": "f" * 64,
        "bytes": 9,
        "video": "ä%2Fb/en-GB/landscape.mp4",
        "captions": "ä%2Fb/en-GB/landscape.srt",
        "poster": "ä%2Fb/en-GB/landscape.jpg",
    }


@pytest.mark.parametrize("outcome", ["failed", "rejected"])
def test_what_was_not_made_says_why(outcome: str) -> None:
    lost = receipt(None, 0, outcome).model_copy(update={"reason": "WhyNot", "message": "because", "attempts": 3})
    line = index_line(lost)
    assert (line["state"], line["reason"], line["message"], line["attempts"]) == (outcome, "WhyNot", "because", 3)
    assert "video" not in line


def test_the_sheet_shows_posters_words_and_reasons(write_order) -> None:
    outputs = (LANDSCAPE, VideoOutput(name="story", width=216, height=384))
    order = write_order(outputs=outputs)
    made = receipt(order, 0).model_copy(update={"bytes": 9})
    lost = receipt(order, 1, "failed").model_copy(update={"output": "story", "message": "no <tongue>"})
    totals = Totals(done=7, failed=1, clips_rendered=3, clips_reused=9)
    page = sheet(order, totals, [made, lost], {0: "Hello & welcome."}, lambda _: b"\xff\xd8jpeg")
    assert "Hello &amp; welcome." in page
    assert "./r0/en-GB/landscape.mp4" in page
    assert "data:image/jpeg;base64," in page
    assert "failed: no &lt;tongue&gt;" in page
    assert "9 of 12 clips reused" in page
    assert "6 more items" in page
