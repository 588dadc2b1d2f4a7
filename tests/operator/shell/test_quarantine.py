"""Quarantine on real MinIO, with the accounts' real rights: killed between any two requests, it goes on and ends the same."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from builders import NOW, a_license, a_twin_view

from understudy_api import quarantine as places
from understudy_api.digest import digest, digest_bytes
from understudy_api.ledger.entry import (
    Committed,
    Counted,
    Delivered,
    Licensed,
    Quarantined,
    Released,
    Reserved,
    Revoked,
)
from understudy_api.owner_word import OwnerWord
from understudy_api.quarantine import BEGINNING, MAX_PART_FILES, Part, file_key, part_key
from understudy_operator.core.actions import ListKept, MoveKept, Record
from understudy_operator.core.quarantine_policy import put_away
from understudy_operator.core.state import LicenseState
from understudy_operator.shell import quarantine as shell
from understudy_operator.shell.errors import ConflictError
from understudy_operator.shell.ledger import Ledger
from understudy_operator.shell.objects import Objects, S3RefusalError
from understudy_operator.shell.quarantine import Quarantine

LEDGER, STAGING = "understudy-ledger", "understudy-staging"


class KilledError(Exception):
    """The process ended here."""


class Mortal(Objects):
    """The operator's real S3 port, which dies after so many requests."""

    left = 10**9

    def _tried(self, act: Callable[[], Any], bucket: str, key: str) -> Any:
        self.left -= 1
        if self.left < 0:
            raise KilledError(key)
        return super()._tried(act, bucket, key)


@pytest.fixture
def pool(object_store: Any) -> Objects:
    return Objects(object_store.pool)


@pytest.fixture
def root(object_store: Any) -> Objects:
    return Objects(object_store.root)


@pytest.fixture
def account() -> str:
    return secrets.token_hex(32)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of three files and looks at two links: many steps with few files."""
    monkeypatch.setattr(shell, "MAX_PART_FILES", 3)
    monkeypatch.setattr(shell, "LINKS", 2)
    monkeypatch.setattr(shell, "MAX_LISTED", 2)


def uid(account: str, job: int) -> str:
    return f"{account[:12]}-job-{job}"


def committed(account: str, job: int, number: int) -> Committed:
    item = digest([account, job, number])
    return Committed(uid=uid(account, job), segment=0, item=item, frames=25, micros=10**6)


def a_revoked_chain(ledger: Ledger, account: str, jobs: int = 2, items: int = 3) -> None:
    """Jobs that made items each, stopped by a revocation."""
    base = Licensed(license="a" * 64, jti="acme-spring", issued_at=1, quota_micros=10**9, expires_at=10**10)
    promises = [
        Reserved(
            uid=uid(account, job),
            license="a" * 64,
            order="b" * 64,
            segment=0,
            reserved_micros=10**8,
            items=items,
            granted_until=int(NOW),
        )
        for job in range(jobs)
    ]
    ledger.append(ledger.account(account), (base, *promises), {})
    for job in range(jobs):
        made = [committed(account, job, number) for number in range(items)]
        ledger.append(ledger.account(account), (*made, Counted(uid=uid(account, job), segment=0, digest="c" * 64)), {})
    ledger.append(ledger.account(account), (Revoked(act="a.b.c"),), {})
    for job in range(jobs):
        ledger.append(ledger.account(account), (Released(uid=uid(account, job), segment=1, reason="Stopped"),), {})


def kept(pool: Objects, account: str, takes: int = 4) -> dict[str, bytes]:
    """What a pool left behind: takes, clips, finished files; beside them what is no business of this license."""
    found = {f"takes/{account}/{number:064x}": b"take %d" % number for number in range(takes)}
    found |= {f"clips/{account}/{number:064x}": b"clip %d" % number for number in range(2)}
    for job in range(2):
        prefix = f"orders/{uid(account, job)}"
        found |= {f"{prefix}/items/{digest(job)}/item{suffix}": b"film" for suffix in (".mp4", ".srt", ".jpg")}
        pool.put(STAGING, f"{prefix}/rows.jsonl", b"{}")
    for key, data in found.items():
        pool.put(STAGING, key, data)
    pool.put(STAGING, f"takes/{account[::-1]}/{0:064x}", b"somebody else's")
    return found


def look(found: Quarantine, ledger: Ledger, account: str) -> tuple[Any, ...]:
    """One look of the operator at the license; returns what it did."""
    state: LicenseState = a_license(twin=a_twin_view(word=OwnerWord(revoked={"x": NOW})))
    actions = put_away(replace(state, account=ledger.account(account), quarantine=found.view(account)))
    for action in actions:
        match action:
            case ListKept():
                found.list_part(action.account, action.part)
            case MoveKept():
                found.move_part(action.account, action.part)
            case Record():
                ledger.append(action.account, action.entries, {})
    return actions


def fresh(object_store: Any, requests: int = 10**9) -> tuple[Quarantine, Ledger]:
    """What a process knows when it starts, and how many requests it lives."""
    objects = Mortal(object_store.operator)
    objects.left = requests
    ledger = Ledger(objects, LEDGER, wall_clock=lambda: NOW)
    return Quarantine(objects, STAGING, ledger), ledger


def finish(object_store: Any, account: str) -> list[Any]:
    found, ledger = fresh(object_store)
    done = list[Any]()
    while ledger.account(account).ending.quarantined_files is None:
        actions = look(found, ledger, account)
        assert actions, "it stands still"
        done += actions
    return done


def stored(root: Objects, keys: Iterable[str]) -> dict[str, bytes | None]:
    return {key: root.get(STAGING, key) for key in keys}


def assert_put_away(root: Objects, ledger: Ledger, account: str, files: dict[str, bytes]) -> None:
    """Every file lies in quarantine and nowhere else, the list names each once, and the ledger names the list."""
    assert stored(root, files) == dict.fromkeys(files)
    assert stored(root, [file_key(account, key) for key in files]) == {
        file_key(account, key): data for key, data in files.items()
    }
    parts, previous = list[Part](), BEGINNING
    while not parts or not parts[-1].last:
        data = root.get(STAGING, part_key(account, len(parts)))
        assert data is not None
        parts.append(Part.model_validate_json(data))
        assert parts[-1].previous == previous
        previous = digest_bytes(data)
    listed = [one for part in parts for one in part.kept]
    assert [one.key for one in listed] == sorted(files)
    assert all(one.bytes == len(files[one.key]) and len(one.etag) == 32 for one in listed)
    entries = [one for link in ledger.links(account, 0, 1000) for one in link.entries]
    quarantined = [one for one in entries if isinstance(one, Quarantined)]
    assert quarantined == [Quarantined(manifest=previous, files=len(files), bytes=sum(map(len, files.values())))]
    told = [item for one in entries if isinstance(one, Delivered) for item in one.items]
    assert sorted(told) == sorted(one.item for one in entries if isinstance(one, Committed))
    assert len({one.id for one in entries}) == len(entries), "each entry once"


def test_everything_kept_is_moved_and_nothing_else(
    object_store: Any, pool: Objects, root: Objects, account: str
) -> None:
    _, ledger = fresh(object_store)
    a_revoked_chain(ledger, account)
    files = kept(pool, account)
    done = finish(object_store, account)
    assert [type(one) for one in done[:5]] == [*[ListKept] * 4, MoveKept], (
        "all of the list stands before anything is moved"
    )
    assert_put_away(root, fresh(object_store)[1], account, files)
    assert root.get(STAGING, f"takes/{account[::-1]}/{0:064x}") == b"somebody else's"
    assert root.get(STAGING, f"orders/{uid(account, 0)}/rows.jsonl") == b"{}"


def test_killed_after_any_number_of_requests_it_ends_the_same(
    object_store: Any, pool: Objects, root: Objects, account: str
) -> None:
    """Each process lives a little longer than the one before; the chain stands from the start."""
    _, ledger = fresh(object_store)
    a_revoked_chain(ledger, account)
    files, lives = kept(pool, account), 0
    for requests in range(3, 400, 3):
        found, ledger = fresh(object_store, requests)
        try:
            while ledger.account(account).ending.quarantined_files is None:
                look(found, ledger, account)
            break
        except KilledError:
            lives += 1
    assert lives > 5, "it was never killed"
    finish(object_store, account)
    assert_put_away(root, fresh(object_store)[1], account, files)


def test_a_license_without_files_is_settled_too(object_store: Any, root: Objects, account: str) -> None:
    _, ledger = fresh(object_store)
    a_revoked_chain(ledger, account, jobs=0)
    finish(object_store, account)
    assert_put_away(root, fresh(object_store)[1], account, {})


def test_two_operators_at_once_settle_it_once(object_store: Any, pool: Objects, root: Objects, account: str) -> None:
    _, ledger = fresh(object_store)
    a_revoked_chain(ledger, account)
    files = kept(pool, account)
    (one, first), (other, second) = fresh(object_store), fresh(object_store)
    while first.account(account).ending.quarantined_files is None:
        stale = other.view(account)
        look(one, first, account)
        if stale.manifest is None:
            other.list_part(account, stale.parts)  # the same part: what stands there is the very same list
        elif stale.moved < stale.parts:
            other.move_part(account, stale.moved)
    assert_put_away(root, second, account, files)


def test_another_list_in_its_place_is_a_conflict(object_store: Any, pool: Objects, account: str) -> None:
    found, ledger = fresh(object_store)
    a_revoked_chain(ledger, account)
    found.list_part(account, 0)
    pool.put(STAGING, f"takes/{account}/{'f' * 64}", b"late")
    with pytest.raises(ConflictError, match="another part was written there first"):
        found.list_part(account, 0)


def test_a_file_that_went_after_it_was_listed_is_not_waited_for(
    object_store: Any, pool: Objects, root: Objects, account: str
) -> None:
    found, ledger = fresh(object_store)
    a_revoked_chain(ledger, account)
    files = kept(pool, account)
    while found.view(account).manifest is None:
        look(found, ledger, account)
    gone = f"orders/{uid(account, 1)}/items/{digest(1)}/item.mp4"
    object_store.remove(STAGING, gone)
    finish(object_store, account)
    assert root.get(STAGING, file_key(account, gone)) is None
    rest = [key for key in files if key != gone]
    assert stored(root, [file_key(account, key) for key in rest]) == {file_key(account, k): files[k] for k in rest}


def test_whoever_made_the_files_reads_none_and_the_operator_only_the_list(
    object_store: Any, pool: Objects, account: str
) -> None:
    found, ledger = fresh(object_store)
    a_revoked_chain(ledger, account)
    files = kept(pool, account)
    finish(object_store, account)
    operator = Objects(object_store.operator)
    for key in [file_key(account, next(iter(files))), part_key(account, 0)]:
        with pytest.raises(S3RefusalError):
            pool.get(STAGING, key)
        with pytest.raises(S3RefusalError):
            pool.put(STAGING, key, b"forged")
        with pytest.raises(S3RefusalError):
            pool.delete(STAGING, [key])
    with pytest.raises(S3RefusalError):
        operator.get(STAGING, file_key(account, next(iter(files))))
    with pytest.raises(S3RefusalError):
        operator.delete(STAGING, [part_key(account, 0)])
    assert operator.get(STAGING, part_key(account, 0)) is not None
    assert found.view(account).manifest is not None


def test_a_list_of_more_than_one_full_part(
    object_store: Any, pool: Objects, root: Objects, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts as large as they come, with what the store lists at once below them."""
    monkeypatch.setattr(shell, "MAX_PART_FILES", MAX_PART_FILES)
    _, ledger = fresh(object_store)
    a_revoked_chain(ledger, account, jobs=1)
    files = {f"takes/{account}/{number:064x}": b"." for number in range(MAX_PART_FILES + 1)}
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: pool.put(STAGING, key, files[key]), files))
    done = finish(object_store, account)
    assert [(type(one), one.part) for one in done if not isinstance(one, Record)] == [
        (ListKept, 0),
        (ListKept, 1),
        (MoveKept, 0),
        (MoveKept, 1),
    ]
    assert root.keys(STAGING, f"takes/{account}/") == []
    assert len(root.keys(STAGING, f"{places.folder(account)}files/")) == len(files)
