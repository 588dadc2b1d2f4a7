"""What a decision may ask for: a closed union of frozen actions, each harmless when done twice.

`apply` does a decision's actions in order and stops at the first that fails; the key is then tried again with back-off,
and what was already done is simply not asked for any more. The status is written last, with one API call, and only when
it is not None. Whatever an action finds out (a refusal, a content problem) is not returned but observed the next time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, Literal, TypeVar

from understudy_api.consentrequest import ConsentRequestSpec, ConsentRequestStatus
from understudy_api.grant import Grant, TrainingGrant
from understudy_api.ledger.account import Account
from understudy_api.ledger.entry import Corrected, Entry, Licensed, Released
from understudy_api.license import LicenseStatus
from understudy_api.order import Content, Order, TrainingOrder
from understudy_api.owner_word import Recorded
from understudy_api.owneract import OwnerActStatus
from understudy_api.register import Registered
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.renderpool import RenderPoolStatus
from understudy_api.twinmodel import TwinModelStatus
from understudy_operator.core.pool_actions import ApplyRayCluster as ApplyRayCluster
from understudy_operator.core.pool_actions import DrainNodes as DrainNodes
from understudy_operator.core.pool_actions import StartDirector as StartDirector
from understudy_operator.core.pool_actions import WritePrices as WritePrices
from understudy_operator.core.request import ContentRequest

S = TypeVar(
    "S", RenderJobStatus, TwinModelStatus, LicenseStatus, RenderPoolStatus, ConsentRequestStatus, OwnerActStatus
)

UNSIGNED: Final = "unsigned.unsigned.unsigned"
"""Stands in `Order.grant` until `apply` has signed the grant; no key verifies it."""


@dataclass(frozen=True, kw_only=True)
class AddFinalizer:
    """Put our finalizer on the object, before anything outside Kubernetes is made for it."""


@dataclass(frozen=True, kw_only=True)
class RemoveFinalizer:
    """Let the object go."""


@dataclass(frozen=True, kw_only=True)
class FreezeContent:
    """Read the rows, check each with `rows.Freezer`, and keep them in the staging bucket.

    First `request.rows_key(uid, digest)`, then the FrozenContent as JSON at `request.frozen_key(uid, request digest)`.
    What speaks against it is remembered as a ContentProblem under the job's uid.
    """

    uid: str
    namespace: str
    """Where `source.credentials_ref` is looked up."""
    request: ContentRequest


@dataclass(frozen=True, kw_only=True)
class ListSentences:
    """Write the list of everything the frozen content says to `consent_spec.list_key`, and a copy for performers; remember it by
    the content."""

    uid: str
    owner_namespace: str
    content: Content


@dataclass(frozen=True, kw_only=True)
class AskConsent:
    """Create the ConsentRequest; one of that name already asks the same."""

    namespace: str
    name: str
    spec: ConsentRequestSpec


@dataclass(frozen=True, kw_only=True)
class Record:
    """Create the link after `account` in its license's chain, with these entries, conditionally.

    When it exists already somebody else was faster: that is a failure of this action, so nothing after it is done.
    """

    account: Account
    """As the decision saw it."""
    entries: tuple[Entry, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    """What jobs are called, by uid: for the side table, which can be erased."""

    @property
    def frees(self) -> bool:
        """Whether others may have more afterwards: a claim ended, or the license was signed anew."""
        return any(isinstance(one, Released | Licensed | Corrected) for one in self.entries)


@dataclass(frozen=True, kw_only=True)
class RecordAct:
    """Create `key` in the ledger bucket, conditionally, and forget what was known of the twin's acts.

    When another act stands there somebody else was faster: that is a failure of this action.
    """

    twin_id: str
    key: str
    recorded: Recorded


@dataclass(frozen=True, kw_only=True)
class RegisterLicense:
    """Create entry `number` of the twin's register in the ledger bucket, conditionally.

    When another license stands there somebody else was faster: that is a failure of this action.
    """

    twin_id: str
    number: int
    registered: Registered


@dataclass(frozen=True, kw_only=True)
class RecordList:
    """Keep a delivered status list of a twin after its earlier ones, conditionally.

    When another list stands at that place somebody else was faster: that is a failure of this action.
    """

    twin_id: str
    sequence: int
    recorded: Recorded


@dataclass(frozen=True, kw_only=True)
class TellVault:
    """`POST /v1/acts`: deliver a recorded act to the vault. When it takes the act in, note that in the ledger bucket.

    A vault that is away or refuses is no failure of this action: that is observed the next time.
    """

    twin_id: str
    genesis: str
    key_records: tuple[str, ...]
    act: str


@dataclass(frozen=True, kw_only=True)
class PutOrder:
    """Sign `grant`, put it in `order.grant` in place of UNSIGNED, and `PUT /v1/orders/{uid}`.

    Remember `grant.exp` when it is accepted (and forget an earlier PoolAnswer), the Verdict as a PoolAnswer when not.
    """

    pool: str
    order: Order
    grant: Grant


@dataclass(frozen=True, kw_only=True)
class RenewGrant:
    """Sign `grant` and `PUT /v1/orders/{grant.sub}/grant`; remember `grant.exp` when it is accepted."""

    pool: str
    grant: Grant


@dataclass(frozen=True, kw_only=True)
class TellCommitted:
    """`PUT /v1/orders/{uid}/committed`: segments up to `sequence` stand in the ledger and may be delivered."""

    pool: str
    uid: str
    sequence: int


@dataclass(frozen=True, kw_only=True)
class StopOrder:
    """`DELETE /v1/orders/{uid}`; 200, 202 and 404 are all well, the next look says whether it has ended."""

    pool: str
    uid: str


@dataclass(frozen=True, kw_only=True)
class DeleteOutputs:
    """Delete what was delivered for a job: the files its receipts name below `prefix`, index and contact sheet.

    Nothing else below the prefix is touched: other jobs may deliver there.
    """

    uid: str
    bucket: str
    prefix: str


@dataclass(frozen=True, kw_only=True)
class ListKept:
    """Write part `part` of the list of what is kept under an ended license, conditionally; the last one says so.

    When another part stands there somebody else was faster: that is a failure of this action.
    """

    account: str
    part: int


@dataclass(frozen=True, kw_only=True)
class MoveKept:
    """Move the files of a part of that list into quarantine; those that are there already stay as they are."""

    account: str
    part: int


@dataclass(frozen=True, kw_only=True)
class DeleteObject:
    """Delete the very object (precondition: its uid); its finalizer sees to the rest."""

    uid: str


@dataclass(frozen=True, kw_only=True)
class PutTraining:
    """Sign `grant`, put it in `order.grant`, and `PUT /v1/trainings/{uid}`; a training that failed is started anew.

    One that is under way goes on with the newer grant. Remember the grant when it is accepted.
    """

    pool: str
    order: TrainingOrder
    grant: TrainingGrant


@dataclass(frozen=True, kw_only=True)
class StopTraining:
    """`DELETE /v1/trainings/{uid}`; 200, 202 and 404 are all well."""

    pool: str
    uid: str


@dataclass(frozen=True, kw_only=True)
class EmitEvent:
    """A Kubernetes Event on the object; asked for only when a condition changes. Losing one is harmless."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


Action = (
    AddFinalizer
    | RemoveFinalizer
    | FreezeContent
    | ListSentences
    | AskConsent
    | Record
    | RecordAct
    | RegisterLicense
    | RecordList
    | TellVault
    | PutOrder
    | RenewGrant
    | TellCommitted
    | StopOrder
    | DeleteOutputs
    | ListKept
    | MoveKept
    | DeleteObject
    | PutTraining
    | StopTraining
    | StartDirector
    | ApplyRayCluster
    | DrainNodes
    | WritePrices
    | EmitEvent
)


@dataclass(frozen=True, kw_only=True)
class Decision(Generic[S]):
    """What to do now, what to say, and when to look again even if nothing happens."""

    actions: tuple[Action, ...] = ()
    status: S | None = None
    """The whole new status; None when it equals what stands there: then nothing is written."""
    requeue_after_seconds: float | None = None
    """0: at once, after the actions. None: only when something changes."""
