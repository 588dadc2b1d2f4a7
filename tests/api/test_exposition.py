"""What Prometheus reads is what prometheus_client writes, served sooner."""

from __future__ import annotations

import gzip
import math
import socket
from collections.abc import Callable, Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary, generate_latest
from prometheus_client.core import GaugeMetricFamily, UnknownMetricFamily
from prometheus_client.registry import Collector

from understudy_api.exposition import exposition, serve

WORDS = some.text(max_size=12)
NUMBERS = some.floats() | some.integers(-(2**60), 2**60).map(float)
LOOPBACK = "127.0.0.1"


class Given(Collector):
    """Yields families as they are."""

    def __init__(self, *families: GaugeMetricFamily) -> None:
        self._families = families

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._families


@given(some.lists(some.tuples(WORDS, WORDS, NUMBERS), max_size=8), WORDS)
def test_any_words_and_numbers_are_written_the_same(samples: list[tuple[str, str, float]], says: str) -> None:
    family = GaugeMetricFamily("understudy_x", says, labels=("pool", "brand"))
    for pool, brand, value in samples:
        family.add_metric((pool, brand), value)
    registry = CollectorRegistry()
    registry.register(Given(family))
    assert exposition(registry) == latest(registry)


def latest(registry: CollectorRegistry) -> bytes:
    """What prometheus_client writes, but for when counters began."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("prometheus_client.metrics._use_created", False)
        return generate_latest(registry)


@pytest.fixture(scope="module")
def every_kind() -> CollectorRegistry:
    """A metric of each kind."""
    registry = CollectorRegistry()
    Counter("c", "Counts.", ["a"], registry=registry).labels('quoted "word"\nand \\').inc(1.5)
    Gauge("g", "Stands.", registry=registry).set(math.inf)
    Histogram("h", "Seconds.", ["a"], buckets=(0.1, 1e7), registry=registry).labels("x").observe(3)
    Summary("s", "Sums.", registry=registry).observe(2)
    Info("i", "Says.", registry=registry).info({"release": "1"})
    Enum("e", "One of.", states=["up", "down"], registry=registry).state("down")
    registry.register(Given(UnknownMetricFamily("u", "Who knows.", value=3)))
    return registry


def test_every_kind_is_written_the_same(every_kind: CollectorRegistry) -> None:
    text = exposition(every_kind)
    assert text == latest(every_kind)
    assert b'c_total{a="quoted \\"word\\"\\nand \\\\"} 1.5' in text
    assert b"g +Inf" in text
    assert b"# TYPE u untyped" in text
    assert b"_created" not in text


def test_a_change_is_seen_at_once() -> None:
    registry = CollectorRegistry()
    gauge = Gauge("g", "Stands.", ["a"], registry=registry)
    for value in (1, 2):
        gauge.labels("x").set(value)
        assert f'g{{a="x"}} {value}.0' in exposition(registry).decode()


@pytest.fixture(params=[LOOPBACK, "::1"])
def served(request: pytest.FixtureRequest, every_kind: CollectorRegistry) -> Iterator[str]:
    """Where the metrics are, on addresses of both kinds."""
    host = request.param
    port = free_port(host)
    end = serve(host, port, every_kind)
    yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    end()


def free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def test_it_is_served_as_text_and_packed_for_who_takes_that(served: str, every_kind: CollectorRegistry) -> None:
    with httpx.Client(trust_env=False) as http:
        plain = http.get(f"{served}/metrics", headers={"Accept-Encoding": "identity"})
        assert plain.content == latest(every_kind)
        assert plain.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        with http.stream("GET", f"{served}/metrics", headers={"Accept-Encoding": "gzip"}) as packed:
            assert packed.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(b"".join(packed.iter_raw())) == plain.content


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written_there(served: str, method: str) -> None:
    answer = httpx.request(method, f"{served}/metrics", trust_env=False)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_port_that_is_taken_is_an_error_and_one_that_was_let_go_is_free(every_kind: CollectorRegistry) -> None:
    port = free_port(LOOPBACK)
    end: Callable[[], None] = serve(LOOPBACK, port, every_kind)
    with socket.create_connection((LOOPBACK, port)), pytest.raises(OSError, match="in use"):
        serve(LOOPBACK, port, every_kind)
    end()
    serve(LOOPBACK, port, every_kind)()
