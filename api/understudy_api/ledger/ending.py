"""How a license ended, and what became of the files that were kept under it."""

from __future__ import annotations

from pydantic import Field

from understudy_api.ledger import entry as written
from understudy_api.model import Model
from understudy_api.verdict import Refusal

EndingEntry = written.Revoked | written.Erased | written.Delivered | written.Quarantined


class Ending(Model):
    """Part of a license's account."""

    revoked: bool = Field(default=False, description="Its owner revoked it: nothing more is promised.")
    erased: bool = Field(default=False, description="Its owner had the twin erased.")
    delivered_items: int = Field(default=0, ge=0, description="Items listed as delivered once it had ended.")
    quarantined_files: int | None = Field(
        default=None, ge=0, description="Files taken out of reach once it had ended; None: that is not done."
    )

    @property
    def begun(self) -> bool:
        """Whether nothing that was kept under the license may be used any more."""
        return self.revoked or self.erased

    def after(self, one: EndingEntry, at_work: bool) -> Ending | Refusal:
        """The ending after an entry; files are put away once, when nobody is `at_work` under the license any more."""
        match one:
            case written.Revoked():
                return self.model_copy(update={"revoked": True})
            case written.Erased():
                return self.model_copy(update={"erased": True})
        if not self.begun or at_work or self.quarantined_files is not None:
            return Refusal(
                reason="NotEnded",
                message="ledger: files are put away once, after the license and all work under it have ended",
            )
        if isinstance(one, written.Delivered):
            return self.model_copy(update={"delivered_items": self.delivered_items + len(one.items)})
        return self.model_copy(update={"quarantined_files": one.files})
