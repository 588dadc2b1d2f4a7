"""Requests to the API server and writes that came second, under labels that stay few."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from kubernetes.client import ApiClient, Configuration
from prometheus_client import CollectorRegistry

from understudy_api.ledger.chain import link_key
from understudy_api.ledger.checkpoint import checkpoint_key
from understudy_api.owner_word import act_key, heard_key, key_record_key
from understudy_api.quarantine import part_key
from understudy_api.register import register_key
from understudy_operator.shell.api_metrics import MAX_ANSWERS, MAX_REQUESTS, NO_ANSWER, ApiMetrics
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.errors import ConflictError, DeniedError, OutageError
from understudy_operator.shell.metric_labels import OTHER

JOB = "/apis/understudy.dev/v1alpha1/namespaces/acme/renderjobs/spring"
REQUESTS, CONFLICTS = "understudy_operator_api_requests_total", "understudy_operator_conflicts_total"


class Counted:
    """Metrics in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = ApiMetrics(self.registry)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    def series(self, name: str) -> int:
        return sum(one.name == name for family in self.registry.collect() for one in family.samples)


@pytest.mark.parametrize(
    ("method", "path", "verb", "kind"),
    [
        ("GET", JOB, "get", "renderjobs"),
        ("PATCH", f"{JOB}/status", "patch", "renderjobs"),
        ("GET", "/apis/understudy.dev/v1alpha1/renderjobs", "list", "renderjobs"),
        ("GET", "/apis/understudy.dev/v1alpha1/namespaces/acme/licenses", "list", "licenses"),
        ("POST", "/apis/events.k8s.io/v1/namespaces/acme/events", "create", "events"),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/farm/leases/understudy-operator", "update", "leases"),
        ("DELETE", "/apis/understudy.dev/v1alpha1/renderpools/default", "delete", "renderpools"),
        ("GET", "/api/v1/namespaces/acme/secrets/s3", "get", "secrets"),
        ("GET", "/api/v1/namespaces/acme", "get", "namespaces"),
        ("GET", "/api/v1/namespaces", "list", "namespaces"),
        ("GET", "/apis/understudy.dev/v1alpha1", "list", OTHER),
        ("GET", "/apis/evil.example/v1/namespaces/acme/whatever/x", "get", OTHER),
        ("GET", "/", "list", OTHER),
    ],
)
def test_a_request_counts_by_verb_and_kind(method: str, path: str, verb: str, kind: str) -> None:
    counted = Counted()
    counted.metrics.requested(method, path, 200, 0.02)
    assert counted.value(REQUESTS, verb=verb, kind=kind, code="200") == 1
    name = "understudy_operator_api_request_seconds"
    assert counted.value(f"{name}_count", verb=verb, kind=kind) == 1
    assert counted.value(f"{name}_bucket", verb=verb, kind=kind, le="0.005") == 0
    assert counted.value(f"{name}_bucket", verb=verb, kind=kind, le="0.025") == 1


def test_a_conflict_counts_by_what_was_written() -> None:
    counted = Counted()
    counted.metrics.requested("PATCH", f"{JOB}/status", 409, 0.01)
    counted.metrics.requested("PATCH", f"{JOB}/status", 200, 0.01)
    counted.metrics.requested("PUT", "/apis/coordination.k8s.io/v1/namespaces/farm/leases/understudy-operator", 409, 1)
    counted.metrics.account_taken()
    assert counted.value(CONFLICTS, what="renderjobs") == 1
    assert counted.value(CONFLICTS, what="leases") == 1
    assert counted.value(CONFLICTS, what="account") == 1
    assert counted.value(CONFLICTS, what="ledger") == 0, "there before its first event"


@pytest.mark.parametrize(
    ("key", "what"),
    [
        (link_key("a" * 64, 3), "ledger"),
        (checkpoint_key(3), "seals"),
        (act_key("a" * 64, "x.y.z"), "acts"),
        (key_record_key("a" * 64, 1), "acts"),
        (heard_key("a" * 64, "b" * 64), "acts"),
        (register_key("a" * 64, 1), "register"),
        (part_key("a" * 64, 1), "quarantine"),
        ("status/twin/farm/00000001.json", "status"),
        ("what-nobody-knows/1", OTHER),
        ("", OTHER),
    ],
)
def test_each_book_of_the_ledger_bucket_has_its_word(key: str, what: str) -> None:
    counted = Counted()
    counted.metrics.created_second(key)
    assert counted.value(CONFLICTS, what=what) == 1


def test_whatever_is_asked_for_the_series_stay_few() -> None:
    counted = Counted()
    for number in range(1_000):
        path = JOB.replace("renderjobs", f"kind{number}")
        counted.metrics.requested(f"VERB{number}"[:8], path, 100 + number % 500, 0.0)
        counted.metrics.requested("POST", JOB, 100 + number, 0.0)
        counted.metrics.created_second(f"folder{number}/x")
    assert counted.series(REQUESTS) <= MAX_ANSWERS + 1
    assert counted.series("understudy_operator_api_request_seconds_count") <= MAX_REQUESTS + 1
    assert counted.series(CONFLICTS) <= 5


class Answering(BaseHTTPRequestHandler):
    """Answers with the code that the path ends in; 0: not at all."""

    def do_GET(self) -> None:
        code = int(self.path.rpartition("/")[2])
        if not code:
            return
        body = json.dumps({"message": "as asked"}).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PATCH = do_GET  # noqa: N815 - the name that the library looks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def an_api_server() -> Iterator[ApiServer]:
    http = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    configuration = Configuration()
    configuration.host, configuration.retries = f"http://127.0.0.1:{http.server_port}", False
    server = ApiServer(ApiClient(configuration))
    try:
        yield server
    finally:
        server.close()
        http.shutdown()
        http.server_close()
        thread.join(5)


def test_every_answer_of_a_server_is_told_and_none_at_all_too() -> None:
    told: list[tuple[str, str, int]] = []
    with an_api_server() as server:
        server.heard = lambda method, path, code, seconds: told.append((method, path, code)) if seconds >= 0 else None
        assert server.request("GET", "/api/v1/x/200") == {"message": "as asked"}
        assert server.request("GET", "/api/v1/x/404") is None
        for path, error in (("/a/409", ConflictError), ("/a/403", DeniedError), ("/a/500", OutageError)):
            with pytest.raises(error):
                server.request("PATCH", path, {})
        with pytest.raises(OutageError):
            server.request("GET", "/a/0")
    assert [code for _, _, code in told] == [200, 404, 409, 403, 500, NO_ANSWER]
    assert told[2][:2] == ("PATCH", "/a/409")
