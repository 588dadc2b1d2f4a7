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
from understudy_api.acts import ACT_TYPES, Act, ConsentAnswer, Erase, Resume, Revocation, Stop
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
    answers: Mapping[str, str] = field(default_factory=dict)
    """The answer that stands to each consent request, by the digest of the request: its token."""
    revocations: Mapping[str, str] = field(default_factory=dict)
    """The token of the act that revoked a license, by `jti`: the first that was recorded."""
    erasure: str | None = None
    """The token of the act that had the twin erased: the first that was recorded."""

    @property
    def erased(self) -> Refusal | None:
        """That the twin was erased; None when it was not. Revocations and stops are clauses of the license rule."""
        if self.erased_at is None:
            return None
        return Refusal(
            reason="TwinErased", message="twinRef: its owner had it erased; nothing of it can be opened again"
        )

    @property
    def halted(self) -> Refusal | None:
        """Why nothing of the twin may be trained; None when it may."""
        if self.erased or not self.stops:
            return self.erased
        return Refusal(
            reason="TwinStopped",
            message="twinRef: its owner stopped all licenses and training; ask the owner, who can lift the stop",
        )


SILENCE: Final = OwnerWord()
"""Of an owner who said nothing yet."""


def owner_word(key_records: tuple[str, ...], recorded: Iterable[Recorded]) -> OwnerWord:
    """The word after all recorded acts, in whatever order they are given."""
    revocations: dict[str, Recorded] = {}
    stops: dict[str, float] = {}
    lifted: set[str] = set()
    erasure: Recorded | None = None
    taken: dict[str, float] = {}
    answers: dict[str, list[tuple[ConsentAnswer, Recorded]]] = {}
    for one in recorded:
        digest = digest_bytes(one.act.encode())
        taken[digest] = one.accepted_at
        match parsed(one.act):
            case Revocation(jti=jti):
                revocations[jti] = _first(revocations.get(jti), one)
            case Stop():
                stops[digest] = one.accepted_at
            case Resume(stop=stop):
                lifted.add(stop)
            case Erase():
                erasure = _first(erasure, one)
            case ConsentAnswer() as answer:
                answers.setdefault(answer.request, []).append((answer, one))
            case _:
                pass
    return OwnerWord(
        key_records=key_records,
        revoked={jti: one.accepted_at for jti, one in revocations.items()},
        stops={digest: at for digest, at in stops.items() if digest not in lifted},
        erased_at=erasure.accepted_at if erasure else None,
        taken=taken | {digest_bytes(record.encode()): 0.0 for record in key_records},
        answers={request: _standing(given) for request, given in answers.items()},
        revocations={jti: one.act for jti, one in revocations.items()},
        erasure=erasure.act if erasure else None,
    )


def _first(known: Recorded | None, one: Recorded) -> Recorded:
    """Whichever was recorded earlier."""
    return one if known is None or (one.accepted_at, one.act) < (known.accepted_at, known.act) else known


def _standing(given: list[tuple[ConsentAnswer, Recorded]]) -> str:
    """The answer recorded last. A yes signed no later than a recorded no does not undo it: somebody kept it back."""
    given.sort(key=lambda pair: (pair[1].accepted_at, pair[0].answer == "deny", pair[1].act))
    said, last = given[-1]
    denials = [one.act for answer, one in given if answer.answer == "deny" and answer.iat >= said.iat]
    return denials[-1] if said.answer == "approve" and denials else last.act


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
