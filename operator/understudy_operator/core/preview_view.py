"""A preview as a job sees it."""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api.order import Progress


@dataclass(frozen=True, kw_only=True)
class PreviewView:
    """The preview that goes with one request for consent."""

    uid: str
    """Uid of its order."""
    held: Progress | None = None
    """The director's hint on it; None: it holds none, or is not reachable."""
    finished: bool = False
    """Whether its log says that it was made, or as much of it as could be."""
    grant_expires_at: float | None = None
    grant_performers: tuple[str, ...] = ()
    refused_at: float | None = None
    """When the pool last refused it."""
