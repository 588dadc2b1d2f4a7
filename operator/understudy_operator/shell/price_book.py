"""The price book in the ledger bucket: the newest page of each pool, read once; pages are only ever added."""

from __future__ import annotations

import threading

from pydantic import ValidationError

from understudy_api.price_book import PricePage, book_prefix, page_key
from understudy_operator.shell.errors import ConflictError, OutageError
from understudy_operator.shell.objects import Objects


class PriceBook:
    """Safe for use from many threads."""

    def __init__(self, objects: Objects, bucket: str) -> None:
        self._objects = objects
        self._bucket = bucket
        self._lock = threading.Lock()
        self._newest: dict[str, PricePage | None] = {}

    def newest(self, pool: str) -> PricePage | None:
        """The page with the highest number, None when there is none; as of when it was first asked for, or written here.

        What another operator wrote since is found out by `write`. OutageError when the page cannot be read for what it is.
        """
        with self._lock:
            if pool in self._newest:
                return self._newest[pool]
        keys = self._objects.keys(self._bucket, book_prefix(pool))
        page = self._page(keys[-1]) if keys else None
        with self._lock:
            return self._newest.setdefault(pool, page)

    def write(self, page: PricePage) -> None:
        """Add a page. ConflictError when another has its number: what is there now decides anew."""
        key = page_key(page.pool, page.number)
        written = self._objects.create(self._bucket, key, page.model_dump_json().encode())
        with self._lock:
            if written:
                self._newest[page.pool] = page
            else:
                self._newest.pop(page.pool, None)
        if not written:
            raise ConflictError(f"{key}: another page was written there first")

    def _page(self, key: str) -> PricePage:
        try:
            return PricePage.model_validate_json(self._objects.get(self._bucket, key) or b"")
        except ValidationError as error:
            raise OutageError("ledger", f"{key}: it is no page of a price book; restore it from a copy") from error
