"""Previews as the pool and the receipts know them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from understudy_api.owner_word import OwnerWord
from understudy_api.preview import preview_prefix, preview_uid
from understudy_operator.core.places import Place
from understudy_operator.core.state import ConsentView, PreviewView
from understudy_operator.shell import views
from understudy_operator.shell.key import Key
from understudy_operator.shell.pool import Pool
from understudy_operator.shell.receipts import Receipts
from understudy_operator.shell.store import Body, Store


def of_job(
    pool: Pool, receipts: Receipts, job_uid: str, consents: Iterable[ConsentView], word: OwnerWord
) -> tuple[PreviewView, ...]:
    """The previews that go with a job's requests: of those that wait for an answer, and what the pool still holds."""
    waiting = {one.digest: one.digest not in word.answers and one.review is None for one in consents}
    return tuple(_views(pool, receipts, job_uid, waiting))


def _views(pool: Pool, receipts: Receipts, job_uid: str, waiting: Mapping[str, bool]) -> Iterator[PreviewView]:
    for digest, waits in waiting.items():
        uid = preview_uid(job_uid, digest)
        held = pool.held(uid)
        if held is None and not waits:
            continue
        answer = pool.answer(uid)
        yield PreviewView(
            uid=uid,
            held=held,
            finished=bool(receipts.log(uid, pool.hint(uid)).finished),
            grant_expires_at=pool.grant_expires_at(uid),
            grant_performers=pool.grant_performers(uid),
            refused_at=answer.at if answer else None,
        )


def place(store: Store, receipts: Receipts, bucket: str, request: Body) -> str | None:
    """Where the preview of a ConsentRequest lies; None when nothing of it was made."""
    spec, namespace = request.get("spec", {}), str(request["metadata"]["namespace"])
    ref, digest = spec.get("jobRef", {}), str(spec.get("digest", ""))
    job = store.get(Key("RenderJob", str(ref.get("namespace")), str(ref.get("name"))))
    if job is None or spec.get("awaits") != "owner":
        return None
    finished = receipts.log(preview_uid(views.uid(job), digest)).finished
    if not any(one.totals.done for one in finished):
        return None
    return Place(bucket, preview_prefix(namespace, digest)).url
