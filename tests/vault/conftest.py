"""What vault tests share: an owner, a farm, a performer and a brand's order, whose tokens are really signed; a vault."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import tink
from joserfc.jwk import OKPKey
from tink import hybrid, proto_keyset_format
from vault_site import fresh, running, trained

from understudy_api import token
from understudy_api.acts import CaptureConsent, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import PublicKey, sign_genesis, twin_id
from understudy_api.grant import Grant, TrainingGrant, sign_grant
from understudy_api.order import Making, OrderedUse, TrainingOrder, TwinPin, VideoOutput
from understudy_api.passcode import passcode
from understudy_api.release import (
    AUDIENCE,
    Asking,
    Question,
    Released,
    RenderingClaim,
    TrainingClaim,
    claim_digest,
    context,
    decode,
    encode,
    sign_question,
)
from understudy_api.terms import Terms, sign_license
from understudy_api.verdict import Refusal
from understudy_vault.embedded import EmbeddedKeys
from understudy_vault.rules import Bench
from understudy_vault.vault import Vault

__all__ = ["fresh", "running", "trained"]
UID = "0c8f2b1e-0000-4000-8000-000000000000"
PERFORMERS = "system:serviceaccount:understudy-system:understudy-performer"
TEMPLATE = hybrid.hybrid_key_templates.DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_256_GCM_RAW


@dataclass(frozen=True)
class Cast:
    """Everybody who signs something, and what they sign by default; `now` in Unix seconds."""

    owner: OKPKey = field(default_factory=token.new_key)
    farm: OKPKey = field(default_factory=token.new_key)
    performer: OKPKey = field(default_factory=token.new_key)
    now: int = 1_780_000_000
    version: str = "c" * 64
    performers_user: str = PERFORMERS
    secret: bytes = bytes(range(32))
    """Under the vault's passcodes."""
    capture: str = "e" * 64

    @property
    def genesis(self) -> str:
        return sign_genesis(self.owner, "Ada", self.now - 1000, "0" * 32)

    @property
    def twin(self) -> str:
        return twin_id(self.genesis)

    def license(self, signer: OKPKey | None = None, **changes: Any) -> str:
        terms: dict[str, Any] = {
            "iss": token.thumbprint(self.owner),
            "aud": token.thumbprint(self.farm),
            "jti": "acme-spring-1",
            "iat": self.now - 900,
            "nbf": self.now - 900,
            "exp": self.now + 86_400,
            "assignee": {"namespace": "acme"},
            "twin": self.twin,
            "purposes": ("advertising",),
            "channels": ("social",),
            "territories": ("DE", "GB"),
            "languages": ("en", "de"),
            "quota": {"seconds": 10_000},
        }
        return sign_license(signer or self.owner, Terms.model_validate({**terms, **changes}))

    def making(self, **changes: Any) -> Making:
        made: dict[str, Any] = {
            "namespace": "acme",
            "job": "spring",
            "twin": TwinPin(id=self.twin, version=self.version),
            "license": self.license(),
            "use": OrderedUse(purpose="advertising", channels=("social",), territories=("DE",)),
            "locales": ("en-GB", "de-DE"),
            "outputs": (VideoOutput(name="wide", width=640, height=360),),
            "content": "d" * 64,
        }
        return Making(**{**made, **changes})

    def grant(self, making: Making, signer: OKPKey | None = None, **changes: Any) -> str:
        grant: dict[str, Any] = {
            "iss": token.thumbprint(self.farm),
            "aud": "default",
            "sub": UID,
            "order": making.digest,
            "license": digest_bytes(making.license.encode()),
            "keys": self.twin,
            "twin_version": making.twin.version,
            "seconds": 600,
            "performers": (token.thumbprint(self.performer),),
            "iat": self.now,
            "exp": self.now + 900,
        }
        return sign_grant(signer or self.farm, Grant.model_validate({**grant, **changes}))

    def rendering(self, making: Making | None = None, grant: str | None = None, **changes: Any) -> RenderingClaim:
        making = making or self.making()
        claim: dict[str, Any] = {
            "uid": UID,
            "pool": "default",
            "making": making,
            "genesis": self.genesis,
            "grant": grant or self.grant(making),
        }
        return RenderingClaim(**{**claim, **changes})

    def consent(self, signer: OKPKey | None = None, **changes: Any) -> str:
        """Consent to the capture, with a passcode of five minutes ago."""
        claims: dict[str, Any] = {
            "twin": self.twin,
            "capture_sha256": self.capture,
            "passcode": passcode(self.secret, self.twin, self.now - 300).text,
            "witness": "A. Witness",
            "iat": self.now - 60,
        }
        return sign_act(signer or self.owner, CaptureConsent.model_validate({**claims, **changes}))

    def training_order(self, **changes: Any) -> TrainingOrder:
        order: dict[str, Any] = {
            "uid": UID,
            "generation": 1,
            "namespace": "talent-ada",
            "twin": "ada",
            "twin_id": self.twin,
            "genesis": self.genesis,
            "capture_bucket": "understudy-outputs",
            "capture_key": "talent-ada/capture.mp4",
            "effort": "Quick",
            "voice_variant": "f2",
            "voice_pitch": 50,
            "voice_rate_wpm": 160,
            "capture_sha256": self.capture,
            "capture_consent": self.consent(),
        }
        return TrainingOrder(**{**order, **changes})

    def training(
        self, asked: TrainingOrder | None = None, signer: OKPKey | None = None, **changes: Any
    ) -> TrainingClaim:
        order = asked or self.training_order()
        grant: dict[str, Any] = {
            "iss": token.thumbprint(self.farm),
            "aud": order.pool,
            "sub": order.uid,
            "order": order.digest,
            "twin": order.twin_id,
            "trainer": token.thumbprint(self.performer),
            "iat": self.now,
            "exp": self.now + 900,
        }
        text = sign_grant(signer or self.farm, TrainingGrant.model_validate({**grant, **changes}))
        return TrainingClaim(order=order.model_copy(update={"grant": text}))

    def ask(self, asked: RenderingClaim | TrainingClaim, by: OKPKey | None = None, **changes: Any) -> Envelope:
        """A signed question about a claim, with the private half of its recipient."""
        private = tink.new_keyset_handle(TEMPLATE)
        key = by or self.performer
        question: dict[str, Any] = {
            "aud": AUDIENCE,
            "iat": self.now,
            "key": PublicKey.model_validate(token.public_jwk(key)),
            "recipient": encode(proto_keyset_format.serialize_without_secret(private.public_keyset_handle())),
            "claim": claim_digest(asked),
        }
        text = sign_question(key, Question(**{**question, **changes}))
        return Envelope(Asking(question=text, claim=asked), private)


@dataclass(frozen=True)
class Envelope:
    """A question, and what opens its answer."""

    asking: Asking
    private: tink.KeysetHandle

    def opened(self, released: Released) -> bytes:
        primitive = self.private.primitive(hybrid.HybridDecrypt)
        return bytes(primitive.decrypt(decode(released.sealed_key), context(self.asking.question)))


class MemoryShelf:
    """What a bucket with conditional creates promises, in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def create(self, key: str, data: bytes) -> bool:
        with self._lock:
            return self.objects.setdefault(key, data) is data

    def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    def keys(self, prefix: str, after: str = "") -> list[str]:
        return sorted(key for key in self.objects if key.startswith(prefix) and key > after)


@dataclass
class Known:
    """Callers by their tokens: for tests that are not about the API server."""

    users: dict[str, str]

    def user(self, token: str) -> str | Refusal:
        return self.users.get(token) or Refusal(reason="Unauthenticated", message="vault: nobody")


@dataclass
class Strongroom:
    """A vault whose clocks tests move."""

    vault: Vault
    shelf: MemoryShelf
    cast: Cast
    now: float
    steady: float = 0.0

    def release(self, envelope: Envelope, bearer: str = "performer") -> Any:
        return self.vault.release(bearer, envelope.asking)

    def log(self) -> list[dict[str, Any]]:
        from understudy_vault.journal import lines

        return list(lines(self.shelf))


@pytest.fixture(scope="session")
def cast() -> Cast:
    return Cast()


@pytest.fixture(scope="session")
def stranger(cast: Cast) -> Cast:
    """The same farm and time, but another owner and another performer."""
    return replace(Cast(), farm=cast.farm)


@pytest.fixture
def open_room(cast: Cast, tmp_path: Path) -> Callable[..., Strongroom]:
    def open_room(**changes: Any) -> Strongroom:
        shelf = changes.pop("shelf", None) or MemoryShelf()
        room = Strongroom(None, shelf, cast, float(cast.now))  # type: ignore[arg-type]
        room.vault = Vault(
            bench=Bench(
                cast.farm,
                {"default": PERFORMERS, "other": "system:serviceaccount:other:performer"},
                cast.secret,
                demands_capture_consent=changes.pop("demands", True),
            ),
            keys=changes.pop("keys", None) or EmbeddedKeys(tmp_path / "keys"),
            shelf=shelf,
            callers=Known(
                {
                    "performer": PERFORMERS,
                    "operator": "system:serviceaccount:understudy-system:operator",
                    "other": "system:serviceaccount:other:performer",
                }
            ),
            signing_key=token.new_key(),
            clock=lambda: room.now,
            steady_clock=lambda: room.steady,
            **changes,
        )
        return room

    return open_room


@pytest.fixture
def room(open_room: Callable[..., Strongroom], cast: Cast) -> Strongroom:
    """A vault that keeps a key of the cast's twin."""
    room = open_room()
    room.vault.keys.create(cast.twin, cast.genesis, cast.now - 500)
    return room
