"""The farm's lists over HTTP: the newest of each twin, with what caches need, and nothing else."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from builders import NOW, a_key
from list_host import a_list

from understudy_api.owner_word import Recorded
from understudy_cli.local.plan import free_ports
from understudy_operator.shell import status_server
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.objects import Objects
from understudy_operator.shell.status_book import Held, StatusBook
from understudy_operator.shell.status_server import serve_lists

T = int(NOW)


@pytest.fixture
def book(object_store: Any) -> StatusBook:
    return StatusBook(Objects(object_store.operator), "understudy-ledger")


@pytest.fixture
def url(book: StatusBook) -> Iterator[str]:
    (port,) = free_ports(1)
    stop = serve_lists(book, port)
    yield f"http://127.0.0.1:{port}/v1/status/"
    stop()


@pytest.fixture
def twin() -> str:
    return secrets.token_hex(32)


def record(book: StatusBook, twin: str, sequence: int) -> str:
    text = a_list(a_key("owner"), twin, iat=T + sequence)
    book.deliver(twin, sequence, Recorded(act=text, accepted_at=NOW))
    return text


def test_the_newest_list_is_served_with_what_caches_need(book: StatusBook, url: str, twin: str) -> None:
    record(book, twin, 0)
    newest = record(book, twin, 1)
    answer = httpx.get(url + twin)
    assert (answer.status_code, answer.text) == (200, newest)
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == "max-age=15"
    again = httpx.get(url + twin, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(url + twin, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["", "x", "A" * 64, "0" * 65, f"{'0' * 64}/", f"{'0' * 64}?x", "../../etc/passwd"])
def test_other_paths_are_not_there(url: str, path: str) -> None:
    answer = httpx.get(url + path)
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_a_twin_without_a_list(url: str, twin: str) -> None:
    answer = httpx.get(url + twin)
    assert (answer.status_code, answer.text) == (404, "no list was delivered for this twin\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_only_answers(url: str, twin: str, method: str) -> None:
    assert httpx.request(method, url + twin).status_code == 501


class Away(StatusBook):
    def __init__(self) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()

    def newest(self, twin_id: str, source: str) -> Held | None:
        self.entered.set()
        self.leave.wait(10)
        raise OutageError("S3", "away")


def test_a_bucket_that_is_away_and_a_crowd_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch, twin: str) -> None:
    monkeypatch.setattr(status_server, "AT_ONCE", 1)
    (port,) = free_ports(1)
    book = Away()
    stop = serve_lists(book, port)
    url, answers = f"http://127.0.0.1:{port}/v1/status/{twin}", list[httpx.Response]()
    first = threading.Thread(target=lambda: answers.append(httpx.get(url, timeout=15)))
    first.start()
    assert book.entered.wait(10)
    second = httpx.get(url)
    assert (second.status_code, second.headers["retry-after"]) == (503, "1")
    book.leave.set()
    first.join()
    assert (answers[0].status_code, answers[0].headers["retry-after"]) == (503, "5")
    stop()


def test_a_taken_port_is_an_error(url: str, book: StatusBook) -> None:
    with pytest.raises(OSError, match="in use"):
        serve_lists(book, int(url.split(":")[2].split("/")[0]))
