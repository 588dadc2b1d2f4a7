import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from operator_site import until

from understudy_api.release import MAX_BODY_BYTES, Released
from understudy_cli.local.certificates import Authority
from understudy_vault import server as server_module
from understudy_vault.keystore import KeyStoreError
from understudy_vault.server import Server


@dataclass
class Served:
    """A vault over HTTPS, and how to speak to it."""

    room: Any
    port: int
    authority: Path

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.authority))

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context(), timeout=10)
        try:
            data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()


@contextlib.contextmanager
def serving(room: Any, tmp_path: Path) -> Iterator[Served]:
    pair = Authority.open(tmp_path / "pki", "test farm").server(tmp_path / "pki", "vault")
    server = Server(room.vault, "127.0.0.1", 0, pair.certificate, pair.key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Served(room, server.server_port, tmp_path / "pki" / "ca.crt")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def served(room: Any, tmp_path: Path) -> Iterator[Served]:
    with serving(room, tmp_path) as served:
        yield served


def test_a_key_is_released_over_https(served: Served, cast: Any) -> None:
    envelope = cast.ask(cast.rendering())
    body = envelope.asking.model_dump_json().encode()
    status, answer = served.ask("POST", "/v1/release", body, Authorization="Bearer performer")
    assert status == 200
    assert envelope.opened(Released.model_validate(answer)) == served.room.vault.keys.find(cast.twin).data_key
    status, pulse = served.ask("POST", "/v1/leases", {"leases": [answer["lease"]]})
    assert (status, pulse) == (200, {"gone": []})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer who"}, 401),
        ({"Authorization": "Basic x"}, 401),
        ({"Authorization": "Bearer operator"}, 403),
    ],
)
def test_callers_are_told_apart(served: Served, cast: Any, headers: dict[str, str], status: int) -> None:
    body = cast.ask(cast.rendering()).asking.model_dump_json().encode()
    assert served.ask("POST", "/v1/release", body, **headers)[0] == status


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/healthz", None, 200),
        ("GET", "/v1/release", None, 404),
        ("POST", "/v1/else", b"{}", 404),
        ("POST", "/v1/release", b"", 422),
        ("POST", "/v1/release", b"{", 422),
        ("POST", "/v1/acts", b'{"genesis": "x"}', 422),
        ("POST", "/v1/leases", {"leases": [], "more": 1}, 422),
        ("POST", "/v1/leases", b"x" * (MAX_BODY_BYTES + 1), 413),
        ("PUT", "/v1/leases", b"{}", 501),
    ],
)
def test_what_makes_no_sense_is_refused_in_json_or_at_once(
    served: Served, method: str, path: str, body: Any, status: int
) -> None:
    try:
        assert served.ask(method, path, body)[0] == status
    except json.JSONDecodeError:
        assert status == 501
    except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
        assert status == 413, "the vault may close before a body that is too large has been sent"


def test_a_key_store_that_is_away_is_an_outage_not_a_refusal(served: Served, cast: Any) -> None:
    def away(twin: str) -> Any:
        raise KeyStoreError("Transit does not answer")

    served.room.vault.keys.find = away
    body = cast.ask(cast.rendering()).asking.model_dump_json().encode()
    status, answer = served.ask("POST", "/v1/release", body, Authorization="Bearer performer")
    assert (status, answer) == (503, {"error": "vault: Transit does not answer"})


def test_a_silent_connection_holds_nobody_up(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)):
        assert served.ask("GET", "/healthz")[0] == 200


def test_one_connection_too_many_is_ended_and_there_is_room_again_after_it(
    room: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "MAX_CONNECTIONS", 2)
    with serving(room, tmp_path) as served:
        silent = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(2)]
        with pytest.raises((ConnectionError, ssl.SSLEOFError)):
            served.ask("GET", "/healthz")
        silent[0].close()
        until(lambda: well(served))
        silent[1].close()


def well(served: Served) -> bool:
    try:
        return served.ask("GET", "/healthz")[0] == 200
    except (ConnectionError, ssl.SSLEOFError):
        return False


def test_without_tls_nobody_is_answered(served: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("GET", "/healthz")
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.getresponse()
    connection.close()


def test_no_answer_names_a_token(served: Served, cast: Any, capsys: pytest.CaptureFixture[str]) -> None:
    body = cast.ask(cast.rendering()).asking.model_dump_json().encode()
    for bearer in ("performer", "operator", "a-secret-token"):
        status, answer = served.ask("POST", "/v1/release", body, Authorization=f"Bearer {bearer}")
        assert bearer not in json.dumps(answer).replace("performer:", "") or status in (200, 403)
    assert "a-secret-token" not in capsys.readouterr().out


def test_many_ask_at_once(served: Served, cast: Any, open_room: Callable[..., Any]) -> None:
    statuses: list[int] = []

    def ask() -> None:
        body = cast.ask(cast.rendering()).asking.model_dump_json().encode()
        statuses.append(served.ask("POST", "/v1/release", body, Authorization="Bearer performer")[0])

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 16
    assert [line["sequence"] for line in served.room.log()] == list(range(16))
