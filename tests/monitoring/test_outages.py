"""A real Prometheus over restarts: its own, the operator's, and a director that vanishes in the middle of a scrape."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from operator_site import until
from prometheus_site import Prometheus, scraping

from understudy_api.exposition import serve
from understudy_cli.local.plan import LOOPBACK, free_ports
from understudy_monitoring.files import BOARDS
from understudy_operator.shell.job_metrics import Job
from understudy_operator.shell.metrics import Metrics
from understudy_workers.direction.pool_metrics import PoolMetrics

pytestmark = pytest.mark.timeout(300)
JOB = Job("acme", "default", "talent/spring", 0.0, is_as_applied=True)
ADMITTED = {"conditions": [{"type": "Admitted", "status": "True", "reason": "Admitted"}]}
COST = 'sum(understudy_cost_total{currency="EUR"})'
INCREASE = 'sum(increase(understudy_cost_total{currency="EUR"}[10m]))'
(BUSY,) = [
    one.queries[0].expr for board in BOARDS for one in board.panels if one.title.startswith("What share of perf")
]


def worked(seconds: int) -> dict[str, object]:
    """A status after so many seconds of work at 1 EUR each."""
    return {**ADMITTED, "workerSeconds": str(seconds), "cost": {"amount": str(seconds), "currency": "EUR"}}


@dataclass
class Farm:
    """Operator and director as far as Prometheus sees them: their registries, served by their own servers."""

    prometheus: Prometheus
    ports: dict[str, int]
    stops: dict[str, Callable[[], None]]

    def operator(self) -> Metrics:
        """A new operator; an earlier one is gone."""
        if stop := self.stops.pop("operator", None):
            stop()
        metrics = Metrics()
        metrics.jobs.priced(JOB, ADMITTED, "EUR")
        self.stops["operator"] = metrics.serve(self.ports["operator"], LOOPBACK)
        return metrics

    def director(self) -> PoolMetrics:
        """A director with four performers, three of them busy."""
        metrics = PoolMetrics()
        metrics.workers.set(4)
        metrics.busy.set(3)
        self.stops["director"] = serve(LOOPBACK, self.ports["director"], metrics.registry)
        return metrics

    def tells(self, expr: str, value: float) -> None:
        """Waits until Prometheus says so."""
        until(lambda: self.prometheus.number(expr), lambda told: told == pytest.approx(value), 30)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    operator, director = free_ports(2)
    ports = {"operator": operator, "director": director}
    made = Farm(None, ports, {})  # type: ignore[arg-type]
    made.operator()
    made.director()
    try:
        with scraping(ports, tmp_path) as made.prometheus:
            yield made
    finally:
        for stop in made.stops.values():
            stop()


def test_prometheus_is_restarted_and_nothing_is_lost_or_counted_twice(farm: Farm) -> None:
    metrics = farm.operator()
    farm.tells(COST, 0)
    metrics.jobs.changed(JOB, {}, worked(5), 0.0)
    farm.tells(COST, 5)
    farm.prometheus.stop()
    metrics.jobs.changed(JOB, worked(5), worked(8), 0.0)
    farm.prometheus.start()
    farm.tells(COST, 8)
    assert farm.prometheus.number(INCREASE) == pytest.approx(8, rel=0.25)
    farm.tells('up{job="operator"}', 1)


def test_an_operator_is_restarted_and_sums_go_on(farm: Farm) -> None:
    metrics = farm.operator()
    farm.tells(COST, 0)
    metrics.jobs.changed(JOB, {}, worked(50), 0.0)
    farm.tells(COST, 50)
    metrics = farm.operator()
    farm.tells(COST, 0)
    metrics.jobs.changed(JOB, worked(50), worked(80), 0.0)
    farm.tells(COST, 30)
    assert farm.prometheus.number(INCREASE) == pytest.approx(80, rel=0.25)


def test_a_director_that_vanishes_in_the_middle_of_a_scrape_shows_nothing_at_all(farm: Farm) -> None:
    farm.tells(BUSY, 0.75)
    farm.stops.pop("director")()
    with HalfAnAnswer(farm.ports["director"]) as was_asked:
        assert was_asked.wait(30)
        farm.tells('up{job="director"}', 0)
        assert farm.prometheus.ask("understudy_performers") == {}, "half a scrape is none"
        assert math.isnan(farm.prometheus.number(BUSY)), "what is not known is not 0"
        assert farm.prometheus.number(COST) == 0, "others are scraped as before"
    farm.director()
    farm.tells(BUSY, 0.75)


class HalfAnAnswer:
    """A port whose process dies each time while it answers: performers without their end, cut off in a line."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server((LOOPBACK, port))
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> threading.Event:
        self._thread.start()
        return self._asked

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: 9999\r\n\r\n"
                connection.sendall(f"{head}understudy_performers 4.0\nunderstudy_performers_bu".encode())
                self._asked.set()
