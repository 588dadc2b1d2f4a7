"""The director's own look at status lists: the newer word counts, revoked stays revoked, also while the operator is away."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from list_host import ListHost, a_list, reply
from structlog.testing import capture_logs
from theatre import eventually

from understudy_api import token
from understudy_api.grant import Grant
from understudy_api.order import Order
from understudy_api.status_source import StatusSettings
from understudy_workers.direction import status_lists
from understudy_workers.direction.status_fetch import Fetcher
from understudy_workers.direction.status_lists import Named, StatusLists, named

TTL = 300


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ListHost]:
    made = ListHost(tmp_path)
    yield made
    made.close()


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are asked for many times a second."""
    monkeypatch.setattr(status_lists, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(status_lists, "poll_seconds", lambda _: 0.05)


@dataclass
class Told:
    """What the director holds, after `poll`."""

    lists: StatusLists
    settings: StatusSettings
    of: Named
    host: ListHost

    def poll(self) -> None:
        """One round of asking."""

        async def scene() -> None:
            asking = asyncio.get_running_loop().create_task(self.lists.keep(self.settings, lambda: [self.of]))
            before = len(self.host.asked)
            await eventually(lambda: len(self.host.asked) >= before + 2)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

        asyncio.run(scene())

    def said(self, granted: int | None, now: float) -> str:
        found = self.lists.refusal(self.of, a_grant(granted), now)
        return found.reason if found else ""


def a_grant(status_iat: int | None) -> Grant:
    digest = "0" * 64
    return Grant(
        iss="f" * 43, aud="default", sub="an-order-1", order=digest, license=digest, keys=digest, twin_version=digest,
        status_iat=status_iat, seconds=600, iat=0, exp=900,
    )  # fmt: skip


def listed(order_of: Any, **entry: Any) -> Order:
    return order_of(license=order_of.__self__.license(status={"index": 3, "ttl_seconds": TTL, **entry}))


@pytest.fixture
def told(signers: Any, host: ListHost, swift: None) -> Told:
    of = named(listed(signers.order, uri=host.uri))
    assert of is not None
    return Told(StatusLists(), host.settings, of, host)


def publish(told: Told, key: OKPKey, **changes: Any) -> None:
    told.host.text = a_list(key, told.of.ring.twin_id, ttl=TTL, **changes)


def test_what_an_order_names_is_believed_only_by_its_signatures(signers: Any) -> None:
    order = listed(signers.order)
    found = named(order)
    assert found is not None
    assert (found.entry.index, found.source) == (3, (order.twin.id, "farm"))
    assert named(signers.order()) is None
    stranger = type(signers)()
    assert named(order.model_copy(update={"genesis": stranger.genesis})) is None
    assert named(order.model_copy(update={"genesis": "x.y.z"})) is None


@pytest.mark.parametrize(
    ("granted", "after", "reason"),
    [(0, 0, ""), (0, TTL - 1, ""), (0, TTL, "StatusStale"), (None, 0, "StatusUnknown")],
)
def test_without_a_list_the_grants_word_counts_until_it_is_stale(
    told: Told, granted: int | None, after: int, reason: str
) -> None:
    now = int(time.time())
    assert told.said(None if granted is None else now, now + after) == reason


@pytest.mark.parametrize(
    ("status", "granted", "reason"),
    [
        ("valid", -10, ""),
        ("suspended", -10, "LicenseSuspended"),
        ("suspended", 0, "LicenseSuspended"),
        ("suspended", 10, ""),
        ("revoked", -10, "LicenseRevoked"),
        ("revoked", 10, "LicenseRevoked"),
    ],
)
def test_the_newer_word_counts_and_revoked_stays_revoked(
    told: Told, signers: Any, status: str, granted: int, reason: str
) -> None:
    now = int(time.time())
    publish(told, signers.owner, iat=now, marks={3: status})
    told.poll()
    assert told.said(now + granted, now) == reason


def test_a_list_that_ends_before_the_license_is_none(told: Told, signers: Any) -> None:
    now = int(time.time())
    far = Named(told.of.ring, told.of.entry.model_copy(update={"index": 99}))
    told.of = far
    publish(told, signers.owner, iat=now)
    told.poll()
    assert told.said(now - 10, now) == "StatusUnknown"


def test_what_does_not_follow_is_not_believed(told: Told, signers: Any) -> None:
    now = int(time.time())
    publish(told, signers.owner, iat=now, marks={3: "suspended"})
    told.poll()
    for text in (
        a_list(token.new_key(), told.of.ring.twin_id, iat=now + 1),
        a_list(signers.owner, "0" * 64, iat=now + 1),
        a_list(signers.owner, told.of.ring.twin_id, iat=now - 1),
        "nonsense",
    ):
        told.host.text = text
        told.poll()
        assert told.said(now - 10, now) == "LicenseSuspended"
    told.host.answer = lambda handler: reply(handler, b"", 503)
    told.poll()
    assert told.said(now - 10, now) == "LicenseSuspended"
    assert "503" in next(iter(told.lists._problems.values()))


def test_the_farms_own_lists_are_asked_of_the_farm(told: Told, signers: Any) -> None:
    of = named(listed(signers.order))
    assert of is not None
    told.of = of
    url = f"https://127.0.0.1:{told.host.port}/"
    told.settings = StatusSettings(farm_url=url, farm_ca_file=told.host.ca_file)
    publish(told, signers.owner, marks={3: "suspended"})
    told.poll()
    assert set(told.host.asked) == {f"/v1/status/{of.ring.twin_id}"}
    assert told.said(None, time.time()) == "LicenseSuspended"


def test_the_log_says_once_that_a_list_came_or_did_not(told: Told, signers: Any) -> None:
    """Each time it turns, however often it is asked for meanwhile."""
    publish(told, signers.owner)
    serves = told.host.answer
    with capture_logs() as lines:
        told.poll()
        told.host.answer = lambda handler: reply(handler, b"", 503)
        told.poll()
        told.host.answer = serves
        told.poll()
    said = [(line["log_level"], line["event"], line["twin"]) for line in lines if "status list" in line["event"]]
    twin = told.of.ring.twin_id[:12]
    came, missed = ("info", "status list came", twin), ("warning", "no newer status list", twin)
    assert said == [came, missed, came]


def test_what_nobody_foresaw_is_survived(told: Told, signers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch, broken = Fetcher.fetch, [ZeroDivisionError, KeyError]

    async def breaks(self: Fetcher, uri: str) -> str:
        if broken:
            raise broken.pop()
        return await fetch(self, uri)

    monkeypatch.setattr(Fetcher, "fetch", breaks)
    publish(told, signers.owner, marks={3: "suspended"})
    told.poll()
    assert told.said(None, time.time()) == "LicenseSuspended"


def test_what_no_order_names_any_more_is_forgotten(told: Told, signers: Any) -> None:
    publish(told, signers.owner)
    told.poll()
    assert told.lists._held

    async def scene() -> None:
        asking = asyncio.get_running_loop().create_task(told.lists.keep(told.settings, list))
        await eventually(lambda: not told.lists._held)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(scene())


# --- whole orders ---


def an_order(orders: Any, host: ListHost, names: list[str], *, ttl: int = TTL) -> Order:
    status = {"index": 3, "ttl_seconds": ttl, "uri": host.uri}
    license_ = orders.signers.license(jti=f"license-{uuid.uuid4()}", status=status)
    return orders.write(names, ("[slow] {name}.",), license=license_, grant={"status_iat": int(time.time())})


def test_a_partitioned_director_stops_by_the_list(stage: Any, orders: Any, host: ListHost, swift: None) -> None:
    """Nobody plays the operator after the order was put: no stop, no renewal."""
    order = an_order(orders, host, [f"n{n}" for n in range(60)])
    host.text = a_list(orders.signers.owner, order.twin.id, ttl=TTL)

    async def scene() -> None:
        async with stage(commits=False, status_lists=host.settings) as at:
            at.house.desk.put(order)
            await eventually(lambda: len(at.crew.seen) > 2 and host.asked)
            host.text = a_list(
                orders.signers.owner, order.twin.id, ttl=TTL, iat=int(time.time()) + 1, marks={3: "revoked"}
            )
            progress = await at.until(order, "WaitingForGrant")
            assert "the owner revoked it for good" in progress.message
            await eventually(lambda: at.house.desk.get(order.uid).takes_in_flight == 0)
            handed = len(at.crew.seen)
            newer = orders.signers.grant(order, status_iat=int(time.time()) + 30)
            at.house.desk.renew(order.uid, newer)
            host.text = a_list(orders.signers.owner, order.twin.id, ttl=TTL, iat=int(time.time()) + 2)
            asked = len(host.asked)
            await eventually(lambda: len(host.asked) > asked + 2)
            assert len(at.crew.seen) == handed, "revoked stays revoked, whatever comes"
            assert at.house.desk.get(order.uid).items_done < 60

    asyncio.run(scene())


def test_a_suspended_order_waits_and_goes_on(stage: Any, orders: Any, host: ListHost, swift: None) -> None:
    order = an_order(orders, host, [f"n{n}" for n in range(8)])
    host.text = a_list(orders.signers.owner, order.twin.id, ttl=TTL, iat=int(time.time()) + 1, marks={3: "suspended"})

    async def scene() -> None:
        async with stage(status_lists=host.settings) as at:
            at.house.desk.put(order)
            await at.until(order, "WaitingForGrant")
            host.text = a_list(orders.signers.owner, order.twin.id, ttl=TTL, iat=int(time.time()) + 2)
            await at.until(order, "Finished")

    asyncio.run(scene())
    assert orders.finished(order).totals.done == 8


def test_an_order_whose_list_goes_stale_waits_for_a_newer_word(
    stage: Any, orders: Any, host: ListHost, swift: None
) -> None:
    order = an_order(orders, host, [f"n{n}" for n in range(40)])
    host.answer = lambda handler: reply(handler, b"", 503)

    async def scene() -> None:
        async with stage(status_lists=host.settings) as at:
            at.house.desk.put(order)
            await eventually(lambda: len(at.crew.seen) > 2)
            at.house.workshop.clock = lambda: time.time() + TTL + 1
            progress = await at.until(order, "WaitingForGrant")
            assert "publish a newer status list" in progress.message
            at.house.workshop.clock = time.time
            at.house.desk.renew(order.uid, orders.signers.grant(order, status_iat=int(time.time())))
            await at.until(order, "Finished")

    asyncio.run(scene())
    assert orders.finished(order).totals.done == 40
