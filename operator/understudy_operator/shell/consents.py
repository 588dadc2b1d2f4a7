"""ConsentRequests, the jobs they stand for and the answers delivered to them, as the store knows them."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError

from understudy_api import token
from understudy_api.consentrequest import Review
from understudy_operator.core.state import ConsentView
from understudy_operator.shell import views
from understudy_operator.shell.key import Key
from understudy_operator.shell.store import Body, Store

CONSENT_TYPE: Final = "likeness-consent+jwt"


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
    answer = status.get("answer")
    return ConsentView(
        namespace=metadata["namespace"],
        name=metadata["name"],
        digest=str(body.get("spec", {}).get("digest", "")),
        answer=answer if isinstance(answer, str) else None,
        review=_review(status.get("review")),
    )


def _review(given: Any) -> Review | None:
    try:
        return None if given is None else Review.model_validate(given)
    except ValidationError:
        return None


def answers(store: Store, namespace: str) -> tuple[str, ...]:
    """The consent answers among the OwnerActs of a namespace, as they were delivered."""
    acts = (body.get("spec", {}).get("act") for body in store.all("OwnerAct") if _is_in(body, namespace))
    return tuple(act for act in acts if isinstance(act, str) and token.type_of(act) == CONSENT_TYPE)


def is_wanted(store: Store, request: Body) -> bool:
    """Whether the job is there and has not gone on to ask something else."""
    ref = request.get("spec", {}).get("jobRef", {})
    job = store.get(Key("RenderJob", str(ref.get("namespace")), str(ref.get("name"))))
    if job is None or views.is_deleted(job):
        return False
    asks = job.get("status", {}).get("consentRequest")
    return asks is None or asks == f"{request['metadata']['namespace']}/{request['metadata']['name']}"


def _is_in(body: Body, namespace: str) -> bool:
    return bool(body["metadata"]["namespace"] == namespace) and not views.is_deleted(body)
