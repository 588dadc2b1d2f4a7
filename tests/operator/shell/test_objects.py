"""The S3 port against real MinIO: conditional create, listing, deleting, and failures told apart."""

from __future__ import annotations

import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from conditionless import without_conditions
from cuttable import Relay, hanging_up
from pydantic import SecretStr

from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.objects import MissingObjectError, Objects, S3RefusalError

BUCKET = "understudy-receipts"


@pytest.fixture(scope="module")
def objects(object_store: Any) -> Objects:
    return Objects(object_store.root)


@pytest.fixture
def prefix() -> str:
    return f"test-{secrets.token_hex(4)}/"


@pytest.fixture
def relay(object_store: Any) -> Iterator[Relay]:
    host, _, port = object_store.root.endpoint.partition(":")
    relay = Relay(host, int(port))
    yield relay
    relay.close()


def test_what_was_put_is_read_and_what_was_not_is_none(objects: Objects, prefix: str) -> None:
    objects.put(BUCKET, f"{prefix}a", b"hello")
    assert objects.get(BUCKET, f"{prefix}a") == b"hello"
    assert objects.get(BUCKET, f"{prefix}b") is None
    assert objects.size(BUCKET, f"{prefix}a") == 5
    with pytest.raises(MissingObjectError):
        objects.size(BUCKET, f"{prefix}b")


def test_more_than_the_limit_is_refused(objects: Objects, prefix: str) -> None:
    objects.put(BUCKET, f"{prefix}a", b"x" * 11)
    with pytest.raises(S3RefusalError, match="at most 10 bytes"):
        objects.get(BUCKET, f"{prefix}a", limit_bytes=10)


def test_of_many_who_create_one_wins(objects: Objects, prefix: str) -> None:
    results: dict[int, bool] = {}
    gate = threading.Barrier(8)

    def create(number: int) -> None:
        gate.wait(10)
        results[number] = objects.create(BUCKET, f"{prefix}one", str(number).encode())

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    winners = [number for number, won in results.items() if won]
    assert len(winners) == 1
    assert objects.get(BUCKET, f"{prefix}one") == str(winners[0]).encode()


def test_creating_the_same_again_is_well(objects: Objects, prefix: str) -> None:
    """A lost answer makes the caller try again: its own content standing there is its success."""
    assert objects.create(BUCKET, f"{prefix}one", b"mine")
    assert objects.create(BUCKET, f"{prefix}one", b"mine")
    assert not objects.create(BUCKET, f"{prefix}one", b"other")


def test_conditional_create_is_proven_and_leaves_nothing(objects: Objects, prefix: str) -> None:
    objects.prove_create(BUCKET, prefix)
    assert objects.keys(BUCKET, prefix) == []


def test_a_service_that_overwrites_is_refused_and_nothing_is_created(object_store: Any, prefix: str) -> None:
    with without_conditions(object_store.root) as settings:
        objects = Objects(settings, proving=(BUCKET, prefix))
        for _ in range(2):
            with pytest.raises(S3RefusalError, match="use an S3 service with conditional writes"):
                objects.create(BUCKET, f"{prefix}one", b"mine")
        assert objects.keys(BUCKET, prefix) == []


def test_a_service_that_keeps_what_is_there_is_asked_once(object_store: Any, prefix: str) -> None:
    asked: list[tuple[str, str]] = []

    class Counted(Objects):
        def prove_create(self, bucket: str, prefix: str) -> None:
            asked.append((bucket, prefix))
            super().prove_create(bucket, prefix)

    objects = Counted(object_store.root, proving=(BUCKET, prefix))
    assert objects.create(BUCKET, f"{prefix}one", b"mine")
    assert not objects.create(BUCKET, f"{prefix}one", b"other")
    assert asked == [(BUCKET, prefix)]


def test_keys_come_in_order_after_the_given_one(objects: Objects, prefix: str) -> None:
    for name in ("00000002", "00000000", "finished-x", "00000001", "deep/er"):
        objects.put(BUCKET, prefix + name, b"")
    names = [key.removeprefix(prefix) for key in objects.keys(BUCKET, prefix)]
    assert names == ["00000000", "00000001", "00000002", "deep/er", "finished-x"]
    after = objects.keys(BUCKET, prefix, f"{prefix}00000001")
    assert [key.removeprefix(prefix) for key in after] == ["00000002", "deep/er", "finished-x"]


def test_deleting_takes_thousands_and_those_that_are_not_there(objects: Objects, prefix: str) -> None:
    for number in range(3):
        objects.put(BUCKET, f"{prefix}{number}", b"")
    objects.delete(BUCKET, (f"{prefix}{number}" for number in range(1500)))
    assert objects.keys(BUCKET, prefix) == []


def test_an_object_comes_in_pieces(objects: Objects, prefix: str) -> None:
    data = secrets.token_bytes(1_000_000)
    objects.put(BUCKET, f"{prefix}big", data)
    pieces = list(objects.chunks(BUCKET, f"{prefix}big", 65_536))
    assert b"".join(pieces) == data
    assert len(pieces) > 10


def test_wrong_credentials_are_a_refusal_at_once(object_store: Any, prefix: str) -> None:
    wrong = Objects(object_store.root.model_copy(update={"secret_key": SecretStr("wrong-secret")}))
    started = time.monotonic()
    with pytest.raises(S3RefusalError, match="check endpoint, credentials"):
        wrong.get(BUCKET, f"{prefix}a")
    assert time.monotonic() - started < 2


def test_a_service_that_is_not_there_is_an_outage_after_a_while(object_store: Any, prefix: str) -> None:
    away = Objects(object_store.root.model_copy(update={"endpoint": "127.0.0.1:1"}), patience_seconds=0.5)
    started = time.monotonic()
    with pytest.raises(OutageError, match=r"S3: s3://.*127\.0\.0\.1:1"):
        away.put(BUCKET, f"{prefix}a", b"")
    assert 0.05 < time.monotonic() - started < 3


def test_a_service_that_hangs_up_within_the_handshake_is_an_outage(object_store: Any, prefix: str) -> None:
    with hanging_up() as port:
        leaving = Objects(object_store.root.model_copy(update={"endpoint": f"127.0.0.1:{port}"}), patience_seconds=0.3)
        with pytest.raises(OutageError, match="SSL"):
            leaving.get(BUCKET, f"{prefix}a")


def test_an_untrusted_certificate_is_a_refusal_at_once(object_store: Any, prefix: str) -> None:
    trusting_nobody = Objects(object_store.root.model_copy(update={"ca_file": None}), patience_seconds=60)
    with pytest.raises(S3RefusalError, match="CERTIFICATE_VERIFY_FAILED"):
        trusting_nobody.get(BUCKET, f"{prefix}a")


def test_a_hiccup_is_waited_out(object_store: Any, prefix: str, relay: Relay) -> None:
    through = Objects(object_store.root.model_copy(update={"endpoint": f"127.0.0.1:{relay.port}"}), patience_seconds=20)
    through.put(BUCKET, f"{prefix}a", b"1")
    relay.cut()
    mender = threading.Timer(0.4, relay.mend)
    mender.start()
    through.put(BUCKET, f"{prefix}a", b"2")
    mender.join()
    assert through.get(BUCKET, f"{prefix}a") == b"2"


def test_a_file_is_written_whole_wherever_it_was_left_and_after_a_hiccup(
    object_store: Any, prefix: str, relay: Relay
) -> None:
    through = Objects(object_store.root.model_copy(update={"endpoint": f"127.0.0.1:{relay.port}"}), patience_seconds=20)
    data = secrets.token_bytes(3 * 1024 * 1024)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        through.put_file(BUCKET, f"{prefix}a", file, "text/plain")
        relay.cut()
        mender = threading.Timer(0.4, relay.mend)
        mender.start()
        through.put_file(BUCKET, f"{prefix}b", file, "text/plain")
        mender.join()
    assert through.get(BUCKET, f"{prefix}a") == through.get(BUCKET, f"{prefix}b") == data


def test_leaving_in_the_middle_of_an_object_is_an_outage(object_store: Any, prefix: str, relay: Relay) -> None:
    through = Objects(object_store.root.model_copy(update={"endpoint": f"127.0.0.1:{relay.port}"}))
    through.put(BUCKET, f"{prefix}big", bytes(50_000_000))
    pieces = through.chunks(BUCKET, f"{prefix}big")
    next(pieces)
    relay.cut()
    with pytest.raises(OutageError):
        list(pieces)


def test_closing_ends_the_waiting(object_store: Any, prefix: str) -> None:
    away = Objects(object_store.root.model_copy(update={"endpoint": "127.0.0.1:1"}), patience_seconds=60)
    closer = threading.Timer(0.2, away.close)
    closer.start()
    started = time.monotonic()
    with pytest.raises(OutageError):
        away.get(BUCKET, f"{prefix}a")
    assert time.monotonic() - started < 10


def test_the_operators_account_cannot_touch_receipts(object_store: Any, objects: Objects, prefix: str) -> None:
    operator = Objects(object_store.operator)
    objects.put(BUCKET, f"{prefix}a", b"truth")
    assert operator.get(BUCKET, f"{prefix}a") == b"truth"
    with pytest.raises(S3RefusalError):
        operator.put(BUCKET, f"{prefix}a", b"lies")
    with pytest.raises(S3RefusalError):
        operator.delete(BUCKET, [f"{prefix}a"])


def test_objects_are_listed_a_few_at_a_time_with_what_they_weigh(objects: Objects, prefix: str) -> None:
    for number in range(5):
        objects.put(BUCKET, f"{prefix}{number}", b"x" * number)
    first = objects.entries(BUCKET, prefix, "", 2)
    assert [(one.key, one.bytes) for one in first] == [(f"{prefix}0", 0), (f"{prefix}1", 1)]
    assert all(len(one.etag) == 32 for one in first)
    rest = objects.entries(BUCKET, prefix, first[-1].key, 9)
    assert [one.key for one in rest] == [f"{prefix}{number}" for number in (2, 3, 4)]
    assert objects.entries(BUCKET, prefix, rest[-1].key, 9) == []


def test_a_copy_is_made_by_the_service_and_nothing_is_no_error(objects: Objects, prefix: str) -> None:
    objects.put(BUCKET, f"{prefix}a", b"hello")
    assert objects.copy(BUCKET, f"{prefix}a", f"{prefix}b")
    assert objects.get(BUCKET, f"{prefix}b") == b"hello"
    assert not objects.copy(BUCKET, f"{prefix}nothing", f"{prefix}c")
    assert objects.get(BUCKET, f"{prefix}c") is None
