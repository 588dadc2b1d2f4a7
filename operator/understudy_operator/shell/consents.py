"""ConsentRequests and the jobs they stand for, as the store knows them."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from understudy_api.consentrequest import Review
from understudy_operator.core.state import ConsentView
from understudy_operator.shell import views
from understudy_operator.shell.key import Key
from understudy_operator.shell.store import Body, Store


def of_job(store: Store, job: Body) -> tuple[ConsentView, ...]:
    """The requests in the owner's namespace that name this job."""
    namespace = job.get("spec", {}).get("twinRef", {}).get("namespace")
    wanted = {"namespace": job["metadata"]["namespace"], "name": job["metadata"]["name"]}
    return tuple(
        _view(body)
        for body in store.all("ConsentRequest")
        if body["metadata"]["namespace"] == namespace
        and body.get("spec", {}).get("jobRef") == wanted
        and not views.is_deleted(body)
    )


def _view(body: Body) -> ConsentView:
    metadata, status = body["metadata"], body.get("status", {})
    return ConsentView(
        namespace=metadata["namespace"],
        name=metadata["name"],
        digest=str(body.get("spec", {}).get("digest", "")),
        review=_review(status.get("review")),
    )


def _review(given: Any) -> Review | None:
    try:
        return None if given is None else Review.model_validate(given)
    except ValidationError:
        return None


def is_wanted(store: Store, request: Body) -> bool:
    """Whether the job is there and has not gone on to ask something else."""
    ref = request.get("spec", {}).get("jobRef", {})
    job = store.get(Key("RenderJob", str(ref.get("namespace")), str(ref.get("name"))))
    if job is None or views.is_deleted(job):
        return False
    asks = job.get("status", {}).get("consentRequest")
    return asks is None or asks == f"{request['metadata']['namespace']}/{request['metadata']['name']}"
