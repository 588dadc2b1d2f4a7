"""What the owner of a twin has said so far: recorded acts, folded into what follows from them.

Recorded means: verified once by the keyring of that day, and kept in a bucket that only the operator writes. Later key
rotations take nothing back, and deleting the OwnerAct that brought an act undoes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import Field, ValidationError

from understudy_api import token
from understudy_api.acts import ACT_TYPES, Act, Erase, Resume, Revocation, Stop
from understudy_api.digest import digest_bytes
from understudy_api.keyring import KEY_RECORD_TYPE
from understudy_api.model import Digest, Model, Token
from understudy_api.verdict import Refusal


class Recorded(Model):
    """One act as the farm keeps it."""

    act: str = Field(description="The token.")
    accepted_at: float = Field(ge=0, description="Unix seconds at which the farm first recorded it.")


class Heard(Model):
    """Says that the vault took an act in; kept beside the act, so that it is told once."""

    act: Digest = Field(description="Digest of the act's token.")
    at: float = Field(ge=0, description="Unix seconds at which the vault answered.")
    receipt: Token | None = Field(default=None, description="The vault's signed receipt, for an erasure.")


@dataclass(frozen=True, kw_only=True)
class OwnerWord:
    """What stands. Times are Unix seconds of acceptance on this farm."""

    key_records: tuple[str, ...] = ()
    """Every key record, oldest first."""
    revoked: Mapping[str, float] = field(default_factory=dict)
    """Licenses by `jti` that are revoked for good."""
    stops: Mapping[str, float] = field(default_factory=dict)
    """Stops by digest that were not lifted."""
    erased_at: float | None = None
    taken: Mapping[str, float] = field(default_factory=dict)
    """Every recorded act by the digest of its token."""

    def refusal(self, jti: str) -> Refusal | None:
        """Why a license of this owner no longer counts, whatever its terms say; None when it does."""
        if jti in self.revoked:
            return Refusal(
                reason="LicenseRevoked",
                message="license: its owner revoked it; ask for a new one",
                clause="revocation",
                wanted="a license that stands",
                allowed="none",
            )
        return self.halted

    @property
    def halted(self) -> Refusal | None:
        """Why nothing of the twin may be trained or rendered; None when it may."""
        if self.erased_at is not None:
            return Refusal(
                reason="TwinErased", message="twinRef: its owner had it erased; nothing of it can be opened again"
            )
        if self.stops:
            return Refusal(
                reason="TwinStopped",
                message="twinRef: its owner stopped all licenses and training; ask the owner, who can lift the stop",
            )
        return None


SILENCE: Final = OwnerWord()
"""Of an owner who said nothing yet."""


def owner_word(key_records: tuple[str, ...], recorded: Iterable[Recorded]) -> OwnerWord:
    """The word after all recorded acts, in whatever order they are given."""
    revoked: dict[str, float] = {}
    stops: dict[str, float] = {}
    lifted: set[str] = set()
    erased_at: float | None = None
    taken: dict[str, float] = {}
    for one in recorded:
        digest = digest_bytes(one.act.encode())
        taken[digest] = one.accepted_at
        match parsed(one.act):
            case Revocation(jti=jti):
                revoked[jti] = min(one.accepted_at, revoked.get(jti, one.accepted_at))
            case Stop():
                stops[digest] = one.accepted_at
            case Resume(stop=stop):
                lifted.add(stop)
            case Erase():
                erased_at = one.accepted_at if erased_at is None else min(erased_at, one.accepted_at)
            case _:
                pass
    standing = {digest: at for digest, at in stops.items() if digest not in lifted}
    taken |= {digest_bytes(record.encode()): 0.0 for record in key_records}
    return OwnerWord(key_records=key_records, revoked=revoked, stops=standing, erased_at=erased_at, taken=taken)


def parsed(act: str) -> Act | None:
    """What a recorded act says, its signature having been checked when it was recorded; None for a key record."""
    typ = token.type_of(act)
    if isinstance(typ, Refusal) or typ == KEY_RECORD_TYPE or typ not in ACT_TYPES:
        return None
    claims = token.unverified(act, typ)
    if isinstance(claims, Refusal):
        return None
    try:
        return ACT_TYPES[typ][0].model_validate(claims)
    except ValidationError:
        return None


def act_key(twin_id: str, act: str) -> str:
    """Object key of a recorded act: the same act is recorded once."""
    return f"acts/{twin_id}/{digest_bytes(act.encode())}.json"


def key_record_key(twin_id: str, number: int) -> str:
    """Object key of a key record: of two that follow the same record, one stands."""
    return f"keys/{twin_id}/{number:08d}.json"


def heard_key(twin_id: str, act_digest: str) -> str:
    """Object key of the note that the vault took an act in."""
    return f"heard/{twin_id}/{act_digest}.json"
