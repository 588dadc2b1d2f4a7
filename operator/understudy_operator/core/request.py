"""Content requests: which rows a job asks for and the messages they have to fill."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from understudy_api.digest import digest_bytes
from understudy_api.model import Digest, Locale, Model
from understudy_api.renderjob import S3Source


class ContentRequest(Model):
    """What is to be frozen for a job; equal requests give the same frozen content."""

    key: str | None = Field(description="Column that names a row; None for a job without data: one empty row.")
    rows: tuple[dict[str, Any], ...] | None = Field(description="Inline rows, or None.")
    source: S3Source | None = Field(description="Where to read rows instead, or None.")
    scenes: dict[Locale, tuple[str, ...]] = Field(
        description="Messages of each scene by locale, all locales of the job."
    )

    @property
    def digest(self) -> Digest:
        """Digest of the request; over plain JSON, because rows may hold numbers that canonical JSON cannot."""
        return digest_bytes(json.dumps(self.model_dump(), sort_keys=True).encode())


def rows_key(uid: str, rows_digest: str) -> str:
    """Object key of frozen rows in the staging bucket: JSON Lines, UTF-8, one canonical JSON object a line."""
    return f"orders/{uid}/{rows_digest}.jsonl"


def frozen_key(uid: str, request_digest: str) -> str:
    """Object key of the FrozenContent that answers a request, in the staging bucket."""
    return f"orders/{uid}/frozen-{request_digest}.json"
