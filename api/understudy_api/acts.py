"""Owner acts: what an owner signs to change rights, beside licenses and key records. Files that anyone may deliver.

Each is a compact JWS with a `typ` of its own, so that no act can be passed off as another, and names the twin it is for.
Reading one says who may sign it and whether it holds; what follows from it is the operator's and the vault's to do.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from pydantic import Field

from understudy_api import token
from understudy_api.claims import issued_in_future, read_claims
from understudy_api.keyring import KEY_RECORD_TYPE, KeyRecord, Keyring, Role, Signatory, extended
from understudy_api.model import Digest, Model
from understudy_api.verdict import Refusal

_MAX_TIME: Final = 253_402_300_799


class _Act(Model):
    iat: int = Field(ge=0, le=_MAX_TIME, description="Signed at, Unix seconds.")


class Revocation(_Act):
    """Ends one license for good."""

    twin: Digest
    jti: str = Field(pattern=r"^[A-Za-z0-9._-]{8,64}$", description="The license's id.")
    reason: str = Field(default="", max_length=500)


class Stop(_Act):
    """Halts all licenses and all training of a twin."""

    twin: Digest | None = Field(default=None, description="None: every twin whose key signed it (an offline order).")
    reason: str = Field(default="", max_length=500)


class Resume(_Act):
    """Lifts one stop; a stop that was lifted cannot be delivered again."""

    twin: Digest
    stop: Digest = Field(description="Digest of the stop's token.")


class ConsentAnswer(_Act):
    """Answers one ConsentRequest: yes or no to the very content whose digest it names."""

    twin: Digest
    request: Digest = Field(description="Digest of the full list of what would be said.")
    license: str = Field(pattern=r"^[A-Za-z0-9._-]{8,64}$", description="The license's id.")
    answer: Literal["approve", "deny"]
    exp: int = Field(ge=0, le=_MAX_TIME, description="First second at which the answer counts no longer.")


class CaptureConsent(_Act):
    """Says that a capture was recorded with consent, before a named witness who heard the vault's passcode."""

    twin: Digest
    capture_sha256: Digest
    passcode: str = Field(min_length=6, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    witness: str = Field(min_length=1, max_length=200)


class Export(_Act):
    """Asks the vault for a twin, encrypted to the owner's age recipient."""

    twin: Digest
    version: Digest | None = Field(default=None, description="None: the newest.")
    recipient: str = Field(pattern=r"^age1[0-9a-z]{58}$")
    exp: int = Field(ge=0, le=_MAX_TIME)


class Erase(_Act):
    """Destroys a twin's key: nothing of it can be opened ever after."""

    twin: Digest
    reason: str = Field(default="", max_length=500)


Act: TypeAlias = Revocation | Stop | Resume | ConsentAnswer | CaptureConsent | Export | Erase

REVOCATION_TYPE: Final = "likeness-revocation+jwt"

ACT_TYPES: Final[dict[str, tuple[type[Act], Role]]] = {
    REVOCATION_TYPE: (Revocation, "stop"),
    "likeness-stop+jwt": (Stop, "stop"),
    "likeness-resume+jwt": (Resume, "root"),
    "likeness-consent+jwt": (ConsentAnswer, "consent"),
    "likeness-capture-consent+jwt": (CaptureConsent, "consent"),
    "likeness-export+jwt": (Export, "root"),
    "likeness-erase+jwt": (Erase, "root"),
}
"""Model and role of each act by its `typ`; the root key may sign them all."""

_TYP_OF: Final = {model: typ for typ, (model, _) in ACT_TYPES.items()}


def sign_act(signer: Signatory, act: Act) -> str:
    """The token of an act."""
    return token.sign(signer, _TYP_OF[type(act)], act.model_dump(mode="json", exclude_none=True))


def read_act(text: str, keyring: Keyring, now: float) -> Act | KeyRecord | Refusal:
    """The act, when a key of the ring may sign it for this twin and it holds at `now` (Unix seconds); or why not.

    A key record is an act too: it is returned when it is the ring's next one.
    """
    typ = token.type_of(text)
    if isinstance(typ, Refusal):
        return typ
    if typ == KEY_RECORD_TYPE:
        return _key_record(text, keyring, now)
    if typ not in ACT_TYPES:
        return Refusal(
            reason="WrongTokenType", message=f"act: {typ[:80]!r} is no owner act; wanted one of {', '.join(ACT_TYPES)}"
        )
    model, role = ACT_TYPES[typ]
    found = _opened(keyring, role, text, typ, now)
    if isinstance(found, Refusal):
        return found
    act = read_claims(model, found, "act", "MalformedAct")
    if isinstance(act, Refusal):
        return act
    return _out_of_place(act, keyring, now) or act


def _opened(keyring: Keyring, role: Role, text: str, typ: str, now: float) -> token.Opened | Refusal:
    found = keyring.opens(role, text, typ)
    if isinstance(found, Refusal):
        return found
    ends = keyring.ends(role, found.kid)
    if ends is not None and now >= ends:
        return Refusal(
            reason="DelegationOver", message=f"act: the key {found.kid!r} may no longer sign for role {role}; sign anew"
        )
    return found


def _out_of_place(act: Act, keyring: Keyring, now: float) -> Refusal | None:
    """Another twin's act, one from the future, or one whose time is over."""
    if act.twin is not None and act.twin != keyring.twin_id:
        return Refusal(
            reason="TwinNotCovered", message=f"act: it is for twin {act.twin[:16]}, this one is {keyring.twin_id[:16]}"
        )
    if early := issued_in_future(act.iat, now, "act"):
        return early
    if isinstance(act, ConsentAnswer | Export) and now >= act.exp:
        return Refusal(reason="ActExpired", message="act: its time is over; sign a new one")
    return None


def _key_record(text: str, keyring: Keyring, now: float) -> KeyRecord | Refusal:
    ring = extended(keyring, text, now)
    if isinstance(ring, Refusal):
        return ring
    claims = token.unverified(text, KEY_RECORD_TYPE)
    return claims if isinstance(claims, Refusal) else KeyRecord.model_validate(claims)
