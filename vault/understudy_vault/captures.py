"""Consent to captures as the vault judges it: it issued the passcode, so it alone can tell a real one, and when it was given."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from joserfc.jwk import OKPKey

from understudy_api.capture_consent import missing_consent, read_capture_consent
from understudy_api.keyring import Keyring
from understudy_api.order import TrainingOrder
from understudy_api.passcode import passcode_refusal
from understudy_api.release import decode
from understudy_api.verdict import Refusal

_CONTEXT: Final = b"understudy-passcode-key/1"


def passcode_key(signing_key: OKPKey) -> bytes:
    """The secret of 32 bytes under this vault's passcodes: derived from its signing key, so there is no other to keep.

    Who changes the signing key makes the passcodes of before worthless.
    """
    secret = str(signing_key.as_dict(private=True)["d"])
    return hmac.new(decode(secret), _CONTEXT, hashlib.sha256).digest()


def capture_refusal(order: TrainingOrder, ring: Keyring, key: bytes, now: float, *, demanded: bool) -> Refusal | None:
    """Why nothing may be trained from a capture at `now` (Unix seconds); None when its owner consented to it.

    One that is shown is always judged: signature, twin, capture, witness, and a passcode of this vault under `key`, given
    in the half hour before it was signed.
    """
    if order.capture_consent is None:
        return missing_consent() if demanded else None
    consent = read_capture_consent(order.capture_consent, ring, now)
    if isinstance(consent, Refusal):
        return consent
    if consent.capture_sha256 != order.capture_sha256:
        return Refusal(
            reason="CaptureDiffers",
            message=f"captureConsent: it is for capture {consent.capture_sha256[:16]}, the order is for "
            f"{(order.capture_sha256 or 'none')[:16]}; sign consent to this one",
        )
    return passcode_refusal(key, ring.twin_id, consent.passcode, consent.iat)
