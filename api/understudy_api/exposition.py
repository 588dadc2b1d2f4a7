"""Metrics as Prometheus reads them: its text format 0.0.4, written and served.

prometheus_client writes the same bytes, and in OpenMetrics' format when Prometheus asks, but takes 10 µs and more for a series:
20,000 of them kept a scrape, and the interpreter, for a third of a second. Labels change less often than they are read.
Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, ThreadingWSGIServer
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

REMEMBERED: Final = 65_536
"""Sets of labels whose words are kept: three times what a farm may have."""
_SUFFIXES: Final = {"counter": "_total", "info": "_info"}
_TYPES: Final = {"info": "gauge", "stateset": "gauge", "unknown": "untyped"}
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_HELP_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})


def exposition(registry: Collector) -> bytes:
    """What prometheus_client's `generate_latest` writes, without `_created` series: nobody asks when a counter began.

    Nothing of ours has timestamps, or is a histogram of gauges.
    """
    return "".join(line for family in registry.collect() for line in _lines(family)).encode()


def _lines(family: Metric) -> Iterator[str]:
    name = family.name + _SUFFIXES.get(family.type, "")
    yield f"# HELP {name} {family.documentation.translate(_HELP_ESCAPES)}\n"
    yield f"# TYPE {name} {_TYPES.get(family.type, family.type)}\n"
    created = f"{family.name}_created"
    for sample in family.samples:
        if sample.name != created:
            number = floatToGoString(sample.value)  # type: ignore[no-untyped-call]
            yield f"{sample.name}{_labels(tuple(sample.labels.items()))} {number}\n"


@lru_cache(maxsize=REMEMBERED)
def _labels(items: tuple[tuple[str, str], ...]) -> str:
    """`{a="b",c="d"}`, sorted by name; empty without labels."""
    words = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in sorted(items))
    return f"{{{words}}}" if words else ""


def serve(host: str, port: int, registry: Collector) -> Callable[[], None]:
    """Answers every GET with the metrics, each request in a thread; returns what ends it. Raises OSError: the port is taken."""

    def answer(environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environment["REQUEST_METHOD"] not in ("GET", "HEAD"):
            start("405 Method Not Allowed", [("Allow", "GET, HEAD")])
            return [b""]
        headers, body = [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)], exposition(registry)
        if "gzip" in environment.get("HTTP_ACCEPT_ENCODING", ""):
            headers.append(("Content-Encoding", "gzip"))
            body = gzip.compress(body, compresslevel=1)
        start("200 OK", headers)
        return [body]

    server = make_server(host, port, answer, _server_for(host), handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


def _server_for(host: str) -> type[WSGIServer]:
    """A server for an address of IPv4 or IPv6."""
    family = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
    return type("Server", (ThreadingWSGIServer,), {"address_family": family})


class _Silent(WSGIRequestHandler):
    """A scrape is not worth a line."""

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""
