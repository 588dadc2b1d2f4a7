"""Consent to a capture as the operator asks for it: before a training is ordered. The vault asks again, with the passcode."""

from __future__ import annotations

from collections.abc import Sequence

from understudy_api.capture_consent import missing_consent, read_capture_consent
from understudy_api.keyring import read_keyring
from understudy_api.twinmodel import TwinModelSpec
from understudy_api.verdict import Refusal
from understudy_operator.core.state import FarmView


def capture_refusal(spec: TwinModelSpec, farm: FarmView, key_records: Sequence[str], now: float) -> Refusal | None:
    """Why a capture may not be trained from at `now` (Unix seconds); None when nothing speaks against it."""
    if spec.capture_consent is None:
        return missing_consent() if farm.demands_capture_consent else None
    ring = read_keyring(spec.genesis, key_records)
    if isinstance(ring, Refusal):
        return ring
    found = read_capture_consent(spec.capture_consent, ring, now)
    return found if isinstance(found, Refusal) else None
