"""What a job's words became: frozen rows and what moderation found in them, or why not; and who was asked about them."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from understudy_api.consentrequest import Review
from understudy_api.model import Digest, Model
from understudy_api.moderation.report import Report


class FrozenContent(Model):
    """What FreezeContent left in the staging bucket for one content request: the rows as they will be rendered."""

    request: Digest = Field(description="Digest of the ContentRequest it answers.")
    rows_s3_key: str
    rows_digest: Digest
    rows_count: int = Field(ge=1, le=1_000_000)
    spoken_seconds: float = Field(ge=0, description="Upper bound over all rows and locales, for one output.")
    moderation: Report = Field(description="What was found in the sentences that the rows make.")


@dataclass(frozen=True, kw_only=True)
class ContentProblem:
    """Why rows could not be frozen; remembered in memory by the job's uid."""

    request: str
    """Digest of the ContentRequest that failed."""
    reason: str
    """One CamelCase word, e.g. RowInvalid, DuplicateKey, NoRows, SourceUnreadable, CredentialsNotFound."""
    message: str
    """One line: where (row, line, column), what, cure."""
    at: float


@dataclass(frozen=True, kw_only=True)
class ConsentView:
    """A ConsentRequest as its job sees it. What its owner answered stands in the owner's word."""

    namespace: str
    name: str
    digest: str
    """What it says it asks; the answer is held against what the job really needs."""
    review: Review | None = None
