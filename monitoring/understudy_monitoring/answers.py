"""What Prometheus answers to a panel's queries, over its HTTP API."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from understudy_monitoring.board import Panel, Query

POINTS: Final = 240
"""Points of a line, at most."""
_PLACE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class Span:
    """From when until when is asked, Unix seconds."""

    start: float
    end: float

    @property
    def step_seconds(self) -> float:
        """Between two points; not under a second."""
        return max(1.0, (self.end - self.start) / POINTS)


@dataclass(frozen=True)
class Series:
    """One line, or one number of now: values at Unix seconds, in order of time."""

    name: str
    """As a legend calls it."""
    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def numbers(self) -> tuple[float, ...]:
        """Values that are numbers; not empty."""
        return tuple(value for _, value in self.points if not math.isnan(value))

    @property
    def last(self) -> float:
        """What Grafana calls lastNotNull."""
        return self.numbers[-1]

    @property
    def now(self) -> float:
        """What Grafana calls last: NaN where nobody knows any more."""
        return self.points[-1][1]


class RefusedQueryError(Exception):
    """Prometheus does not answer a query; says which and why."""


def ask(http: httpx.Client, panel: Panel, span: Span) -> tuple[Series, ...]:
    """All series of a panel, each with a number at least; none where there is no data. `http`'s base is Prometheus'.

    Raises RefusedQueryError, httpx.HTTPError.
    """
    return tuple(series for query in panel.queries for series in _ask(http, query, span, panel.kind == "table"))


def _ask(http: httpx.Client, query: Query, span: Span, now: bool) -> Iterator[Series]:
    if now:
        answer = http.get("/api/v1/query", params={"query": query.expr, "time": span.end})
    else:
        asked: dict[str, str | float] = {
            "query": query.expr,
            "start": span.start,
            "end": span.end,
            "step": span.step_seconds,
        }
        answer = http.get("/api/v1/query_range", params=asked)
    body = _body(answer)
    if body.get("status") != "success":
        got = body.get("error") or f"HTTP {answer.status_code}"
        raise RefusedQueryError(f"{query.expr}: wanted an answer of Prometheus, got: {got}")
    for found in body["data"]["result"]:
        points = found["values"] if "values" in found else [found["value"]]
        labels = {key: value for key, value in found["metric"].items() if key != "__name__"}
        series = Series(_name(query, labels), labels, tuple((float(at), float(value)) for at, value in points))
        if series.numbers:
            yield series


def _body(answer: httpx.Response) -> dict[str, Any]:
    """Empty where it is none of Prometheus'."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _name(query: Query, labels: Mapping[str, str]) -> str:
    """As Grafana names it: by the legend, else by its labels, else by the question."""
    if query.legend:
        return _PLACE.sub(lambda place: labels.get(place[1], ""), query.legend).strip() or query.expr
    return ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or query.expr
