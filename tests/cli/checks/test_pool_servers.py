"""Ray and director, asked with their tokens by a server that checks them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from understudy_cli.checks.pool_servers import reached


class Guarded(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.headers.get("Authorization") == "Bearer right" else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Guarded) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("right\n")
    return path


def test_a_server_that_takes_the_token_passes(url: str, token: Path) -> None:
    assert reached("ray", url, token, None).result == "pass"


def test_another_token_is_named_as_the_cause(url: str, token: Path) -> None:
    token.write_text("wrong")
    found = reached("ray", url, token, None)
    assert (found.result, found.message) == ("fail", f"{url}: HTTP 401")
    assert "token" in found.cure
    assert "wrong" not in found.message + found.cure


def test_nobody_there_is_a_matter_of_reach(token: Path) -> None:
    found = reached("director", "http://127.0.0.1:1", token, None)
    assert found.result == "fail"
    assert "refused" in found.message
    assert "address" in found.cure


@pytest.mark.parametrize("missing", ["token", "authority"])
def test_files_that_are_not_there_are_named(token: Path, missing: str) -> None:
    gone = token.parent / "gone"
    found = reached("ray", "http://127.0.0.1:1", *((gone, None) if missing == "token" else (token, gone)))
    assert (found.result, found.message) == ("fail", f"{gone}: No such file or directory")
