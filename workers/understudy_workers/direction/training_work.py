"""One training from capture to result, in a process of its own: fetch, train, upload the bundle, write the result."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from threading import Event, Thread
from typing import Final, Literal, TypeVar

import structlog

from understudy_api.grant import TRAINING_GRANT_TYPE
from understudy_api.order import TrainingOrder
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.settings import PoolSettings
from understudy_api.token import load_key, new_key, thumbprint, unverified
from understudy_api.verdict import Refusal
from understudy_workers.captures import fetch_capture, memory_folder
from understudy_workers.custody import Custody
from understudy_workers.localfiles import remove_leftovers
from understudy_workers.objects import MissingObjectError, Objects, OutageError
from understudy_workers.sealing import Seal
from understudy_workers.vault import VaultClient

MAX_NAME: Final = 60
GRANT_SECONDS: Final = 300.0
"""How long a trainer waits for a grant that names it; then the training has failed, and is asked for again."""
_LAPSING: Final = frozenset({"PerformerNotNamed", "GrantExpired"})
"""Refusals of the vault that a newer grant cures."""
_OUTAGE_PAUSE_SECONDS: Final = 5.0
_PREFIX: Final = "understudy-training-"

log = structlog.get_logger("trainer")

Report = Callable[[str], None]
T = TypeVar("T")


class KeyRefusedError(Exception):
    """The vault does not give the twin's key: the training ends, and is asked for again by whoever may cure it."""


@dataclass(frozen=True)
class TrainingWorkState:
    """How far a training is; `message` says what it is doing or why it failed."""

    state: Literal["Running", "Finished", "Failed"]
    message: str
    trainer: str | None = None
    """Thumbprint of the trainer's own key, which grants have to name."""
    group: str = ""
    """The worker group of its node; empty: none."""


class Permission:
    """A training's order, whose grant the farm renews until it names this trainer. Safe to use from several threads.

    `key` is the trainer's own, made for this one training and never written down.
    """

    def __init__(self, order: TrainingOrder) -> None:
        self.key = new_key()
        self.trainer = thumbprint(self.key)
        self._order = order
        self._renewed = Event()

    @property
    def order(self) -> TrainingOrder:
        """The order with the newest grant."""
        return self._order

    @property
    def names_us(self) -> bool:
        """Whether the newest grant is for this trainer, as far as it says so itself; the vault checks it."""
        claims = unverified(self._order.grant or "", TRAINING_GRANT_TYPE)
        return not isinstance(claims, Refusal) and claims.get("trainer") == self.trainer

    def renew(self, order: TrainingOrder) -> None:
        """Takes the same order with a newer grant."""
        self._order = order
        self._renewed.set()

    def wait(self, seconds: float) -> bool:
        """Waits for a newer grant; False when none came in time."""
        came = self._renewed.wait(seconds)
        self._renewed.clear()
        return came


class TrainingWork:
    """A training that runs in a thread of its own from the moment it is made."""

    def __init__(self, settings: PoolSettings, order: TrainingOrder) -> None:
        self._settings = settings
        self._permission = Permission(order)
        self._state = TrainingWorkState("Running", "starting", self._permission.trainer)
        Thread(target=self._run, name="training", daemon=True).start()

    @property
    def state(self) -> TrainingWorkState:
        """How far it is."""
        return self._state

    def renew(self, order: TrainingOrder) -> None:
        """Takes the same order with a newer grant."""
        self._permission.renew(order)

    def _report(self, message: str) -> None:
        self._state = replace(self._state, message=message[:120])

    def _run(self) -> None:
        try:
            message = train(self._settings, self._permission, self._report)
            self._state = replace(self._state, state="Finished", message=message)
        except Exception as error:
            log.exception("training failed", training=self._permission.order.uid)
            lines = str(error).strip().splitlines()
            message = (lines[-1] if lines else type(error).__name__)[:300]
            self._state = replace(self._state, state="Failed", message=message)


def train(settings: PoolSettings, permission: Permission, report: Report) -> str:
    """Trains a twin, uploads its bundle sealed, writes the result; returns one line about it. Raises KeyRefusedError.

    A capture that will not do, and a twin that does not beat its baselines, are results too; only the latter's scores are
    told, its bundle stays here. A result that is there already stays. Waits outages of the object store out.
    """
    objects = Objects(settings.s3)
    settings.work_dir.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    custody, order = Custody(VaultClient(settings.vault, permission.key)), permission.order
    try:
        seal = _released(custody, permission, report)
        result = _train_sealed(settings, objects, order, seal, report)
    finally:
        custody.close()
    seconds = time.monotonic() - began
    result = result.model_copy(update={"worker_seconds": seconds, "finished_at": time.time()})
    key, data = training_key(order.digest), result.model_dump_json().encode()
    _insist(lambda: objects.create(settings.buckets.receipts, key, data, "application/json"), report)
    return result.message or result.state


def _released(custody: Custody, permission: Permission, report: Report) -> Seal:
    """The twin's key, once the farm's grant names this trainer. Raises KeyRefusedError."""
    why = "no grant named this trainer in time"
    while True:
        if permission.names_us:
            seal = _insist(lambda: custody.training_seal(permission.order), report)
            if isinstance(seal, Seal):
                return seal
            why = seal.message
            if seal.reason not in _LAPSING:
                break
        report("waiting for the farm's grant")
        if not permission.wait(GRANT_SECONDS):
            break
    raise KeyRefusedError(f"the vault gives no key for this training: {why}")


def _train_sealed(
    settings: PoolSettings, objects: Objects, order: TrainingOrder, seal: Seal, report: Report
) -> TrainingResult:
    """Opens the capture in memory, trains from it there, and leaves nothing of either behind."""
    where = f"s3://{order.capture_bucket}/{order.capture_key}"
    missing = Refusal(reason="CaptureMissing", message=f"capture: {where}: no such object; upload it there")
    head = _insist(lambda: objects.head(order.capture_bucket, order.capture_key), report)
    if head is None:
        return _refused(order, missing)
    folder = memory_folder(3 * head.bytes, settings.work_dir)
    remove_leftovers(folder, f"{_PREFIX}*")
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=folder) as name:
        capture = Path(name) / PurePosixPath(order.capture_key).name[-MAX_NAME:]  # refusals name it as its owner does
        try:
            _insist(lambda: fetch_capture(objects, order, seal, capture), report)
            return _other_capture(order, capture) or _perform(settings, objects, order, seal, capture, report)
        except MissingObjectError:
            return _refused(order, missing)


def _other_capture(order: TrainingOrder, capture: Path) -> TrainingResult | None:
    """A refusal when the capture is not the one its owner consented to."""
    if order.capture_sha256 is None:
        return None
    with capture.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found == order.capture_sha256:
        return None
    message = (
        f"capture: its SHA-256 is {found[:16]}..., the owner consented to {order.capture_sha256[:16]}...; upload that one "
        "or sign consent to this one"
    )
    return _refused(order, Refusal(reason="CaptureDiffers", message=message))


def _perform(
    settings: PoolSettings, objects: Objects, order: TrainingOrder, seal: Seal, capture: Path, report: Report
) -> TrainingResult:
    # Imported here: only a trainer pays for torch, and a pool that only renders does without it.
    from understudy_workers.training.train import EFFORT_SECONDS, VoiceChoice, train_twin
    from understudy_workers.twins import publish

    folder = capture.with_name("bundle")
    trained = train_twin(
        capture,
        folder,
        genesis_jws=order.genesis,
        twin_id=order.twin_id,
        signing_key=load_key(settings.bundle_key_file.read_text()),
        voice=VoiceChoice(order.voice_variant, order.voice_pitch, order.voice_rate_wpm),
        face_seconds=EFFORT_SECONDS[order.effort],
        progress=lambda share, what: report(f"{what} ({share:.0%})"),
    )
    if isinstance(trained, Refusal):
        return _refused(order, trained)
    result = TrainingResult(
        digest=order.digest, twin_id=order.twin_id, state="Ready", scores=trained.scores.plain(), finished_at=0.0
    )
    if trained.reasons:
        message = "; ".join(trained.reasons)
        return result.model_copy(update={"state": "NotGoodEnough", "reason": "BelowBaseline", "message": message})
    public_key = load_key(settings.bundle_public_key_file.read_text())
    pin = _insist(lambda: publish(objects, settings.buckets.twins, folder, public_key, seal), report)
    return result.model_copy(update={"version": pin.version})


def _refused(order: TrainingOrder, refusal: Refusal) -> TrainingResult:
    return TrainingResult(
        digest=order.digest,
        twin_id=order.twin_id,
        state="Refused",
        reason=refusal.reason,
        message=refusal.message,
        finished_at=0.0,
    )


def _insist(act: Callable[[], T], report: Report) -> T:
    """Does it again and again while the object store is away: minutes of training are not thrown away for that."""
    while True:
        try:
            return act()
        except OutageError as error:
            report(str(error))
            time.sleep(_OUTAGE_PAUSE_SECONDS)
