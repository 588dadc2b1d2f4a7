"""Freezing rows: read where a job says, hold each against the script, keep them where the pool will read them.

Everything streams: a line at a time from S3 to a temporary file to S3, so a million rows cost no memory to speak of.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from typing import IO, Final

from pydantic import ValidationError

from understudy_api.moderation.listing import Lister, Listing, copy_key
from understudy_api.moderation.wordlist import lists_digest
from understudy_api.preview import preview_uid
from understudy_api.settings import OperatorSettings
from understudy_operator.core import places, rows
from understudy_operator.core.actions import FreezeContent, ListSentences
from understudy_operator.core.consent_spec import list_key
from understudy_operator.core.request import frozen_key
from understudy_operator.core.rows import Freezer, Placed, RowError
from understudy_operator.core.state import ContentProblem, CredentialsProblem, FrozenContent
from understudy_operator.shell.classifier import Classifier
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.credentials import account_settings, read_credentials
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.objects import MissingObjectError, Objects, S3RefusalError

MAX_SOURCE_BYTES: Final = 1024**3
MAX_LINE_BYTES: Final = 64 * 1024
JSON_LINES: Final = "application/x-ndjson"


class _SourceError(Exception):
    """The source cannot be read further; carries what to tell."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.error = RowError(reason, message)


class Larder:
    """Freezes rows into the staging bucket and remembers what it froze, or why it could not."""

    def __init__(self, settings: OperatorSettings, farm: Objects, cluster: Cluster) -> None:
        self._settings = settings
        self._farm = farm
        self._cluster = cluster
        self._staging = settings.buckets.staging
        self._classifier = Classifier(settings.classifier) if settings.classifier else None
        self._lock = threading.Lock()
        self._known: dict[str, FrozenContent | ContentProblem] = {}
        self._listings: dict[str, Listing] = {}

    def content(self, uid: str, request_digest: str) -> FrozenContent | ContentProblem | None:
        """What is known of a job's request: frozen now or by an earlier process, or why not; None when not tried."""
        with self._lock:
            known = self._known.get(uid)
        if known is not None and known.request == request_digest:
            return known
        data = self._farm.get(self._staging, frozen_key(uid, request_digest))
        found = _frozen(data) if data else None
        if found is not None:
            self._remember(uid, found)
        return found

    def freeze(self, action: FreezeContent, now: float) -> None:
        """Do the action and remember what came of it; the same rows frozen again give the same objects."""
        self._remember(action.uid, self._frozen(action, now))

    def listing(self, uid: str, content_digest: str) -> Listing | None:
        """The list that was written for frozen content, now or by an earlier process; None when there is none."""
        with self._lock:
            known = self._listings.get(uid)
        if known is not None and known.content == content_digest:
            return known
        data = self._farm.get(self._staging, _listing_key(uid, content_digest))
        found = Listing.model_validate_json(data) if data else None
        if found is not None:
            with self._lock:
                self._listings[uid] = found
        return found

    def list_sentences(self, action: ListSentences) -> None:
        """Do the action; the same content listed again gives the same objects."""
        content = action.content
        lister = Lister(content.scenes, content.digest)
        with closing(self._farm.chunks(self._staging, content.rows_s3_key)) as chunks:
            for line in lines(chunks):
                lister.row(json.loads(line))
        listing = lister.listing()
        with _scratch() as file:
            file.writelines(lister.lines())
            key = list_key(action.owner_namespace, listing.digest)
            self._farm.put_file(self._settings.buckets.outputs, key, file, JSON_LINES)
            self._farm.put_file(self._staging, copy_key(action.uid, listing.digest), file, JSON_LINES)
        self._farm.put(self._staging, _listing_key(action.uid, content.digest), listing.model_dump_json().encode())
        with self._lock:
            self._listings[action.uid] = listing

    def forget(self, uid: str) -> None:
        """The job is gone: remember nothing of it."""
        with self._lock:
            self._known.pop(uid, None)
            self._listings.pop(uid, None)

    def clear(self, uid: str) -> None:
        """Remove everything that was staged for a job and its previews."""
        for prefix in (f"orders/{uid}/", f"orders/{preview_uid(uid, '')}"):
            self._farm.delete(self._staging, self._farm.keys(self._staging, prefix))

    def _remember(self, uid: str, found: FrozenContent | ContentProblem) -> None:
        with self._lock:
            self._known[uid] = found

    def _frozen(self, action: FreezeContent, now: float) -> FrozenContent | ContentProblem:
        freezer = Freezer(action.request, self._classifier.session() if self._classifier else None)
        try:
            with _scratch() as file:
                _write(freezer, self._rows(action), file)
                frozen = freezer.frozen(action.uid)
                if isinstance(frozen, RowError):
                    return rows.problem(action.request, frozen, now)
                self._farm.put_file(self._staging, frozen.rows_s3_key, file, JSON_LINES)
        except _SourceError as problem:
            return rows.problem(action.request, problem.error, now)
        key = frozen_key(action.uid, action.request.digest)
        self._farm.put(self._staging, key, frozen.model_dump_json().encode())
        return frozen

    def _rows(self, action: FreezeContent) -> Generator[Placed | RowError, None, None]:
        source = action.request.source
        if source is None:
            yield from rows.inline(action.request.rows or ())
            return
        where = places.place(source.s3)
        reader = rows.read_csv if where.key.endswith(".csv") else rows.read_jsonl
        with_credentials = source.credentials_ref is not None
        refusal = places.place_refusal(
            "data.from.s3", where, action.namespace, self._settings.buckets, with_credentials
        )
        if refusal is not None:
            raise _SourceError(refusal.reason, refusal.message)
        objects = self._account(action) if with_credentials else self._farm
        try:
            if objects.size(where.bucket, where.key) > MAX_SOURCE_BYTES:
                raise _SourceError("SourceTooLarge", f"data: {source.s3}: wanted at most 1 GiB; split the job")
            with closing(objects.chunks(where.bucket, where.key)) as chunks:
                yield from reader(lines(chunks))
        except MissingObjectError as error:
            raise _SourceError("SourceUnreadable", f"data: {source.s3}: no such object; upload it") from error
        except S3RefusalError as error:
            raise _SourceError("SourceUnreadable", f"data: {error}") from error
        except OutageError as error:
            if not with_credentials:
                raise
            raise _SourceError("SourceUnreadable", f"data: {error}; check the Secret's endpoint") from error
        finally:
            if objects is not self._farm:
                objects.close()

    def _account(self, action: FreezeContent) -> Objects:
        source = action.request.source
        assert source is not None
        assert source.credentials_ref is not None
        given = read_credentials(self._cluster, action.namespace, source.credentials_ref.name)
        if isinstance(given, CredentialsProblem):
            raise _SourceError("CredentialsNotFound", f"data.from.{given.message}")
        return Objects(account_settings(given, self._settings.s3))


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of a byte stream, each with its newline; refuses what is too long, too much or no UTF-8, by line."""
    rest, number, total = b"", 0, 0
    for chunk in chunks:
        total += len(chunk)
        if total > MAX_SOURCE_BYTES:
            raise _SourceError("SourceTooLarge", f"data: line {number + 1}: wanted at most 1 GiB; split the job")
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            yield _decoded(line, number) + "\n"
        if len(rest) > MAX_LINE_BYTES:
            raise _too_long(number + 1)
    if rest:
        yield _decoded(rest, number + 1)


def _decoded(line: bytes, number: int) -> str:
    if len(line) > MAX_LINE_BYTES:
        raise _too_long(number)
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        message = f"data: line {number}: not UTF-8 at byte {error.start + 1}; save the file as UTF-8"
        raise _SourceError("RowInvalid", message) from error


def _too_long(number: int) -> _SourceError:
    return _SourceError(
        "RowInvalid", f"data: line {number}: wanted at most {MAX_LINE_BYTES // 1024} KiB a line; shorten it"
    )


def _listing_key(uid: str, content_digest: str) -> str:
    return f"orders/{uid}/listing-{content_digest}.json"


def _frozen(data: bytes) -> FrozenContent | None:
    """What an earlier process froze; None when it was moderated with other term lists, or is of an older form."""
    try:
        found = FrozenContent.model_validate_json(data)
    except ValidationError:
        return None
    return found if found.moderation.lists == lists_digest() else None


def _scratch() -> IO[bytes]:
    """A file without a name: an operator that is killed leaves nothing of a brand's script behind."""
    return tempfile.TemporaryFile()


def _write(freezer: Freezer, found: Generator[Placed | RowError, None, None], file: IO[bytes]) -> None:
    with closing(found):
        for placed in found:
            line = placed if isinstance(placed, RowError) else freezer.line(placed)
            if isinstance(line, RowError):
                raise _SourceError(line.reason, line.message)
            file.write(line)
