import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cuttable import hanging_up

from understudy_api.settings import S3Settings
from understudy_workers.objects import Head, MissingObjectError, Objects, OutageError, StoreError

Unique = Callable[[str], str]


@pytest.fixture(scope="module")
def store(object_store: Any) -> Objects:
    return Objects(object_store.pool, patience_seconds=5)


@pytest.fixture(scope="module")
def bucket(object_store: Any) -> str:
    return str(object_store.buckets.staging)


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return f"test-objects/{request.node.name}/ä ?#%.bin"


def test_gives_back_what_it_took(store: Objects, bucket: str, key: str) -> None:
    store.put(bucket, key, b"first")
    store.put(bucket, key, b"second")
    assert store.get(bucket, key) == b"second"
    assert store.head(bucket, key) == Head(bytes=6, etag="a9f0e61a137d86aa9db53465e0801612")


def test_missing_objects_are_told_apart(
    store: Objects, bucket: str, key: str, tmp_path: Path, object_store: Any
) -> None:
    assert store.head(bucket, key) is None
    with pytest.raises(MissingObjectError, match="no such object"):
        store.get(bucket, key)
    with pytest.raises(MissingObjectError):
        store.copy(bucket, key, bucket, f"{key}.copy")
    with pytest.raises(MissingObjectError):
        store.get_file(bucket, key, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []
    object_store.remove(bucket, key)


def test_files_travel_whole(store: Objects, bucket: str, key: str, tmp_path: Path) -> None:
    data = bytes(range(256)) * 30_000
    (tmp_path / "sent").write_bytes(data)
    store.put_file(bucket, key, tmp_path / "sent", "video/mp4")
    store.copy(bucket, key, bucket, f"{key}.copy")
    store.get_file(bucket, f"{key}.copy", tmp_path / "received")
    assert (tmp_path / "received").read_bytes() == data
    assert {path.name for path in tmp_path.iterdir()} == {"sent", "received"}


def test_too_large_is_refused_and_leaves_nothing(store: Objects, bucket: str, key: str, tmp_path: Path) -> None:
    store.put(bucket, key, b"x" * 1001)
    assert len(store.get(bucket, key, limit_bytes=1001)) == 1001
    with pytest.raises(StoreError, match="at most 1000 bytes"):
        store.get(bucket, key, limit_bytes=1000)
    with pytest.raises(StoreError, match="at most 1000 bytes"):
        store.get_file(bucket, key, tmp_path / "file", limit_bytes=1000)
    assert list(tmp_path.iterdir()) == []


def test_of_many_that_create_one_wins(store: Objects, bucket: str, key: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda number: store.create(bucket, key, b"%d" % number), range(16)))
    assert sum(won) == 1
    assert store.get(bucket, key) == b"%d" % won.index(True)


def test_lists_in_order_page_by_page(store: Objects, bucket: str) -> None:
    prefix = "test-objects/many/"
    names = [f"{prefix}{number:04d}" for number in range(1003)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda name: store.put(bucket, name, b""), names))
    assert list(store.keys(bucket, prefix)) == names
    assert list(store.keys(bucket, prefix, after=names[1000])) == names[1001:]
    assert list(store.keys(bucket, f"{prefix}none")) == []


def test_probe_passes_where_creates_are_conditional(store: Objects, object_store: Any) -> None:
    store.probe(object_store.buckets.receipts)
    assert list(store.keys(object_store.buckets.receipts, "probe/")) == []


def test_wrong_credentials_are_refused_at_once(object_store: Any, bucket: str, key: str) -> None:
    wrong = Objects(object_store.pool.model_copy(update={"access_key": "nobody-here"}))
    for act in (
        lambda: wrong.get(bucket, key),
        lambda: wrong.create(bucket, key, b""),
        lambda: wrong.head(bucket, key),
    ):
        with pytest.raises(StoreError, match="refuses these credentials") as caught:
            act()
        assert not isinstance(caught.value, OutageError)


def test_a_missing_bucket_is_named(store: Objects) -> None:
    with pytest.raises(StoreError, match="s3://no-such-bucket/x"):
        store.put("no-such-bucket", "x", b"")


def test_an_untrusted_certificate_is_refused(object_store: Any, bucket: str, key: str) -> None:
    trusting_nobody = object_store.pool.model_copy(update={"ca_file": None})
    with pytest.raises(StoreError) as caught:
        Objects(trusting_nobody, patience_seconds=1).get(bucket, key)
    assert not isinstance(caught.value, OutageError)


def test_a_service_that_stays_away_is_an_outage_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    away = Objects(S3Settings(endpoint=f"127.0.0.1:{port}", access_key="a", secret_key="b" * 8), patience_seconds=0.3)
    with pytest.raises(OutageError, match="did not answer for 0 s") as caught:
        away.put("bucket", "key", b"")
    assert "\n" not in str(caught.value)


def test_a_service_that_hangs_up_within_the_handshake_is_an_outage() -> None:
    with hanging_up() as port:
        settings = S3Settings(endpoint=f"127.0.0.1:{port}", access_key="a", secret_key="b" * 8)
        leaving = Objects(settings, patience_seconds=0.3)
        with pytest.raises(OutageError, match="did not answer for 0 s"):
            leaving.put("bucket", "key", b"")


class Careless(BaseHTTPRequestHandler):
    """An S3 service that answers 503 a few times and knows no conditional writes: the last PUT wins."""

    ailing = 0
    objects: dict[str, bytes] = {}  # noqa: RUF012
    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if Careless.ailing:
            Careless.ailing -= 1
            return self._answer(503, b"")
        Careless.objects[self.path.split("?")[0]] = body
        return self._answer(200)

    def do_GET(self) -> None:
        self._answer(200, Careless.objects[self.path])

    def do_DELETE(self) -> None:
        self._answer(204)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def careless() -> Iterator[Objects]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Careless)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    endpoint = f"127.0.0.1:{server.server_address[1]}"
    objects = Objects(S3Settings(endpoint=endpoint, access_key="a", secret_key="b" * 8, secure=False))
    yield objects
    objects.close()
    server.shutdown()
    thread.join()
    server.server_close()


def test_probe_fails_where_creates_overwrite(careless: Objects) -> None:
    with pytest.raises(StoreError, match="got an overwrite"):
        careless.probe("receipts")


def test_waits_out_an_overload(careless: Objects) -> None:
    Careless.ailing = 2
    careless.put("staging", "key", b"made it")
    assert careless.get("staging", "key") == b"made it"
    Careless.ailing = 1
    assert careless.create("staging", "other", b"made it")
