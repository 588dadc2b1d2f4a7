"""From objects as the API server returns them to the views decisions look at. Pure; what does not parse is a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from understudy_api.model import Money, fault_of
from understudy_api.owner_word import SILENCE, OwnerWord
from understudy_api.restored import earlier_generations, lasting_uid
from understudy_operator.core.prices import Prices
from understudy_operator.core.state import Identity, SpecProblem, TwinView
from understudy_operator.core.times import unix_seconds

INTERRUPTED: Final = "Interrupted"
"""Condition that the shell itself sets while an object cannot be reconciled; no decision ever sees it."""

Body = Mapping[str, Any]
M = TypeVar("M", bound=BaseModel)


def uid(body: Body) -> str:
    """What an object is known by outside of the API server: a RenderJob that was restored keeps the UID it had before.

    Of other kinds nothing is kept under their UID, and whoever may write them could take another's.
    """
    metadata = body["metadata"]
    return lasting_uid(metadata) if body["kind"] == "RenderJob" else str(metadata["uid"])


def identity(body: Body) -> Identity:
    """Which object it is."""
    metadata = body["metadata"]
    return Identity(
        namespace=metadata.get("namespace", ""),
        name=metadata["name"],
        uid=uid(body),
        generation=metadata["generation"],
        earlier_generations=earlier_generations(metadata) if body["kind"] == "RenderJob" else 0,
        resource_version=metadata["resourceVersion"],
        created_at=unix_seconds(metadata["creationTimestamp"]) or 0.0,
        deleted_at=unix_seconds(metadata.get("deletionTimestamp")),
        finalizers=tuple(metadata.get("finalizers", ())),
    )


def spec(model: type[M], body: Body) -> M | SpecProblem:
    """The object's spec, or which field of it does not fit."""
    try:
        return model.model_validate(body.get("spec", {}))
    except ValidationError as error:
        return SpecProblem(message=f"{fault_of(error, within=('spec',))}; mend the field and apply again")


def pool_name(body: Body) -> str:
    """The RenderPool that a RenderJob names."""
    return str(((body.get("spec") or {}).get("poolRef") or {}).get("name", "default"))


def status(model: type[M], body: Body) -> M:
    """The object's status as decisions know it; one that somebody else spoiled counts as none."""
    found = uninterrupted(body.get("status", {}))
    try:
        return model.model_validate(found)
    except ValidationError:
        return model()


def uninterrupted(found: Body) -> dict[str, Any]:
    """A status without the shell's own condition."""
    conditions = [one for one in found.get("conditions", ()) if one.get("type") != INTERRUPTED]
    return {**found, "conditions": conditions} if "conditions" in found else dict(found)


def is_interrupted(body: Body) -> bool:
    """Whether the shell's own condition stands in the status."""
    return any(one.get("type") == INTERRUPTED for one in body.get("status", {}).get("conditions", ()))


def is_deleted(body: Body | None) -> bool:
    """Whether an object is gone or going, which counts the same for those that refer to it."""
    return body is None or "deletionTimestamp" in body["metadata"]


def condition(body: Body, name: str) -> Mapping[str, Any]:
    """A condition of the object's status that speaks of its present generation; empty when there is none."""
    found = said(body.get("status", {}), name)
    return dict(found) if found.get("observedGeneration") == body["metadata"]["generation"] else {}


def said(status: Body, name: str) -> Mapping[str, Any]:
    """A condition of a status, of whatever generation it speaks; empty when there is none."""
    return next((one for one in status.get("conditions", ()) if one.get("type") == name), {})


def twin(body: Body | None, word: OwnerWord = SILENCE) -> TwinView | None:
    """A TwinModel as others see it, with its owner's `word`; None when it is gone, going or has no readable spec."""
    if body is None or is_deleted(body):
        return None
    given, ready = body.get("spec", {}), condition(body, "Ready")
    return TwinView(
        namespace=body["metadata"]["namespace"],
        name=body["metadata"]["name"],
        genesis=given.get("genesis", ""),
        word=word,
        ready=ready.get("status") == "True",
        message=ready.get("message", "it was not looked at yet"),
        version=body.get("status", {}).get("version"),
        rate_words_per_minute=given.get("voice", {}).get("rateWordsPerMinute", 80),
    )


def prices(body: Body) -> Prices:
    """What a RenderPool and its groups cost; nothing at all when one of the prices is not readable."""
    given = body.get("spec", {})
    groups = (given.get("kuberay") or {}).get("groups", ())
    try:
        found = {str(one["name"]): _price(one) for one in groups}
        pool = _price(given)
    except ValidationError:
        return Prices()
    priced = {group: price for group, price in found.items() if price is not None}
    return Prices(pool, priced, incomplete=pool is None and 0 < len(priced) < len(found))


def _price(given: Body) -> Money | None:
    price = given.get("pricePerWorkerHour")
    return None if price is None else Money.model_validate(price)
