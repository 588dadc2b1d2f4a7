"""A training from capture to result in a real object store; the training itself is tested next door."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from understudy_api import token
from understudy_api.genesis import twin_id
from understudy_api.grant import TrainingGrant, sign_grant
from understudy_api.order import TrainingOrder
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.settings import PoolSettings
from understudy_api.verdict import Refusal
from understudy_workers.custody import Custody
from understudy_workers.direction import training_work
from understudy_workers.direction.training_work import KeyRefusedError, Permission, TrainingWork
from understudy_workers.objects import Objects, OutageError
from understudy_workers.training import train as training
from understudy_workers.vault import VaultClient


@pytest.fixture(scope="module")
def objects(object_store: Any) -> Any:
    objects = Objects(object_store.pool)
    yield objects
    objects.close()


@pytest.fixture(scope="module")
def strongbox(open_strongbox: Any, signers: Any) -> Iterator[Any]:
    """A vault that believes the grants of the signers' farm."""
    with open_strongbox(signers.farm, time.time) as strongbox:
        yield strongbox


@pytest.fixture
def settings(farm: Any, object_store: Any, strongbox: Any, tmp_path: Path) -> PoolSettings:
    """The pool's settings with a work folder and a vault of this test alone."""
    pool = PoolSettings.load(farm.site().home.pool_settings)
    return pool.model_copy(update={"work_dir": tmp_path / "work", "vault": strongbox.endpoint})


@pytest.fixture
def order(signers: Any, request: pytest.FixtureRequest) -> TrainingOrder:
    """A training whose capture is this test's own."""
    return granted(
        signers,
        TrainingOrder(
            uid="training-uid",
            generation=1,
            namespace="talent-ada",
            twin="ada",
            twin_id=twin_id(signers.genesis),
            genesis=signers.genesis,
            capture_bucket="understudy-outputs",
            capture_key=f"talent-ada/{request.node.name}.mp4",
            effort="Quick",
            voice_variant="m3",
            voice_pitch=40,
            voice_rate_wpm=150,
        ),
    )


def train(settings: PoolSettings, order: TrainingOrder, report: Any, signers: Any) -> str:
    """The training, with a grant that names its trainer from the start."""
    permission = Permission(order)
    permission.renew(granted(signers, order, permission.trainer))
    return training_work.train(settings, permission, report)


def granted(signers: Any, order: TrainingOrder, trainer: str | None = None, seconds: int = 900) -> TrainingOrder:
    """The order with the farm's grant in it, good from now on for a trainer."""
    now = int(time.time())
    grant = TrainingGrant(
        iss=token.thumbprint(signers.farm),
        aud=order.pool,
        sub=order.uid,
        order=order.digest,
        twin=order.twin_id,
        trainer=trainer,
        iat=now,
        exp=now + seconds,
    )
    return order.model_copy(update={"grant": sign_grant(signers.farm, grant)})


def result_of(objects: Objects, settings: PoolSettings, order: TrainingOrder) -> TrainingResult:
    return TrainingResult.model_validate_json(objects.get(settings.buckets.receipts, training_key(order.digest)))


def test_a_missing_capture_is_a_result_that_says_so(objects, settings, order, signers) -> None:
    train(settings, order, lambda _: None, signers)
    result = result_of(objects, settings, order)
    assert (result.state, result.reason) == ("Refused", "CaptureMissing")
    assert result.message == f"capture: s3://understudy-outputs/{order.capture_key}: no such object; upload it there"


def test_a_capture_that_is_no_video_is_refused_and_nothing_is_left_behind(objects, settings, order, signers) -> None:
    objects.put(order.capture_bucket, order.capture_key, b"these are not moving pictures")
    message = train(settings, order, lambda _: None, signers)
    result = result_of(objects, settings, order)
    assert (result.state, result.version, result.message) == ("Refused", None, message)
    assert result.finished_at == pytest.approx(time.time(), abs=60)
    assert list(settings.work_dir.iterdir()) == []


def test_a_capture_other_than_the_one_consented_to_is_refused_before_it_is_opened(
    objects, settings, order, signers
) -> None:
    objects.put(order.capture_bucket, order.capture_key, b"these are other moving pictures")
    consented = granted(signers, order.model_copy(update={"capture_sha256": "d" * 64}))
    train(settings, consented, lambda _: None, signers)
    result = result_of(objects, settings, consented)
    assert (result.state, result.reason) == ("Refused", "CaptureDiffers")
    assert "sign consent to this one" in result.message


@pytest.fixture
def studied(trained, objects, settings, order, monkeypatch) -> PoolSettings:
    """Settings whose bundle keys are those of the twin trained next door, which is what this training comes to."""
    objects.put_file(order.capture_bucket, order.capture_key, trained.capture)
    private, public = settings.work_dir / "pool.jwk", settings.work_dir / "pool.pub.jwk"
    settings.work_dir.mkdir()
    private.write_text(json.dumps(trained.key.as_dict(private=True)))
    public.write_text(json.dumps(trained.key.as_dict(private=False)))

    def known(capture_path: Path, out_folder: Path, **asked: Any) -> training.Trained:
        assert capture_path.read_bytes() == trained.capture.read_bytes()
        assert (asked["twin_id"], asked["face_seconds"]) == (order.twin_id, training.EFFORT_SECONDS["Quick"])
        assert asked["voice"] == training.VoiceChoice("m3", 40, 150)
        asked["progress"](0.5, "learning to listen")
        shutil.copytree(trained.folder, out_folder)
        return trained.result

    monkeypatch.setattr(training, "train_twin", known)
    return settings.model_copy(update={"bundle_key_file": private, "bundle_public_key_file": public})


def test_a_twin_that_is_good_enough_is_uploaded_before_its_result(
    studied, trained, objects, order, monkeypatch, signers
) -> None:
    passed = replace(trained.result, reasons=())
    known = training.train_twin
    monkeypatch.setattr(training, "train_twin", lambda *args, **asked: known(*args, **asked) and passed)
    heard: list[str] = []
    train(studied, order, heard.append, signers)
    result = result_of(objects, studied, order)
    assert (result.state, result.version) == ("Ready", trained.result.version)
    assert result.scores == trained.result.scores.plain()
    assert heard == ["learning to listen (50%)"]
    uploaded = [key for key in objects.keys(studied.buckets.twins, "") if trained.result.version in key]
    assert {key.rsplit("/")[-1] for key in uploaded} >= {"manifest.json", "manifest.jws", "face.onnx"}
    face = objects.get(studied.buckets.twins, next(key for key in uploaded if key.endswith("face.onnx")))
    assert face != (trained.folder / "face.onnx").read_bytes(), "sealed"


def test_the_capture_is_sealed_in_its_place_and_trained_from_again(
    studied, trained, objects, order, monkeypatch, signers, object_store
) -> None:
    train(studied, order, lambda _: None, signers)
    plain = trained.capture.read_bytes()
    sealed = objects.get(order.capture_bucket, order.capture_key)
    assert sealed.startswith(b"understudy-sealed/1")
    assert plain[:4096] not in sealed
    object_store.remove(studied.buckets.receipts, training_key(order.digest))
    train(studied, order, lambda _: None, signers)  # `known` compares what it is given with the film
    assert result_of(objects, studied, order).state == "NotGoodEnough"
    assert objects.get(order.capture_bucket, order.capture_key) == sealed
    assert list(studied.work_dir.glob("understudy-training-*")) == []


def test_without_the_farms_grant_there_is_no_key_and_no_result(settings, objects, order, monkeypatch) -> None:
    monkeypatch.setattr(training_work, "GRANT_SECONDS", 0.01)
    objects.put(order.capture_bucket, order.capture_key, b"footage")
    for grant in (None, order.grant):  # the farm's first grant names nobody
        permission = Permission(order.model_copy(update={"grant": grant}))
        with pytest.raises(KeyRefusedError, match="no grant named this trainer in time"):
            training_work.train(settings, permission, lambda _: None)
    assert objects.head(settings.buckets.receipts, training_key(order.digest)) is None
    assert objects.get(order.capture_bucket, order.capture_key) == b"footage"


def test_a_grant_for_another_trainer_is_good_for_nobody_else(settings, order, signers, strongbox) -> None:
    """A replayed grant: whoever shows it signs with another key, and the vault has the last word."""
    ours, theirs = Permission(order), Permission(order)
    ours.renew(granted(signers, order, ours.trainer))
    custody = Custody(VaultClient(settings.vault, theirs.key))
    refusal = custody.training_seal(ours.order)
    custody.close()
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "PerformerNotNamed"


def test_a_grant_that_ran_out_is_waited_for_anew(settings, objects, order, signers) -> None:
    permission, heard = Permission(order), []

    def report(message: str) -> None:
        heard.append(message)
        if message == "waiting for the farm's grant":
            permission.renew(granted(signers, order, permission.trainer))

    permission.renew(granted(signers, order, permission.trainer, seconds=0))
    training_work.train(settings, permission, report)
    assert heard == ["waiting for the farm's grant"]
    assert result_of(objects, settings, order).reason == "CaptureMissing"


def test_a_twin_below_its_baselines_stays_here(studied, trained, objects, order, monkeypatch, signers) -> None:
    failed = replace(trained.result, reasons=("psnr: wanted more", "ssim: wanted more"))
    known = training.train_twin
    monkeypatch.setattr(training, "train_twin", lambda *args, **asked: known(*args, **asked) and failed)
    before = len(list(objects.keys(studied.buckets.twins, "")))
    train(studied, order, lambda _: None, signers)
    result = result_of(objects, studied, order)
    assert (result.state, result.reason, result.version) == ("NotGoodEnough", "BelowBaseline", None)
    assert result.message == "psnr: wanted more; ssim: wanted more"
    assert len(list(objects.keys(studied.buckets.twins, ""))) == before


def test_the_first_result_stays(objects, settings, order, signers) -> None:
    train(settings, order, lambda _: None, signers)
    first = result_of(objects, settings, order)
    objects.put(order.capture_bucket, order.capture_key, b"now there is something")
    train(settings, order, lambda _: None, signers)
    assert result_of(objects, settings, order) == first


def test_work_tells_how_far_it_is_and_how_it_ended(objects, settings, order, signers) -> None:
    work = TrainingWork(settings, order)
    assert work.state.trainer is not None
    work.renew(granted(signers, order, work.state.trainer))
    deadline = time.monotonic() + 30
    while work.state.state == "Running":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert work.state.state == "Finished"
    assert "no such object" in work.state.message


def test_work_that_stumbles_has_failed_in_one_line(settings, order, tmp_path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("not a folder")
    work = TrainingWork(settings.model_copy(update={"work_dir": nowhere}), order)
    deadline = time.monotonic() + 30
    while work.state.state == "Running":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert work.state.state == "Failed"
    assert "\n" not in work.state.message


def test_an_outage_is_waited_out(monkeypatch) -> None:
    monkeypatch.setattr(training_work, "_OUTAGE_PAUSE_SECONDS", 0.0)
    failures, heard = iter([OutageError("away"), OutageError("away"), None]), []

    def act() -> str:
        if error := next(failures):
            raise error
        return "done"

    assert training_work._insist(act, heard.append) == "done"
    assert heard == ["away", "away"]
