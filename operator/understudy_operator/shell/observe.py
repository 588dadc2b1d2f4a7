"""Observe: one frozen snapshot of everything a decision on an object may look at.

What the store was told by the API server is read from memory; S3 is asked as seldom as hints allow. What cannot be read
is raised as an OutageError, and nothing is decided. Refused farm credentials count as an outage too: the farm is broken,
not the job.
"""

from __future__ import annotations

from understudy_api import token
from understudy_api.consentrequest import ConsentRequestSpec, ConsentRequestStatus
from understudy_api.genesis import twin_id
from understudy_api.ledger.entry import Entry
from understudy_api.license import LicenseSpec, LicenseStatus
from understudy_api.moderation.listing import Listing
from understudy_api.order import S3Credentials
from understudy_api.owner_word import SILENCE
from understudy_api.owneract import OwnerActSpec, OwnerActStatus
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.renderpool import RenderPoolSpec, RenderPoolStatus
from understudy_api.status_list import STATUS_LIST_TYPE
from understudy_api.status_source import UNLISTED
from understudy_api.twinmodel import TwinModelSpec, TwinModelStatus
from understudy_operator.core import content, facts
from understudy_operator.core.booking import MAX_SEGMENTS
from understudy_operator.core.delivered import NOT_DELIVERED
from understudy_operator.core.lifecycle import FINISHED
from understudy_operator.core.quarantine_policy import is_due
from understudy_operator.core.registration import UNREGISTERED
from understudy_operator.core.state import (
    ActState,
    ConsentState,
    ContentProblem,
    CredentialsProblem,
    FrozenContent,
    JobState,
    LicenseState,
    PoolState,
    SpecProblem,
    State,
    Submission,
    TwinState,
    Untold,
)
from understudy_operator.core.training import training_order
from understudy_operator.shell import consents, previews, views
from understudy_operator.shell.credentials import read_credentials
from understudy_operator.shell.errors import OutageError
from understudy_operator.shell.key import Key
from understudy_operator.shell.pools import named
from understudy_operator.shell.sources import Sources
from understudy_operator.shell.store import Body


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
    name = views.pool_name(body)
    way = sources.pools.of(name)
    log = sources.receipts.log(who.uid, way.pool.hint(who.uid) if way else None)
    if isinstance(spec, SpecProblem):
        pool = sources.pool_view(name, who.uid)
        return JobState(
            identity=who, spec=spec, status=status, farm=sources.farm.view, twin=None, license=None, pool=pool,
            content=None, log=log,
        )  # fmt: skip
    frozen = _content(sources, who.uid, spec)
    twin = sources.twin_view(spec.twin_ref.namespace, spec.twin_ref.name)
    license_ = sources.license_view(Key("License", spec.license_ref.namespace, spec.license_ref.name), twin)
    done = status.phase in FINISHED and status.observed_generation == who.generation
    account = license_.account if license_ else None
    asked, word = consents.of_job(sources.store, body), twin.word if twin else SILENCE
    first = sources.next_segment(who.uid, account, log.head, done)
    last = min(log.head.sequence, first + MAX_SEGMENTS - 1) if log.head else -1
    return JobState(
        identity=who,
        spec=spec,
        status=status,
        farm=sources.farm.view,
        twin=twin,
        license=license_,
        pool=sources.pool_view(name, who.uid),
        content=frozen,
        credentials=_credentials(sources, who.namespace, spec),
        log=log,
        listing=_listing(sources, who.uid, spec, frozen),
        consents=asked,
        namespace_uid=None if done or who.deleted_at else sources.namespaces.uid_of(who.namespace, who.uid),
        previews=previews.of_job(way.pool, sources.receipts, who.uid, asked, word) if way else (),
        next_segment=first,
        uncounted=sources.receipts.logged(who.uid, first, last, account.id if account else ""),
        unwritten=sources.unwritten(account, facts.of_consents(who.uid, asked, word)),
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
        twin = sources.twin_view(who.namespace, spec.twin_ref.name)
    return ConsentState(
        identity=who,
        spec=spec,
        status=views.status(ConsentRequestStatus, body),
        twin=twin,
        wanted=consents.is_wanted(sources.store, body),
        preview=previews.place(sources.store, sources.receipts, sources.farm.view.buckets.outputs, body),
    )


def _twin(sources: Sources, body: Body) -> TwinState:
    who, spec = views.identity(body), views.spec(TwinModelSpec, body)
    pool = result = None
    word, untold = SILENCE, tuple[Untold, ...]()
    if not isinstance(spec, SpecProblem):
        pool = sources.pool_view(spec.pool_ref.name, who.uid, training=True)
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
    registration, listed, said = UNREGISTERED, UNLISTED, tuple[Entry, ...]()
    if not isinstance(spec, SpecProblem):
        account, listed = sources.account(spec.token), sources.lists.standing(spec.token)
        twin = sources.twin_view(who.namespace, spec.twin_ref.name)
        registration = sources.register.registration(twin, spec.token)
        if account and twin:
            farm = sources.farm.view.thumbprint
            said = facts.of_license(spec.token, account, twin.genesis, twin.word, farm)
    return LicenseState(
        identity=who,
        spec=spec,
        status=views.status(LicenseStatus, body),
        farm=sources.farm.view,
        twin=twin,
        account=account,
        registration=registration,
        standing=listed,
        jobs=sources.store.uids("RenderJob"),
        held=sources.pools.held_uids(),
        unwritten=sources.unwritten(account, said),
        quarantine=sources.quarantine.view(account.id) if account and is_due(account) else None,
    )


def _pool(sources: Sources, body: Body) -> PoolState:
    name = str(body["metadata"]["name"])
    way = sources.pools.existing(name)
    director, problem = way.pool.director, way.pool.look().problem
    ray_reachable, submissions = True, tuple[Submission, ...]()
    if director is None or director.release != sources.release:
        try:
            submissions = way.ray.submissions()
        except OutageError as outage:
            ray_reachable, problem = False, str(outage)
    spec = views.spec(RenderPoolSpec, body)
    kuberay = None if isinstance(spec, SpecProblem) else spec.kuberay
    cluster, cluster_problem = sources.ray_clusters.look(kuberay, body) if kuberay else (None, "")
    return PoolState(
        identity=views.identity(body),
        cluster=cluster,
        cluster_problem=cluster_problem,
        ray_pods=sources.ray_clusters.pods,
        farm_namespace=sources.ray_clusters.namespace,
        held=way.pool.held_uids(),
        named=frozenset(named(sources.store, name)) if views.is_deleted(body) else frozenset(),
        spec=spec,
        status=views.status(RenderPoolStatus, body),
        release=sources.release,
        director=director,
        problem=problem,
        ray_reachable=ray_reachable,
        submissions=submissions,
        jobs=sources.store.uids("RenderJob"),
        price_page=sources.prices.newest(name),
    )


def _act(sources: Sources, body: Body) -> ActState:
    who, spec = views.identity(body), views.spec(OwnerActSpec, body)
    known = vault = None
    listed = NOT_DELIVERED
    if not isinstance(spec, SpecProblem):
        known = sources.twin_view(who.namespace, spec.twin_ref.name)
    if known is not None and not isinstance(spec, SpecProblem):
        twin, is_list = twin_id(known.genesis), token.type_of(spec.act) == STATUS_LIST_TYPE
        listed = sources.lists.book.delivered(twin, spec.act)
        vault = None if is_list else sources.herald.view(twin, spec.act)  # A list is no act: the grant names its age.
    return ActState(
        identity=who,
        spec=spec,
        status=views.status(OwnerActStatus, body),
        twin=known,
        listed=listed,
        vault=vault,
    )


def _content(sources: Sources, uid: str, spec: RenderJobSpec) -> FrozenContent | ContentProblem | None:
    return sources.larder.content(uid, content.request(spec).digest)


def _credentials(sources: Sources, namespace: str, spec: RenderJobSpec) -> S3Credentials | CredentialsProblem | None:
    if spec.destination is None or spec.destination.credentials_ref is None:
        return None
    return read_credentials(sources.cluster, namespace, spec.destination.credentials_ref.name)
