"""The operator's part of a job's trace: the job itself, its admission, and each order that was handed to its pool.

The status in the API server is the memory: whoever writes that a job is complete sends its span, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from understudy_api.order import Order
from understudy_api.trace import job_span
from understudy_api.tracing import Span, Tracing, child
from understudy_operator.core.times import unix_seconds
from understudy_operator.shell import views

OPERATOR: Final = "understudy-operator"
Status = Mapping[str, Any]


class JobTraces:
    """Sends spans of jobs; nothing without a collector."""

    def __init__(self, tracing: Tracing | None, identity: str, clock: Callable[[], float]) -> None:
        self._tracing = tracing
        self._identity = identity
        self._clock = clock

    def traced(self, order: Order) -> Order:
        """The order as its pool gets it: with the job's span, when its trace is recorded. Previews are no part of it."""
        if self._tracing is None or order.preview is not None:
            return order
        job = job_span(order.uid, order.generation, self._tracing.settings.ratio)
        return order.model_copy(update={"traceparent": job.traceparent}) if job.sampled else order

    def dispatched(self, order: Order, began_at: float) -> None:
        """An order was handed over, or refused, since Unix seconds."""
        if self._tracing is not None and order.preview is None:
            job = job_span(order.uid, order.generation, self._tracing.settings.ratio)
            attributes: dict[str, str | int] = {"understudy.pool": order.pool, "understudy.items": order.total_items}
            self._tell(Span("dispatch", child(job), job, began_at, self._clock(), attributes))

    def changed(self, body: views.Body, before: Status, after: Status) -> None:
        """A job's status says something new."""
        if self._tracing is None:
            return
        identity, now = views.identity(body), self._clock()
        job = job_span(identity.uid, identity.edition, self._tracing.settings.ratio)
        began_at = identity.created_at if identity.generation == 1 else _unfinished_since(before) or now
        named = {"understudy.job": f"{identity.namespace}/{identity.name}", "understudy.order": identity.uid}
        said = _news("Admitted", identity.generation, before, after)
        if said and said["status"] != "Unknown":
            error = str(said["reason"]) if said["status"] == "False" else ""
            self._tell(Span("admission", child(job), job, began_at, now, named, error))
        for end in ("Complete", "Failed"):
            said = _news(end, identity.generation, before, after)
            if said and said["status"] == "True":
                self._tell(Span("job", job, None, began_at, now, named, "" if end == "Complete" else end))

    def close(self) -> None:
        """Sends what waits, within seconds."""
        if self._tracing is not None:
            self._tracing.close()

    def _tell(self, span: Span) -> None:
        if self._tracing is not None:
            self._tracing.tell(span, OPERATOR, self._identity)


def _news(name: str, generation: int, before: Status, after: Status) -> Mapping[str, Any] | None:
    """A condition of this generation, when it says something else than before."""
    old, new = views.said(before, name), views.said(after, name)
    if new.get("observedGeneration") != generation or not new.get("status"):
        return None
    known = ("status", "observedGeneration")
    return None if all(old.get(key) == new.get(key) for key in known) else new


def _unfinished_since(status: Status) -> float | None:
    """Of a job that was changed: since when it has not been complete. Nobody says when it was applied."""
    return unix_seconds(views.said(status, "Complete").get("lastTransitionTime"))
