"""Rows: read line by line, held against the script, frozen canonically; every complaint names row or line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy_api.digest import digest_bytes
from understudy_operator.core.request import ContentRequest, rows_key
from understudy_operator.core.rows import Freezer, Placed, RowError, _Marks, inline, problem, read_csv, read_jsonl
from understudy_operator.core.state import FrozenContent


def _request(*texts: str, key: str | None = "id") -> ContentRequest:
    return ContentRequest(key=key, rows=None, source=None, scenes={"en-GB": texts or ("Hi {name}!",)})


def _freeze(request: ContentRequest, rows: list[dict[str, Any]]) -> tuple[list[bytes], FrozenContent | RowError]:
    freezer = Freezer(request)
    lines = []
    for placed in inline(rows):
        line = freezer.line(placed)
        if isinstance(line, RowError):
            return lines, line
        lines.append(line)
    return lines, freezer.frozen("uid-of-a-job")


def test_frozen_rows_hold_only_what_the_script_uses() -> None:
    lines, frozen = _freeze(_request(), [{"id": 7, "name": "Maya", "salary": 90_000, "note": None}])
    assert lines == [b'{"id":7,"name":"Maya"}\n']
    assert isinstance(frozen, FrozenContent)
    assert frozen.rows_count == 1
    assert frozen.rows_digest == digest_bytes(lines[0])
    assert frozen.rows_s3_key == rows_key("uid-of-a-job", frozen.rows_digest)
    assert frozen.request == _request().digest


def test_a_job_without_data_has_one_empty_row() -> None:
    lines, frozen = _freeze(_request("Hello.", key=None), [{}])
    assert lines == [b"{}\n"]
    assert isinstance(frozen, FrozenContent)


@pytest.mark.parametrize(
    ("rows", "reason", "words"),
    [
        ([], "NoRows", "at least one row"),
        ([{"id": "1", "name": "A"}, {"id": "2"}], "RowInvalid", "row 2 (id 2): {name} is missing"),
        ([{"id": "1", "name": ""}], "RowInvalid", "{name} is missing"),
        ([{"id": "1", "name": ["A"]}], "RowInvalid", "row 1: 'name': wanted a string or a number"),
        ([{"id": "1", "name": True}], "RowInvalid", "wanted a string or a number"),
        ([{"name": "A"}], "RowInvalid", "row 1: 'id'"),
        ([{"id": " ", "name": "A"}], "RowInvalid", "give every row its own id"),
        ([{"id": "a\nb", "name": "A"}], "RowInvalid", "printable"),
        ([{"id": "x" * 257, "name": "A"}], "RowInvalid", "1 to 256"),
        ([{"id": "1", "name": "A"}, {"id": 1, "name": "B"}], "DuplicateKey", "row 2: id '1' stands twice"),
        ([{"id": 2**60, "name": "A"}], "RowInvalid", "write it as a string"),
    ],
)
def test_bad_rows_are_named(rows: list[dict[str, Any]], reason: str, words: str) -> None:
    _, found = _freeze(_request(), rows)
    assert isinstance(found, RowError)
    assert found.reason == reason
    assert words in found.message


@pytest.mark.parametrize(
    ("text", "row", "words"),
    [
        ("{n, plural, one {#} other {#}}", {"id": "1", "n": "many"}, "wanted a number"),
        ("{d, date, long}", {"id": "1", "d": "tomorrow"}, "wanted a day"),
        ("{p, number, ::currency/EUR}", {"id": "1", "p": "39,99"}, "wanted a number"),
        ("{g, select, f {she {name}} other {they}}", {"id": "1", "g": "x"}, "{name} is missing"),
    ],
)
def test_values_have_to_fit_the_script(text: str, row: dict[str, Any], words: str) -> None:
    _, found = _freeze(_request(text), [row])
    assert isinstance(found, RowError)
    assert words in found.message


def test_a_variable_of_any_locale_is_needed() -> None:
    request = ContentRequest(key=None, rows=None, source=None, scenes={"en": ("Hi.",), "de": ("Hallo {vorname}.",)})
    _, found = _freeze(request, [{"name": "A"}])
    assert isinstance(found, RowError)
    assert "{vorname}" in found.message


def test_an_unchecked_script_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match="not checked"):
        Freezer(_request("Hi {name"))


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8).filter(str.isprintable), st.integers(-5, 5)), max_size=12))
def test_keys_are_unique_or_named(pairs: list[tuple[str, int]]) -> None:
    rows = [{"id": key, "name": number} for key, number in pairs]
    lines, found = _freeze(_request(), rows)
    keys = [key for key, _ in pairs]
    good = bool(keys) and len(set(keys)) == len(keys) and all(key.strip() for key in keys)
    assert isinstance(found, FrozenContent) is good
    if good:
        assert [json.loads(line) for line in lines] == rows


def test_the_digest_sees_values_not_spelling() -> None:
    one = _freeze(_request(), [{"id": "1", "name": "A"}])[1]
    two = _freeze(_request(), [{"name": "A", "id": "1", "x": 1}])[1]
    three = _freeze(_request(), [{"id": "1", "name": "B"}])[1]
    assert isinstance(one, FrozenContent)
    assert isinstance(two, FrozenContent)
    assert isinstance(three, FrozenContent)
    assert one.rows_digest == two.rows_digest != three.rows_digest


def test_seconds_add_up_over_rows_and_locales() -> None:
    one = _freeze(_request(), [{"id": "1", "name": "A"}])[1]
    two = _freeze(_request(), [{"id": "1", "name": "A"}, {"id": "2", "name": "A"}])[1]
    assert isinstance(one, FrozenContent)
    assert isinstance(two, FrozenContent)
    assert two.spoken_seconds == pytest.approx(2 * one.spoken_seconds)


def test_csv_gives_rows_by_header() -> None:
    text = '\ufeffid,name\r\n1,"Maya, the first"\r\n\r\n2,"No\nah"\r\n'
    found = list(read_csv(text.splitlines(keepends=True)))
    assert found == [
        Placed("line 2", {"id": "1", "name": "Maya, the first"}),
        Placed("line 5", {"id": "2", "name": "No\nah"}),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,name\n1,A\n2\n3,C\n", "line 3: wanted 2 fields as in the header, got 1"),
        ("id,name\n1,A,B\n", "line 2: wanted 2 fields as in the header, got 3"),
        ("id,id\n1,2\n", "line 1: column 'id' stands twice"),
        ('id,name\n1,"A"B\n', "line 2: not CSV"),
        ('id,name\n1,"A\n', "not CSV"),
    ],
)
def test_a_bad_csv_line_is_named_and_ends_the_reading(text: str, words: str) -> None:
    found = list(read_csv(text.splitlines(keepends=True)))
    assert isinstance(found[-1], RowError)
    assert words in found[-1].message
    assert all(isinstance(one, Placed) for one in found[:-1])


def test_an_empty_csv_has_no_rows() -> None:
    assert list(read_csv([])) == []
    assert list(read_csv(["id,name\n"])) == []


@pytest.mark.parametrize("line", ["{", "[1]", '"x"', "null", "1", "{" + " " * 1_000_001 + "}"])
def test_a_bad_json_line_is_named_and_ends_the_reading(line: str) -> None:
    found = list(read_jsonl(['{"id": "1"}\n', "\n", line, '{"id": "2"}\n']))
    assert found[0] == Placed("line 1", {"id": "1"})
    assert len(found) == 2
    assert isinstance(found[1], RowError)
    assert "line 3" in found[1].message


def test_a_problem_remembers_its_request_and_time() -> None:
    found = problem(_request(), RowError("NoRows", "none"), 5.0)
    assert (found.request, found.reason, found.message, found.at) == (_request().digest, "NoRows", "none", 5.0)


def test_requests_differ_by_what_they_ask() -> None:
    assert _request("A.").digest != _request("B.").digest
    assert _request("A.").digest != _request("A.", key="other").digest
    huge = ContentRequest(key=None, rows=({"n": 2**80},), source=None, scenes={})
    assert len(huge.digest) == 64


def test_many_keys_stay_distinct_while_the_table_grows() -> None:
    marks = _Marks()
    keys = [number * 2654435761 % 2**64 for number in range(20_000)]
    assert all(marks.add(key) for key in keys)
    assert not any(marks.add(key) for key in keys)
