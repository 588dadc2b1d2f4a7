"""Running totals of an order: what the items of a segment and the seconds since the last one add."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from understudy_api.receipt import MAX_LOGGED_GROUPS, Receipt, Totals
from understudy_workers.direction.purse import Entry


@dataclass(slots=True)
class Spent:
    """What was used since the last segment: joins the running totals with the next one."""

    worker_seconds: float = 0.0
    worker_seconds_by_group: dict[str, float] = field(default_factory=dict)
    """Those of them that a group spent."""
    frames: int = 0
    clips_rendered: int = 0
    clips_reused: int = 0
    clip_seconds_rendered: float = 0.0
    clip_seconds_reused: float = 0.0
    started_at: float | None = None
    entry: Entry | None = None
    """What the order's purse says; None: it has no allowance."""

    def work(self, seconds: float, by_group: Mapping[str, float]) -> None:
        """Adds worker seconds, and whose of them belong to groups."""
        self.worker_seconds += seconds
        self.worker_seconds_by_group = with_groups(self.worker_seconds_by_group, by_group)


def with_groups(known: Mapping[str, float], spent: Mapping[str, float]) -> dict[str, float]:
    """Seconds by group once those `spent` are added. A group for which there is no room counts in the sum alone."""
    seconds_by_group = dict(known)
    for group, seconds in spent.items():
        if group in seconds_by_group or len(seconds_by_group) < MAX_LOGGED_GROUPS:
            seconds_by_group[group] = seconds_by_group.get(group, 0.0) + seconds
    return seconds_by_group


def totals_after(totals: Totals, receipts: Iterable[Receipt], spent: Spent) -> Totals:
    """Running totals once `receipts` and what was `spent` are added."""
    done = failed = rejected = 0
    metered_seconds, first_loss = 0.0, totals.first_loss
    for receipt in receipts:
        done += receipt.outcome == "done"
        failed += receipt.outcome == "failed"
        rejected += receipt.outcome == "rejected"
        metered_seconds += receipt.metered_seconds
        if receipt.outcome != "done" and not first_loss:
            first_loss = receipt.loss
    starts = [at for at in (totals.started_at, spent.started_at) if at is not None]
    return Totals(
        done=totals.done + done,
        failed=totals.failed + failed,
        rejected=totals.rejected + rejected,
        metered_seconds=totals.metered_seconds + metered_seconds,
        worker_seconds=totals.worker_seconds + spent.worker_seconds,
        frames=totals.frames + spent.frames,
        clips_rendered=totals.clips_rendered + spent.clips_rendered,
        clips_reused=totals.clips_reused + spent.clips_reused,
        clip_seconds_rendered=totals.clip_seconds_rendered + spent.clip_seconds_rendered,
        clip_seconds_reused=totals.clip_seconds_reused + spent.clip_seconds_reused,
        started_at=min(starts, default=None),
        first_loss=first_loss,
    )
