"""Small true things for tests: keys, tokens, specs and states, each whole by itself and changed by keyword.

Keys derive from their names, so every run signs the same bytes. Times are Unix seconds around NOW.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from understudy_api.genesis import sign_genesis
from understudy_api.keyring import Keyring, read_keyring
from understudy_api.ledger.account import MICROS_PER_SECOND, Account, Claim, account_id
from understudy_api.license import LicenseSpec, LicenseStatus
from understudy_api.model import Money
from understudy_api.order import Progress
from understudy_api.owneract import OwnerActSpec, OwnerActStatus
from understudy_api.receipt import Finished, Receipt, Segment, Totals, TrainingResult
from understudy_api.renderjob import RenderJobSpec
from understudy_api.renderjob_status import RenderJobStatus
from understudy_api.renderpool import RenderPoolSpec, RenderPoolStatus
from understudy_api.settings import BucketNames
from understudy_api.terms import License, Terms, read_license, sign_license
from understudy_api.token import thumbprint
from understudy_api.twinmodel import TwinModelSpec, TwinModelStatus
from understudy_operator.core.booking import Logged
from understudy_operator.core.content import request
from understudy_operator.core.prices import Prices
from understudy_operator.core.registration import Registration
from understudy_operator.core.request import rows_key
from understudy_operator.core.rows import Freezer, inline
from understudy_operator.core.state import (
    FINALIZER,
    ActState,
    DirectorView,
    FarmView,
    FrozenContent,
    Identity,
    JobState,
    LicenseState,
    LicenseView,
    LogHead,
    OrderLog,
    PoolState,
    PoolView,
    TwinState,
    TwinView,
)

NOW = 1_780_000_000.0
DAY = 86_400
UID = "0d6f4a52-5f0e-4f0e-9d53-0a1b2c3d4e5f"
NAMESPACE_UID = "5b1d7c3e-0000-4000-8000-00000000acme"
VERSION = "ab" * 32
RELEASE = "cd" * 32


@cache
def a_key(name: str) -> OKPKey:
    """The Ed25519 key that belongs to a name."""
    seed = hashlib.sha256(name.encode()).digest()
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _base64url(public), "d": _base64url(seed)})


@cache
def a_genesis_record(owner: str = "owner", name: str = "Ada") -> str:
    """A genesis record signed by an owner."""
    return sign_genesis(a_key(owner), name, int(NOW) - 30 * DAY, "0" * 32)


@cache
def a_keyring(owner: str = "owner") -> Keyring:
    """The same record, verified, without key records."""
    found = read_keyring(a_genesis_record(owner))
    assert isinstance(found, Keyring)
    return found


def some_terms(owner: str = "owner", **changed: Any) -> Terms:
    """Terms of a license for namespace `acme` over 100,000 seconds."""
    terms: dict[str, Any] = {
        "iss": thumbprint(a_key(owner)),
        "aud": thumbprint(a_key("farm")),
        "jti": "acme-spring-2026",
        "iat": int(NOW) - DAY,
        "nbf": int(NOW) - DAY,
        "exp": int(NOW) + 30 * DAY,
        "assignee": {"namespace": "acme"},
        "twin": a_keyring(owner).twin_id,
        "purposes": ("advertising",),
        "channels": ("social", "web"),
        "territories": ("DE", "FR"),
        "languages": ("en", "de", "fr"),
        "quota": {"seconds": 100_000},
    }
    return Terms.model_validate({**terms, **changed})


def a_license_token(owner: str = "owner", signer: str | None = None, **changed: Any) -> str:
    """A signed license; `signer` signs instead of the owner."""
    return sign_license(a_key(signer or owner), some_terms(owner, **changed))


def a_job_spec(**changed: Any) -> RenderJobSpec:
    """Two rows, two locales, two outputs: eight items. Fields as on the wire."""
    spec: dict[str, Any] = {
        "twinRef": {"namespace": "talent-ada", "name": "ada"},
        "licenseRef": {"namespace": "talent-ada", "name": "acme-spring"},
        "use": {"purpose": "advertising", "channels": ["social"], "territories": ["DE", "FR"]},
        "script": {"scenes": [{"say": "Hi {name}! Spring is here."}]},
        "locales": ["en-GB", "de-DE"],
        "translations": {"de-DE": {"scenes": [{"say": "Hallo {name}! Der Frühling ist da."}]}},
        "data": {"key": "id", "rows": [{"id": "1", "name": "Maya"}, {"id": "2", "name": "Noah"}]},
        "outputs": [
            {"name": "landscape", "width": 640, "height": 360},
            {"name": "story", "width": 360, "height": 640},
        ],
    }
    return RenderJobSpec.model_validate({key: value for key, value in {**spec, **changed}.items() if value is not None})


def an_identity(**changed: Any) -> Identity:
    """Identity of RenderJob acme/spring, generation 1, without finalizer."""
    known: dict[str, Any] = {
        "namespace": "acme",
        "name": "spring",
        "uid": UID,
        "generation": 1,
        "resource_version": "1",
        "created_at": NOW - 60,
    }
    return Identity(**{**known, **changed})


def a_farm() -> FarmView:
    """The farm that grants are signed by."""
    return FarmView(thumbprint=thumbprint(a_key("farm")), buckets=BucketNames())


def a_twin_view(**changed: Any) -> TwinView:
    """Twin talent-ada/ada, Ready."""
    known: dict[str, Any] = {
        "namespace": "talent-ada",
        "name": "ada",
        "genesis": a_genesis_record(),
        "ready": True,
        "message": "",
        "version": VERSION,
        "rate_words_per_minute": 160,
    }
    return TwinView(**{**known, **changed})


def an_account(token: str | None = None, used: float = 0.0, **claims: float) -> Account:
    """The account of a license, recorded; `claims` are open seconds by uid, with underscores for hyphens."""
    token = token or a_license_token()
    found = read_license(token, a_keyring())
    assert isinstance(found, License), found
    seconds = found.terms.quota.seconds
    return Account(
        id=account_id(token) or "",
        license=found.digest,
        licensed_at=found.terms.iat,
        expires_at=found.terms.exp,
        quota_micros=seconds * MICROS_PER_SECOND,
        used_micros=round(used * MICROS_PER_SECOND),
        claims={uid.replace("_", "-"): a_claim(open_seconds) for uid, open_seconds in claims.items()},
    )


def a_claim(seconds: float, **changed: Any) -> Claim:
    """A claim on seconds of which nothing was made, under a grant of just now."""
    known: dict[str, Any] = {
        "order": "0" * 64,
        "reserved_micros": round(seconds * MICROS_PER_SECOND),
        "segment": 0,
        "granted_until": int(NOW) + 900,
    }
    return Claim(**{**known, **changed})


FIRST = Registration(number=0, following=1)
"""Of the only license of a twin."""


def a_license_view(
    token: str | None = None, account: Account | None = None, registration: Registration = FIRST
) -> LicenseView:
    """A license with an empty account, recorded on this farm."""
    token = token or a_license_token()
    found = account_id(token)
    empty = Account(id=found) if found else None
    return LicenseView(token=token, account=account or empty, registration=registration)


def a_pool_view(**changed: Any) -> PoolView:
    """Pool `default`, reachable, holding nothing."""
    known: dict[str, Any] = {
        "name": "default",
        "prices": Prices(Money(amount="0.60", currency="EUR")),
        "reachable": True,
    }
    return PoolView(**{**known, **changed})


def frozen(spec: RenderJobSpec, uid: str = UID) -> FrozenContent:
    """What freezing a spec's inline rows gives."""
    freezer = Freezer(request(spec))
    for placed in inline(request(spec).rows or ()):
        line = freezer.line(placed)
        assert isinstance(line, bytes), line
    found = freezer.frozen(uid)
    assert isinstance(found, FrozenContent)
    assert found.rows_s3_key == rows_key(uid, found.rows_digest)
    return found


def a_job(spec: RenderJobSpec | None = None, **changed: Any) -> JobState:
    """A job that may be made: twin, license and pool are there, rows are frozen, nothing is put yet."""
    spec = spec or a_job_spec()
    known: dict[str, Any] = {
        "identity": an_identity(),
        "spec": spec,
        "status": RenderJobStatus(),
        "farm": a_farm(),
        "twin": a_twin_view(),
        "license": a_license_view(),
        "pool": a_pool_view(),
        "content": changed["content"] if "content" in changed else frozen(spec),
        "namespace_uid": NAMESPACE_UID,
    }
    return JobState(**{**known, **changed})


def a_progress(order: str, **changed: Any) -> Progress:
    """A director that works on an order."""
    return Progress(**{"uid": UID, "digest": order, "generation": 1, "state": "Running", **changed})


def a_head(order: str, **changed: Any) -> LogHead:
    """The newest segment of a log: nothing done yet."""
    known: dict[str, Any] = {
        "sequence": 0,
        "order": order,
        "generation": 1,
        "written_at": NOW,
        "totals": Totals(),
        "billed_seconds": 0.0,
        "billed_worker_seconds": 0.0,
    }
    return LogHead(**{**known, **changed})


def a_finished(order: str, **changed: Any) -> Finished:
    """The last word on an order: complete."""
    known: dict[str, Any] = {
        "uid": UID,
        "order": order,
        "generation": 1,
        "state": "Complete",
        "totals": Totals(done=8, metered_seconds=32.0),
        "index_key": "acme/spring/index.jsonl",
        "contact_sheet_key": "acme/spring/contact-sheet.html",
        "finished_at": NOW,
    }
    return Finished(**{**known, **changed})


def a_log(order: str, totals: Totals, finished: bool = False, **changed: Any) -> OrderLog:
    """A log whose newest segment has these totals."""
    head = a_head(order, totals=totals, billed_seconds=totals.metered_seconds, **changed)
    return OrderLog(head=head, finished=(a_finished(order, totals=totals),) if finished else ())


def logged(
    order: str, sequence: int, seconds: tuple[float, ...], before: float = 0.0, uid: str = UID, **changed: Any
) -> Logged:
    """A segment of a job's log with items of these lengths; `before`: what the log had billed already."""
    receipts = tuple(
        Receipt(
            item=hashlib.sha256(f"{uid} {sequence} {place}".encode()).hexdigest(),
            ordinal=place,
            row=str(place),
            locale="en-GB",
            output="landscape",
            outcome="done",
            frames=round(each * 25),
            metered_seconds=each,
            **changed,
        )
        for place, each in enumerate(seconds)
    )
    segment = Segment(
        uid=uid,
        sequence=sequence,
        director="d-1",
        order=order,
        generation=1,
        written_at=NOW,
        receipts=receipts,
        totals=Totals(done=len(receipts), metered_seconds=before + sum(seconds)),
        billed_seconds=before + sum(seconds),
        billed_items=sum(receipt.charged for receipt in receipts),
    )
    return Logged(segment=segment, digest=hashlib.sha256(f"{uid} {sequence}".encode()).hexdigest(), fault=None)


def a_twin_spec(**changed: Any) -> TwinModelSpec:
    """A twin whose capture lies where its namespace may put it."""
    spec: dict[str, Any] = {
        "genesis": a_genesis_record(),
        "capture": {"s3": "s3://understudy-outputs/talent-ada/capture.mp4"},
    }
    return TwinModelSpec.model_validate({**spec, **changed})


def a_twin(**changed: Any) -> TwinState:
    """Twin talent-ada/ada, not trained yet."""
    known: dict[str, Any] = {
        "identity": an_identity(namespace="talent-ada", name="ada"),
        "spec": a_twin_spec(),
        "status": TwinModelStatus(),
        "farm": a_farm(),
        "pool": a_pool_view(),
        "result": None,
    }
    return TwinState(**{**known, **changed})


def a_training_result(order: str, **changed: Any) -> TrainingResult:
    """A training that passed its gates."""
    known: dict[str, Any] = {
        "digest": order,
        "twin_id": a_keyring().twin_id,
        "state": "Ready",
        "version": VERSION,
        "scores": {"network": {"psnr": 31.256, "ssim": 0.9512}, "frozen": {"psnr": 24.0, "ssim": 0.81}},
        "finished_at": NOW,
    }
    return TrainingResult(**{**known, **changed})


def a_license(token: str | None = None, **changed: Any) -> LicenseState:
    """License talent-ada/acme-spring, valid and unused."""
    token = token or a_license_token()
    known: dict[str, Any] = {
        "identity": an_identity(namespace="talent-ada", name="acme-spring"),
        "spec": LicenseSpec.model_validate({"twinRef": {"name": "ada"}, "token": token}),
        "status": LicenseStatus(),
        "farm": a_farm(),
        "twin": a_twin_view(),
        "account": a_license_view(token).account,
        "registration": FIRST,
        "held": frozenset(),
    }
    return LicenseState(**{**known, **changed})


def an_owner_act(act: str, **changed: Any) -> ActState:
    """An OwnerAct talent-ada/act just delivered, beside its twin."""
    known: dict[str, Any] = {
        "identity": an_identity(namespace="talent-ada", name="act"),
        "spec": OwnerActSpec.model_validate({"twinRef": {"name": "ada"}, "act": act}),
        "status": OwnerActStatus(),
        "twin": a_twin_view(),
    }
    return ActState(**{**known, **changed})


def a_pool(**changed: Any) -> PoolState:
    """Pool `default` whose director answers."""
    known: dict[str, Any] = {
        "identity": an_identity(namespace="", name="default", finalizers=(FINALIZER,)),
        "spec": RenderPoolSpec.model_validate({"embedded": {}}),
        "status": RenderPoolStatus(),
        "release": RELEASE,
        "director": DirectorView(id="d-1", release=RELEASE, workers=2, busy=1, orders=()),
        "problem": "",
        "ray_reachable": True,
        "submissions": (),
    }
    return PoolState(**{**known, **changed})


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
