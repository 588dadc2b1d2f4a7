"""What Prometheus answers, as series with names: nothing that is no number, and no refused query goes unnoticed."""

from __future__ import annotations

import math

import httpx
import pytest
from recorded_answers import NOTHING, SPAN, Recorded, matrix, vector

from understudy_monitoring.answers import POINTS, RefusedQueryError, Span, ask
from understudy_monitoring.board import Panel, Query


def panel(*legends: str, kind: str = "lines") -> Panel:
    queries = tuple(Query(f"metric_{place}", legend) for place, legend in enumerate(legends))
    return Panel(title="How?", queries=queries, unit="short", says="So.", kind=kind)  # type: ignore[arg-type]


def test_lines_are_asked_over_the_span_and_tables_at_its_end() -> None:
    recorded = Recorded(NOTHING)
    ask(recorded.client(), panel("a", "b"), SPAN)
    ask(recorded.client(), panel("c", kind="table"), SPAN)
    assert [url.path for url in recorded.asked] == ["/api/v1/query_range", "/api/v1/query_range", "/api/v1/query"]
    first, second, now = (dict(url.params) for url in recorded.asked)
    assert (first["query"], second["query"], now["query"]) == ("metric_0", "metric_1", "metric_0")
    assert (float(first["start"]), float(first["end"]), float(first["step"])) == (SPAN.start, SPAN.end, 1)
    assert float(now["time"]) == SPAN.end


def test_a_long_span_has_no_more_points_than_can_be_seen() -> None:
    assert Span(0, 3600).step_seconds == 3600 / POINTS


@pytest.mark.parametrize(
    ("legend", "name"),
    [
        ("{{brand}}", "acme"),
        ("{{brand}}, {{currency}}", "acme, EUR"),
        ("{{ brand }}", "acme"),
        ("half of all", "half of all"),
        ("", "brand=acme, currency=EUR"),
        ("{{pool}}", "metric_0"),
    ],
)
def test_a_series_is_called_as_the_legend_says(legend: str, name: str) -> None:
    answer = matrix(({"__name__": "metric_0", "brand": "acme", "currency": "EUR"}, ["1"]))
    (series,) = ask(Recorded(answer).client(), panel(legend), SPAN)
    assert series.name == name
    assert "__name__" not in series.labels


def test_the_last_number_counts_and_a_series_without_one_is_none() -> None:
    answer = matrix(({"pool": "a"}, ["1", "NaN", "2.5", "NaN"]), ({"pool": "b"}, ["NaN", "NaN"]), ({}, ["+Inf"]))
    found = ask(Recorded(answer).client(), panel("{{pool}}"), SPAN)
    assert [(series.name, series.last) for series in found] == [("a", 2.5), ("metric_0", float("inf"))]
    assert found[0].numbers == (1, 2.5)
    assert math.isnan(found[0].now)
    assert [at - SPAN.start for at, _ in found[0].points] == [0, 1, 2, 3]


def test_a_table_has_values_of_now() -> None:
    answer = vector(({"license": "t/spring"}, "53.1"), ({"license": "t/autumn"}, "0"))
    found = ask(Recorded(NOTHING, answer).client(), panel("{{license}}", kind="table"), SPAN)
    assert [(series.labels["license"], series.last) for series in found] == [("t/spring", 53.1), ("t/autumn", 0)]


def test_nothing_is_nothing() -> None:
    assert ask(Recorded(NOTHING).client(), panel("a"), SPAN) == ()


def test_a_refused_query_is_named() -> None:
    refused = {"status": "error", "errorType": "bad_data", "error": "1:3: parse error: unexpected end"}
    with pytest.raises(RefusedQueryError, match=r"^metric_0: wanted an answer of Prometheus, got: 1:3: parse error"):
        ask(Recorded(refused, status=400).client(), panel("a"), SPAN)


def test_a_server_that_is_no_prometheus_is_named() -> None:
    other = httpx.Client(
        base_url="http://other", transport=httpx.MockTransport(lambda _: httpx.Response(404, text="no such page"))
    )
    with pytest.raises(RefusedQueryError, match=r"^metric_0: wanted an answer of Prometheus, got: HTTP 404"):
        ask(other, panel("a"), SPAN)
