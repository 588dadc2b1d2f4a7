"""Polling lists from a real https host into real MinIO: what is believed, what is said when nothing comes, who is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from list_host import ListHost, a_list, reply

from understudy_api import token
from understudy_api.genesis import sign_genesis, twin_id
from understudy_api.status_source import FARM, UNLISTED, Standing, StatusSettings, source
from understudy_api.terms import Assignee, Quota, Terms, sign_license
from understudy_operator.shell.act_book import ActBook
from understudy_operator.shell.key import Key
from understudy_operator.shell.objects import Objects
from understudy_operator.shell.status_book import StatusBook
from understudy_operator.shell.status_fetch import Fetcher
from understudy_operator.shell.status_lists import MAX_ADDRESSES, StatusLists
from understudy_operator.shell.store import Store

BUCKET, SPRING = "understudy-ledger", Key("License", "talent", "spring")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """An owner with a twin and licenses, and an operator's lists over them."""

    def __init__(self, objects: Objects, host: ListHost) -> None:
        self.root: OKPKey = token.new_key()
        self.genesis = sign_genesis(self.root, "Ada", int(time.time()), "0" * 32)
        self.twin = twin_id(self.genesis)
        self.host, self.objects, self.clock = host, objects, Clock()
        self.wall_offset, self.version = 0.0, 0
        self.store = Store()
        self.lists = self.opened()
        self.put("TwinModel", "ada", {"genesis": self.genesis})

    def opened(self, settings: StatusSettings | None = None) -> StatusLists:
        """Another process's lists over the same bucket."""
        book = StatusBook(self.objects, BUCKET, self.clock)
        fetcher, acts = Fetcher(settings or self.host.settings), ActBook(self.objects, BUCKET)
        return StatusLists(book, acts, self.store, fetcher, self.clock, lambda: time.time() + self.wall_offset)

    def put(self, kind: str, name: str, spec: dict[str, Any]) -> None:
        self.version += 1
        metadata = {"namespace": "talent", "name": name, "uid": f"uid-{name}", "generation": 1}
        self.store.put(
            {"kind": kind, "metadata": {**metadata, "resourceVersion": str(self.version)}, "spec": spec, "status": {}}
        )

    def license(self, name: str = "spring", key: OKPKey | None = None, **entry: Any) -> str:
        now = int(time.time())
        status = {"index": 3, "ttl_seconds": 60, "uri": self.host.uri, **entry}
        terms = Terms.model_validate(
            {
                "iss": token.thumbprint(self.root), "aud": "f" * 43, "jti": f"license-{name}", "iat": now, "nbf": now,
                "exp": now + 3600, "assignee": Assignee(namespace="acme"), "twin": self.twin,
                "purposes": ("advertising",), "channels": ("social",), "territories": ("DE",), "languages": ("de",),
                "quota": Quota(seconds=100), "status": status,
            }
        )  # fmt: skip
        text = sign_license(key or self.root, terms)
        self.put("License", name, {"twinRef": {"name": "ada"}, "token": text})
        return text

    def publish(self, **changes: Any) -> None:
        self.host.text = a_list(self.root, self.twin, **changes)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ListHost]:
    made = ListHost(tmp_path)
    yield made
    made.close()


@pytest.fixture
def desk(object_store: Any, host: ListHost) -> Iterator[Desk]:
    made = Desk(Objects(object_store.operator), host)
    yield made
    made.lists.close()


def test_a_list_is_polled_believed_and_kept(desk: Desk) -> None:
    text = desk.license()
    assert desk.lists.standing(text) == Standing()
    desk.publish(marks={3: "suspended"})
    assert desk.lists.poll() == {SPRING}
    found = desk.lists.standing(text)
    assert (found.status, found.problem) == ("suspended", "")
    assert found.until == (found.iat or 0) + 60
    again = desk.opened()
    assert again.standing(text) == found, "a restart knows it"
    again.close()


def test_it_is_asked_again_after_a_quarter_of_ttl_and_never_sooner_than_five_seconds(desk: Desk) -> None:
    desk.license()
    desk.publish()
    for after, asked in ((0, 1), (14.9, 1), (0.2, 2), (14.9, 2)):
        desk.clock.now += after
        desk.lists.poll()
        assert len(desk.host.asked) == asked
    desk.license("hasty", ttl_seconds=5)
    desk.lists.poll()
    desk.clock.now += 4.9
    desk.lists.poll()
    before = len(desk.host.asked)
    desk.clock.now += 0.2
    desk.lists.poll()
    assert len(desk.host.asked) == before + 1, "the shortest ttl of all who name it"


def test_an_unchanged_list_is_no_news(desk: Desk) -> None:
    desk.license()
    desk.publish()
    assert desk.lists.poll() == {SPRING}
    desk.clock.now += 15
    assert desk.lists.poll() == set()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda desk: desk.publish(iat=int(time.time()) - 9), "StatusListOlder"),
        (lambda desk: desk.publish(iat=int(time.time()) + 9, marks={}), "RevocationUndone"),
        (lambda desk: setattr(desk.host, "text", a_list(token.new_key(), desk.twin)), "SignerNotAllowed"),
        (lambda desk: setattr(desk.host, "text", a_list(desk.root, "0" * 64)), "TwinNotCovered"),
        (lambda desk: setattr(desk.host, "text", "nonsense"), "MalformedToken"),
        (lambda desk: setattr(desk.host, "answer", lambda handler: reply(handler, b"", 500)), "status 200, got 500"),
        (lambda desk: desk.host.close(), "ConnectError"),
    ],
)
def test_what_does_not_follow_is_not_believed_and_told(desk: Desk, change: Callable[[Desk], Any], words: str) -> None:
    text = desk.license()
    desk.publish(marks={3: "revoked"})
    desk.lists.poll()
    before = desk.lists.standing(text)
    change(desk)
    desk.clock.now += 15
    assert desk.lists.poll() == {SPRING}, "it is news that something is wrong"
    after = desk.lists.standing(text)
    assert (after.status, after.iat, after.until) == (before.status, before.iat, before.until)
    assert words in after.problem
    desk.clock.now += 15
    assert desk.lists.poll() == set(), "the same trouble is told once"


def test_a_host_that_comes_back_is_believed_again(desk: Desk) -> None:
    text = desk.license()
    desk.host.answer, plain = (lambda handler: reply(handler, b"", 503)), desk.host.answer
    assert desk.lists.poll() == {SPRING}
    assert "503" in desk.lists.standing(text).problem
    desk.host.answer = plain
    desk.publish()
    desk.clock.now += 15
    assert desk.lists.poll() == {SPRING}
    assert (desk.lists.standing(text).status, desk.lists.standing(text).problem) == ("valid", "")


def test_a_list_served_for_too_long_is_told_to_be_stale(desk: Desk) -> None:
    text = desk.license()
    desk.publish()
    desk.lists.poll()
    desk.clock.now += 15
    desk.wall_offset = 61
    assert desk.lists.poll() == {SPRING}
    assert "StatusListStale" in desk.lists.standing(text).problem


def test_a_restart_never_goes_back(desk: Desk) -> None:
    text = desk.license()
    desk.publish(marks={3: "revoked"})
    desk.lists.poll()
    again = desk.opened()
    desk.publish(iat=int(time.time()) + 5, marks={})
    again.poll()
    assert again.standing(text).status == "revoked"
    assert "RevocationUndone" in again.standing(text).problem
    again.close()


def test_only_the_owner_of_the_twin_sends_us_anywhere(desk: Desk) -> None:
    desk.license(key=token.new_key())
    desk.publish()
    assert desk.lists.poll() == set()
    assert desk.host.asked == []


def test_nobody_is_sent_to_a_private_place(desk: Desk) -> None:
    text = desk.license()
    strict = desk.opened(StatusSettings(ca_file=desk.host.ca_file))
    strict.poll()
    assert "is not public" in strict.standing(text).problem
    assert desk.host.asked == []
    strict.close()


def test_a_twin_has_room_for_so_many_addresses(desk: Desk) -> None:
    desk.publish()
    for number in range(MAX_ADDRESSES + 3):
        desk.license(f"l{number}", uri=f"{desk.host.uri}?{number}")
    desk.lists.poll()
    assert len(desk.host.asked) == MAX_ADDRESSES


def test_what_nobody_foresaw_about_one_list_stops_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    odd, plain = desk.license("odd", uri=f"{desk.host.uri}?odd"), desk.license()
    desk.publish()
    fetch = Fetcher.fetch

    async def breaks(self: Fetcher, uri: str) -> str:
        if uri.endswith("?odd"):
            raise ZeroDivisionError
        return await fetch(self, uri)

    monkeypatch.setattr(Fetcher, "fetch", breaks)
    assert desk.lists.poll() == {SPRING, Key("License", "talent", "odd")}
    assert desk.lists.standing(plain).status == "valid"
    assert "ZeroDivisionError" in desk.lists.standing(odd).problem


def test_what_is_gone_is_forgotten(desk: Desk) -> None:
    desk.license()
    desk.lists.poll()
    desk.store.remove(SPRING, 99)
    desk.lists.poll()
    desk.license()
    desk.publish()
    desk.version = 100
    desk.license()
    assert desk.lists.poll() == {SPRING}, "asked at once, as if new"


def test_the_farms_own_lists_are_not_polled(desk: Desk) -> None:
    text = desk.license(uri=None)
    assert desk.lists.poll() == set()
    assert desk.lists.standing(text) == UNLISTED
    assert desk.host.asked == []
    assert source(None) == FARM


def test_a_token_without_a_list_stands_nowhere(desk: Desk) -> None:
    assert desk.lists.standing("no.token.at-all") == UNLISTED
