"""How far the files of a license that its owner ended are put away, as a decision sees it."""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api.ledger.entry import Delivered


@dataclass(frozen=True, kw_only=True)
class QuarantineView:
    """How far the files of a license that ended are put away."""

    parts: int = 0
    """Parts of the list that stand."""
    moved: int = 0
    """Parts whose files were moved, from the first on."""
    manifest: str | None = None
    """Digest of the last part; None while the list is not complete."""
    files: int = 0
    bytes: int = 0
    delivered: tuple[Delivered, ...] = ()
    """Next of the lists of delivered items that the ledger does not hold yet; looked for once everything is moved."""
