"""Receipts: the append-only log that says what became of every item.

Log of an order: objects `{uid}/{sequence:08d}.json` in the receipts bucket, each created by a conditional put, each with
running totals, so that reading the newest one is enough to know where an order stands. `{uid}/finished-{order digest}.json`
follows when everything is delivered and the index is written. Resume, status and billing read this log and nothing else.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from understudy_api.budget import Charge
from understudy_api.digest import digest
from understudy_api.model import Digest, Model, Name, Token

MAX_SEGMENT_ITEMS = 500
SEGMENT_SECONDS = 2.0
MAX_LOGGED_GROUPS: Final = 32
"""Worker groups that a log tells apart: a pool has eight at most, and may have had others before."""

MAX_REASON: Final = 64
MAX_MESSAGE: Final = 500
MAX_LOSS: Final = MAX_REASON + len(": ") + MAX_MESSAGE

Outcome = Literal["done", "failed", "rejected"]


class Receipt(Model):
    """What became of one item, at its first appearance."""

    item: Digest = Field(description="Item id; the same id is never billed again.")
    ordinal: int = Field(ge=0, description="Place in the order: (row, locale, output) in row-major sequence.")
    row: str = Field(max_length=256, description="Row key.")
    locale: str
    output: str
    outcome: Outcome
    reason: str = Field(default="", max_length=MAX_REASON)
    message: str = Field(default="", max_length=MAX_MESSAGE)
    attempts: int = Field(default=1, ge=1)
    frames: int = Field(default=0, ge=0)
    metered_seconds: float = Field(
        default=0, ge=0, description="0 when failed, rejected, or unchanged from an earlier order."
    )
    carried: bool = Field(
        default=False, description="True when an earlier order of this job already made the very item."
    )
    sha256: str = Field(default="", description="Digest of the delivered file.")
    bytes: int = Field(default=0, ge=0)
    takes: int = Field(default=0, ge=0, description="Clips the item is joined from.")
    performer: str = Field(default="", max_length=43, description="Thumbprint of the performer's key; empty: unsigned.")
    grant: str = Field(default="", max_length=64, description="Digest of the grant token it worked under.")
    signature: str = Field(default="", max_length=86, description="Of `proof.signed_bytes`, base64url.")

    @property
    def loss(self) -> str:
        """Why there is no video, in one line; empty when there is one."""
        return "" if self.outcome == "done" else f"{self.reason}: {self.message}".strip(": ")

    @property
    def charged(self) -> bool:
        """Whether it counts under the license: done, and made by this very order."""
        return self.outcome == "done" and not self.carried


UNSIGNED: Final = {"performer": "", "grant": "", "signature": ""}
"""What a receipt that somebody changed says instead of the signature it had."""


class Totals(Model):
    """Running totals after a segment."""

    done: int = 0
    failed: int = 0
    rejected: int = 0
    metered_seconds: float = 0
    worker_seconds: float = Field(default=0, description="Seconds performers were busy for the order.")
    frames: int = Field(default=0, description="Frames rendered anew, all formats.")
    clips_rendered: int = 0
    clips_reused: int = 0
    clip_seconds_rendered: float = 0
    clip_seconds_reused: float = 0
    started_at: float | None = Field(default=None, description="Unix seconds at which the first item started.")
    first_loss: str = Field(
        default="",
        max_length=MAX_LOSS,
        description="Why the first item that failed or was rejected is not there; empty: none was.",
        exclude_if=lambda loss: not loss,  # a director of an earlier release understands a log without losses
    )

    @property
    def items(self) -> int:
        """Items with an outcome."""
        return self.done + self.failed + self.rejected


class Segment(Model):
    """One object of the log."""

    uid: str
    sequence: int = Field(ge=0)
    director: str = Field(
        max_length=64, description="Id of the director that wrote it; on a lost race the loser reads it."
    )
    order: Digest
    generation: int = Field(ge=1)
    written_at: float = Field(description="Unix seconds.")
    receipts: tuple[Receipt, ...] = Field(max_length=MAX_SEGMENT_ITEMS)
    keys: tuple[str, ...] = Field(
        default=(), max_length=MAX_SEGMENT_ITEMS, description="Public keys (`x`) of the performers that receipts name."
    )
    grants: tuple[Token, ...] = Field(
        default=(), max_length=MAX_SEGMENT_ITEMS, description="Grants that receipts name by their digest."
    )
    totals: Totals = Field(description="Of this order digest.")
    billed_seconds: float = Field(default=0, description="Metered seconds of the whole log: all orders of the job.")
    billed_items: int = Field(default=0, ge=0, description="Items of the whole log that are charged.")
    billed_worker_seconds: float = Field(default=0, description="Worker seconds of the whole log.")
    billed_worker_seconds_by_group: dict[Name, float] = Field(
        default={},
        max_length=MAX_LOGGED_GROUPS,
        description="Those of them that a pool's worker groups spent; the others belong to no group.",
        exclude_if=lambda seconds: not seconds,  # a director of an earlier release understands a log without groups
    )
    charge: Charge | None = Field(
        default=None,
        description="What the job's budget was charged with; None: it had none then.",
        exclude_if=lambda charge: charge is None,
    )


class Finished(Model):
    """Written once, after the last delivery: the order is complete."""

    uid: str
    order: Digest
    generation: int
    state: Literal["Complete", "Failed", "Stopped"]
    message: str = ""
    totals: Totals
    index_key: str | None = None
    contact_sheet_key: str | None = None
    finished_at: float


class TrainingResult(Model):
    """Written once per training order digest, at `trainings/{digest}.json` in the receipts bucket."""

    digest: Digest
    twin_id: Digest
    state: Literal["Ready", "NotGoodEnough", "Refused"]
    reason: str = ""
    message: str = ""
    version: Digest | None = None
    scores: dict[str, dict[str, float]] = Field(default={}, description="Row name -> measure -> value.")
    worker_seconds: float = 0
    finished_at: float


def item_id(
    namespace: str,
    job: str,
    jti: str,
    row: str,
    locale: str,
    output: str,
    words: tuple[str, ...],
    version: str,
    settings: object,
) -> str:
    """The id of an item, derived from everything that shapes it (words: resolved sentences; settings: format and encoder)."""
    return digest(
        {
            "namespace": namespace,
            "job": job,
            "jti": jti,
            "row": row,
            "locale": locale,
            "output": output,
            "words": list(words),
            "version": version,
            "settings": settings,
        }
    )


def segment_key(uid: str, sequence: int) -> str:
    """Object key of a segment; keys sort as sequences do."""
    return f"{uid}/{sequence:08d}.json"


def finished_key(uid: str, order: str) -> str:
    """Object key of an order's last word."""
    return f"{uid}/finished-{order}.json"


def training_key(order: str) -> str:
    """Object key of a training's result."""
    return f"trainings/{order}.json"
