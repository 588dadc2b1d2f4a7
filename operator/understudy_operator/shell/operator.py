"""The operator without its watcher: everything that reads, decides and writes, put together and kept running."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import uuid4

import structlog

from understudy_api.genesis import twin_id
from understudy_api.kinds import KINDS
from understudy_api.ledger.account import MICROS_PER_SECOND, account_id
from understudy_api.settings import OperatorSettings
from understudy_api.status_source import StatusSettings
from understudy_api.tracing import Tracing
from understudy_operator.core.actions import Decision, Record, RecordList
from understudy_operator.core.consent_request import decide_consent
from understudy_operator.core.decide import decide_act, decide_job, decide_license, decide_pool, decide_twin
from understudy_operator.core.lifecycle import FINISHED
from understudy_operator.core.state import ActState, ConsentState, JobState, LicenseState, PoolState, State, TwinState
from understudy_operator.shell import views
from understudy_operator.shell.act_book import ActBook
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.apply import Targets, apply, count
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.doorbell import ACCOUNT_DELAY_SECONDS, Doorbell
from understudy_operator.shell.errors import AccountTakenError, DeniedError, OutageError
from understudy_operator.shell.events import Events
from understudy_operator.shell.farm import Farm
from understudy_operator.shell.herald import Herald
from understudy_operator.shell.interruption import Interruptions
from understudy_operator.shell.job_traces import JobTraces
from understudy_operator.shell.key import Key
from understudy_operator.shell.larder import Larder
from understudy_operator.shell.ledger import Ledger
from understudy_operator.shell.logs import name_job
from understudy_operator.shell.metrics import Metrics
from understudy_operator.shell.namespaces import Namespaces
from understudy_operator.shell.objects import Objects, S3RefusalError
from understudy_operator.shell.observe import observe
from understudy_operator.shell.pool import POLL_SECONDS
from understudy_operator.shell.pools import Pools
from understudy_operator.shell.price_book import PriceBook
from understudy_operator.shell.quarantine import Quarantine
from understudy_operator.shell.queue import WorkQueue
from understudy_operator.shell.ray_clusters import RayClusters
from understudy_operator.shell.receipts import Receipts
from understudy_operator.shell.reconciler import Reconciler
from understudy_operator.shell.register_book import RegisterBook
from understudy_operator.shell.release import installed_release
from understudy_operator.shell.royalty_metrics import RoyaltyMetrics
from understudy_operator.shell.sealer import SEAL_SECONDS, Sealer
from understudy_operator.shell.sources import Sources
from understudy_operator.shell.state_metrics import StateMetrics
from understudy_operator.shell.status_book import StatusBook
from understudy_operator.shell.status_fetch import Fetcher
from understudy_operator.shell.status_lists import LOOK_SECONDS, StatusLists
from understudy_operator.shell.status_server import serve_lists
from understudy_operator.shell.store import Body, Store

RELIST_SECONDS: Final = 600.0
_SPREAD_SECONDS: Final = 60.0
"""Over how long a relist spreads its looks at everything."""

log = structlog.get_logger("operator")


def new_identity() -> str:
    """A name for this process that no other process ever has."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{uuid4().hex[:8]}"


def _license_of(body: Body) -> Key:
    """The License an object's ledger entries are about."""
    reference = body["spec"].get("licenseRef") if body["kind"] == "RenderJob" else None
    return Key("License", str(reference["namespace"]), str(reference["name"])) if reference else Key.of(body)


def decide(state: State, now: float) -> Decision[Any]:
    """The decision on a state of any kind."""
    match state:
        case JobState():
            return decide_job(state, now)
        case TwinState():
            return decide_twin(state, now)
        case LicenseState():
            return decide_license(state, now)
        case PoolState():
            return decide_pool(state, now)
        case ConsentState():
            return decide_consent(state, now)
        case ActState():
            return decide_act(state, now)


class Operator:
    """Reconciles until it is stopped. `ring` may be called from any thread at any time."""

    def __init__(self, settings: OperatorSettings, server: ApiServer, identity: str) -> None:
        self.metrics = Metrics()
        self._objects = Objects(settings.s3, proving=(settings.buckets.staging, "orders/"))
        self._objects.created_second, server.heard = self.metrics.api.created_second, self.metrics.api.requested
        cluster, store, farm = Cluster(server), Store(), Farm.open(settings)
        acts = ActBook(self._objects, settings.buckets.ledger)
        book = StatusBook(self._objects, settings.buckets.ledger)
        events = Events(server, identity)
        ledger = Ledger(self._objects, settings.buckets.ledger)
        self._herald = Herald(settings.vault, acts)
        self._sources = Sources(
            farm=farm,
            release=installed_release(),
            cluster=cluster,
            store=store,
            receipts=Receipts(self._objects, settings.buckets.receipts, farm.key),
            ledger=ledger,
            larder=Larder(settings, self._objects, cluster),
            acts=acts,
            register=RegisterBook(self._objects, settings.buckets.ledger),
            lists=StatusLists(book, acts, store, Fetcher(settings.status_lists)),
            namespaces=Namespaces(cluster),
            quarantine=Quarantine(self._objects, settings.buckets.staging, ledger),
            herald=self._herald,
            pools=Pools(settings, store),
            ray_clusters=RayClusters(server, settings.namespace, settings.ray_pods),
            prices=PriceBook(self._objects, settings.buckets.ledger),
        )
        self._sealer = Sealer(self._objects, settings.buckets.ledger, self._sources.ledger, self._sources.farm.key)
        self._queue: WorkQueue[Key] = WorkQueue()
        self._bell = Doorbell(store, self._queue.mark, self._forget, self._heard, self._queue.hurry)
        self._traces = JobTraces(Tracing.begin(settings.tracing), identity, time.time)
        recorded = self._bell.act_recorded
        self._targets = Targets(self._sources, self._objects, events, self.metrics, recorded, traces=self._traces)
        interruptions = Interruptions(cluster, store, events)
        self._reconciler = Reconciler(self._queue, self.reconcile, self._refresh, interruptions, self.metrics)
        self._stop = threading.Event()
        self._loops = [
            threading.Thread(target=self._every, args=(POLL_SECONDS, self._poll), name="poll", daemon=True),
            threading.Thread(target=self._every, args=(LOOK_SECONDS, self._ask_lists), name="lists", daemon=True),
            threading.Thread(target=self._every, args=(RELIST_SECONDS, self._relist), name="relist", daemon=True),
            threading.Thread(target=self._every, args=(SEAL_SECONDS, self._seal), name="seal", daemon=True),
        ]
        backlog = partial(self._queue.backlog, lambda key: key.kind)
        self.metrics.watch(StateMetrics(store, backlog, self._sources.pools.answers))
        self.metrics.watch(RoyaltyMetrics(store, ledger.known))

    def start(self) -> None:
        """List everything, ask the pool once, then reconcile; raises OutageError when the API server is away."""
        self._open_seals()
        for kind in KINDS:
            self._bell.relisted(kind.kind, *self._sources.cluster.everything(kind.kind))
        self._go_on_counting()
        self._poll()
        self._try(self._ask_lists)  # A list kept an hour ago may be stale although its host has a newer one.
        self._reconciler.start()
        for loop in self._loops:
            loop.start()

    def ring(self, event: str | None, body: dict[str, Any]) -> None:
        """An event of the watch."""
        self._bell.ring(event, body)

    def reconcile(self, key: Key) -> float | None:
        """Look at one object, decide, do it; returns the seconds until the next look.

        Jobs under one license all write to its account. Whoever was too late looks again when it is its turn, so that
        a hundred of them take turns instead of overtaking each other for ever.
        """
        try:
            return self._once(key)
        except AccountTakenError as taken:
            self.metrics.api.account_taken()
            with self._sources.ledger.writing(taken.account):
                return self._once(key)

    def _once(self, key: Key) -> float | None:
        body = self._sources.store.get(key)
        if body is None:
            return None
        name_job(body)
        decision = decide(observe(self._sources, body), self._targets.wall_clock())
        apply(self._targets, body, decision)
        if any(isinstance(action, RecordList) for action in decision.actions):
            self._bell.list_recorded(body)
        for action in decision.actions:
            if isinstance(action, Record) and action.frees:
                left = self._sources.ledger.account(action.account.id).left_micros / MICROS_PER_SECOND
                self._bell.quota_freed(_license_of(body), left)
                self._queue.mark(_license_of(body), ACCOUNT_DELAY_SECONDS)
        return decision.requeue_after_seconds

    def serve_lists(self, settings: StatusSettings) -> Callable[[], None]:
        """Serve the farm's status lists; returns what ends it. Raises as `status_server.serve_lists` does."""
        return serve_lists(self._sources.lists.book, settings)

    def is_alive(self) -> bool:
        """Whether reconciles still finish."""
        return self._reconciler.is_alive()

    def stop(self) -> None:
        """Finish what runs, within seconds, and close every connection. What was cut off is done again next time."""
        self._stop.set()
        self._objects.close()
        self._reconciler.stop()
        for loop in self._loops:
            if loop.is_alive():
                loop.join(1.0)
        self._sources.pools.close()
        self._sources.lists.close()
        self._herald.close()
        self._traces.close()

    def _go_on_counting(self) -> None:
        """Show the counters of jobs that go on before they count: Prometheus takes the first value it sees for old."""
        for body in self._sources.store.all("RenderJob"):
            status = views.uninterrupted(body.get("status") or {})
            if status.get("phase") not in FINISHED:
                self._try(partial(count, self._targets, body, status, status))

    def _open_seals(self) -> None:
        """What was sealed may not be missing; a store that is away now is asked again when it is time to seal."""
        try:
            self._sealer.open()
        except (OutageError, S3RefusalError) as error:
            log.warning("no checkpoint was read", error=str(error))

    def _every(self, seconds: float, act: Callable[[], None]) -> None:
        started = time.monotonic()
        while not self._stop.wait(max(0.0, started + seconds - time.monotonic())):
            started = time.monotonic()
            self._try(act)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except (OutageError, DeniedError, S3RefusalError) as error:
            log.warning("looking around failed", error=str(error))
        except Exception:
            log.exception("looking around broke")

    def _poll(self) -> None:
        changed, pool_changed = self._sources.pools.poll()
        if pool_changed:
            self._bell.pool_changed()
        for uid in changed:
            self._bell.order_changed(uid)

    def _ask_lists(self) -> None:
        self._bell.lists_changed(self._sources.lists.poll())

    def _seal(self) -> None:
        tokens = (str(body.get("spec", {}).get("token", "")) for body in self._sources.store.all("License"))
        self._sealer.seal(account for token in tokens if (account := account_id(token)) is not None)

    def _relist(self) -> None:
        for kind in KINDS:
            self._bell.relisted(kind.kind, *self._sources.cluster.everything(kind.kind))
            for number, body in enumerate(self._sources.store.all(kind.kind)):
                self._queue.mark(Key.of(body), number * 0.01 % _SPREAD_SECONDS)

    def _refresh(self, key: Key) -> None:
        body = self._sources.cluster.get(key)
        if body is not None:
            self._bell.ring("MODIFIED", body)

    def _forget(self, uid: str) -> None:
        sources = self._sources
        for memory in (sources.pools, sources.receipts, sources.larder, sources.namespaces):
            memory.forget(uid)

    def _heard(self, act: Body) -> None:
        """Another operator recorded an act: what is known of its twin's owner is old."""
        twin = self._sources.store.get(
            Key("TwinModel", act["metadata"]["namespace"], str(act["spec"]["twinRef"]["name"]))
        )
        if twin is not None:
            self._sources.acts.forget(twin_id(str(twin.get("spec", {}).get("genesis", ""))))
