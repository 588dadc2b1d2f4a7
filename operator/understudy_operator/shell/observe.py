"""Observe: one frozen snapshot of everything a decision on an object may look at.

What the store was told by the API server is read from memory; S3 is asked as seldom as hints allow. What cannot be read
is raised as an OutageError, and nothing is decided. Refused farm credentials count as an outage too: the farm is broken,
not the job.
"""

from __future__ import annotations

from dataclasses import dataclass

from understudy_api.consentrequest import ConsentRequestSpec, ConsentRequestStatus
from understudy_api.genesis import twin_id
from understudy_api.ledger.account import Account, account_id
from understudy_api.license import LicenseSpec, LicenseStatus
from understudy_api.moderation.listing import Listing
from understudy_api.order import S3Credentials
from understudy_api.owner_word import SILENCE
from understudy_api.owneract import OwnerActSpec, OwnerActStatus
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.renderpool import RenderPoolSpec, RenderPoolStatus
from understudy_api.twinmodel import TwinModelSpec, TwinModelStatus
from understudy_operator.core import content
from understudy_operator.core.booking import MAX_SEGMENTS
from understudy_operator.core.lifecycle import FINISHED
from understudy_operator.core.state import (
    ActState,
    ConsentState,
    ContentProblem,
    CredentialsProblem,
    FrozenContent,
    JobState,
    LicenseState,
    LicenseView,
    LogHead,
    PoolState,
    PoolView,
    SpecProblem,
    State,
    Submission,
    TwinState,
    TwinView,
    Untold,
)
from understudy_operator.core.training import training_order
from understudy_operator.shell import consents, previews, views
from understudy_operator.shell.act_book import ActBook
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.credentials import read_credentials
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.farm import Farm
from understudy_operator.shell.herald import Herald
from understudy_operator.shell.key import Key
from understudy_operator.shell.larder import Larder
from understudy_operator.shell.ledger import Ledger
from understudy_operator.shell.pool import Pool
from understudy_operator.shell.ray_jobs import RayJobs
from understudy_operator.shell.receipts import Receipts
from understudy_operator.shell.store import Body, Store


@dataclass(frozen=True)
class Sources:
    """Everything there is to look at."""

    farm: Farm
    release: str
    cluster: Cluster
    store: Store
    receipts: Receipts
    ledger: Ledger
    larder: Larder
    acts: ActBook
    herald: Herald
    pool: Pool
    ray: RayJobs


def observe(sources: Sources, body: Body) -> State:
    """The state of an object, as of now."""
    match body["kind"]:
        case "RenderJob":
            return _job(sources, body)
        case "TwinModel":
            return _twin(sources, body)
        case "License":
            return _license(sources, body)
        case "ConsentRequest":
            return _consent(sources, body)
        case "OwnerAct":
            return _act(sources, body)
        case _:
            return _pool(sources, body)


def _job(sources: Sources, body: Body) -> JobState:
    who, spec = views.identity(body), views.spec(RenderJobSpec, body)
    status = views.status(RenderJobStatus, body)
    log = sources.receipts.log(who.uid, sources.pool.hint(who.uid))
    if isinstance(spec, SpecProblem):
        name = body.get("spec", {}).get("poolRef", {}).get("name", "default")
        pool = _pool_view(sources, str(name), who.uid)
        return JobState(
            identity=who, spec=spec, status=status, farm=sources.farm.view, twin=None, license=None, pool=pool,
            content=None, log=log,
        )  # fmt: skip
    frozen, asked = _content(sources, who.uid, spec), consents.of_job(sources.store, body)
    license_ = _license_view(sources, Key("License", spec.license_ref.namespace, spec.license_ref.name))
    done = status.phase in FINISHED and status.observed_generation == who.generation
    first = _next_segment(sources, who.uid, license_.account if license_ else None, log.head, done)
    last = min(log.head.sequence, first + MAX_SEGMENTS - 1) if log.head else -1
    return JobState(
        identity=who,
        spec=spec,
        status=status,
        farm=sources.farm.view,
        twin=_twin_view(sources, spec.twin_ref.namespace, spec.twin_ref.name),
        license=license_,
        pool=_pool_view(sources, spec.pool_ref.name, who.uid),
        content=frozen,
        credentials=_credentials(sources, who.namespace, spec),
        log=log,
        listing=_listing(sources, who.uid, spec, frozen),
        consents=asked,
        previews=previews.of_job(sources.pool, sources.receipts, who.uid, asked),
        next_segment=first,
        uncounted=sources.receipts.logged(who.uid, first, last),
    )


def _listing(
    sources: Sources, uid: str, spec: RenderJobSpec, frozen: FrozenContent | ContentProblem | None
) -> Listing | None:
    """The list of sentences, looked for only where somebody may have to read it."""
    if not isinstance(frozen, FrozenContent) or not (frozen.moderation.findings or spec.use.categories):
        return None
    return sources.larder.listing(uid, content.content(spec, frozen).digest)


def _consent(sources: Sources, body: Body) -> ConsentState:
    who, spec = views.identity(body), views.spec(ConsentRequestSpec, body)
    twin = None
    if not isinstance(spec, SpecProblem):
        twin = _twin_view(sources, who.namespace, spec.twin_ref.name)
    return ConsentState(
        identity=who,
        spec=spec,
        status=views.status(ConsentRequestStatus, body),
        twin=twin,
        acts=consents.answers(sources.store, who.namespace),
        wanted=consents.is_wanted(sources.store, body),
        preview=previews.place(sources.store, sources.receipts, sources.farm.view.buckets.outputs, body),
    )


def _twin(sources: Sources, body: Body) -> TwinState:
    who, spec = views.identity(body), views.spec(TwinModelSpec, body)
    pool = result = None
    word, untold = SILENCE, tuple[Untold, ...]()
    if not isinstance(spec, SpecProblem):
        pool = _pool_view(sources, spec.pool_ref.name, who.uid, training=True)
        word = sources.acts.word(twin_id(spec.genesis))
        untold = sources.herald.untold(twin_id(spec.genesis))
        result = sources.receipts.training(training_order(who, spec).digest)
    return TwinState(
        identity=who,
        spec=spec,
        status=views.status(TwinModelStatus, body),
        farm=sources.farm.view,
        pool=pool,
        word=word,
        untold=untold,
        result=result,
    )


def _license(sources: Sources, body: Body) -> LicenseState:
    who, spec = views.identity(body), views.spec(LicenseSpec, body)
    account = twin = None
    if not isinstance(spec, SpecProblem):
        account = _account(sources, spec.token)
        twin = _twin_view(sources, who.namespace, spec.twin_ref.name)
    return LicenseState(
        identity=who,
        spec=spec,
        status=views.status(LicenseStatus, body),
        farm=sources.farm.view,
        twin=twin,
        account=account,
        jobs=sources.store.uids("RenderJob"),
        held=sources.pool.held_uids(),
    )


def _pool(sources: Sources, body: Body) -> PoolState:
    director, problem = sources.pool.director, sources.pool.look().problem
    ray_reachable, submissions = True, tuple[Submission, ...]()
    if director is None or director.release != sources.release:
        try:
            submissions = sources.ray.submissions()
        except OutageError as outage:
            ray_reachable, problem = False, str(outage)
    return PoolState(
        identity=views.identity(body),
        spec=views.spec(RenderPoolSpec, body),
        status=views.status(RenderPoolStatus, body),
        release=sources.release,
        director=director,
        problem=problem,
        ray_reachable=ray_reachable,
        submissions=submissions,
        jobs=sources.store.uids("RenderJob"),
    )


def _act(sources: Sources, body: Body) -> ActState:
    who, spec = views.identity(body), views.spec(OwnerActSpec, body)
    known = vault = None
    if not isinstance(spec, SpecProblem):
        known = _twin_view(sources, who.namespace, spec.twin_ref.name)
        vault = sources.herald.view(twin_id(known.genesis), spec.act) if known else None
    return ActState(identity=who, spec=spec, status=views.status(OwnerActStatus, body), twin=known, vault=vault)


def _twin_view(sources: Sources, namespace: str, name: str) -> TwinView | None:
    body = sources.store.get(Key("TwinModel", namespace, name))
    if body is None or views.is_deleted(body):
        return None
    return views.twin(body, sources.acts.word(twin_id(str(body.get("spec", {}).get("genesis", "")))))


def _license_view(sources: Sources, key: Key) -> LicenseView | None:
    body = sources.store.get(key)
    if body is None or views.is_deleted(body):
        return None
    token = str(body.get("spec", {}).get("token", ""))
    return LicenseView(token=token, account=_account(sources, token))


def _account(sources: Sources, token: str) -> Account | None:
    name = account_id(token)
    return sources.ledger.account(name) if name is not None else None


def _next_segment(sources: Sources, uid: str, account: Account | None, head: LogHead | None, done: bool) -> int:
    """First segment of a job's log that its account has not counted; nobody asks for that of a job that is done."""
    if account is None or head is None:
        return 0
    claim = account.claims.get(uid)
    if claim is not None:
        return claim.segment
    length = head.sequence + 1
    return length if done else sources.ledger.next_segment(account.id, uid, length)


def _pool_view(sources: Sources, name: str, uid: str, training: bool = False) -> PoolView | None:
    body = sources.store.get(Key("RenderPool", "", name))
    if body is None or views.is_deleted(body):
        return None
    look = sources.pool.look()
    reachable = look.board is not None
    return PoolView(
        name=name,
        price_per_worker_hour=views.price(body),
        reachable=reachable,
        problem=look.problem,
        held=sources.pool.held(uid) if reachable and not training else None,
        training=sources.pool.training(uid) if reachable and training else None,
        training_grant=sources.pool.training_grant(uid),
        grant_expires_at=sources.pool.grant_expires_at(uid),
        performers=sources.pool.performers,
        grant_performers=sources.pool.grant_performers(uid),
        granted_seconds=sources.pool.granted_seconds(uid),
        answer=sources.pool.answer(uid),
    )


def _content(sources: Sources, uid: str, spec: RenderJobSpec) -> FrozenContent | ContentProblem | None:
    return sources.larder.content(uid, content.request(spec).digest)


def _credentials(sources: Sources, namespace: str, spec: RenderJobSpec) -> S3Credentials | CredentialsProblem | None:
    if spec.destination is None or spec.destination.credentials_ref is None:
        return None
    return read_credentials(sources.cluster, namespace, spec.destination.credentials_ref.name)
