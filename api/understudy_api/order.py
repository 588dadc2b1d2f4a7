"""Orders: what the operator asks of a pool, over HTTP as JSON.

An order is idempotent: its uid is the RenderJob's (or TwinModel's), its digest names the frozen content. A director that
restarts gets the same order again and continues from the receipts.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from understudy_api.budget import Allowance, Spending
from understudy_api.consent import Clearance
from understudy_api.digest import digest
from understudy_api.keyring import MAX_KEY_RECORDS
from understudy_api.model import AgeRecipient, Digest, Locale, Model, Name, ObjectName, Token
from understudy_api.trace import TRACEPARENT
from understudy_api.use import Declaration

Uid = Field(pattern=r"^[A-Za-z0-9-]{8,64}$", description="UID of the Kubernetes object.")

KeyRecords = Annotated[tuple[Token, ...], Field(max_length=MAX_KEY_RECORDS)]
"""The twin's key records, oldest first."""


MAX_PREVIEW_ITEMS = 3
"""One row in so many locales is what an owner may look at before consenting."""


class TwinPin(Model):
    """The twin version an order performs with."""

    id: Digest
    version: Digest


class VideoOutput(Model):
    """One delivered format."""

    name: Name
    width: int = Field(ge=192, le=3840, multiple_of=2)
    height: int = Field(ge=192, le=3840, multiple_of=2)


class Content(Model):
    """Frozen script, translations and rows: what admission checked is what is rendered."""

    script_locale: Locale
    scenes: dict[Locale, tuple[str, ...]] = Field(description="Messages of each scene, for every locale of the order.")
    key: str | None = Field(description="Column that names a row; None for the one row of a job without data.")
    rows_s3_key: str = Field(description="JSON Lines object in the staging bucket, one row a line.")
    rows_digest: Digest
    rows_count: int = Field(ge=1, le=1_000_000)

    @property
    def digest(self) -> str:
        """Digest of the content; the rows enter by their own digest, not by where they lie."""
        return digest(self.model_dump(mode="json", exclude={"rows_s3_key"}))


class OrderedUse(Declaration):
    """The declared use, as in the RenderJob."""


class S3Credentials(Model):
    """Reach of a destination outside the farm; never written to a receipt or a log."""

    endpoint: str = Field(max_length=512, description="https://host[:port]")
    access_key: str = Field(max_length=256, repr=False)
    secret_key: str = Field(max_length=256, repr=False)


class Delivery(Model):
    """Where finished files go."""

    bucket: str = Field(min_length=3, max_length=63)
    prefix: str = Field(max_length=900, description="Ends in a slash.")
    credentials: S3Credentials | None = None


Retry = Annotated[
    int,
    Field(
        ge=0,
        description="How often the brand asked for items that failed once more.",
        # Absent while 0: digests stay, and a director or vault of an earlier release understands the order.
        exclude_if=lambda times: times == 0,
    ),
]


class Making(Model):
    """What an order's digest covers: what is to be made under which license, the content by its own digest."""

    namespace: Name
    job: ObjectName
    twin: TwinPin
    license: Token
    use: OrderedUse
    locales: tuple[Locale, ...] = Field(min_length=1, max_length=200)
    outputs: tuple[VideoOutput, ...] = Field(min_length=1, max_length=16)
    content: Digest
    clearance: Digest | None = Field(
        default=None, description="Digest of the release of its words, where one is needed."
    )
    preview: AgeRecipient | None = Field(
        default=None, description="Who alone can open what is made; None: an order to be delivered."
    )

    retry: Retry = 0

    @property
    def digest(self) -> str:
        """The order's digest: what a grant names."""
        return digest(self.model_dump(mode="json", exclude=None if self.preview else {"preview"}))


class Order(Model):
    """A RenderJob as the pool sees it."""

    uid: str = Uid
    generation: int = Field(ge=1)
    namespace: Name
    job: ObjectName
    pool: ObjectName
    twin: TwinPin
    genesis: Token
    key_records: KeyRecords = ()
    license: Token
    use: OrderedUse
    content: Content
    locales: tuple[Locale, ...] = Field(min_length=1, max_length=200)
    outputs: tuple[VideoOutput, ...] = Field(min_length=1, max_length=16)
    delivery: Delivery
    priority: int = 0
    max_failed_items: int = Field(default=0, ge=0)
    suspended: bool = False
    clearance: Clearance | None = None
    preview: AgeRecipient | None = Field(
        default=None, description="Who alone can open what is made of the first row; None: an order to be delivered."
    )
    retry: Retry = 0
    allowance: Allowance | None = Field(
        default=None,
        description="What it may cost; None: whatever it costs. A director of an earlier release refuses an order with one.",
        exclude_if=lambda allowance: allowance is None,
    )
    traceparent: str | None = Field(
        default=None,
        pattern=TRACEPARENT,
        description="The job's span, under which others record theirs; None: nobody records any.",
        exclude_if=lambda none: none is None,  # a director of an earlier release understands the order
    )
    grant: Token

    @property
    def digest(self) -> str:
        """Digest of what is to be made; how urgent, where to and until when do not enter."""
        return self.making.digest

    @property
    def making(self) -> Making:
        """What the digest covers, without delivery, priority and grant: enough for others to check the order by."""
        return Making(
            namespace=self.namespace,
            job=self.job,
            twin=self.twin,
            license=self.license,
            use=self.use,
            locales=self.locales,
            outputs=self.outputs,
            content=self.content.digest,
            clearance=self.clearance.digest if self.clearance else None,
            preview=self.preview,
            retry=self.retry,
        )

    @property
    def total_items(self) -> int:
        """Rows x locales x outputs; of a preview, the first row alone."""
        rows = 1 if self.preview else self.content.rows_count
        return rows * len(self.locales) * len(self.outputs)


class TrainingOrder(Model):
    """A TwinModel's training as the pool sees it."""

    uid: str = Uid
    generation: int = Field(ge=1)
    namespace: Name
    twin: ObjectName
    twin_id: Digest
    genesis: Token
    capture_bucket: str
    capture_key: str
    capture_sha256: Digest | None = Field(
        default=None, description="The capture its owner consented to; other bytes are refused. None: none was named."
    )
    effort: Literal["Quick", "Standard", "Thorough"]
    voice_variant: str
    voice_pitch: int
    voice_rate_wpm: int
    pool: ObjectName = "default"
    key_records: KeyRecords = ()
    capture_consent: Token | None = Field(
        default=None,
        description="The owner's signed consent to the capture, for the vault to judge. None: none was given.",
    )
    grant: Token | None = Field(default=None, description="The farm's permission, without which no key is released.")

    @property
    def digest(self) -> str:
        """Digest of what is to be trained: equal orders share one result."""
        elsewhere = {"uid", "generation", "namespace", "twin", "pool", "key_records", "capture_consent", "grant"}
        return digest(self.model_dump(mode="json", exclude=elsewhere))


class Progress(Model):
    """What a director says of an order: a hint for people, never the truth."""

    uid: str
    digest: Digest
    generation: int
    key_records: int = Field(default=0, ge=0, description="How many key records of the twin the director holds.")
    state: Literal["Running", "Suspended", "WaitingForGrant", "Finishing", "Finished", "Failed", "Stopped"]
    message: str = ""
    items_done: int = 0
    items_total: int = Field(default=0, description="Items of the order; 0: a director that does not say.")
    takes_in_flight: int = 0
    short_seconds: float | None = Field(
        default=None, description="Metered seconds of the next item, when the grant does not reach for it."
    )
    spending: Spending | None = Field(
        default=None,
        description="Of an order with an allowance.",
        exclude_if=lambda spending: spending is None,
    )
    committed: int = Field(default=-1, description="Last segment of the log that it may deliver; -1: none.")
    started_at: float | None = Field(default=None, description="Unix seconds at which the first item started.")
    eta_seconds: float | None = None


class Commitment(Model):
    """What the ledger holds of an order's log: segments up to `sequence` may be delivered."""

    sequence: int = Field(ge=-1)


class NodeLoad(Model):
    """A node by its address: how many performers are ready there, how many hold work, whether it gets more."""

    address: str
    performers: int
    busy: int
    draining: bool


class Draining(Model):
    """Body of `PUT /v1/nodes/draining`: addresses of all nodes that get nothing more; others get work, again or still."""

    addresses: tuple[str, ...] = Field(max_length=10_000)


class TrainingProgress(Model):
    """How far a training is; `result_key` names the result object once there is one."""

    uid: str
    digest: Digest
    state: Literal["Queued", "Running", "Finished", "Failed"]
    message: str = ""
    trainer: str | None = Field(
        default=None, max_length=64, description="Thumbprint of the key its trainer made for itself: grants name it."
    )
