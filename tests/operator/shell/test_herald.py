"""The herald against a real vault over TLS and real MinIO: told once, again while it is away, refused with its reason."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from understudy_api import token
from understudy_api.acts import Act, Erase, Revocation, Stop, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import PublicKey, sign_genesis, twin_id
from understudy_api.keyring import KeyRecord, sign_key_record
from understudy_api.owner_word import Recorded, act_key, key_record_key
from understudy_api.settings import VaultAddress
from understudy_cli.local.certificates import Authority
from understudy_operator.core.actions import RecordAct, TellVault
from understudy_operator.core.telling import UNAVAILABLE
from understudy_operator.shell.act_book import ActBook
from understudy_operator.shell.herald import REFUSED_SECONDS, Herald
from understudy_operator.shell.objects import Objects
from understudy_vault.embedded import EmbeddedKeys
from understudy_vault.rules import Bench
from understudy_vault.server import Server
from understudy_vault.vault import Vault

NOW = int(time.time())


class Shelf(dict[str, bytes]):
    """A bucket in memory."""

    def create(self, key: str, data: bytes) -> bool:
        return self.setdefault(key, data) is data

    def keys(self, prefix: str = "", after: str = "") -> list[str]:  # type: ignore[override]
        return sorted(key for key in self if key.startswith(prefix) and key > after)


class Nobody:
    """Acts need no account."""

    def user(self, token: str) -> str:
        raise AssertionError(f"asked about {token}")


@dataclass
class Desk:
    """An owner of one twin, the operator's book, and a vault that can be away."""

    vault: Vault
    address: VaultAddress
    book: ActBook
    root: Any = field(default_factory=token.new_key)
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.genesis = sign_genesis(self.root, "Ada", NOW, secrets.token_hex(16))
        self.twin = twin_id(self.genesis)
        self.herald = self.restarted()

    def restarted(self) -> Herald:
        return Herald(self.address, self.book, clock=lambda: self.now)

    def record(self, act: Act, at: float = NOW, signer: Any = None) -> str:
        text = sign_act(signer or self.root, act)
        self.keep(act_key(self.twin, text), text, at)
        return text

    def keep(self, key: str, text: str, at: float) -> None:
        self.book.record(RecordAct(twin_id=self.twin, key=key, recorded=Recorded(act=text, accepted_at=at)))

    def tell(self, text: str) -> None:
        (one,) = (one for one in self.herald.untold(self.twin) if one.act == text)
        self.herald.tell(TellVault(twin_id=self.twin, genesis=self.genesis, key_records=one.key_records, act=text))

    def untold(self) -> list[str]:
        return [one.act for one in self.herald.untold(self.twin)]


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Vault, VaultAddress]]:
    folder = tmp_path_factory.mktemp("vault")
    vault = Vault(
        bench=Bench(token.new_key(), {}, bytes(32)),
        keys=EmbeddedKeys(folder / "keys"),
        shelf=Shelf(),
        callers=Nobody(),
        signing_key=token.new_key(),
        clock=time.time,
        steady_clock=time.monotonic,
        lease_seconds=0,
    )
    pair = Authority.open(folder / "pki", "test farm").server(folder / "pki", "vault")
    server = Server(vault, "127.0.0.1", 0, pair.certificate, pair.key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    address = VaultAddress(url=f"https://127.0.0.1:{server.server_port}", ca_file=folder / "pki" / "ca.crt")
    yield vault, address
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def desk(vault: tuple[Vault, VaultAddress], object_store: Any) -> Iterator[Desk]:
    objects = Objects(object_store.operator)
    desk = Desk(*vault, ActBook(objects, object_store.buckets.ledger))
    yield desk
    desk.herald.close()
    objects.close()


def test_what_the_vault_took_in_is_noted_for_every_operator(desk: Desk) -> None:
    stop = desk.record(Stop(twin=desk.twin, iat=NOW))
    assert desk.untold() == [stop]
    desk.tell(stop)
    assert desk.vault._memory.word(desk.twin).halted is not None
    for herald in (desk.herald, desk.restarted()):
        view = herald.view(desk.twin, stop)
        assert view is not None
        assert (view.untold, view.problem, view.heard is not None) == ((), None, True)


def test_a_vault_that_is_away_is_a_problem_and_no_failure(desk: Desk) -> None:
    stop = desk.record(Stop(twin=desk.twin, iat=NOW))
    address, desk.address = desk.address, VaultAddress(url="https://127.0.0.1:9", ca_file=desk.address.ca_file)
    desk.herald = desk.restarted()
    desk.tell(stop)
    view = desk.herald.view(desk.twin, stop)
    assert view is not None
    assert view.problem is not None
    assert (view.problem.reason, desk.untold()) == (UNAVAILABLE, [stop])
    assert "127.0.0.1:9: does not answer" in view.problem.message
    later = desk.record(Stop(twin=desk.twin, iat=NOW, reason="again"))
    desk.tell(later)
    view = desk.herald.view(desk.twin, later)
    assert view is not None
    assert view.problem is not None
    assert "did not answer just now" in view.problem.message, "nobody waits for it twice"
    desk.address = address
    desk.herald = desk.restarted()
    desk.tell(stop)
    desk.tell(later)
    assert desk.untold() == []


def test_another_authority_is_not_spoken_to(desk: Desk, tmp_path: Path) -> None:
    other = Authority.open(tmp_path, "another farm").certificate_file
    desk.address = desk.address.model_copy(update={"ca_file": other})
    desk.herald = desk.restarted()
    stop = desk.record(Stop(twin=desk.twin, iat=NOW))
    desk.tell(stop)
    view = desk.herald.view(desk.twin, stop)
    assert view is not None
    assert view.problem is not None
    assert view.problem.reason == UNAVAILABLE


def test_a_refusal_is_told_by_its_reason_and_rests(desk: Desk) -> None:
    erase = desk.record(Erase(twin=desk.twin, iat=NOW))
    desk.tell(erase)
    view = desk.herald.view(desk.twin, erase)
    assert view is not None
    assert view.problem is not None
    assert (view.problem.reason, desk.untold()) == ("NoKey", [])
    desk.now += REFUSED_SECONDS
    assert desk.untold() == [erase]
    desk.vault.keys.create(desk.twin, desk.genesis, NOW)
    desk.tell(erase)
    heard = desk.book.heard(desk.twin)[digest_bytes(erase.encode())]
    assert heard.receipt is not None
    assert desk.vault.keys.is_destroyed(desk.twin)


def test_acts_go_in_their_order_by_the_keys_of_their_time(desk: Desk) -> None:
    """A revocation by a key that was replaced later still reaches a vault that was away all the while."""
    revoke = desk.record(Revocation(twin=desk.twin, jti="license-1", iat=NOW), at=NOW)
    new = token.new_key()
    public = PublicKey.model_validate(token.public_jwk(new))
    claims = KeyRecord(twin=desk.twin, number=1, previous=desk.twin, act="rotate", key=public, iat=NOW)
    record = sign_key_record(desk.root, claims)
    desk.keep(key_record_key(desk.twin, 1), record, NOW + 1)
    stop = desk.record(Stop(twin=desk.twin, iat=NOW), at=NOW + 2, signer=new)
    assert [(one.act, one.key_records) for one in desk.herald.untold(desk.twin)] == [
        (revoke, ()),
        (record, (record,)),
        (stop, (record,)),
    ]
    for text in (revoke, record, stop):
        desk.tell(text)
    assert desk.untold() == []
    word = desk.vault._memory.word(desk.twin)
    assert (list(word.revoked), word.halted is not None) == (["license-1"], True)


def test_a_vault_that_is_ahead_is_told_with_all_records(desk: Desk) -> None:
    stop = desk.record(Stop(twin=desk.twin, iat=NOW), at=NOW)
    public = PublicKey.model_validate(token.public_jwk(token.new_key()))
    claims = KeyRecord(twin=desk.twin, number=1, previous=desk.twin, act="delegate", role="stop", key=public, iat=NOW)
    record = sign_key_record(desk.root, claims)
    desk.keep(key_record_key(desk.twin, 1), record, NOW + 1)
    desk.tell(record)
    desk.tell(stop)
    assert desk.untold() == []


def test_where_no_vault_runs_nobody_is_told(desk: Desk) -> None:
    alone = Herald(None, desk.book)
    stop = desk.record(Stop(twin=desk.twin, iat=NOW))
    assert (alone.view(desk.twin, stop), alone.untold(desk.twin)) == (None, ())
    alone.close()
