"""What became of a RenderJob."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from understudy_api.budget import JobSpending
from understudy_api.model import MAX_NAME, Condition, Money, Observed
from understudy_api.receipt import MAX_LOGGED_GROUPS

GroupLabel = Annotated[str, Field(max_length=MAX_NAME)]
Seconds = Annotated[str, Field(max_length=32)]
TermsLine = Annotated[str, Field(max_length=2400)]


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


class JobLicense(Observed):
    """The license a job names, for its brand to read: its own alone, and only when the signature holds."""

    id: str = Field(max_length=64, description="The license's `jti`.")
    terms: tuple[TermsLine, ...] = Field(default=(), max_length=48, description="The terms in plain words.")
    used_seconds: str = Field(default="0", max_length=32, description="Metered seconds made under it, by all jobs.")
    left_seconds: str = Field(max_length=32, description="Seconds left for this job and those to come.")
    left_items: int | None = Field(default=None, description="Videos left for them, where the license bounds them.")
    until: str = Field(max_length=32, description="RFC 3339 time at which it ends.")


class JobRefusal(Observed):
    """One thing that speaks against a job: `understudy why` says what to change."""

    reason: str = Field(max_length=64, description="One CamelCase word for programs.")
    message: str = Field(default="", max_length=600, description="One sentence for people, naming the cure.")
    gate: str | None = Field(default=None, max_length=16, description="Where it was refused, e.g. admission.")
    clause: str | None = Field(
        default=None, max_length=64, description="The part of the license's terms, if it is one."
    )
    wanted: str | None = Field(default=None, max_length=400, description="What was asked beyond it.")
    allowed: str | None = Field(default=None, max_length=400, description="What it allows.")


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
        description="Admitted, Dispatched, Complete, Failed, Suspended; BudgetReached of a job with a budget; Reconciling or Stalled for kstatus; Interrupted while "
        "something the farm needs is away.",
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
    worker_seconds_by_group: dict[GroupLabel, Seconds] | None = Field(
        default=None,
        max_length=MAX_LOGGED_GROUPS,
        description="Those of them that the pool's worker groups spent, by group; the others belong to no group.",
    )
    cost: Money | None = Field(
        default=None,
        description="Worker seconds x the price per worker-hour of the group that spent them, else of the pool, as prices are now; "
        "absent as long as any of them has no price: a part is not shown as the whole.",
    )
    budget: JobSpending | None = Field(default=None, description="How far spec.budget is used.")
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
    license: JobLicense | None = Field(
        default=None, description="The license it names, in plain words, and what is left."
    )
    refusals: tuple[JobRefusal, ...] = Field(
        default=(), max_length=16, description="Everything that speaks against it; empty while nothing does."
    )
    noted_refusals: tuple[Annotated[str, Field(max_length=96)], ...] = Field(
        default=(), max_length=16, description="Refusals that stand in the ledger, as generation/reason."
    )
    consent_request: str | None = Field(
        default=None, max_length=317, description="The ConsentRequest that stands for its words, as namespace/name."
    )
    twin_version: str | None = Field(default=None, max_length=64, description="Twin version the job renders with.")
    quota_needed_seconds: str | None = Field(
        default=None,
        max_length=32,
        description="Seconds the next item takes, when the license had fewer left; the job goes on once there are as many.",
    )
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
