"""The training a TwinModel amounts to."""

from __future__ import annotations

import re
from typing import Final

from understudy_api import token
from understudy_api.genesis import twin_id
from understudy_api.order import TrainingOrder
from understudy_api.twinmodel import TwinModelSpec
from understudy_api.verdict import Refusal
from understudy_operator.core.places import place
from understudy_operator.core.state import Identity

CAPTURE_CONSENT_TYPE: Final = "likeness-capture-consent+jwt"
_DIGEST: Final = re.compile("[0-9a-f]{64}")


def training_order(identity: Identity, spec: TwinModelSpec, key_records: tuple[str, ...] = ()) -> TrainingOrder:
    """The training order of a twin; its digest names the result, so an equal capture is never trained twice.

    Checks nothing: `twin_policy` decides whether it is put.
    """
    capture = place(spec.capture.s3)
    return TrainingOrder(
        uid=identity.uid,
        generation=identity.generation,
        namespace=identity.namespace,
        twin=identity.name,
        twin_id=twin_id(spec.genesis),
        genesis=spec.genesis,
        capture_bucket=capture.bucket,
        capture_key=capture.key,
        capture_sha256=_consented(spec),
        effort=spec.training.effort,
        voice_variant=spec.voice.variant,
        voice_pitch=spec.voice.pitch,
        voice_rate_wpm=spec.voice.rate_words_per_minute,
        pool=spec.pool_ref.name,
        key_records=key_records,
        capture_consent=spec.capture_consent,
    )


def _consented(spec: TwinModelSpec) -> str | None:
    """The digest of the capture that the consent names, before its signature is checked; None when it names none."""
    if spec.capture_consent is None:
        return None
    claims = token.unverified(spec.capture_consent, CAPTURE_CONSENT_TYPE)
    named = None if isinstance(claims, Refusal) else claims.get("capture_sha256")
    return named if isinstance(named, str) and _DIGEST.fullmatch(named) else None
