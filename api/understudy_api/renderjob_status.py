"""What became of a RenderJob."""

from __future__ import annotations

from pydantic import Field

from understudy_api.model import Condition, Money, Observed


class ItemCounts(Observed):
    """Items by outcome; total = rows x locales x outputs."""

    total: int = Field(default=0, description="Items wanted.")
    done: int = Field(default=0, description="Items finished, with a receipt.")
    failed: int = Field(default=0, description="Items given up after retries.")
    rejected: int = Field(default=0, description="Items refused by a check or by the license.")


class TakeCounts(Observed):
    """Sentences performed."""

    rendered: int = Field(default=0, description="Clips rendered anew.")
    reused: int = Field(default=0, description="Clips served from the license's own cache.")


class RenderJobStatus(Observed):
    """What became of a RenderJob."""

    phase: str | None = Field(
        default=None,
        max_length=32,
        description="Pending, Refused, Running, Suspended, Complete, Failed or Cancelled.",
    )
    observed_generation: int | None = Field(default=None, description="Generation of the spec this status speaks of.")
    conditions: tuple[Condition, ...] = Field(
        default=(),
        max_length=16,
        description="Admitted, Dispatched, Complete, Failed, Suspended; Stalled while something the farm needs is away.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    items: ItemCounts | None = Field(default=None, description="Items by outcome.")
    progress: str | None = Field(default=None, max_length=32, description="Finished items of all, e.g. 12/36.")
    takes: TakeCounts | None = Field(default=None, description="How much was rendered and how much reused.")
    metered_seconds: str | None = Field(
        default=None,
        max_length=32,
        description="Seconds delivered, each format counting; what the license is charged.",
    )
    worker_seconds: str | None = Field(
        default=None, max_length=32, description="Seconds performers were busy for this job."
    )
    cost: Money | None = Field(default=None, description="worker seconds x the pool's price per worker-hour.")
    content_digest: str | None = Field(
        default=None, max_length=64, description="Digest of the frozen script, translations and rows."
    )
    order_digest: str | None = Field(
        default=None,
        max_length=64,
        description="Digest of what is being made: content, twin version, license, use, locales and outputs.",
    )
    license_digest: str | None = Field(
        default=None, max_length=64, description="Digest of the license that admitted the job."
    )
    consent_request: str | None = Field(
        default=None, max_length=317, description="The ConsentRequest that stands for its words, as namespace/name."
    )
    twin_version: str | None = Field(default=None, max_length=64, description="Twin version the job renders with.")
    admitted_at: str | None = Field(default=None, max_length=32, description="RFC 3339 time of admission.")
    started_at: str | None = Field(
        default=None, max_length=32, description="RFC 3339 time at which the first item started."
    )
    finished_at: str | None = Field(default=None, max_length=32, description="RFC 3339 time at which the job finished.")
    eta: str | None = Field(
        default=None,
        max_length=32,
        description="RFC 3339 time at which the job should finish at the present pace.",
    )
    index: str | None = Field(
        default=None, max_length=1100, description="S3 URL of index.jsonl: each item's state and reason."
    )
    contact_sheet: str | None = Field(default=None, max_length=1100, description="S3 URL of the HTML contact sheet.")
