"""The farm's lists over HTTP: the newest of each twin, with what caches need, and nothing else; TLS beyond loopback."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from builders import NOW, a_key
from list_host import a_list

from understudy_api.owner_word import Recorded
from understudy_api.status_source import StatusSettings
from understudy_cli.local.certificates import Authority
from understudy_cli.local.plan import free_ports
from understudy_operator.shell import status_server
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.objects import Objects
from understudy_operator.shell.status_book import Held, StatusBook
from understudy_operator.shell.status_server import serve_lists
from understudy_workers.direction.status_fetch import Fetcher, FetchError

T = int(NOW)


@pytest.fixture
def book(object_store: Any) -> StatusBook:
    return StatusBook(Objects(object_store.operator), "understudy-ledger")


@pytest.fixture
def url(book: StatusBook) -> Iterator[str]:
    (port,) = free_ports(1)
    stop = serve_lists(book, StatusSettings(port=port))
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
    stop = serve_lists(book, StatusSettings(port=port))
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
        serve_lists(book, StatusSettings(port=int(url.split(":")[2].split("/")[0])))


def test_without_a_port_nobody_is_served(book: StatusBook) -> None:
    serve_lists(book, StatusSettings())()


def test_it_says_that_it_is_there(url: str) -> None:
    assert httpx.get(url.replace("/v1/status/", "/healthz")).text == "well\n"


@dataclass(frozen=True)
class Pod:
    """A server at all addresses, as in a pod; and the farm's authority."""

    port: int
    authority: Path
    at: str

    def settings(self, **changes: Any) -> StatusSettings:
        """A director's, which trusts the farm."""
        url = f"https://127.0.0.1:{self.port}"
        return StatusSettings.model_validate({"farm_url": url, "farm_ca_file": self.authority, **changes})

    def fetched(self, settings: StatusSettings) -> str:
        """What the director's own fetcher brings from there; raises its FetchError."""

        async def scene() -> str:
            fetcher = Fetcher(settings)
            try:
                return await fetcher.fetch_farms(f"{settings.farm_url}{self.at}")
            finally:
                await fetcher.close()

        return asyncio.run(scene())

    def refused(self, **changes: Any) -> str:
        """Why the fetcher brings nothing."""
        with pytest.raises(FetchError) as caught:
            self.fetched(self.settings(**changes))
        return str(caught.value)

    def silent(self) -> socket.socket:
        """A client that connects and never says a word."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def spoken(self) -> ssl.SSLSocket:
        """A client whose handshake is done, and that asks for nothing yet."""
        trust = ssl.create_default_context(cafile=str(self.authority))
        return trust.wrap_socket(self.silent(), server_hostname="127.0.0.1")


@pytest.fixture
def listed(book: StatusBook, twin: str) -> str:
    return record(book, twin, 0)


@pytest.fixture
def pod(book: StatusBook, twin: str, listed: str, tmp_path: Path) -> Iterator[Pod]:
    (port,) = free_ports(1)
    authority = Authority.open(tmp_path / "farm", "farm")
    pair = authority.server(tmp_path / "farm", "status")
    told = {"host": "0.0.0.0", "port": port, "tls_cert": pair.certificate, "tls_key": pair.key}
    stop = serve_lists(book, StatusSettings.model_validate(told))
    yield Pod(port, authority.certificate_file, f"/v1/status/{twin}")
    stop()


def ended(client: socket.socket) -> bool:
    """Waits until the other side ends a connection; TimeoutError when it does not."""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while client.recv(4096):
            pass
    return True


def test_a_director_elsewhere_gets_the_list_over_tls(pod: Pod, listed: str) -> None:
    assert pod.fetched(pod.settings()) == listed


def test_a_director_believes_the_farms_authority_and_name_alone(pod: Pod, tmp_path: Path) -> None:
    other = Authority.open(tmp_path / "other", "other").certificate_file
    assert "CERTIFICATE_VERIFY_FAILED" in pod.refused(farm_ca_file=other)
    assert "CERTIFICATE_VERIFY_FAILED" in pod.refused(farm_ca_file=None)
    vouched_as_owner = pod.refused(farm_ca_file=None, ca_file=pod.authority)
    assert "CERTIFICATE_VERIFY_FAILED" in vouched_as_owner, "who vouches for owners does not vouch for the farm"
    assert "not valid for '127.0.0.2'" in pod.refused(farm_url=f"https://127.0.0.2:{pod.port}")


def test_nobody_is_answered_plainly_or_in_an_old_tongue(pod: Pod) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{pod.port}{pod.at}", trust_env=False)
    old = ssl.create_default_context(cafile=str(pod.authority))
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pod.silent() as client, pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        old.wrap_socket(client, server_hostname="127.0.0.1")


@pytest.mark.parametrize("stalls", ["silent", "spoken"])
def test_who_stalls_holds_up_nobody_else(pod: Pod, listed: str, stalls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as there are places, and more: the oldest make room, so that somebody who asks is answered."""
    monkeypatch.setattr(status_server, "CONNECTIONS", 4)
    monkeypatch.setattr(status_server, "CONNECTION_SECONDS", 60)
    with contextlib.ExitStack() as stalled:
        clients = [stalled.enter_context(getattr(pod, stalls)()) for _ in range(8)]
        assert pod.fetched(pod.settings()) == listed
        assert all(ended(one) for one in clients[:5])
        clients[7].settimeout(0.2)
        with pytest.raises(TimeoutError):
            ended(clients[7])


@pytest.mark.parametrize("stalls", ["silent", "spoken"])
def test_a_connection_has_its_time_and_no_more(pod: Pod, stalls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_server, "CONNECTION_SECONDS", 0.4)
    began = time.monotonic()
    with getattr(pod, stalls)() as client:
        assert ended(client)
    assert 0.3 < time.monotonic() - began < 5


def drips(client: ssl.SSLSocket) -> bool:
    """Sends one byte more; whether the other side still listens."""
    try:
        client.sendall(b"x")
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def test_who_drips_has_no_more_time_than_others(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte is in time, the question never ends."""
    monkeypatch.setattr(status_server, "CONNECTION_SECONDS", 0.4)
    began = time.monotonic()
    with pod.spoken() as client:
        client.settimeout(0.05)
        client.sendall(b"GET /")
        while drips(client):
            assert time.monotonic() - began < 5
