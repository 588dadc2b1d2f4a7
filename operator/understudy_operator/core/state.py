"""What `observe` gathers before anything is decided: one frozen snapshot per reconcile, everything a policy may look at.

Times are Unix seconds. Views speak of other objects as far as a decision needs them. What cannot be read right now
(Kubernetes, the farm's S3) is no state: `observe` raises and the key is tried again with back-off. A pool that does not
answer is a state, because a job has to be told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from understudy_api.budget import Charge
from understudy_api.consentrequest import ConsentRequestSpec, ConsentRequestStatus
from understudy_api.ledger.account import Account
from understudy_api.ledger.entry import Entry
from understudy_api.license import LicenseSpec, LicenseStatus
from understudy_api.moderation.listing import Listing
from understudy_api.order import NodeLoad, Progress, S3Credentials
from understudy_api.owner_word import SILENCE, OwnerWord
from understudy_api.owneract import OwnerActSpec, OwnerActStatus
from understudy_api.price_book import PricePage
from understudy_api.receipt import Finished, Totals, TrainingResult
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.renderpool import RenderPoolSpec, RenderPoolStatus
from understudy_api.settings import BucketNames, RayPods
from understudy_api.status_source import UNLISTED, Standing
from understudy_api.twinmodel import TwinModelSpec, TwinModelStatus
from understudy_operator.core.booking import Booking, Logged, counted
from understudy_operator.core.cluster_view import ClusterView
from understudy_operator.core.delivered import NOT_DELIVERED, DeliveredList
from understudy_operator.core.frozen import ConsentView as ConsentView
from understudy_operator.core.frozen import ContentProblem as ContentProblem
from understudy_operator.core.frozen import FrozenContent as FrozenContent
from understudy_operator.core.identity import FINALIZER as FINALIZER
from understudy_operator.core.identity import Identity as Identity
from understudy_operator.core.identity import SpecProblem as SpecProblem
from understudy_operator.core.pool_view import ENDED as ENDED
from understudy_operator.core.pool_view import PoolAnswer as PoolAnswer
from understudy_operator.core.pool_view import PoolView as PoolView
from understudy_operator.core.preview_view import PreviewView as PreviewView
from understudy_operator.core.quarantine import QuarantineView as QuarantineView
from understudy_operator.core.registration import UNREGISTERED, Registration
from understudy_operator.core.vault_view import Untold as Untold
from understudy_operator.core.vault_view import VaultView as VaultView


@dataclass(frozen=True, kw_only=True)
class FarmView:
    """What a decision needs to know of this farm."""

    thumbprint: str
    """RFC 7638 thumbprint of the farm's key: `aud` of licenses, `iss` of grants."""
    buckets: BucketNames
    demands_capture_consent: bool = False
    """No twin is trained without its owner's signed consent to the capture."""


@dataclass(frozen=True, kw_only=True)
class TwinView:
    """A TwinModel as a job or license sees it."""

    namespace: str
    name: str
    genesis: str
    """The record as it stands in the spec, not yet verified."""
    word: OwnerWord = SILENCE
    """What its owner has said on this farm since: key records, revocations, stops."""
    ready: bool
    """Status of its condition Ready, of its present generation."""
    message: str
    """Message of that condition: why it is not ready."""
    version: str | None
    """`status.version`: digest of the deployed bundle's manifest."""
    rate_words_per_minute: int = 80
    """`spec.voice.rateWordsPerMinute`; the default is the slowest a voice may be, which bounds every other."""


@dataclass(frozen=True, kw_only=True)
class LicenseView:
    """A License as a job sees it: the token, not yet verified, and its account."""

    token: str
    account: Account | None
    """As of the newest link; None when the token names no account (`account_id` is None)."""
    registration: Registration = UNREGISTERED
    standing: Standing = UNLISTED
    """Where it stands by the status list that the token names."""


@dataclass(frozen=True, kw_only=True)
class CredentialsProblem:
    """Why `spec.destination.credentialsRef` gives no credentials: missing Secret or keys; one line with the cure."""

    message: str


@dataclass(frozen=True, kw_only=True)
class LogHead:
    """The newest segment of an order's receipt log, without its receipts."""

    sequence: int
    order: str
    generation: int
    written_at: float
    totals: Totals
    billed_seconds: float
    billed_worker_seconds: float
    billed_worker_seconds_by_group: Mapping[str, float] = field(default_factory=dict)
    billed_items: int = 0
    charge: Charge | None = None


@dataclass(frozen=True, kw_only=True)
class OrderLog:
    """What the receipts bucket holds on a job: the truth."""

    head: LogHead | None = None
    finished: tuple[Finished, ...] = ()
    """Every `finished-*.json` below the uid, in any order; a job seldom has more than a few."""


@dataclass(frozen=True, kw_only=True)
class JobState:
    """Everything a decision on a RenderJob looks at."""

    identity: Identity
    spec: RenderJobSpec | SpecProblem
    status: RenderJobStatus
    farm: FarmView
    twin: TwinView | None
    """None: no such TwinModel, or it is being deleted."""
    license: LicenseView | None
    """None: no such License, or it is being deleted, which revokes it."""
    pool: PoolView | None
    """None: no such RenderPool."""
    content: FrozenContent | ContentProblem | None
    """What is known of `content.request(spec)`; answers to other requests are left out."""
    credentials: S3Credentials | CredentialsProblem | None = field(default=None, repr=False)
    """Of `spec.destination.credentialsRef`; None when the spec names none."""
    log: OrderLog = OrderLog()
    listing: Listing | None = None
    """The list of what the frozen content says; None: not written yet, or not looked for because nothing needs it."""
    consents: tuple[ConsentView, ...] = ()
    """The ConsentRequests that stand for this job."""
    namespace_uid: str | None = None
    """UID of the namespace it lives in; not asked for once the job is done or being deleted."""
    previews: tuple[PreviewView, ...] = ()
    """The previews that go with those that nobody has answered, and what else the pool holds of them."""
    next_segment: int = 0
    """First segment of the log that the license's account has not counted; only kept up while the job may go on."""
    uncounted: tuple[Logged, ...] = ()
    """Segments from there on, oldest first, as many as one look takes."""
    unwritten: tuple[Entry, ...] = ()
    """What was asked of the owner and answered, as far as it does not stand in the license's ledger yet."""

    @cached_property
    def booking(self) -> Booking | None:
        """What counts of them now, before anything is promised; None when there is no account."""
        account = self.license.account if self.license else None
        return counted(account, self.identity.uid, self.uncounted) if account else None


@dataclass(frozen=True, kw_only=True)
class ConsentState:
    """Everything a decision on a ConsentRequest looks at."""

    identity: Identity
    spec: ConsentRequestSpec | SpecProblem
    status: ConsentRequestStatus
    twin: TwinView | None
    wanted: bool = True
    """Whether its job still exists and still asks this."""
    preview: str | None = None
    """Where its preview lies, once there is one."""


@dataclass(frozen=True, kw_only=True)
class TwinState:
    """Everything a decision on a TwinModel looks at."""

    identity: Identity
    spec: TwinModelSpec | SpecProblem
    status: TwinModelStatus
    farm: FarmView
    pool: PoolView | None
    """The pool of `spec.poolRef`, with `training` filled."""
    word: OwnerWord = SILENCE
    untold: tuple[Untold, ...] = ()
    """Acts of its owner that the vault has not taken in."""
    result: TrainingResult | None
    """Result at `training_key(training.order(...).digest)`; None: not trained yet."""


@dataclass(frozen=True, kw_only=True)
class LicenseState:
    """Everything a decision on a License looks at."""

    identity: Identity
    spec: LicenseSpec | SpecProblem
    status: LicenseStatus
    farm: FarmView
    twin: TwinView | None
    account: Account | None
    """None when the token names no account."""
    registration: Registration = UNREGISTERED
    jobs: frozenset[str] = frozenset()
    """Uids of all RenderJobs that exist, read after the account."""
    standing: Standing = UNLISTED
    """Where it stands by the status list that the token names."""
    held: frozenset[str] | None = None
    """Uids of all orders that directors still work on; None when one could not be asked."""
    unwritten: tuple[Entry, ...] = ()
    """What the owner did to it, as far as it does not stand in its ledger yet."""
    quarantine: QuarantineView | None = None
    """How far its files are put away; looked for only while that is due."""


@dataclass(frozen=True, kw_only=True)
class ActState:
    """Everything a decision on an OwnerAct looks at."""

    identity: Identity
    spec: OwnerActSpec | SpecProblem
    status: OwnerActStatus
    twin: TwinView | None
    listed: DeliveredList = NOT_DELIVERED
    vault: VaultView | None = None
    """None: no vault runs here, or the twin is not known."""


@dataclass(frozen=True, kw_only=True)
class DirectorView:
    """A director's answer to `GET /v1/orders`."""

    id: str
    release: str
    workers: int
    busy: int
    orders: tuple[Progress, ...]
    performers: tuple[str, ...] = ()
    """Keys of the performers that are ready, sorted."""
    nodes: tuple[NodeLoad, ...] = ()
    """The nodes that they are on, by address."""
    trainings: int = 0
    """Trainings that wait or run."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One submission of a director through Ray's Jobs API."""

    submission_id: str
    status: Literal["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]
    submitted_at: float
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class PoolState:
    """Everything a decision on a RenderPool looks at."""

    identity: Identity
    spec: RenderPoolSpec | SpecProblem
    status: RenderPoolStatus
    release: str
    """Digest of the release whose director should run, 64 hex digits."""
    director: DirectorView | None
    """None: it does not answer."""
    problem: str
    """One line why director or Ray does not answer; empty when the director does."""
    ray_reachable: bool
    submissions: tuple[Submission, ...]
    """Ray's submissions whose id starts with `understudy-director-`; empty when Ray does not answer."""
    jobs: frozenset[str] = frozenset()
    """Uids of all RenderJobs that exist, read after the director's answer."""
    named: frozenset[str] = frozenset()
    """Uids of those that name this pool; read only when it is being deleted."""
    held: frozenset[str] | None = None
    """Uids of all orders that the director still works on, those put after it was asked last included; None: it does not answer."""
    cluster: ClusterView | None = None
    """The RayCluster of a pool that KubeRay runs; None: there is none."""
    cluster_problem: str = ""
    """One line why RayClusters cannot be read at all: the cluster does not know the kind."""
    ray_pods: RayPods | None = None
    """Templates of its pods."""
    farm_namespace: str = ""
    """Where the operator and its RayClusters are."""
    price_page: PricePage | None = None
    """The newest page of its price book; None: it has none."""


State = JobState | TwinState | LicenseState | PoolState | ConsentState | ActState
