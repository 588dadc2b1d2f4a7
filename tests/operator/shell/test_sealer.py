"""Checkpoints in real MinIO: one when heads moved, none when they stand; what was sealed cannot be cut unseen."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from builders import NOW, a_key

from understudy_api.ledger.chain import link_key
from understudy_api.ledger.checkpoint import Checkpoint, proven_heads
from understudy_api.ledger.entry import Licensed, Reserved
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.ledger import FRESH_SECONDS, Ledger
from understudy_operator.shell.objects import Objects
from understudy_operator.shell.sealer import Sealer

FARM = a_key("farm")
LICENSED = Licensed(license="a" * 64, jti="acme-spring", issued_at=1, quota_micros=10**9, expires_at=10**10)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def bucket(object_store: Any) -> Any:
    """A ledger bucket of this test's own."""
    from understudy_cli.local.buckets import client

    name = f"ledger-{secrets.token_hex(4)}"
    client(object_store.root).make_bucket(name)
    return name


@pytest.fixture
def objects(object_store: Any) -> Objects:
    return Objects(object_store.root)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(objects: Objects, bucket: str, clock: Clock) -> Ledger:
    return Ledger(objects, bucket, clock, wall_clock=lambda: NOW)


@pytest.fixture
def sealer(objects: Objects, bucket: str, ledger: Ledger) -> Sealer:
    return Sealer(objects, bucket, ledger, FARM, wall_clock=lambda: NOW)


def use(ledger: Ledger, account: str, number: int = 0) -> None:
    promise = Reserved(
        uid=f"uid-of-{number}",
        license="a" * 64,
        order="b" * 64,
        segment=0,
        reserved_micros=1,
        granted_until=int(NOW),
    )
    ledger.append(ledger.account(account), (LICENSED, promise), {})


def stored(objects: Objects, bucket: str) -> list[Checkpoint]:
    keys = objects.keys(bucket, "checkpoints/")
    return [Checkpoint.model_validate_json(objects.get(bucket, key) or b"") for key in keys]


def test_heads_that_moved_are_sealed_and_heads_that_stand_are_not(
    sealer: Sealer, ledger: Ledger, objects: Objects, bucket: str
) -> None:
    one, two = sorted((secrets.token_hex(32), secrets.token_hex(32)))
    assert not sealer.seal([one]), "nothing was written under it"
    use(ledger, one)
    assert sealer.seal([one, two])
    assert not sealer.seal([one, two])
    use(ledger, two)
    use(ledger, one, 1)
    assert sealer.seal([two])
    first, second = stored(objects, bucket)
    assert [(head.account, head.sequence) for head in first.heads] == [(one, 0)]
    assert [(head.account, head.sequence) for head in second.heads] == [(one, 1), (two, 0)]
    assert proven_heads(second, FARM) == second.heads


def test_another_operator_goes_on_where_this_one_stopped(
    sealer: Sealer, ledger: Ledger, objects: Objects, bucket: str
) -> None:
    one = secrets.token_hex(32)
    use(ledger, one)
    other = Sealer(objects, bucket, ledger, FARM, wall_clock=lambda: NOW + 1)
    other.open()
    assert sealer.seal([])
    use(ledger, one, 1)
    assert not other.seal([]), "the place is taken: it looks again first"
    assert other.seal([])
    assert not Sealer(objects, bucket, ledger, FARM).seal([])
    assert [head.sequence for made in stored(objects, bucket) for head in made.heads] == [0, 1]


def test_a_chain_that_is_shorter_than_it_was_stops_everything(
    sealer: Sealer, ledger: Ledger, objects: Objects, bucket: str
) -> None:
    one = secrets.token_hex(32)
    use(ledger, one)
    use(ledger, one, 1)
    sealer.seal([one])
    objects.delete(bucket, [link_key(one, 1)])
    fresh = Ledger(objects, bucket, lambda: FRESH_SECONDS)
    Sealer(objects, bucket, fresh, FARM).open()
    with pytest.raises(OutageError, match="a checkpoint has seen link 1"):
        fresh.account(one)


@pytest.mark.parametrize("data", [b"{", b"{}"])
def test_a_checkpoint_that_is_none_is_said(sealer: Sealer, objects: Objects, bucket: str, data: bytes) -> None:
    objects.put(bucket, "checkpoints/00000000.json", data)
    with pytest.raises(OutageError, match="understudy ledger verify"):
        sealer.open()


def test_a_checkpoint_of_somebody_else_is_said(sealer: Sealer, ledger: Ledger, objects: Objects, bucket: str) -> None:
    use(ledger, secrets.token_hex(32))
    Sealer(objects, bucket, ledger, a_key("stranger")).seal([])
    with pytest.raises(OutageError, match="no signature"):
        sealer.open()
