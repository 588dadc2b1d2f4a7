"""Answers of Prometheus' HTTP API as they were recorded, for what draws them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from understudy_monitoring.answers import Span

SPAN = Span(1_795_957_920.0, 1_795_957_980.0)
"""A minute."""
LABELS = {"brand": "acme", "pool": "default", "currency": "EUR", "license": "talent-ada/spring", "kind": "RenderJob"}


def matrix(*series: tuple[Mapping[str, str], list[str]]) -> dict[str, Any]:
    """Of a range query: labels and values, one each second of SPAN."""
    result = [
        {"metric": dict(labels), "values": [[SPAN.start + at, value] for at, value in enumerate(values)]}
        for labels, values in series
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def vector(*series: tuple[Mapping[str, str], str]) -> dict[str, Any]:
    """Of a query of now."""
    result = [{"metric": dict(labels), "value": [SPAN.end, value]} for labels, value in series]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


NOTHING = matrix()
WAVE = [str(abs(30 - second) / 10) for second in range(61)]


class Recorded(httpx.MockTransport):
    """Gives these answers to every question, and keeps what was asked."""

    def __init__(self, ranged: Mapping[str, Any], now: Mapping[str, Any] = NOTHING, status: int = 200) -> None:
        super().__init__(self._answer)
        self.asked: list[httpx.URL] = []
        self._ranged, self._now, self._status = ranged, now, status

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        body = self._ranged if request.url.path.endswith("query_range") else self._now
        return httpx.Response(self._status, content=json.dumps(body))

    def client(self) -> httpx.Client:
        return httpx.Client(base_url="http://prometheus", transport=self)
