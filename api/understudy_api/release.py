"""What performers, owners and the vault say to each other: who asks for a twin's data key, and by what right.

A data key never travels in the clear: the vault encrypts it with HPKE (RFC 9180) to a key that the asker made for this
one question, in a context that names the question. Files are sealed under the data key with associated data that names
twin, version and digest, so that a sealed file is good for nothing in another's place.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final, Literal

from joserfc.jwk import OKPKey
from pydantic import Field, ValidationError

from understudy_api import token
from understudy_api.consent import Clearance
from understudy_api.digest import canonical, digest, digest_bytes
from understudy_api.genesis import PublicKey
from understudy_api.model import Digest, Model, ObjectName, Token, fault_of
from understudy_api.order import Making, TrainingOrder
from understudy_api.verdict import Refusal

AUDIENCE: Final = "understudy-vault"
"""What a service account's token has to be made for before the vault listens to it."""
QUESTION_TYPE: Final = "understudy-release+jwt"
ERASURE_TYPE: Final = "understudy-erasure+jwt"
LEASE_TYPE: Final = "understudy-lease+jwt"
DATA_KEY_BYTES: Final = 32
MAX_BODY_BYTES: Final = 256 * 1024
FRESH_SECONDS: Final = 60
"""How old a question may be, and how far clocks may differ."""
HEARTBEAT_SECONDS: Final = 3.0
"""How often a performer tells the vault which keys it holds, and hears which of them it may hold no longer."""

Envelope = Annotated[str, Field(min_length=16, max_length=1024, pattern=r"^[A-Za-z0-9_-]+$")]
"""Bytes in base64url without padding: a public Tink keyset, or what is encrypted to it."""


class RenderingClaim(Model):
    """The right to make frames: tokens of owner and farm, and what they speak of."""

    kind: Literal["rendering"] = "rendering"
    uid: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$", description="Order uid.")
    pool: ObjectName
    making: Making
    genesis: Token
    key_records: tuple[Token, ...] = Field(default=(), max_length=256)
    grant: Token
    clearance: Clearance | None = Field(
        default=None, description="The release of the order's words, where one is needed."
    )


class TrainingClaim(Model):
    """The right to train: an order with the farm's grant in it."""

    kind: Literal["training"] = "training"
    order: TrainingOrder


Claim = Annotated[RenderingClaim | TrainingClaim, Field(discriminator="kind")]


class Question(Model):
    """A performer asks for a twin's data key; signed with the performer's own Ed25519 key."""

    aud: Literal["understudy-vault"] = AUDIENCE
    iat: int = Field(ge=0)
    key: PublicKey = Field(description="The performer's key: the grant has to name it.")
    recipient: Envelope = Field(description="Public HPKE keyset the answer is encrypted to.")
    claim: Digest = Field(description="Digest of the claim that goes with it.")


class Asking(Model):
    """Body of `POST /v1/release`: the signed question and the claim it names."""

    question: Token
    claim: Claim


class Released(Model):
    """A data key on its way to the one who asked."""

    twin: Digest
    sealed_key: Envelope = Field(description="The data key, encrypted to the question's recipient.")
    lease: Token | None = Field(
        default=None, description="Names this release while its holder lives; none to an owner."
    )
    lease_seconds: int = Field(default=0, ge=0, description="How long it holds unless the vault is heard again.")


class Heartbeat(Model):
    """Body of `POST /v1/leases`: the leases a performer holds; `leaving` when it ends itself with this very call."""

    leases: tuple[Token, ...] = Field(max_length=64)
    leaving: bool = False


class Pulse(Model):
    """Answer to a heartbeat: twins whose key was destroyed. Who holds one has to end at once."""

    gone: tuple[Digest, ...] = ()


class Lease(Model):
    """Claims of a lease, signed by the vault: who holds which twin's key."""

    twin: Digest
    performer: str = Field(max_length=64)
    caller: str = Field(max_length=256)
    iat: int = Field(ge=0)


class Handover(Model):
    """Body of `POST /v1/handover`: an owner asks for the data key of their own twin with a signed Export act."""

    genesis: Token
    key_records: tuple[Token, ...] = Field(default=(), max_length=256)
    act: Token
    adopt: bool = Field(default=False, description="Make a key first when the twin comes from another farm.")


class HandedOver(Model):
    """The data key, age-encrypted to the recipient that the act names."""

    twin: Digest
    sealed_key: Envelope


class OwnersWord(Model):
    """Body of `POST /v1/acts`: any owner act that the vault heeds, by whoever delivers it."""

    genesis: Token
    key_records: tuple[Token, ...] = Field(default=(), max_length=256)
    act: Token


class Heeded(Model):
    """Answer to an owner act: what came of it. A receipt only when a twin was erased."""

    receipt: Token | None = None


class Erasure(Model):
    """Claims of an erasure's receipt, signed by the vault: what is destroyed, and what erasing cannot reach."""

    twin: Digest
    act: Digest
    key_store: str
    destroyed_at: int
    performers: tuple[str, ...] = Field(description="Who held the key, and how each of them came to an end.")
    beyond_reach: tuple[str, ...]
    log: int = Field(description="Sequence of the log's line that was written before.")


def associated_data(twin: str, version: str, name: str) -> bytes:
    """What a sealed file is bound to: the twin, its version (or what stands for one) and the digest it is known by."""
    return canonical({"twin": twin, "version": version, "digest": name})


def context(question: str) -> bytes:
    """The HPKE `info` of an answer: it opens for whoever asked this very question and for no other."""
    return canonical({"audience": AUDIENCE, "question": digest_bytes(question.encode())})


def encode(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of base64url without padding. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def sign_question(key: OKPKey, question: Question) -> str:
    """A question signed with the performer's key."""
    return token.sign(key, QUESTION_TYPE, question.model_dump(mode="json"))


def read_question(asking: Asking, now: float) -> Question | Refusal:
    """A question about this very claim whose signature holds and that was asked just now (Unix seconds); or why not."""
    question: Question | Refusal = _parsed(Question, token.unverified(asking.question, QUESTION_TYPE), "question")
    if isinstance(question, Refusal):
        return question
    checked = token.verify(asking.question, question.key.key(), QUESTION_TYPE)
    if isinstance(checked, Refusal):
        return checked
    if question.claim != claim_digest(asking.claim):
        return Refusal(reason="ClaimMismatch", message="question: it was signed about another claim; ask anew")
    return _stale(question.iat, now, "question") or question


def claim_digest(claim: RenderingClaim | TrainingClaim) -> str:
    """How a question names its claim."""
    return digest(claim.model_dump(mode="json"))


def _stale(issued_at: int, now: float, what: str) -> Refusal | None:
    if abs(now - issued_at) <= FRESH_SECONDS:
        return None
    return Refusal(
        reason="NotFresh",
        message=f"{what}: wanted one signed within {FRESH_SECONDS} s, got one of {issued_at - now:+.0f} s; check both "
        "clocks and ask again",
    )


def _parsed(model: type[Any], claims: dict[str, Any] | Refusal, what: str) -> Any:
    if isinstance(claims, Refusal):
        return claims
    try:
        return model.model_validate(claims)
    except ValidationError as error:
        return Refusal(reason="MalformedQuestion", message=f"{what}: {fault_of(error, what)}")
