"""S3 as `understudy doctor` sees it: a real one, and ones that lack what the farm rests on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from understudy_api.settings import BucketNames, S3Settings
from understudy_cli.checks.storage import PROBE_PREFIX, storage
from understudy_operator.shell.objects import Objects

NAMES = BucketNames()


class Careless(BaseHTTPRequestHandler):
    """Takes every key and knows no conditional writes: the last PUT wins. Its clock stands still."""

    objects: dict[str, bytes]
    protocol_version = "HTTP/1.1"

    def _answer(self, body: bytes = b"") -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self.objects[self.path.partition("?")[0]] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        listing = b'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>x</Name></ListBucketResult>'
        self._answer(listing if "list-type" in query else self.objects.get(path, b""))

    def do_DELETE(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(b'<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>')

    def date_time_string(self, timestamp: float | None = None) -> str:
        return "Wed, 01 Jan 2025 00:00:00 GMT"

    def log_message(self, *_: object) -> None: ...


class Expired(Careless):
    """A service whose keys live for an hour, which is over."""

    def do_GET(self) -> None:
        self.send_response(400)
        body = b"<Error><Code>ExpiredToken</Code><Message>expired</Message></Error>"
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(params=[Careless])
def careless(request: pytest.FixtureRequest) -> Iterator[S3Settings]:
    Careless.objects = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), request.param)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield S3Settings(
        endpoint=f"127.0.0.1:{server.server_address[1]}", access_key="a", secret_key=SecretStr("b" * 8), secure=False
    )
    server.shutdown()
    thread.join()
    server.server_close()


def results(s3: S3Settings, names: BucketNames = NAMES) -> dict[str, str]:
    return {one.name: one.result for one in storage(s3, names)}


@pytest.mark.farm
def test_the_operators_account_passes_and_nothing_is_left_behind(object_store: Any) -> None:
    names = ("s3", "s3 clock", "s3 buckets", "s3 conditional create")
    assert results(object_store.operator) == dict.fromkeys(names, "pass")
    assert not [key for key in Objects(object_store.root).keys(NAMES.staging, PROBE_PREFIX) if "probe" in key]


@pytest.mark.farm
def test_wrong_credentials_are_told_from_missing_rights(object_store: Any) -> None:
    secret = SecretStr("not-the-secret-of-anybody")
    wrong = storage(object_store.operator.model_copy(update={"secret_key": secret}), NAMES)[-1]
    assert (wrong.name, wrong.result) == ("s3 buckets", "fail")
    assert "credentials are refused: SignatureDoesNotMatch" in wrong.message
    assert secret.get_secret_value() not in wrong.message
    other = storage(object_store.operator, NAMES.model_copy(update={"outputs": "somebody-elses"}))[-1]
    assert (other.name, other.message) == ("s3 buckets", "s3://somebody-elses: AccessDenied")
    assert "rights" in other.cure


@pytest.mark.farm
def test_a_bucket_that_is_not_there_is_named(object_store: Any) -> None:
    found = storage(object_store.root, NAMES.model_copy(update={"outputs": "not-made-yet"}))[-1]
    assert (found.result, found.message) == ("fail", "missing: not-made-yet")


@pytest.mark.farm
def test_an_account_that_may_only_read_the_bucket_proves_nothing(object_store: Any) -> None:
    found = storage(object_store.operator, NAMES.model_copy(update={"staging": NAMES.twins}))[-1]
    assert (found.name, found.result) == ("s3 conditional create", "fail")
    assert "let it write" in found.cure


def test_a_service_that_overwrites_fails_and_so_does_a_clock_that_stands(careless: S3Settings) -> None:
    assert results(careless) == {
        "s3": "pass",
        "s3 clock": "fail",
        "s3 buckets": "pass",
        "s3 conditional create": "fail",
    }
    found = storage(careless, NAMES)
    assert "ahead of" in found[1].message
    assert "got an overwrite" in found[3].message
    assert "conditional writes" in found[3].cure


@pytest.mark.parametrize("careless", [Expired], indirect=True)
def test_expired_credentials_ask_for_present_ones(careless: S3Settings) -> None:
    found = storage(careless, NAMES)[-1]
    assert (found.name, found.message) == ("s3 buckets", "the credentials are refused: ExpiredToken")
    assert "present keys" in found.cure


def test_nobody_there_and_an_authority_that_is_not_there_are_one_line(tmp_path: Path) -> None:
    away = S3Settings(endpoint="127.0.0.1:1", access_key="a", secret_key=SecretStr("b" * 8), secure=False)
    (gone,) = storage(away, NAMES)
    assert (gone.name, gone.result) == ("s3", "fail")
    assert "http://127.0.0.1:1/ does not answer" in gone.message
    (untrusted,) = storage(away.model_copy(update={"secure": True, "ca_file": tmp_path / "gone.pem"}), NAMES)
    assert "No such file" in untrusted.message
