"""Apply: does what was decided, in order, then writes the status once. Everything here may be done twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from understudy_api import delivery
from understudy_operator.core.actions import (
    Action,
    AddFinalizer,
    ApplyRayCluster,
    AskConsent,
    Decision,
    DeleteObject,
    DeleteOutputs,
    DrainNodes,
    EmitEvent,
    FreezeContent,
    ListKept,
    ListSentences,
    MoveKept,
    PutOrder,
    PutTraining,
    Record,
    RecordAct,
    RecordList,
    RegisterLicense,
    RemoveFinalizer,
    RenewGrant,
    StartDirector,
    StopOrder,
    StopTraining,
    TellCommitted,
    TellVault,
    WritePrices,
)
from understudy_operator.core.state import FINALIZER
from understudy_operator.shell import views
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.events import Events
from understudy_operator.shell.job_traces import JobTraces
from understudy_operator.shell.key import Key
from understudy_operator.shell.metrics import Metrics
from understudy_operator.shell.objects import Objects, S3RefusalError
from understudy_operator.shell.sources import Sources
from understudy_operator.shell.store import Body

log = structlog.get_logger("apply")


@dataclass(frozen=True)
class Targets:
    """Everything there is to write to."""

    sources: Sources
    objects: Objects
    events: Events
    metrics: Metrics
    recorded: Callable[[Body], None] = lambda _: None
    """Told at once of an OwnerAct whose act was recorded: nobody waits for its status to be written."""
    wall_clock: Callable[[], float] = time.time
    traces: JobTraces = field(default_factory=lambda: JobTraces(None, "", time.time))


def apply(targets: Targets, body: Body, decision: Decision[Any]) -> None:
    """Do a decision about an object; raises at the first action that fails, before any status is written."""
    current: Body | None = body
    for action in decision.actions:
        if current is None:
            return
        current = _do(targets, current, action)
        targets.metrics.actions.labels(type(action).__name__).inc()
    if current is not None:
        _write_status(targets, current, decision)


def _do(targets: Targets, body: Body, action: Action) -> Body | None:
    """Do one action; returns the object as it is afterwards, None when it is gone."""
    sources = targets.sources
    match action:
        case AddFinalizer() | RemoveFinalizer() as one:
            return _hold(targets, body, one)
        case DeleteObject():
            sources.cluster.delete(body)
        case FreezeContent():
            sources.larder.freeze(action, targets.wall_clock())
        case ListSentences():
            sources.larder.list_sentences(action)
        case AskConsent():
            sources.cluster.create("ConsentRequest", action.namespace, action.name, action.spec.wire())
        case RecordAct():
            sources.acts.record(action)
            targets.metrics.revocations.recorded(body, targets.wall_clock())
            targets.recorded(body)
        case RegisterLicense():
            sources.register.record(action)
        case RecordList(twin_id=twin, sequence=sequence, recorded=recorded):
            sources.lists.book.deliver(twin, sequence, recorded)
        case TellVault():
            sources.herald.tell(action)
        case Record():
            sources.ledger.append(action.account, action.entries, action.names)
        case PutOrder():
            _dispatch(targets, action)
        case RenewGrant(pool=pool, grant=grant):
            sources.pools.existing(pool).pool.put_grant(sources.farm.seal(grant), grant)
        case TellCommitted(pool=pool, uid=uid, sequence=sequence):
            sources.pools.existing(pool).pool.put_committed(uid, sequence)
        case StopOrder(pool=pool, uid=uid):
            sources.pools.existing(pool).pool.stop_order(uid)
            targets.metrics.revocations.acknowledged(body, targets.wall_clock())
        case DeleteOutputs():
            targets.objects.delete(action.bucket, _delivered(targets, action))
        case ListKept(account=account, part=part):
            sources.quarantine.list_part(account, part)
        case MoveKept(account=account, part=part):
            sources.quarantine.move_part(account, part)
        case PutTraining(pool=pool, order=training, grant=permission):
            sealed = training.model_copy(update={"grant": sources.farm.seal(permission)})
            sources.pools.existing(pool).pool.put_training(sealed, permission)
        case StopTraining(pool=pool, uid=uid):
            sources.pools.existing(pool).pool.stop_training(uid)
        case StartDirector(submission_id=submission_id):
            name = str(body["metadata"]["name"])
            sources.pools.existing(name).ray.submit(submission_id, sources.release, name)
        case ApplyRayCluster(manifest=manifest):
            sources.ray_clusters.apply(manifest)
        case DrainNodes(pool=pool, addresses=addresses):
            sources.pools.existing(pool).director.put_draining(addresses)
        case WritePrices(page=page):
            sources.prices.write(page)
        case EmitEvent():
            targets.events.post(body, action.type, action.reason, action.message)
    return body


def _dispatch(targets: Targets, action: PutOrder) -> None:
    began_at, order = targets.wall_clock(), action.order
    sealed = order.model_copy(update={"grant": targets.sources.farm.seal(action.grant)})
    targets.sources.pools.existing(action.pool).pool.put_order(targets.traces.traced(sealed), action.grant)
    targets.traces.dispatched(order, began_at)


def _hold(targets: Targets, body: Body, action: AddFinalizer | RemoveFinalizer) -> Body | None:
    """Adds our finalizer, or lets go of the object with everything that is known of it."""
    held = isinstance(action, AddFinalizer)
    if not held:
        _clear(targets, body)
    others = [one for one in body["metadata"].get("finalizers", ()) if one != FINALIZER]
    after = targets.sources.cluster.set_finalizers(body, [*others, FINALIZER] if held else others)
    return _remember(targets, after)


def _write_status(targets: Targets, body: Body, decision: Decision[Any]) -> None:
    before = views.uninterrupted(body.get("status", {}))
    wanted = before if decision.status is None else decision.status.wire()
    if decision.status is None and not views.is_interrupted(body):
        return
    after = targets.sources.cluster.patch_status(body, wanted)
    if _remember(targets, after) is not None:
        count(targets, body, before, wanted)
        if body["kind"] == "RenderJob":
            targets.traces.changed(body, before, wanted)


def count(targets: Targets, body: Body, before: Body, after: Body) -> None:
    """Count what an object's new status adds to its old one; the same twice: have its series there before that."""
    currency = None
    if body["kind"] == "RenderJob":
        pool = targets.sources.store.get(Key("RenderPool", "", views.pool_name(body)))
        currency = views.prices(pool).currency if pool else None
    targets.metrics.changed(body, before, after, targets.wall_clock(), currency)


def _remember(targets: Targets, after: Body | None) -> Body | None:
    """What the API server answered is newer than what the watch told; a gone object is told by the watch."""
    gone = after is None or ("deletionTimestamp" in after["metadata"] and not after["metadata"].get("finalizers"))
    if after is None or gone:
        return None
    targets.sources.store.put(after)
    return after


def _delivered(targets: Targets, action: DeleteOutputs) -> Iterator[str]:
    """Keys of everything that was delivered for a job, as its receipts name it."""
    for receipts in targets.sources.receipts.segments(action.uid):
        for receipt in receipts:
            if receipt.outcome == "done":
                for name in delivery.item_names(receipt.row, receipt.locale, receipt.output):
                    yield action.prefix + name
    yield action.prefix + delivery.INDEX
    yield action.prefix + delivery.CONTACT_SHEET
    yield action.prefix + delivery.LOGS


def _clear(targets: Targets, body: Body) -> None:
    """Remove staged rows and files of an object that goes; what cannot be removed must not hold it back."""
    try:
        targets.sources.larder.clear(views.uid(body))
    except (OutageError, S3RefusalError) as error:
        log.warning("staged objects left behind", uid=views.uid(body), error=str(error))
