import http.server
import socket
import threading

import pytest

from understudy_cli.local.certificates import Authority
from understudy_cli.local.probe import answers, listens, trusting


class Handler(http.server.BaseHTTPRequestHandler):
    """200 to those who bear the word, 401 to all others."""

    def do_GET(self) -> None:
        self.send_response(200 if self.headers["Authorization"] == "Bearer word" else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def port():
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(10)


def test_a_listener_is_seen_and_missed(port):
    assert listens(port)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert not listens(nobody.getsockname()[1])


def test_only_200_is_an_answer(port):
    url = f"http://127.0.0.1:{port}/"
    assert answers(url, headers={"Authorization": "Bearer word"}) is None
    assert answers(url) == "HTTP 401"


def test_silence_has_a_reason(port, tmp_path):
    assert "refused" in (answers("http://127.0.0.1:1/") or "")
    context = trusting(Authority.open(tmp_path, "Test farm").certificate_file)
    assert answers(f"https://127.0.0.1:{port}/", context)


def test_proxies_of_the_user_are_not_asked(port, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert answers(f"http://127.0.0.1:{port}/", headers={"Authorization": "Bearer word"}) is None
