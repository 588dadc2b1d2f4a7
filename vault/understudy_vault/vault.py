"""The vault: releases, leases, handovers and erasures, each written into the log before it is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import pyrage
from joserfc.jwk import OKPKey

from understudy_api import token
from understudy_api.acts import Erase, Export
from understudy_api.digest import digest_bytes
from understudy_api.keyring import Keyring
from understudy_api.passcode import Passcode, PasscodeAsking, passcode, passcode_request_refusal
from understudy_api.release import (
    ERASURE_TYPE,
    Asking,
    Erasure,
    HandedOver,
    Handover,
    Heartbeat,
    Heeded,
    OwnersWord,
    Pulse,
    Question,
    Released,
    RenderingClaim,
    TrainingClaim,
    context,
    encode,
    read_question,
)
from understudy_api.verdict import Refusal, Verdict
from understudy_vault import rules
from understudy_vault.envelope import enclose
from understudy_vault.journal import Journal
from understudy_vault.keystore import Destroyed, Kept, KeyStore, KeyStoreError
from understudy_vault.leases import Departure, Leases
from understudy_vault.memory import Memory, Shelf

BEYOND_REACH: Final = (
    "backups and snapshots of the key store made before: let them run out or destroy them",
    "exports the owner took out, which their age identity opens",
    "files that were delivered: videos, captions, posters and every copy of them",
    "memory images of performers taken while they held the key: swap, core dumps, snapshots of machines",
)

_ERASURES: Final = "erasures/"
"""Where the receipts of erasures lie, by twin."""


class Callers(Protocol):
    """Says who calls."""

    def user(self, token: str) -> str | Refusal:
        """The user a token belongs to, or that it is nobody's."""


@dataclass
class Vault:
    """Everything the vault does. Safe to use from several threads."""

    bench: rules.Bench
    keys: KeyStore
    shelf: Shelf
    callers: Callers
    signing_key: OKPKey = field(repr=False)
    clock: Callable[[], float]
    """Unix seconds."""
    steady_clock: Callable[[], float]
    """Seconds of a clock that only grows."""
    lease_seconds: int = 60

    def __post_init__(self) -> None:
        self._journal = Journal(self.shelf)
        self._memory = Memory(self.shelf)
        self._leases = Leases(self.signing_key, self.lease_seconds, self.steady_clock)
        self._door = threading.Lock()
        self._closing: set[str] = set()

    def release(self, bearer: str, asking: Asking) -> Released | Verdict | Refusal:
        """The data key for a performer or trainer; a Refusal when nobody knows the caller, a Verdict when rights refuse."""
        caller = self.callers.user(bearer)
        if isinstance(caller, Refusal):
            return caller
        now = self.clock()
        question = read_question(asking, now)
        if isinstance(question, Question):
            answer = self._judge(rules.Asked(asking.claim, question, caller, now), asking)
        else:
            answer = _no(question)
        if isinstance(answer, Verdict):
            self._journal.write(now, "refused", caller=caller, reason=answer.reason, **_about(asking))
        return answer

    def erase_again(self) -> None:
        """Destroys the keys of erased twins that an older copy of the key store brought back. For before the first answer."""
        for twin in (key.removeprefix(_ERASURES) for key in self.shelf.keys(_ERASURES)):
            if isinstance(self.keys.find(twin), Kept):
                now = self.clock()
                self._journal.write(now, "erased again", twin=twin)
                self.keys.destroy(twin, int(now))

    def pulse(self, heartbeat: Heartbeat) -> Pulse:
        """Renews leases and tells which of their twins are erased."""
        twins = self._leases.renew(heartbeat.leases, leaving=heartbeat.leaving)
        return Pulse(gone=tuple(sorted(twin for twin in twins if self.keys.is_destroyed(twin))))

    def hand_over(self, asked: Handover) -> HandedOver | Verdict:
        """A twin's data key for its owner, age-encrypted to whom the signed act names."""
        now = self.clock()
        heard = self._owner(asked.genesis, asked.key_records, asked.act, now)
        if isinstance(heard, Refusal):
            return _no(heard)
        ring, act = heard
        if not isinstance(act, Export):
            return _no(Refusal(reason="WrongTokenType", message="handover: wanted a signed Export act"))
        found: Kept | Destroyed | None = self.keys.find(ring.twin_id)
        erased = self._memory.word(ring.twin_id).erased
        if found is None and asked.adopt and erased is None:
            self._journal.write(now, "adopted", twin=ring.twin_id, act=digest_bytes(asked.act.encode()))
            self.keys.create(ring.twin_id, asked.genesis, int(now))
            found = self.keys.find(ring.twin_id)
        if not isinstance(found, Kept):
            return _no(rules.no_key(found, ring.twin_id))
        if erased is not None:
            return _no(erased)
        self._journal.write(now, "handed over", twin=ring.twin_id, act=digest_bytes(asked.act.encode()))
        sealed = pyrage.encrypt(found.data_key, [pyrage.x25519.Recipient.from_str(act.recipient)])
        return HandedOver(twin=ring.twin_id, sealed_key=encode(sealed))

    def heed(self, word: OwnersWord) -> Heeded | Verdict:
        """Takes an owner's act in. An Erase returns when no performer holds the key any more, with a receipt."""
        now = self.clock()
        heard = self._owner(word.genesis, word.key_records, word.act, now)
        if isinstance(heard, Refusal):
            return _no(heard)
        ring, act = heard
        sequence = self._journal.write(
            now, type(act).__name__.lower(), twin=ring.twin_id, act=digest_bytes(word.act.encode())
        )
        if not isinstance(act, Erase):
            return Heeded()
        return self._erase(ring.twin_id, word.act, sequence)

    def issue(self, asking: PasscodeAsking) -> Passcode | Verdict:
        """A passcode to be said while a capture is recorded, for the owner of a twin that nothing halts."""
        now = self.clock()
        ring = self._memory.ring(asking.genesis, asking.key_records)
        if isinstance(ring, Refusal):
            return _no(ring)
        refusal = passcode_request_refusal(asking.request, ring, now) or self._memory.word(ring.twin_id).halted
        if refusal is not None:
            return _no(refusal)
        found = passcode(self.bench.passcode_key, ring.twin_id, now)
        request = digest_bytes(asking.request.encode())
        self._journal.write(now, "passcode", twin=ring.twin_id, request=request, expires_at=found.expires_at)
        return found

    def _owner(self, genesis: str, records: tuple[str, ...], act: str, now: float) -> tuple[Keyring, object] | Refusal:
        ring = self._memory.ring(genesis, records)
        if isinstance(ring, Refusal):
            return ring
        heard = self._memory.hear(ring, act, now)
        return heard if isinstance(heard, Refusal) else (ring, heard)

    def _judge(self, asked: rules.Asked, asking: Asking) -> Released | Verdict:
        claim = asked.claim
        twin = claim.making.twin.id if isinstance(claim, RenderingClaim) else claim.order.twin_id
        found = self.keys.find(twin)
        word = self._memory.word(twin)
        if isinstance(found, Destroyed) or (found is None and isinstance(claim, RenderingClaim)):
            return _no(rules.no_key(found, twin))
        if word.erased is not None:  # a copy of the key store from before brought the key back
            return _no(word.erased)
        shown = claim.order if isinstance(claim, TrainingClaim) else claim
        ring = self._memory.ring(shown.genesis, shown.key_records)
        if isinstance(ring, Refusal):
            return _no(ring)
        if isinstance(claim, TrainingClaim):
            entitled = rules.training(self.bench, asked, claim, found, ring, word)
        else:
            assert found is not None
            said = rules.Said(word, self._memory.denials(twin))
            entitled = rules.rendering(self.bench, asked, claim, found, ring, said)
        if isinstance(entitled, Verdict):
            return entitled
        if found is None:
            found = self._make(twin, asked, entitled)
        return self._give(asked, asking, entitled, found)

    def _make(self, twin: str, asked: rules.Asked, entitled: rules.Entitled) -> Kept:
        """The key of a twin that had none; a training brings its genesis record, which is pinned now."""
        assert isinstance(asked.claim, TrainingClaim)
        self._journal.write(asked.now, "created", **entitled.facts())
        self.keys.create(twin, asked.claim.order.genesis, int(asked.now))
        found = self.keys.find(twin)
        if not isinstance(found, Kept):
            raise KeyStoreError(
                f"{self.keys.name}: twin {twin[:12]}: the key that was just made is not there; try again"
            )
        return found

    def _give(self, asked: rules.Asked, asking: Asking, entitled: rules.Entitled, kept: Kept) -> Released | Verdict:
        """Logs, and only then encloses the key; not while an erasure counts who holds it."""
        self._journal.write(asked.now, "released", **entitled.facts())
        sealed = enclose(kept.data_key, asked.question.recipient, context(asking.question))
        if isinstance(sealed, Refusal):
            return _no(sealed)
        with self._door:
            if kept.pin.twin in self._closing:
                return _no(rules.no_key(Destroyed(kept.pin, int(asked.now)), kept.pin.twin))
            lease = self._leases.grant(kept.pin.twin, entitled.performer, entitled.caller, asked.now)
        return Released(twin=kept.pin.twin, sealed_key=sealed, lease=lease, lease_seconds=self.lease_seconds)

    def _erase(self, twin: str, act: str, sequence: int) -> Heeded | Verdict:
        key = f"{_ERASURES}{twin}"
        if (written := self.shelf.get(key)) is not None:
            return Heeded(receipt=written.decode())
        found = self.keys.find(twin)
        if found is None:
            return _no(Refusal(reason="NoKey", message=f"twin {twin[:12]}: the vault never had a key of it"))
        with self._door:
            self._closing.add(twin)
        at = found.at if isinstance(found, Destroyed) else int(self.clock())
        self.keys.destroy(twin, at)
        erasure = Erasure(
            twin=twin,
            act=digest_bytes(act.encode()),
            key_store=self.keys.name,
            destroyed_at=at,
            performers=tuple(_told(one) for one in self._leases.until_nobody_holds(twin)),
            beyond_reach=BEYOND_REACH,
            log=sequence,
        )
        receipt = token.sign(self.signing_key, ERASURE_TYPE, erasure.model_dump(mode="json"))
        self.shelf.create(key, receipt.encode())
        return Heeded(receipt=(self.shelf.get(key) or receipt.encode()).decode())


def _told(departure: Departure) -> str:
    how = "said that it ends" if departure.said_so else "was heard of no longer and has ended itself"
    return f"{departure.performer}: {how}"


def _about(asking: Asking) -> dict[str, str]:
    """What the log says of a question that was refused."""
    claim = asking.claim
    if isinstance(claim, RenderingClaim):
        return {"twin": claim.making.twin.id, "order": claim.uid, "pool": claim.pool, "purpose": claim.kind}
    return {"twin": claim.order.twin_id, "order": claim.order.uid, "pool": claim.order.pool, "purpose": claim.kind}


def _no(refusal: Refusal) -> Verdict:
    return Verdict(refusals=(refusal,))
