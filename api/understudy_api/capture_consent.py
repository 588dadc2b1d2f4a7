"""Consent to a capture, read by one rule: by the operator before a training is ordered, by the vault before it gives a key.

Nobody is recognised: the signature says that owner and witness heard the passcode said. Whether it is one that was
issued, and when, its issuer alone can tell (`understudy_api.passcode`).
"""

from __future__ import annotations

from understudy_api.acts import CaptureConsent, read_act
from understudy_api.keyring import Keyring
from understudy_api.verdict import Refusal


def read_capture_consent(text: str, ring: Keyring, now: float) -> CaptureConsent | Refusal:
    """The consent, when a key of the ring may give it for this twin and it names a witness; or why it is none."""
    act = read_act(text, ring, now)
    if isinstance(act, Refusal):
        return _invalid(act.message)
    if not isinstance(act, CaptureConsent):
        return _invalid("it is another act; sign consent to the capture")
    if not act.witness.strip():
        return _invalid("it names no witness; sign one that does")
    return act


def missing_consent() -> Refusal:
    """Why nothing is trained where no consent is shown and the farm demands one."""
    return Refusal(
        reason="CaptureConsentMissing",
        message="captureConsent: this farm trains no twin without its owner's signed consent to the capture; sign one and "
        "add it",
    )


def _invalid(what: str) -> Refusal:
    return Refusal(reason="CaptureConsentInvalid", message=f"captureConsent: {what}")
