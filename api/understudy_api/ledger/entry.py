"""What is written down in a license's ledger: a closed union of small facts, each with an id that a retry repeats.

Amounts are whole: metered time in micro-seconds, money in millionths of the license's currency. Jobs appear by the uid of
their RenderJob and items by their digest; what they are called stands in a side table that can be erased.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from understudy_api.digest import digest
from understudy_api.model import Digest, Model
from understudy_api.royalty_terms import Royalty

Uid = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Micros = Annotated[int, Field(ge=0, le=2**53 - 1)]
Reason = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,64}$")]
Sequence = Annotated[int, Field(ge=0, le=99_999_999)]


class _Entry(Model):
    @property
    def id(self) -> str:
        """Digest of what makes the entry itself: writing it again gives the same id."""
        return digest(self._identity())

    def _identity(self) -> list[Any]:
        return [self.model_dump(mode="json")]


class Licensed(_Entry):
    """The terms that count from here on, as far as the account has to know them."""

    kind: Literal["Licensed"] = "Licensed"
    license: Digest = Field(description="Digest of the license token.")
    jti: str = Field(max_length=64)
    issued_at: int = Field(
        ge=0, description="When it was signed, Unix seconds: one signed earlier is not recorded after it."
    )
    quota_micros: Micros
    quota_items: int | None = Field(default=None, ge=0)
    concurrent: int | None = Field(default=None, ge=0)
    expires_at: int = Field(ge=0, description="Unix seconds at which the license ends.")
    royalty: Royalty | None = None


class Pin(Model):
    """Which namespace object uses the license under a name: one deleted and created again is another."""

    namespace: Digest = Field(description="`namespace_pseudonym` of its name.")
    uid: str = Field(min_length=1, max_length=64, description="UID of the Namespace object.")


class Reserved(_Entry):
    """A promise to one job: opens its claim or extends it. Amounts count from the opening of the claim."""

    kind: Literal["Reserved"] = "Reserved"
    uid: Uid
    license: Digest = Field(description="Digest of the token it rests on.")
    order: Digest
    segment: Sequence = Field(
        description="First segment of the job's receipt log that counts, when this opens the claim."
    )
    reserved_micros: Micros = Field(description="What the job may make under this claim in total.")
    items: int = Field(default=0, ge=0, description="Items the job may finish under this claim in total.")
    granted_until: int = Field(ge=0, description="Unix seconds at which the last grant under this claim expires.")
    pin: Pin | None = Field(default=None, description="Given with the first promise to anybody in the namespace.")


class Committed(_Entry):
    """An item that was made: its receipt counts now, and only now may it be delivered."""

    kind: Literal["Committed"] = "Committed"
    uid: Uid
    segment: Sequence
    item: Digest
    frames: int = Field(ge=0)
    micros: Micros = Field(description="Metered micro-seconds.")
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$", description="Digest of the file.")
    royalty_micros: Micros = 0

    def _identity(self) -> list[Any]:
        return [self.kind, self.item]


class Counted(_Entry):
    """The end of a segment: everything in it that costs anything stands before this entry."""

    kind: Literal["Counted"] = "Counted"
    uid: Uid
    segment: Sequence
    digest: Digest = Field(description="Digest of the segment's bytes.")

    def _identity(self) -> list[Any]:
        return [self.kind, self.uid, self.segment]


class Released(_Entry):
    """The end of a claim: what it did not use is free again, what comes later is refused."""

    kind: Literal["Released"] = "Released"
    uid: Uid
    segment: Sequence = Field(description="First segment that did not count.")
    reason: Literal["Stopped", "Expired", "Gone"]


class Refused(_Entry):
    """A use the license did not allow."""

    kind: Literal["Refused"] = "Refused"
    uid: Uid
    generation: int = Field(ge=1)
    reason: Reason


class Revoked(_Entry):
    """The owner's act that ended the license, whole."""

    kind: Literal["Revoked"] = "Revoked"
    act: str = Field(max_length=16_384, description="The signed act (JWS).")


class KeyRecorded(_Entry):
    """A key record of the owner that was accepted."""

    kind: Literal["KeyRecorded"] = "KeyRecorded"
    number: int = Field(ge=1)
    record: str = Field(max_length=16_384, description="The signed record (JWS).")


class ConsentAsked(_Entry):
    """A sensitive use that waits for the owner."""

    kind: Literal["ConsentAsked"] = "ConsentAsked"
    uid: Uid
    request: Digest


class ConsentAnswered(_Entry):
    """The owner's answer."""

    kind: Literal["ConsentAnswered"] = "ConsentAnswered"
    request: Digest
    answer: Literal["approve", "deny"]
    act: str = Field(max_length=16_384, description="The signed answer (JWS).")


class Quarantined(_Entry):
    """The files that were kept under the ended license were taken out of reach: the last thing done about it."""

    kind: Literal["Quarantined"] = "Quarantined"
    manifest: Digest = Field(description="Digest of the last part of the list of them, which names all others.")
    files: int = Field(ge=0)
    bytes: int = Field(ge=0)


class Delivered(_Entry):
    """Items that had been counted and handed to delivery when the license ended: listed, since nobody can call them back."""

    kind: Literal["Delivered"] = "Delivered"
    uid: Uid
    items: tuple[Digest, ...] = Field(max_length=10_000)


class Corrected(_Entry):
    """A correction of an earlier entry: a new one, never a change. Amounts are differences and may be negative."""

    kind: Literal["Corrected"] = "Corrected"
    entry: Digest = Field(description="Id of what it corrects.")
    micros: int = Field(default=0, ge=-(2**53) + 1, le=2**53 - 1)
    items: int = 0
    royalty_micros: int = Field(default=0, ge=-(2**53) + 1, le=2**53 - 1)
    reason: Reason


class Erased(_Entry):
    """The owner's act that had the twin erased: the vault destroys its key, and nothing of it can be opened again."""

    kind: Literal["Erased"] = "Erased"
    act: str = Field(max_length=16_384, description="The signed act (JWS).")


Entry = Annotated[
    Licensed
    | Reserved
    | Committed
    | Counted
    | Released
    | Refused
    | Revoked
    | KeyRecorded
    | ConsentAsked
    | ConsentAnswered
    | Quarantined
    | Delivered
    | Corrected
    | Erased,
    Field(discriminator="kind"),
]
