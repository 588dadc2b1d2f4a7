"""The owner's Token Status List (IETF draft-ietf-oauth-status-list): which licenses still stand, in a bit or two each.

A backstop beside owner acts: a list is signed by the stop key, may lie on any static host, and is believed only while it
is fresh. Lists never go back in time, and what one revoked no later one brings back.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import Field, ValidationError

from understudy_api import token
from understudy_api.claims import claims_refusal, issued_in_future, read_claims
from understudy_api.keyring import Keyring, Signatory
from understudy_api.model import Digest, Model
from understudy_api.verdict import Refusal

STATUS_LIST_TYPE: Final = "statuslist+jwt"
MAX_LIST_BYTES: Final = 1 << 20
"""Decoded: room for four million licenses at two bits."""
MAX_LIST_TOKEN_BYTES: Final = 2 << 20
_MAX_TIME: Final = 253_402_300_799

Status = Literal["valid", "revoked", "suspended"]
_STATUSES: Final[dict[int, Status]] = {0: "valid", 1: "revoked", 2: "suspended"}
"""Values 0x00, 0x01 and 0x02 of the draft's registry; 3 is unassigned and counts as revoked here."""


class Packed(Model):
    """The bits: `bits` for each license, least significant first, compressed by zlib."""

    bits: Literal[1, 2]
    lst: str = Field(max_length=MAX_LIST_TOKEN_BYTES, pattern=r"^[A-Za-z0-9_-]*$")


class StatusClaims(Model):
    """The claims of a list."""

    sub: Digest = Field(description="The twin whose licenses it lists.")
    iat: int = Field(ge=0, le=_MAX_TIME)
    exp: int | None = Field(default=None, ge=0, le=_MAX_TIME)
    ttl: int = Field(ge=1, le=86_400, description="Seconds after which a newer one is due.")
    status_list: Packed


@dataclass(frozen=True)
class StatusList:
    """A verified list."""

    iat: int
    ttl_seconds: int
    exp: int | None
    bits: int
    data: bytes

    @property
    def until(self) -> int:
        """First second at which it counts no longer."""
        ends = self.iat + self.ttl_seconds
        return ends if self.exp is None else min(ends, self.exp)

    def status(self, index: int) -> Status | None:
        """What it says of the license at `index`; None beyond its end."""
        place, shift = divmod(index * self.bits, 8)
        if place >= len(self.data):
            return None
        return _STATUSES.get(self.data[place] >> shift & (1 << self.bits) - 1, "revoked")

    def is_stale(self, now: float) -> bool:
        """Whether it counts no longer at `now` (Unix seconds)."""
        return now >= self.until

    @property
    def revocations(self) -> int:
        """What it revokes for good: bit 2 i is set for index i. Small and quick to compare, however large the list."""
        marks = self.data.translate(_LOWER) if self.bits == 2 else b"".join(_WIDER[byte] for byte in self.data)
        return int.from_bytes(marks, "little")


_LOWER: Final = bytes(byte & 0b01010101 for byte in range(256))
"""Of each pair of bits the lower one: values 1 and 3 revoke."""
_WIDER: Final = tuple(
    sum((byte >> slot & 1) << 2 * slot for slot in range(8)).to_bytes(2, "little") for byte in range(256)
)
"""Each bit as a pair."""


def pack(statuses: dict[int, Status], size: int, bits: Literal[1, 2] = 2) -> Packed:
    """The bits of a list of `size` licenses; those not named are valid. ValueError when one does not fit."""
    values: dict[Status, int] = {status: value for value, status in _STATUSES.items()}
    data = bytearray((size * bits + 7) // 8)
    for index, status in statuses.items():
        if not 0 <= index < size or values[status] >= 1 << bits:
            raise ValueError(f"status list: index {index} {status} does not fit {size} entries of {bits} bits")
        place, shift = divmod(index * bits, 8)
        data[place] |= values[status] << shift
    return Packed(bits=bits, lst=base64.urlsafe_b64encode(zlib.compress(bytes(data), 9)).rstrip(b"=").decode())


def sign_status_list(signer: Signatory, claims: StatusClaims) -> str:
    """The token of a list, signed with the stop key or the root key."""
    return token.sign(signer, STATUS_LIST_TYPE, claims.model_dump(mode="json", exclude_none=True))


def read_status_list(
    text: str, keyring: Keyring, now: float, before: StatusList | None = None, max_bytes: int = MAX_LIST_BYTES
) -> StatusList | Refusal:
    """The list, when it may be believed at `now` (Unix seconds) and follows the one known `before`; or why not."""
    found = keyring.opens("stop", text, STATUS_LIST_TYPE, MAX_LIST_TOKEN_BYTES)
    if isinstance(found, Refusal):
        return found
    claims = read_claims(StatusClaims, found, "status list", "MalformedStatusList")
    if isinstance(claims, Refusal):
        return claims
    if claims.sub != keyring.twin_id:
        return _refusal("TwinNotCovered", "it lists the licenses of another twin")
    ends = keyring.ends("stop", found.kid)
    if ends is not None and now >= ends:
        return _refusal("DelegationOver", f"the key {found.kid!r} may no longer sign for role stop; sign it anew")
    if early := issued_in_future(claims.iat, now, "status list"):
        return early
    data = _inflate(claims.status_list.lst, max_bytes)
    if isinstance(data, Refusal):
        return data
    read = StatusList(claims.iat, claims.ttl, claims.exp, claims.status_list.bits, data)
    if read.is_stale(now):
        return _refusal(
            "StatusListStale", f"signed {now - claims.iat:,.0f} s ago, ttl {claims.ttl} s; publish a newer one"
        )
    return _steps_back(read, before) or read


def recorded_list(text: str) -> StatusList | Refusal:
    """A list that was verified when it was recorded, whatever became of its signer and of its time since."""
    claims = token.unverified(text, STATUS_LIST_TYPE, MAX_LIST_TOKEN_BYTES)
    if isinstance(claims, Refusal):
        return claims
    try:
        known = StatusClaims.model_validate(claims)
    except ValidationError as error:
        return claims_refusal(error, "status list", "MalformedStatusList")
    data = _inflate(known.status_list.lst, MAX_LIST_BYTES)
    if isinstance(data, Refusal):
        return data
    return StatusList(known.iat, known.ttl, known.exp, known.status_list.bits, data)


def _inflate(text: str, max_bytes: int) -> bytes | Refusal:
    """The bytes behind base64url and zlib, never more than `max_bytes` of them in memory."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        inflater = zlib.decompressobj()
        data = inflater.decompress(packed, max_bytes + 1)
    except (ValueError, zlib.error) as error:
        return _refusal("MalformedStatusList", f"status_list.lst is not zlib in base64url ({error})")
    if len(data) > max_bytes:
        return _refusal("StatusListTooLarge", f"decoded it passes {max_bytes:,} bytes; split the list")
    if not inflater.eof or inflater.unused_data:
        return _refusal("MalformedStatusList", "status_list.lst ends in the middle, or goes on after its end")
    return data


def _steps_back(read: StatusList, before: StatusList | None) -> Refusal | None:
    if before is None:
        return None
    if read.iat < before.iat:
        return _refusal("StatusListOlder", f"signed {before.iat - read.iat:,} s before the one known; never backwards")
    if read.iat == before.iat and (read.bits, read.data, read.until) != (before.bits, before.data, before.until):
        return _refusal("StatusListForked", "another one of the same second is known; sign a newer one")
    undone = before.revocations & ~read.revocations
    if undone:
        index = ((undone & -undone).bit_length() - 1) // 2
        return _refusal("RevocationUndone", f"index {index} was revoked and is no longer; revoked stays revoked")
    return None


def _refusal(reason: str, words: str) -> Refusal:
    return Refusal(reason=reason, message=f"status list: {words}")
