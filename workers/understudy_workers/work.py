"""What travels between the director and its performers, and where finished files wait.

Plain frozen values: the director makes them, performers answer with them, no Ray in sight. A performer trusts none of
it without looking: a permit carries the very tokens, so that rights are checked where frames are made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from understudy_api.consent import Clearance
from understudy_api.delivery import ITEM_SUFFIXES, item_names
from understudy_api.digest import digest_bytes
from understudy_api.ledger.account import account_id
from understudy_api.order import Making, Order, OrderedUse, TwinPin, VideoOutput
from understudy_api.receipt import Receipt
from understudy_api.verdict import Refusal
from understudy_workers.stopwatch import Lap

GRANT_EXPIRED: Final = "GrantExpired"
"""Reason of a refusal because the grant's time is over (as `understudy_api.grant.read_grant` says it)."""
GRANT_EXHAUSTED: Final = "GrantExhausted"
"""Reason of a refusal because the order's seconds or items would pass those of the grant."""
PERFORMER_NOT_NAMED: Final = "PerformerNotNamed"
"""Reason of a refusal because the grant was made before this performer was known, or for others."""
ORDER_STOPPED: Final = "OrderStopped"
"""Reason of a refusal because the director said that nothing more is to be made for the order."""
STATUS_STALE: Final = "StatusStale"
"""Reason of a refusal because the status list that the grant rests on is too old."""
PAUSING_REASONS: Final = frozenset({GRANT_EXPIRED, GRANT_EXHAUSTED, PERFORMER_NOT_NAMED, ORDER_STOPPED, STATUS_STALE})
"""Refusals that let an order wait, for the operator's next grant or to be put again; every other one rejects the item."""


@dataclass(frozen=True)
class Permit:
    """Everything a performer needs to check, by itself, that it may make frames for an order."""

    order_uid: str
    generation: int
    namespace: str
    job: str
    pool: str
    genesis: str
    key_records: tuple[str, ...]
    license: str
    grant: str
    use: OrderedUse
    twin: TwinPin
    order_digest: str
    making: Making
    """What the order's digest covers, so that others can hold it against the grant."""
    clearance: Clearance | None = None
    """The release of the order's words."""
    taken_up_at: float = 0.0
    """When its director took the order up, Unix seconds: a stop reaches what was taken up until then."""

    @property
    def license_digest(self) -> str:
        """Digest of the license token."""
        return digest_bytes(self.license.encode())

    @property
    def account(self) -> str:
        """Id of the license's account, by which what is made under it is kept."""
        return _account(self.license)


@lru_cache(maxsize=512)
def _account(license_token: str) -> str:
    """A token that names no account has one of its own; nothing is made under it."""
    return account_id(license_token) or digest_bytes(license_token.encode())


def permit_of(order: Order, taken_up_at: float = 0.0) -> Permit:
    """The permit under which an order's work is done; a renewed grant means a new permit."""
    return Permit(
        order_uid=order.uid,
        generation=order.generation,
        namespace=order.namespace,
        job=order.job,
        pool=order.pool,
        genesis=order.genesis,
        key_records=order.key_records,
        license=order.license,
        grant=order.grant,
        use=order.use,
        twin=order.twin,
        order_digest=order.digest,
        making=order.making,
        clearance=order.clearance,
        taken_up_at=taken_up_at,
    )


@dataclass(frozen=True)
class Filling:
    """How a sentence came about: its template, and the values that fill it by their columns."""

    template: str
    values: tuple[tuple[str, str | int | float], ...]


@dataclass(frozen=True)
class PlannedItem:
    """One item with all its words resolved; `take_ids` and `clip_ids` go along `sentences`, one each.

    So do `fillings`, where templates and values were consented to; elsewhere nobody asks, and there are none.
    """

    ordinal: int
    item_id: str
    row: str
    locale: str
    output: VideoOutput
    sentences: tuple[str, ...]
    take_ids: tuple[str, ...]
    clip_ids: tuple[str, ...]
    fillings: tuple[Filling, ...] = ()


@dataclass(frozen=True)
class Speech:
    """Everything that is said in the item that needs a take first: `take_ids` go along `sentences`, one each.

    `committed_seconds` are the metered seconds of the whole order so far, those in flight included.
    """

    take_ids: tuple[str, ...]
    sentences: tuple[str, ...]
    committed_seconds: float
    fillings: tuple[Filling, ...] = ()


@dataclass(frozen=True)
class TakeWork:
    """One sentence to perform, and the clips to make of it: `clip_ids` go along `outputs`, one each.

    With `speech` the performer may find out how long the item is before it makes a frame.
    """

    take_id: str
    clip_ids: tuple[str, ...]
    outputs: tuple[VideoOutput, ...]
    words: str
    locale: str
    speech: Speech | None = None
    filling: Filling | None = None


@dataclass(frozen=True)
class TakeResult:
    """What became of a take. All its clips exist now, unless it was refused.

    `frames` counts one output's pictures at 25 a second; `reused[i]` says that clip i existed already. `started_at` is in
    Unix seconds; `stage_seconds` are seconds of work by stage.
    """

    take_id: str
    frames: int
    reused: tuple[bool, ...]
    busy_seconds: float
    stage_seconds: dict[str, float]
    started_at: float
    refusal: Refusal | None = None
    item_seconds: float | None = None
    """Length of the item that needs the take first, where it had to be known."""
    item_refused: bool = False
    """Whether the refusal is about that item alone: others may want the take."""
    laps: tuple[Lap, ...] = ()
    """When each stage was at work."""


@dataclass(frozen=True)
class ItemWork:
    """One item to join, caption, check, sign and store below `staging_prefix` of the staging bucket.

    `committed_seconds` are the metered seconds of the whole order so far, `committed_items` the charged items of its whole
    log; those in flight are included, this item is not.
    """

    planned: PlannedItem
    committed_seconds: float
    staging_prefix: str
    committed_items: int = 0


@dataclass(frozen=True)
class StagedFile:
    """A finished file in the staging bucket, and its name below the destination's prefix."""

    key: str
    name: str
    content_type: str


@dataclass(frozen=True)
class ItemResult:
    """What became of an item.

    Exactly one of three holds: there is a `receipt` (done, or rejected when rights refuse for good); there is a `refusal`
    whose reason is one of PAUSING_REASONS (the item waits); or `missing_clips` names clips that are no longer in the
    cache (the director has their takes performed again). Anything else is an exception and gets retried.
    """

    receipt: Receipt | None
    staged: tuple[StagedFile, ...]
    busy_seconds: float
    stage_seconds: dict[str, float] = field(default_factory=dict)
    refusal: Refusal | None = None
    missing_clips: tuple[str, ...] = ()
    laps: tuple[Lap, ...] = ()


_CONTENT_TYPES: Final = ("video/mp4", "application/x-subrip", "image/jpeg")
ITEM_FILES: Final = tuple(zip(ITEM_SUFFIXES, _CONTENT_TYPES, strict=True))
"""Suffix and content type of the files of a delivered item: video, captions, poster."""


def staging_prefix(order_uid: str, item_id: str) -> str:
    """Prefix below which an item's files wait in the staging bucket; derived, so that receipts alone find them."""
    return f"orders/{order_uid}/items/{item_id}/"


def staged_files(prefix: str, row: str, locale: str, output: str) -> tuple[StagedFile, ...]:
    """The files of an item: `{prefix}item.mp4` and so on, delivered as `{row}/{locale}/{output}.mp4` and so on."""
    names = item_names(row, locale, output)
    return tuple(
        StagedFile(key=f"{prefix}item{suffix}", name=name, content_type=content_type)
        for name, (suffix, content_type) in zip(names, ITEM_FILES, strict=True)
    )
