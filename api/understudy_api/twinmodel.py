"""TwinModel: one person's licensed likeness, from capture to a validated version."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from understudy_api.crd import Column, Kind, rules
from understudy_api.model import Condition, Observed, Resource, Token
from understudy_api.references import LocalReference


class Capture(Resource):
    """The footage a twin is trained from, recorded with consent."""

    s3: str = Field(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+\.mp4$",
        max_length=1024,
        description="MP4 of one talking person with sound, 60 s to 600 s, inside the namespace's prefix of the farm's outputs bucket.",
    )


class Training(Resource):
    """How long to train."""

    effort: Literal["Quick", "Standard", "Thorough"] = Field(
        default="Standard",
        description="Quick: about 1 minute of two cores; Standard: about 3; Thorough: about 15. The gates are the same.",
    )


class VoiceLayer(Resource):
    """The twin's synthetic voice."""

    variant: str = Field(
        default="f2",
        pattern=r"^[A-Za-z0-9_]{1,20}$",
        max_length=20,
        description="espeak-ng voice variant, e.g. f2 or m3.",
    )
    pitch: int = Field(default=50, ge=0, le=99, description="Base pitch, 0 to 99, espeak-ng's scale.")
    rate_words_per_minute: int = Field(default=160, ge=80, le=300, description="Speaking rate in words per minute.")


class TwinModelSpec(Resource):
    """A twin: who owns it, what it is trained from."""

    genesis: Token = Field(
        description="Genesis record signed with the owner's root key (JWS); its digest is the twin's id. Made by `understudy twin init`.",
        json_schema_extra=rules({"rule": "self == oldSelf", "message": "is immutable; a twin never changes its owner"}),
    )
    capture: Capture = Field(description="The footage to train from.")
    capture_consent: Token | None = Field(
        default=None,
        description="The owner's signed consent to this very capture (JWS): its digest, the passcode that was said, the witness.",
    )
    training: Training = Field(default=Training(), description="How to train.")
    voice: VoiceLayer = Field(default=VoiceLayer(), description="How the twin sounds.")
    pool_ref: LocalReference = Field(default=LocalReference(name="default"), description="The RenderPool that trains.")


class Score(Observed):
    """One row of the validation record; mouth region of held-out footage."""

    name: str = Field(max_length=32, description="network, or a baseline: frozen, mean, nearest, linear; or ceiling.")
    psnr: str | None = Field(
        default=None, max_length=16, description="Peak signal-to-noise ratio in dB, higher is better."
    )
    ssim: str | None = Field(default=None, max_length=16, description="Structural similarity, 0 to 1.")
    opening: str | None = Field(
        default=None, max_length=16, description="Correlation of mouth opening with the truth, -1 to 1."
    )


class TwinModelStatus(Observed):
    """How far a twin is."""

    stage: str | None = Field(default=None, max_length=16, description="Capture, Train, Validate, Deploy or Govern.")
    observed_generation: int | None = Field(default=None, description="Generation of the spec this status speaks of.")
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=16,
        description="Trained, Validated, Ready; Interrupted while something the farm needs is away.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    twin_id: str | None = Field(default=None, max_length=64, description="Digest of the genesis record.")
    version: str | None = Field(
        default=None, max_length=64, description="Digest of the bundle's manifest; what a job renders with."
    )
    progress: str | None = Field(default=None, max_length=120, description="What the training is doing.")
    scores: tuple[Score, ...] = Field(default=(), max_length=16, description="Validation record on held-out footage.")


KIND: Final = Kind(
    kind="TwinModel",
    plural="twinmodels",
    short_names=("twin", "tm"),
    spec=TwinModelSpec,
    status=TwinModelStatus,
    description="One person's licensed likeness, trained from a capture and owned by the holder of a key.",
    columns=(
        Column("Stage", "string", ".status.stage"),
        Column("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
        Column("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason'),
        Column("Progress", "string", ".status.progress"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
)
