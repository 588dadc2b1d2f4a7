"""RenderJob: what a brand asks for."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from understudy_api.budget import JobBudget
from understudy_api.crd import Column, Kind, rules
from understudy_api.declared_use import DeclaredUse
from understudy_api.model import Locale, Name, Resource
from understudy_api.references import LocalReference, ObjectReference
from understudy_api.renderjob_status import RenderJobStatus

Sentence = Annotated[str, Field(min_length=1, max_length=5000)]
MAX_INLINE_ROWS: Final = 1000
IMMUTABLE: Final = {"rule": "self == oldSelf", "message": "is immutable; create another RenderJob"}


class Scene(Resource):
    """One part of the script."""

    say: Sentence = Field(
        description="Sentences to speak, in ICU MessageFormat: {name}, {n, plural, ...}, {x, select, ...}, "
        "{p, number, ::currency/EUR}, {d, date, long}. At most 5,000 characters."
    )


class Script(Resource):
    """What is said, in one language."""

    locale: Locale | None = Field(
        default=None,
        description="BCP 47 locale the scenes are written in. Default: the first of spec.locales.",
    )
    scenes: tuple[Scene, ...] = Field(min_length=1, max_length=50, description="Scenes in the order they are spoken.")


class Translation(Resource):
    """The script in another locale: as many scenes, in the same order."""

    scenes: tuple[Scene, ...] = Field(
        min_length=1, max_length=50, description="Translated scenes, in the script's order."
    )


class S3Source(Resource):
    """Rows kept in S3."""

    s3: str = Field(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+\.(csv|jsonl)$",
        max_length=1024,
        description="CSV with a header line, or JSON Lines; UTF-8. Inside the namespace's prefix of the farm's outputs "
        "bucket, or elsewhere with credentialsRef. At most 1,000,000 rows, 1 GiB.",
    )
    credentials_ref: LocalReference | None = Field(
        default=None, description="Secret in this namespace with keys endpoint, accessKey, secretKey."
    )


class Data(Resource):
    """The rows a script is filled from."""

    key: str = Field(
        min_length=1,
        max_length=63,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Column whose value names a row, unique over all rows.",
    )
    rows: tuple[dict[str, Any], ...] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_INLINE_ROWS,
        description="Rows given here, 1 to 1,000; each value a string or a number.",
    )
    from_: S3Source | None = Field(default=None, alias="from", description="Rows read from S3 once, at admission.")


class Output(Resource):
    """One format every row and locale is delivered in."""

    name: Name = Field(max_length=40, description="Unique name; part of the delivered file's name.")
    kind: Literal["Video"] = Field(
        default="Video", description="Video: MP4 with H.264 and AAC, an SRT sidecar and a poster."
    )
    width: int = Field(ge=192, le=3840, multiple_of=2, description="Picture width in pixels, even.")
    height: int = Field(ge=192, le=3840, multiple_of=2, description="Picture height in pixels, even.")


class Destination(Resource):
    """Where finished files go."""

    s3: str = Field(
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/(.*/)?$",
        max_length=1024,
        description="Bucket and prefix ending in a slash. Default: s3://<farm's outputs bucket>/<namespace>/<job>/.",
    )
    credentials_ref: LocalReference | None = Field(
        default=None,
        description="Secret in this namespace with keys endpoint, accessKey, secretKey; needed outside the namespace's own prefix.",
    )


class FailurePolicy(Resource):
    """When a job gives up."""

    max_failed_items: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Items that may fail before the job stops and is marked Failed.",
    )


class RenderJobSpec(Resource):
    """A script x rows x locales x outputs, performed by one twin under one license."""

    twin_ref: ObjectReference = Field(description="The TwinModel that performs.", json_schema_extra=rules(IMMUTABLE))
    license_ref: ObjectReference = Field(
        description="The License it performs under, in the owner's namespace.",
        json_schema_extra=rules(IMMUTABLE),
    )
    use: DeclaredUse = Field(description="Declared use; checked against the license before every frame.")
    script: Script = Field(description="What is said.")
    locales: tuple[Locale, ...] = Field(
        min_length=1,
        max_length=200,
        description="BCP 47 locales to deliver.",
        json_schema_extra={"x-kubernetes-list-type": "set"},
    )
    translations: dict[str, Translation] = Field(
        default={},
        max_length=200,
        description="Translated scripts by locale or language; needed for each locale not in the script's language.",
    )
    data: Data | None = Field(
        default=None, description="Rows that fill the script's variables. Default: one row without variables."
    )
    outputs: tuple[Output, ...] = Field(
        min_length=1,
        max_length=16,
        description="Formats to deliver; each counts in metered seconds.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    )
    destination: Destination | None = Field(default=None, description="Where finished files go.")
    pool_ref: LocalReference = Field(
        default=LocalReference(name="default"),
        description="The RenderPool that renders.",
        json_schema_extra=rules(IMMUTABLE),
    )
    priority: int = Field(default=0, ge=-1000, le=1000, description="Higher runs first within the brand's share.")
    failure_policy: FailurePolicy = Field(default=FailurePolicy(), description="When the job gives up.")
    retry: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="Raise it to try items again that failed or were rejected; finished ones are neither made nor metered anew.",
    )
    suspend: bool = Field(
        default=False, description="True stops starting items; what is running finishes. False goes on."
    )
    cancel: bool = Field(
        default=False,
        description="True ends the job for good; delivered files stay.",
        json_schema_extra=rules(
            {
                "rule": "self || !oldSelf",
                "message": "a cancelled job stays cancelled; create another RenderJob",
            }
        ),
    )
    active_deadline_seconds: int | None = Field(
        default=None,
        ge=1,
        le=31_536_000,
        description="Seconds after admission at which an unfinished job is ended as Failed.",
    )
    budget: JobBudget | None = Field(
        default=None,
        description="What the job may cost at most; kept before it is exceeded (docs/budgets.md). Default: whatever it costs.",
        json_schema_extra=rules(
            {
                "rule": "self.currency == oldSelf.currency",
                "message": "currency is immutable: what was spent is known in it",
            }
        ),
    )
    ttl_seconds_after_finished: int | None = Field(
        default=None,
        ge=0,
        le=31_536_000,
        description="Seconds after finishing at which the RenderJob object is deleted; files are kept or deleted by deletionPolicy.",
    )
    deletion_policy: Literal["KeepOutputs", "DeleteOutputs"] = Field(
        default="KeepOutputs",
        description="What happens to delivered files in the farm's outputs bucket when the RenderJob is deleted.",
    )


KIND: Final = Kind(
    kind="RenderJob",
    plural="renderjobs",
    short_names=("rj",),
    spec=RenderJobSpec,
    status=RenderJobStatus,
    description="A campaign: a script x rows x locales x outputs performed by a licensed twin.",
    columns=(
        Column("Phase", "string", ".status.phase"),
        Column("Items", "string", ".status.progress"),
        Column("Reused", "integer", ".status.takes.reused"),
        Column("Reason", "string", '.status.conditions[?(@.type=="Admitted")].reason'),
        Column("Cost", "string", ".status.cost.amount"),
        Column("Age", "date", ".metadata.creationTimestamp"),
    ),
    spec_rules=(
        {
            "rule": "!has(self.data) || has(self.data.rows) != has(self.data.from)",
            "message": "data: give either rows or from",
        },
    ),
)
