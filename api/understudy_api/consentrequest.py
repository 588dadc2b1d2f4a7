"""ConsentRequest: one use of a twin that waits for its owner's signature, or for a reviewer of the farm."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from understudy_api.crd import Column, Kind
from understudy_api.model import Condition, Observed, Resource, Token
from understudy_api.references import LocalReference, ObjectReference

MAX_SHOWN_FINDINGS: Final = 20

SummaryLine = Annotated[str, Field(max_length=2000)]


class ShownSentence(Resource):
    """A sentence as it will be spoken."""

    locale: str = Field(max_length=35, description="BCP 47 locale.")
    sentence: str = Field(max_length=20000, description="The words.")


class ShownFinding(Resource):
    """Why somebody has to look."""

    locale: str = Field(max_length=35, description="BCP 47 locale.")
    sentence: str = Field(max_length=300, description="The sentence, cut where it is longer.")
    category: str = Field(default="", max_length=120, description="What it is about, in words; empty: unknown.")
    term: str = Field(default="", max_length=120, description="The listed term, or the classifier's word.")
    why: str = Field(default="", max_length=64, description="TermFound, NoTermList, Classified, ClassifierUnsure, ...")


class SentenceList(Resource):
    """Where the whole list lies."""

    s3: str = Field(max_length=1024, description="S3 URL of the list, JSON Lines.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", max_length=64, description="Digest of its bytes.")
    form: Literal["sentences", "templates"] = Field(
        description="sentences: every distinct one; templates: each sentence with its variables, and every value."
    )
    entries: int = Field(ge=0, description="How many sentences, or templates and values.")


class ConsentRequestSpec(Resource):
    """What is asked; written by the operator, never changed."""

    twin_ref: LocalReference = Field(description="The TwinModel in this namespace that would speak.")
    license_ref: LocalReference = Field(description="The License in this namespace it would speak under.")
    job_ref: ObjectReference = Field(description="The RenderJob that waits.")
    awaits: Literal["owner", "reviewer"] = Field(
        description="owner: a signature; reviewer: nothing sensitive was found, but nobody could judge the words."
    )
    digest: str = Field(
        pattern=r"^[0-9a-f]{64}$", max_length=64, description="What is signed: the digest of `subject`."
    )
    subject: str = Field(max_length=65536, description="The exact JSON that is consented to.")
    summary: tuple[SummaryLine, ...] = Field(default=(), max_length=32, description="The use in plain words.")
    sentences: SentenceList = Field(description="The list of everything that would be said.")
    first: tuple[ShownSentence, ...] = Field(default=(), max_length=20, description="How the list begins.")
    findings: tuple[ShownFinding, ...] = Field(
        default=(), max_length=MAX_SHOWN_FINDINGS, description="What moderation found."
    )


class Review(Resource):
    """A reviewer's release. The API server admits it under the reviewer's own name only."""

    answer: Literal["approve", "deny"] = Field(description="approve or deny.")
    reviewer: str = Field(min_length=1, max_length=253, description="The user who decided.")
    digest: str = Field(pattern=r"^[0-9a-f]{64}$", max_length=64, description="The digest that was reviewed.")
    reason: str = Field(default="", max_length=1024, description="Why, for whoever asks later.")


class ConsentRequestStatus(Observed):
    """What was answered."""

    observed_generation: int | None = Field(default=None, description="Generation of the spec this status speaks of.")
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=16,
        description="Pending, Approved, Denied.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    answer: Token | None = Field(default=None, description="The newest answer the owner signed (JWS).")
    review: Review | None = Field(default=None, description="A reviewer's release, for requests that await one.")
    preview: str | None = Field(
        default=None, max_length=1024, description="Where a preview lies that only the license's recipient can open."
    )


KIND: Final = Kind(
    kind="ConsentRequest",
    plural="consentrequests",
    short_names=("consent", "cr"),
    spec=ConsentRequestSpec,
    status=ConsentRequestStatus,
    description="A use of a twin that waits for its owner's signature, or for a reviewer of the farm.",
    columns=(
        Column("Job", "string", ".spec.jobRef.name"),
        Column("Brand", "string", ".spec.jobRef.namespace"),
        Column("Awaits", "string", ".spec.awaits"),
        Column("Pending", "string", '.status.conditions[?(@.type=="Pending")].status'),
        Column("Reason", "string", '.status.conditions[?(@.type=="Pending")].reason'),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
    spec_rules=({"rule": "self == oldSelf", "message": "is immutable; it stands for one set of words"},),
)
