"""A farm in memory: does what decisions ask for, as the real shell and pool would, and checks what must never happen.

Objects, buckets and a director that really gates each item on its grant; no clock but `now`. An assertion here is an
invariant of the operator: it fails the test whatever history led there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from builders import NAMESPACE_UID, a_farm, a_genesis_record, a_key, a_keyring, a_license_token, a_twin_view

from understudy_api import token
from understudy_api.acts import Revocation, sign_act
from understudy_api.digest import digest
from understudy_api.grant import Grant, read_grant, sign_grant
from understudy_api.ledger.account import Account, account_id, fold
from understudy_api.ledger.entry import Entry, Released
from understudy_api.license import LicenseSpec, LicenseStatus
from understudy_api.model import Money
from understudy_api.order import Order, Progress, S3Credentials
from understudy_api.owner_word import Recorded, owner_word
from understudy_api.receipt import Finished, Receipt, Segment, Totals
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.status_source import UNLISTED
from understudy_api.terms import LICENSE_TYPE, License, read_license
from understudy_operator.core import actions as do
from understudy_operator.core import facts
from understudy_operator.core.booking import MAX_SEGMENTS, Logged
from understudy_operator.core.content import request
from understudy_operator.core.decide import decide_job, decide_license
from understudy_operator.core.lifecycle import FINISHED
from understudy_operator.core.prices import Prices
from understudy_operator.core.quarantine_policy import is_due
from understudy_operator.core.registration import Registration
from understudy_operator.core.rows import Freezer, RowError, inline, problem
from understudy_operator.core.state import (
    ENDED,
    FINALIZER,
    ContentProblem,
    FrozenContent,
    Identity,
    JobState,
    LicenseState,
    LicenseView,
    LogHead,
    OrderLog,
    PoolView,
    QuarantineView,
    TwinView,
)

ITEM_SECONDS = 3.0
MAX_ROUNDS = 12


class ConflictError(Exception):
    """A conditional put came second."""


@dataclass
class Job:
    """A RenderJob and everything kept for it outside Kubernetes."""

    name: str
    uid: str
    spec: RenderJobSpec
    created_at: float
    generation: int = 1
    status: RenderJobStatus = field(default_factory=RenderJobStatus)
    finalizers: tuple[str, ...] = ()
    deleted_at: float | None = None
    exists: bool = True
    credentials: S3Credentials | None = None
    frozen: dict[str, FrozenContent] = field(default_factory=dict)
    problem: ContentProblem | None = None
    grant_expires_at: float | None = None
    order: Order | None = None
    state: str = "Running"
    made: set[tuple[str, int]] = field(default_factory=set)
    segments: list[Logged] = field(default_factory=list)
    committed: int = -1
    granted_seconds: float | None = None
    granted_items: int | None = None
    finished: dict[str, Finished] = field(default_factory=dict)
    events: list[do.EmitEvent] = field(default_factory=list)
    status_writes: int = 0

    @property
    def head(self) -> LogHead | None:
        """The newest segment of its log."""
        if not self.segments:
            return None
        last = self.segments[-1].segment
        return LogHead(**{name: getattr(last, name) for name in LogHead.__dataclass_fields__})


class MemoryFarm:
    """One twin, one license, one pool, any number of jobs."""

    def __init__(self, now: float, quota_seconds: int = 100_000, quota_items: int | None = None) -> None:
        self.now = now
        self.jobs: dict[str, Job] = {}
        self.twin: TwinView | None = a_twin_view()
        self.token: str | None = a_license_token(quota={"seconds": quota_seconds, "items": quota_items})
        self.quota_seconds, self.quota_items = quota_seconds, quota_items
        self.pool_exists = True
        self.reachable = True
        self.accounts: dict[str, Account] = {}
        self.register: list[str] = []
        self.ends: dict[tuple[str, str], int] = {}
        """Where claims ended: the first segment that did not count."""
        self.item_seconds = ITEM_SECONDS
        self.deleted_outputs: list[do.DeleteOutputs] = []
        self.license_status = LicenseStatus()
        self.license_finalizers: tuple[str, ...] = ()
        self.written: list[Entry] = []
        """Every entry of every chain, in the order of writing."""
        self.quarantine = QuarantineView()
        self.standing = UNLISTED
        """Where the license stands by a status list, if it names one."""

    # --- what people and the world do ---

    def create(self, name: str, spec: RenderJobSpec) -> Job:
        job = Job(name=name, uid=f"uid-of-{name:0>8}", spec=spec, created_at=self.now)
        self.jobs[name] = job
        return job

    def edit(self, name: str, **changed: Any) -> None:
        job = self.jobs[name]
        spec = RenderJobSpec.model_validate({**job.spec.wire(), **changed})
        if spec != job.spec and job.exists:
            job.spec, job.generation = spec, job.generation + 1

    def delete(self, name: str) -> None:
        job = self.jobs[name]
        job.deleted_at = self.now if job.deleted_at is None else job.deleted_at
        job.exists = bool(job.finalizers)

    def revoke(self) -> None:
        """The owner's revocation of the license is recorded."""
        assert self.twin is not None
        assert self.token is not None
        jti = token.unverified(self.token, LICENSE_TYPE)["jti"]
        act = Revocation(twin=a_keyring().twin_id, jti=jti, iat=int(self.now))
        recorded = Recorded(act=sign_act(a_key("owner"), act), accepted_at=self.now)
        self.twin = replace(self.twin, word=owner_word((), [recorded]))

    def restart_operator(self) -> None:
        for job in self.jobs.values():
            job.grant_expires_at, job.granted_seconds, job.granted_items, job.problem = None, None, None, None

    def lose_director(self) -> None:
        """The director restarts and has forgotten its orders; receipts stay."""
        for job in self.jobs.values():
            job.order, job.committed = None, -1

    def render(self, count: int) -> None:
        """The director finishes up to `count` items of each order, as far as grants reach."""
        for job in self.jobs.values():
            for _ in range(count):
                self._render_item(job)

    def _render_item(self, job: Job) -> None:
        order = job.order
        if order is None or job.state not in {"Running", "WaitingForGrant"} or order.suspended:
            return
        grant = read_grant(order.grant, a_key("farm"), self.now)
        totals = job.head.totals if job.head and job.head.order == order.digest else Totals()
        if not isinstance(grant, Grant) or totals.items >= order.total_items:
            return
        assert self._license() is not None or grant.exp - self.now <= 900
        item = (order.digest, totals.items)
        seconds = 0.0 if item in job.made else self.item_seconds
        job.state = "Running"
        billed_items = job.head.billed_items if job.head else 0
        none_left = grant.items is not None and seconds > 0 and billed_items >= grant.items
        if totals.metered_seconds + seconds > grant.seconds + 1e-6 or none_left:
            job.state = "WaitingForGrant"
            return
        totals = totals.model_copy(
            update={
                "done": totals.done + 1,
                "metered_seconds": totals.metered_seconds + seconds,
                "started_at": totals.started_at or self.now,
            }
        )
        self._append(job, order, (self._receipt(job, item, seconds),), totals)
        job.made.add(item)
        if totals.items == order.total_items:
            job.state = "Finishing"
            self._deliver(job)

    def _receipt(self, job: Job, item: tuple[str, int], seconds: float) -> Receipt:
        carried = item in job.made
        return Receipt(
            item=digest([job.uid, *item]),
            ordinal=item[1],
            row=str(item[1]),
            locale="en-GB",
            output="landscape",
            outcome="done",
            frames=round(seconds * 25),
            metered_seconds=seconds,
            carried=carried,
        )

    def _append(self, job: Job, order: Order, receipts: tuple[Receipt, ...], totals: Totals) -> None:
        before = job.segments[-1].segment.billed_seconds if job.segments else 0.0
        items = job.segments[-1].segment.billed_items if job.segments else 0
        billed = before + sum(receipt.metered_seconds for receipt in receipts)
        segment = Segment(
            uid=job.uid,
            sequence=len(job.segments),
            director="memory",
            order=order.digest,
            generation=order.generation,
            written_at=self.now,
            receipts=receipts,
            totals=totals,
            billed_seconds=billed,
            billed_items=items + sum(receipt.charged for receipt in receipts),
            billed_worker_seconds=billed / 2,
        )
        job.segments.append(Logged(segment=segment, digest=digest(segment.sequence), fault=None))

    def _deliver(self, job: Job) -> None:
        """Everything in the log is delivered once it counts; then the order is over."""
        order = job.order
        if order is None or job.head is None or job.state != "Finishing" or job.committed < job.head.sequence:
            return
        job.state = "Finished"
        job.finished[order.digest] = Finished(
            uid=job.uid,
            order=order.digest,
            generation=order.generation,
            state="Complete",
            totals=job.head.totals,
            index_key=f"{order.delivery.prefix}index.jsonl",
            contact_sheet_key=f"{order.delivery.prefix}contact-sheet.html",
            finished_at=self.now,
        )

    # --- observe ---

    def observe(self, name: str) -> JobState:
        job = self.jobs[name]
        wanted = request(job.spec).digest
        first = self._next_segment(job)
        remembered = job.problem if job.problem is not None and job.problem.request == wanted else None
        return JobState(
            identity=Identity(
                namespace="acme",
                name=job.name,
                uid=job.uid,
                generation=job.generation,
                resource_version="1",
                created_at=job.created_at,
                deleted_at=job.deleted_at,
                finalizers=job.finalizers,
            ),
            spec=job.spec,
            status=job.status,
            farm=a_farm(),
            twin=self.twin,
            license=self._license_view(),
            pool=self._pool_view(job) if self.pool_exists else None,
            content=job.frozen.get(wanted) or remembered,
            credentials=job.credentials,
            log=OrderLog(head=job.head, finished=tuple(job.finished.values())),
            namespace_uid=None if self._is_done(job) or job.deleted_at else NAMESPACE_UID,
            next_segment=first,
            uncounted=tuple(job.segments[first : first + MAX_SEGMENTS]),
        )

    def _is_done(self, job: Job) -> bool:
        return job.status.phase in FINISHED and job.status.observed_generation == job.generation

    def _license_view(self) -> LicenseView | None:
        if self.token is None:
            return None
        return LicenseView(
            token=self.token, account=self._account(), registration=self._registration(), standing=self.standing
        )

    def _registration(self) -> Registration:
        number = self.register.index(self.token) if self.token in self.register else None
        return Registration(number=number, following=len(self.register))

    def _next_segment(self, job: Job) -> int:
        account = self._account()
        if account is None:
            return 0
        claim = account.claims.get(job.uid)
        return claim.segment if claim else self.ends.get((account.id, job.uid), len(job.segments))

    def observe_license(self) -> LicenseState:
        assert self.token is not None
        return LicenseState(
            identity=Identity(
                namespace="talent-ada",
                name="acme-spring",
                uid="uid-of-license",
                generation=1,
                resource_version="1",
                created_at=self.now,
                finalizers=self.license_finalizers,
            ),
            spec=LicenseSpec.model_validate({"twinRef": {"name": "ada"}, "token": self.token}),
            status=self.license_status,
            farm=a_farm(),
            twin=self.twin,
            account=self._account(),
            registration=self._registration(),
            standing=self.standing,
            jobs=frozenset(job.uid for job in self.jobs.values() if job.exists),
            held=frozenset(job.uid for job in self.jobs.values() if job.order) if self.reachable else None,
            unwritten=self._unwritten(),
            quarantine=self.quarantine if is_due(self._account()) else None,
        )

    def _unwritten(self) -> tuple[Entry, ...]:
        account = self._account()
        if account is None or self.twin is None or self.token is None:
            return ()
        found = facts.of_license(self.token, account, self.twin.genesis, self.twin.word, a_farm().thumbprint)
        ids = {one.id for one in self.written}
        return tuple(one for one in found if one.id not in ids)

    def _account(self) -> Account | None:
        found = account_id(self.token) if self.token else None
        return None if found is None else self.accounts.get(found, Account(id=found))

    def _pool_view(self, job: Job) -> PoolView:
        held = None
        if self.reachable and job.order is not None:
            state = (
                job.state if job.state not in {"Running", "WaitingForGrant"} or not job.order.suspended else "Suspended"
            )
            held = Progress(
                uid=job.uid,
                digest=job.order.digest,
                generation=job.order.generation,
                state=state,
                committed=job.committed,
                short_seconds=self.item_seconds if state == "WaitingForGrant" else None,
            )
        return PoolView(
            name="default",
            prices=Prices(Money(amount="0.60", currency="EUR")),
            reachable=self.reachable,
            problem="" if self.reachable else "connection refused",
            held=held,
            grant_expires_at=job.grant_expires_at,
            granted_seconds=job.granted_seconds,
            granted_items=job.granted_items,
        )

    # --- apply ---

    def apply(self, name: str, decision: do.Decision[RenderJobStatus]) -> None:
        job = self.jobs[name]
        for action in decision.actions:
            self._do(job, action)
        if decision.status is not None:
            assert decision.status != job.status, "a status is written only when it changes"
            assert len(decision.status.model_dump_json()) < 16_384
            if job.exists:
                job.status = decision.status
                job.status_writes += 1

    def apply_license(self, decision: do.Decision[LicenseStatus]) -> None:
        for action in decision.actions:
            match action:
                case do.AddFinalizer():
                    self.license_finalizers = (FINALIZER,)
                case do.Record():
                    self._record(action)
                case do.ListKept():
                    busy = [job for job in self.jobs.values() if job.order and job.state not in ENDED]
                    assert not busy, "listed while the pool works"
                    self.quarantine = QuarantineView(parts=1, manifest="f" * 64, files=3, bytes=9)
                case do.MoveKept():
                    self.quarantine = replace(self.quarantine, moved=1)
                case do.RegisterLicense():
                    self._register(action)
        self.license_status = decision.status or self.license_status

    def _do(self, job: Job, action: do.Action) -> None:
        match action:
            case do.AddFinalizer():
                job.finalizers = (*job.finalizers, FINALIZER)
            case do.RemoveFinalizer():
                waited = self.now - (job.deleted_at or self.now)
                idle = job.order is None or job.state in {"Finished", "Failed", "Stopped"}
                assert idle or waited >= 60 or not self.pool_exists, "let go while the pool works"
                job.finalizers = ()
                job.exists = job.deleted_at is None
            case do.FreezeContent():
                self._freeze(job, action)
            case do.RegisterLicense():
                self._register(action)
            case do.Record():
                self._record(action)
            case do.TellCommitted(uid=uid, sequence=sequence):
                assert uid == job.uid
                assert sequence < self._next_segment(job), "delivered before it counts"
                job.committed = max(job.committed, sequence)
                self._deliver(job)
            case do.PutOrder(order=order, grant=grant):
                assert FINALIZER in job.finalizers, "an order without finalizer"
                assert self.reachable
                self._check(job, grant)
                signed = sign_grant(a_key("farm"), grant)
                assert job.order is None or job.order.generation <= order.generation
                job.order = order.model_copy(update={"grant": signed})
                job.state, job.grant_expires_at, job.granted_seconds = "Running", grant.exp, grant.seconds
                job.granted_items = grant.items
                if job.head and job.head.order == order.digest and job.head.totals.items == order.total_items:
                    job.state = "Finishing"
                    self._deliver(job)
                if (over := job.finished.get(order.digest)) and job.head and over.generation >= job.head.generation:
                    job.state = "Finished"
            case do.RenewGrant(grant=grant):
                self._check(job, grant)
                assert job.order is not None
                assert grant.order == job.order.digest
                job.order = job.order.model_copy(update={"grant": sign_grant(a_key("farm"), grant)})
                job.grant_expires_at, job.granted_seconds, job.granted_items = grant.exp, grant.seconds, grant.items
                job.state = "Running" if job.state == "WaitingForGrant" else job.state
            case do.StopOrder(uid=uid):
                assert uid == job.uid
                job.order, job.committed = None, -1
            case do.DeleteOutputs():
                self.deleted_outputs.append(action)
            case do.DeleteObject(uid=uid):
                assert uid == job.uid
                self.delete(job.name)
            case do.EmitEvent():
                job.events.append(action)
            case _:
                raise AssertionError(f"a job never asks for {action}")

    def _freeze(self, job: Job, action: do.FreezeContent) -> None:
        freezer = Freezer(action.request)
        for placed in inline(action.request.rows or ()):
            line = freezer.line(placed)
            if isinstance(line, RowError):
                job.problem = problem(action.request, line, self.now)
                return
        found = freezer.frozen(job.uid)
        if isinstance(found, RowError):
            job.problem = problem(action.request, found, self.now)
        else:
            job.frozen[action.request.digest] = found

    def _register(self, action: do.RegisterLicense) -> None:
        if action.number != len(self.register):
            raise ConflictError
        assert action.registered.license not in self.register, "recorded twice"
        self.register.append(action.registered.license)

    def _record(self, action: do.Record) -> None:
        base = action.account
        before = self.accounts.get(base.id, Account(id=base.id))
        if base.sequence != before.sequence:
            raise ConflictError
        after = fold(before, action.entries)
        assert isinstance(after, Account), after
        self.accounts[base.id] = after
        self.written += action.entries
        for entry in action.entries:
            if isinstance(entry, Released):
                self.ends[base.id, entry.uid] = entry.segment
        assert after.used_micros + after.reserved_micros <= self.quota_seconds * 1e6, "promised more than there is"
        promised = sum(claim.open_items for claim in after.claims.values())
        assert after.used_items + promised <= (self.quota_items or 10**9), "promised more items than there are"

    def _license(self) -> License | None:
        if self.token is None:
            return None
        found = read_license(self.token, a_keyring())
        return found if isinstance(found, License) and found.terms.nbf <= self.now < found.terms.exp else None

    def _check(self, job: Job, grant: Grant) -> None:
        """Nothing is ever granted that the license does not cover this second."""
        found = self._license()
        assert found is not None, "granted without a license"
        assert self.twin is not None
        assert self.twin.genesis == a_genesis_record()
        word = self.twin.word
        assert found.terms.jti not in word.revoked, "granted after its owner revoked it"
        assert not word.stops, "granted after its owner stopped the twin"
        assert word.halted is None, "granted after its owner had it erased"
        assert grant.license == found.digest
        assert grant.iat <= self.now < grant.exp <= found.terms.exp
        if found.terms.status is not None:
            until = self.standing.until or 0
            assert grant.status_iat == self.standing.iat, "granted by no list"
            assert self.now < grant.exp <= until, "granted for longer than the list counts"
        claim = self.accounts[account_id(self.token or "") or ""].claims.get(job.uid)
        assert claim is not None, "granted without a claim"
        assert grant.exp <= claim.granted_until, "granted for longer than the claim says"

    # --- reconcile ---

    def reconcile(self, name: str) -> bool:
        """One look; True when there was something to do or say."""
        if not self.jobs[name].exists:
            return False
        decision = decide_job(self.observe(name), self.now)
        self.apply(name, decision)
        return bool(decision.actions) or decision.status is not None

    def look_at_license(self) -> bool:
        """One look at the license; True when there was something to do or say."""
        decision = decide_license(self.observe_license(), self.now)
        self.apply_license(decision)
        return bool(decision.actions) or decision.status is not None

    def settle(self) -> None:
        """Looks until nobody has anything to do; fails when that does not come to an end."""
        for _ in range(MAX_ROUNDS):
            busy = [self.reconcile(name) for name in self.jobs]
            if self.token is not None:
                busy.append(self.look_at_license())
            if not any(busy):
                return
        raise AssertionError("decisions do not come to rest")

    def finish(self) -> None:
        """Lets time pass and the director work until nothing moves any more."""
        before: object = None
        for _ in range(40):
            self.settle()
            self.render(100)
            self.now += 31
            after = [(job.status, job.head, job.exists) for job in self.jobs.values()]
            if after == before:
                return
            before = after
        raise AssertionError("the farm does not come to rest")
