"""Lists kept in real MinIO: never back in time, never a license brought back, whoever recorded and whoever restarts."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from builders import NOW, a_key

from understudy_api.owner_word import Recorded
from understudy_api.status_list import Status, StatusClaims, StatusList, pack, recorded_list, sign_status_list
from understudy_api.status_source import FARM
from understudy_operator.core.delivered import NOT_DELIVERED, DeliveredList
from understudy_operator.shell import status_book
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.objects import Objects, S3RefusalError
from understudy_operator.shell.status_book import FRESH_SECONDS, KEEP_SECONDS, Held, StatusBook, list_key

BUCKET, HOST, T = "understudy-ledger", "0" * 32, int(NOW)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def objects(object_store: Any) -> Objects:
    return Objects(object_store.operator)


@pytest.fixture
def book(objects: Objects, clock: Clock) -> StatusBook:
    return opened(objects, clock)


def opened(objects: Objects, clock: Clock) -> StatusBook:
    """Another process's book, which knows nothing yet."""
    return StatusBook(objects, BUCKET, clock)


@pytest.fixture
def twin() -> str:
    return secrets.token_hex(32)


def a_list(twin: str, iat: int = T, marks: dict[int, Status] | None = None, size: int = 8) -> str:
    claims = {"sub": twin, "iat": iat, "ttl": 60, "status_list": pack(marks or {}, size)}
    return sign_status_list(a_key("owner"), StatusClaims.model_validate(claims))


def recorded(text: str) -> Recorded:
    return Recorded(act=text, accepted_at=NOW)


def believe(book: StatusBook, twin: str, text: str, held: Held | None = None) -> None:
    """A list that was polled and judged by what the book holds, or by `held`."""
    read = recorded_list(text)
    assert isinstance(read, StatusList)
    book.believe(twin, HOST, held or book.newest(twin, HOST), read, recorded(text))


def newest(book: StatusBook, twin: str, source: str = HOST) -> Held:
    held = book.newest(twin, source)
    assert held is not None
    return held


def kept(objects: Objects, twin: str, source: str = HOST) -> list[str]:
    return [key.rpartition("/")[2] for key in objects.keys(BUCKET, f"status/{twin}/{source}/")]


def test_a_twin_without_lists(book: StatusBook, twin: str) -> None:
    assert book.newest(twin, FARM) is None


def test_what_is_believed_is_known_at_once_and_by_its_source(book: StatusBook, twin: str) -> None:
    believe(book, twin, a_list(twin, marks={3: "revoked"}))
    assert newest(book, twin).list.status(3) == "revoked"
    assert book.newest(twin, FARM) is None
    believe(book, twin, a_list(twin, T + 5, {3: "revoked", 4: "suspended"}))
    assert (newest(book, twin).list.iat, newest(book, twin).list.status(4)) == (T + 5, "suspended")


def test_what_says_something_new_is_kept_and_the_same_once_an_hour(
    book: StatusBook, objects: Objects, clock: Clock, twin: str
) -> None:
    for iat, marks in ((0, {}), (5, {}), (10, {1: "suspended"}), (15, {}), (20, {}), (KEEP_SECONDS + 15, {})):
        believe(book, twin, a_list(twin, T + iat, marks))  # type: ignore[arg-type]
        assert newest(book, twin).list.iat == T + iat, "the newest is known whether it is kept or not"
        clock.now += FRESH_SECONDS
        assert newest(book, twin).list.iat == T + iat
    assert kept(objects, twin) == [f"{number:08d}.json" for number in range(4)]
    assert newest(opened(objects, clock), twin) == newest(book, twin), "a restart knows what was kept last"


def test_a_restart_forgets_no_revocation(book: StatusBook, objects: Objects, clock: Clock, twin: str) -> None:
    believe(book, twin, a_list(twin, T, {1: "revoked"}))
    for step in range(5, 50, 5):
        believe(book, twin, a_list(twin, T + step, {1: "revoked"}))
    again = newest(opened(objects, clock), twin)
    assert (again.list.status(1), again.list.iat) == ("revoked", T)


def test_of_two_operators_that_judged_by_the_same_list_one_is_first(
    book: StatusBook, objects: Objects, clock: Clock, twin: str
) -> None:
    believe(book, twin, a_list(twin))
    other = opened(objects, clock)
    seen = newest(other, twin)
    believe(book, twin, a_list(twin, T + 5, {6: "revoked"}))
    with pytest.raises(ConflictError, match="another list was recorded there first"):
        believe(other, twin, a_list(twin, T + 9, {1: "suspended"}), seen)
    assert newest(other, twin).list.status(6) == "revoked", "it judges anew by what stands there"


def test_a_list_held_in_memory_alone_gives_way_to_what_another_kept(
    book: StatusBook, objects: Objects, clock: Clock, twin: str
) -> None:
    believe(book, twin, a_list(twin))
    other = opened(objects, clock)
    believe(other, twin, a_list(twin, T + 9, {6: "revoked"}), newest(other, twin))
    believe(book, twin, a_list(twin, T + 20))
    assert newest(book, twin).list.iat == T + 20
    clock.now += FRESH_SECONDS
    assert newest(book, twin).list.status(6) == "revoked"


def test_others_recordings_are_seen_within_seconds(book: StatusBook, objects: Objects, clock: Clock, twin: str) -> None:
    assert book.newest(twin, HOST) is None
    believe(opened(objects, clock), twin, a_list(twin))
    clock.now += FRESH_SECONDS - 0.1
    assert book.newest(twin, HOST) is None
    clock.now += 0.1
    assert newest(book, twin).list.iat == T


def test_a_delivered_list_is_recognised_for_ever(book: StatusBook, objects: Objects, clock: Clock, twin: str) -> None:
    first, second = a_list(twin), a_list(twin, T + 5)
    assert book.delivered(twin, first) == DeliveredList()
    book.deliver(twin, 0, recorded(first))
    book.deliver(twin, 1, recorded(second))
    for known in (book, opened(objects, clock)):
        found = known.delivered(twin, first)
        assert (found.recorded_at, found.sequence, found.newest and found.newest.iat) == (NOW, 2, T + 5)
        assert known.delivered(twin, a_list(twin, T, {1: "revoked"})).recorded_at is None
        assert known.delivered(twin, "no.list.here") == NOT_DELIVERED
    book.deliver(twin, 1, recorded(second))
    with pytest.raises(ConflictError):
        book.deliver(twin, 1, recorded(a_list(twin, T + 6)))


def test_a_delivery_that_was_cut_off_is_recognised(book: StatusBook, object_store: Any, twin: str) -> None:
    """The list stands in the chain, and nothing says that it was delivered."""
    text = a_list(twin)
    root = Objects(object_store.root)
    root.put(BUCKET, list_key(twin, FARM, 0), recorded(text).model_dump_json().encode())
    assert book.delivered(twin, text).recorded_at == T


def test_a_spoiled_list_stops_everything_that_rests_on_it(
    book: StatusBook, objects: Objects, object_store: Any, clock: Clock, twin: str
) -> None:
    believe(book, twin, a_list(twin))
    Objects(object_store.root).put(BUCKET, list_key(twin, HOST, 1), recorded("x.y.z").model_dump_json().encode())
    with pytest.raises(OutageError, match="is no status list any more"):
        opened(objects, clock).newest(twin, HOST)


def test_nobody_but_the_operator_writes_and_it_removes_nothing(
    book: StatusBook, objects: Objects, object_store: Any, twin: str
) -> None:
    believe(book, twin, a_list(twin))
    with pytest.raises(S3RefusalError):
        objects.delete(BUCKET, [list_key(twin, HOST, 0)])
    with pytest.raises(S3RefusalError):
        Objects(object_store.pool).put(BUCKET, list_key(twin, HOST, 1), b"{}")


def test_memory_is_bounded(objects: Objects, clock: Clock, monkeypatch: pytest.MonkeyPatch, twin: str) -> None:
    size = 4 * 40_000
    monkeypatch.setattr(status_book, "MAX_KNOWN_BYTES", 2 * size // 4 + 2_000)
    book = opened(objects, clock)
    for number in range(6):
        read = recorded_list(a_list(twin, size=size))
        assert isinstance(read, StatusList)
        book.believe(twin, f"{number:032d}", None, read, recorded(a_list(twin, size=size)))
        assert newest(book, twin, f"{number:032d}").list.iat == T
    assert len(book._known) == 2
    assert newest(book, twin, f"{0:032d}").list.iat == T, "one that was let go is read again"
