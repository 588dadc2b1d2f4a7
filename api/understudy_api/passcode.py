"""Passcodes that a person says aloud while a capture is recorded: proof that it was recorded for this twin, and when.

The vault issues them and alone can tell a real one; it keeps nothing, since a passcode carries its minute and a MAC.
No voice or face is recognised: what the owner and the witness sign is that they heard it said.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

from pydantic import Field

from understudy_api import token
from understudy_api.claims import read_claims
from understudy_api.digest import canonical
from understudy_api.keyring import MAX_KEY_RECORDS, Keyring, Signatory
from understudy_api.model import Digest, Model, Token
from understudy_api.verdict import Refusal

PASSCODE_REQUEST_TYPE: Final = "understudy-passcode-request+jwt"
FRESH_SECONDS: Final = 60
"""How old a request may be, and how far clocks may differ."""
VALID_SECONDS: Final = 1800
"""How long after its issue a recording may be signed for."""
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is heard or read as another."""
_MINUTE_CHARACTERS: Final = 6
_MAC_CHARACTERS: Final = 10
_SHAPE: Final = re.compile(f"[{_ALPHABET}]{{{_MINUTE_CHARACTERS + _MAC_CHARACTERS}}}")
_CONTEXT: Final = "understudy-passcode/1"


class Passcode(Model):
    """What is said, and until when it may be."""

    twin: Digest
    text: str = Field(description="Four groups of four characters, e.g. 00Z5-K2QH-7T3M-9WXC.")
    expires_at: int = Field(ge=0, description="Unix seconds.")


class PasscodeRequest(Model):
    """An owner asks for a passcode; signed with the consent or the root key."""

    twin: Digest
    iat: int = Field(ge=0, le=2**53)


class PasscodeAsking(Model):
    """Body of `POST /v1/passcodes`: the signed request, and by whose keys it is to be read."""

    genesis: Token
    key_records: tuple[Token, ...] = Field(default=(), max_length=MAX_KEY_RECORDS)
    request: Token


def sign_passcode_request(signer: Signatory, twin: str, now: int) -> str:
    """A request signed at `now` (Unix seconds)."""
    return token.sign(signer, PASSCODE_REQUEST_TYPE, PasscodeRequest(twin=twin, iat=now).model_dump())


def passcode_request_refusal(text: str, ring: Keyring, now: float) -> Refusal | None:
    """Why a request gets no passcode at `now` (Unix seconds); None when this twin's owner signed it just now."""
    found = ring.opens("consent", text, PASSCODE_REQUEST_TYPE)
    if isinstance(found, Refusal):
        return found
    asked = read_claims(PasscodeRequest, found, "passcode", "MalformedRequest")
    if isinstance(asked, Refusal):
        return asked
    if asked.twin != ring.twin_id:
        return _refused("TwinNotCovered", f"it is for twin {asked.twin[:16]}, this one is {ring.twin_id[:16]}")
    ends = ring.ends("consent", found.kid)
    if ends is not None and now >= ends:
        return _refused(
            "DelegationOver", f"the key {found.kid!r} may no longer sign for role consent; ask with another"
        )
    if abs(now - asked.iat) > FRESH_SECONDS:
        return _refused(
            "NotFresh",
            f"wanted a request signed within {FRESH_SECONDS} s, got one of {asked.iat - now:+.0f} s; ask anew",
        )
    return None


def passcode(key: bytes, twin: str, now: float) -> Passcode:
    """The passcode for a twin at `now` (Unix seconds) under the vault's secret of 32 bytes; one a minute.

    The minute takes 30 bits, the MAC (HMAC-SHA-256, cut) 50. ValueError for a shorter key.
    """
    minute = int(now // 60)
    text = _written(minute, _MINUTE_CHARACTERS) + _mac(key, twin, minute)
    groups = "-".join(text[at : at + 4] for at in range(0, len(text), 4))
    return Passcode(twin=twin, text=groups, expires_at=minute * 60 + VALID_SECONDS)


def passcode_refusal(key: bytes, twin: str, text: str, said_at: float) -> Refusal | None:
    """Why a passcode is not one that the vault gave for this twin in the half hour before `said_at`; None when it is."""
    plain = text.replace("-", "").upper()
    if not _SHAPE.fullmatch(plain):
        return _refused("PasscodeMalformed", "wanted 16 letters and digits in groups of four")
    minute = _read(plain[:_MINUTE_CHARACTERS])
    if not hmac.compare_digest(_mac(key, twin, minute), plain[_MINUTE_CHARACTERS:]):
        return _refused("PasscodeUnknown", "it was not issued for this twin; ask the vault for one and record again")
    age_seconds = said_at - minute * 60
    if not -60 <= age_seconds < VALID_SECONDS:
        return _refused(
            "PasscodeExpired",
            f"signed {age_seconds:.0f} s after it was issued, wanted at most {VALID_SECONDS} s; record again",
        )
    return None


def _mac(key: bytes, twin: str, minute: int) -> str:
    if len(key) < 32:
        raise ValueError(f"passcode: wanted a key of 32 bytes, got {len(key)}")
    mac = hmac.new(key, canonical([_CONTEXT, twin, minute]), hashlib.sha256).digest()
    return _written(int.from_bytes(mac[:8]) >> 14, _MAC_CHARACTERS)


def _written(number: int, characters: int) -> str:
    return "".join(_ALPHABET[number >> (5 * place) & 31] for place in reversed(range(characters)))


def _read(text: str) -> int:
    number = 0
    for character in text:
        number = number << 5 | _ALPHABET.index(character)
    return number


def _refused(reason: str, message: str) -> Refusal:
    return Refusal(reason=reason, message=f"passcode: {message}")
