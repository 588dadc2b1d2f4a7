"""Who may sign what for a twin: the genesis record and the chain of key records after it.

The root key may do everything. It delegates single roles to other keys, withdraws them, and hands over to a new root;
a recovery key named in the genesis record may hand over too, and nothing else. Each record carries its number and the
digest of the record before, so a chain can neither be cut in the middle nor grow two heads unnoticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

from joserfc.jwk import OKPKey
from pydantic import Field, model_validator

from understudy_api import token
from understudy_api.claims import issued_in_future, read_claims
from understudy_api.digest import digest_bytes
from understudy_api.genesis import Genesis, PublicKey, read_genesis
from understudy_api.model import Digest, Model
from understudy_api.verdict import Refusal

KEY_RECORD_TYPE: Final = "likeness-key+jwt"
MAX_KEY_RECORDS: Final = 256

Delegated = Literal["license", "consent", "stop"]
Role = Literal["root", "license", "consent", "stop"]
Signatory = OKPKey | token.Signer


class KeyRecord(Model):
    """The claims of one key record."""

    twin: Digest
    number: int = Field(ge=1, le=MAX_KEY_RECORDS, description="1 for the first, then one more each.")
    previous: Digest = Field(description="Digest of the record before; of the genesis record (the twin's id) for 1.")
    act: Literal["rotate", "delegate", "withdraw"]
    role: Delegated | None = Field(default=None, description="What a delegated key may sign; not for a rotation.")
    key: PublicKey
    iat: int = Field(ge=0, le=2**53)
    exp: int | None = Field(default=None, ge=0, le=2**53, description="First second at which a delegation is over.")

    @model_validator(mode="after")
    def _fits_its_act(self) -> Self:
        if (self.role is None) != (self.act == "rotate"):
            raise ValueError("role: wanted with delegate and withdraw, and only there")
        if self.exp is not None and (self.act != "delegate" or self.exp <= self.iat):
            raise ValueError("exp: wanted on a delegation only, later than iat")
        return self


@dataclass(frozen=True)
class Delegation:
    """A key that may sign for one role."""

    role: Delegated
    key: PublicKey
    exp: int | None = None
    """First second at which its signatures count no longer; None: until it is withdrawn."""


@dataclass(frozen=True)
class Keyring:
    """Who may sign what, after `number` key records. `Keyring(genesis)` knows the founding root alone."""

    genesis: Genesis
    number: int = 0
    records: tuple[str, ...] = ()
    """The verified key records, oldest first."""
    root_key: PublicKey | None = None
    """The root after a rotation; None: still the founding one."""
    delegations: tuple[Delegation, ...] = ()

    @property
    def twin_id(self) -> str:
        """The twin's id; it never changes."""
        return self.genesis.twin_id

    @property
    def owner(self) -> str:
        """Thumbprint of the founding root key: names the owner for ever, whichever key signs today."""
        return self.genesis.claims.root.thumbprint

    @property
    def root_public(self) -> PublicKey:
        """The present root key."""
        return self.root_key or self.genesis.claims.root

    @property
    def root(self) -> OKPKey:
        """The present root key, for checking signatures."""
        return self.root_public.key()

    @property
    def head(self) -> str:
        """Digest of the newest record: of the genesis record while there is no other."""
        return digest_bytes(self.records[-1].encode()) if self.records else self.twin_id

    def signers(self, role: Role, now: float) -> tuple[OKPKey, ...]:
        """The keys that may sign for a role at `now` (Unix seconds), the root first."""
        delegated = (one for one in self.delegations if one.role == role and (one.exp is None or now < one.exp))
        return (self.root, *(one.key.key() for one in delegated))

    def signer(self, role: Role, kid: str) -> Delegation | PublicKey | Refusal:
        """Who signed with the key of thumbprint `kid`: the root, a delegation for `role`, or why it counts nothing."""
        if kid == self.root_public.thumbprint:
            return self.root_public
        for one in self.delegations:
            if one.role == role and one.key.thumbprint == kid:
                return one
        return Refusal(
            reason="SignerNotAllowed",
            message=f"token: key {kid!r} may not sign for role {role}; sign with the root key "
            f"{self.root_public.thumbprint!r} or a key it delegates",
        )

    def opens(self, role: Role, text: str, typ: str, max_bytes: int = token.MAX_TOKEN_BYTES) -> token.Opened | Refusal:
        """A token signed for `role` by a key of this ring, or why it is none; `ends` says until when that holds."""
        return token.opened(text, lambda kid: _key(self.signer(role, kid)), typ, max_bytes)

    def ends(self, role: Role, kid: str) -> int | None:
        """First second at which what the key `kid` signed for `role` counts no longer; None: no such second."""
        found = self.signer(role, kid)
        return found.exp if isinstance(found, Delegation) else None


def sign_key_record(signer: Signatory, record: KeyRecord) -> str:
    """A key record signed by the present root key (a rotation: or by the recovery key)."""
    return token.sign(signer, KEY_RECORD_TYPE, record.model_dump(exclude_none=True))


def read_keyring(genesis_record: str, records: Sequence[str] = ()) -> Keyring | Refusal:
    """The ring after all `records`, oldest first; a gap, a fork, a step back or a wrong signature is a refusal."""
    genesis = read_genesis(genesis_record)
    if isinstance(genesis, Refusal):
        return genesis
    ring = Keyring(genesis)
    for text in records:
        following = extended(ring, text)
        if isinstance(following, Refusal):
            return following
        ring = following
    return ring


def extended(ring: Keyring, text: str, now: float | None = None) -> Keyring | Refusal:
    """The ring after one more record, or why it does not follow.

    `now` (Unix seconds) also refuses a record signed in the future; a record taken in before needs no clock.
    """
    found = token.opened(text, lambda kid: _record_key(ring, text, kid), KEY_RECORD_TYPE)
    if isinstance(found, Refusal):
        return found
    record = read_claims(KeyRecord, found, "key record", "MalformedKeyRecord")
    if isinstance(record, Refusal):
        return record
    if refusal := _out_of_line(ring, record):
        return refusal
    if now is not None and (early := issued_in_future(record.iat, now, "key record")):
        return early
    by_recovery = found.kid != ring.root_public.thumbprint
    if by_recovery and record.act != "rotate":
        return _refusal("SignerNotAllowed", "the recovery key may replace the root key and nothing else")
    return _applied(ring, record, text, by_recovery)


def _record_key(ring: Keyring, text: str, kid: str) -> OKPKey | Refusal:
    """The key a record may be signed with. A record of a former root is told apart from a stranger's."""
    recovery = ring.genesis.claims.recovery
    for known in (ring.root_public, recovery):
        if known is not None and known.thumbprint == kid:
            return known.key()
    if text in ring.records:
        return _refusal("KeyRecordRepeated", f"it was taken in before; the chain stands at {ring.number}")
    return _refusal("SignerNotAllowed", f"signed with {kid!r}, wanted the present root {ring.root_public.thumbprint!r}")


def _out_of_line(ring: Keyring, record: KeyRecord) -> Refusal | None:
    if record.twin != ring.twin_id:
        return _refusal("TwinNotCovered", f"it is for twin {record.twin[:16]}, this one is {ring.twin_id[:16]}")
    if record.number <= ring.number:
        return _refusal(
            "KeyRecordBackwards", f"number {record.number} is taken, the chain stands at {ring.number}; never backwards"
        )
    if record.number > ring.number + 1:
        return _refusal(
            "KeyRecordGap", f"number {record.number} follows {ring.number}; deliver the records between first"
        )
    if record.previous != ring.head:
        return _refusal(
            "KeyRecordFork", f"it follows record {record.previous[:16]}, the chain's head is {ring.head[:16]}"
        )
    return None


def _applied(ring: Keyring, record: KeyRecord, text: str, by_recovery: bool) -> Keyring | Refusal:
    """The next ring. A recovery starts clean: whoever stole the root may have delegated."""
    grown = replace(ring, number=record.number, records=(*ring.records, text))
    if record.act == "rotate":
        if record.key == ring.root_public:
            return _refusal("KeyUnchanged", "it rotates to the key that is root already; make a new one")
        return replace(grown, root_key=record.key, delegations=() if by_recovery else ring.delegations)
    role = record.role or "license"
    others = tuple(one for one in ring.delegations if (one.role, one.key) != (role, record.key))
    if record.act == "delegate":
        return replace(grown, delegations=(*others, Delegation(role, record.key, record.exp)))
    if others == ring.delegations:
        return _refusal("NothingToWithdraw", f"key {record.key.thumbprint!r} holds no role {role}")
    return replace(grown, delegations=others)


def _key(found: Delegation | PublicKey | Refusal) -> OKPKey | Refusal:
    if isinstance(found, Refusal):
        return found
    return found.key() if isinstance(found, PublicKey) else found.key.key()


def _refusal(reason: str, words: str) -> Refusal:
    return Refusal(reason=reason, message=f"key record: {words}")
