"""The training a TwinModel amounts to."""

from __future__ import annotations

from understudy_api.genesis import twin_id
from understudy_api.order import TrainingOrder
from understudy_api.twinmodel import TwinModelSpec
from understudy_operator.core.places import place
from understudy_operator.core.state import Identity


def training_order(identity: Identity, spec: TwinModelSpec) -> TrainingOrder:
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
        effort=spec.training.effort,
        voice_variant=spec.voice.variant,
        voice_pitch=spec.voice.pitch,
        voice_rate_wpm=spec.voice.rate_words_per_minute,
    )
