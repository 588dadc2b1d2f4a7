"""Consent to a capture: the owner signed which bytes a twin may be trained from, and who heard the passcode said.

Nobody is recognised: the signature says that owner and witness heard it. Whether the passcode is one that was issued, and
when, only its issuer can tell (`understudy_api.passcode`).
"""

from __future__ import annotations

from understudy_api.acts import CaptureConsent, read_act
from understudy_api.keyring import read_keyring
from understudy_api.twinmodel import TwinModelSpec
from understudy_api.verdict import Refusal
from understudy_operator.core.state import FarmView


def capture_refusal(spec: TwinModelSpec, farm: FarmView, now: float) -> Refusal | None:
    """Why a capture may not be trained from at `now` (Unix seconds); None when nothing speaks against it."""
    if spec.capture_consent is None:
        if not farm.demands_capture_consent:
            return None
        return Refusal(
            reason="CaptureConsentMissing",
            message="captureConsent: this farm trains no twin without its owner's signed consent to the capture; sign "
            "one and add it",
        )
    keyring = read_keyring(spec.genesis, ())
    if isinstance(keyring, Refusal):
        return keyring
    act = read_act(spec.capture_consent, keyring, now)
    if isinstance(act, Refusal):
        return Refusal(reason="CaptureConsentInvalid", message=f"captureConsent: {act.message}")
    if not isinstance(act, CaptureConsent):
        return Refusal(
            reason="CaptureConsentInvalid", message="captureConsent: it is another act; sign consent to the capture"
        )
    if not act.witness.strip():
        return Refusal(
            reason="CaptureConsentInvalid", message="captureConsent: it names no witness; sign one that does"
        )
    return None
