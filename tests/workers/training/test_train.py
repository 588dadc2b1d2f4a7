"""The whole training on a small clip: a signed bundle that performs, or a reason why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from understudy_api import token
from understudy_api.genesis import read_genesis, sign_genesis, twin_id
from understudy_api.verdict import Refusal
from understudy_workers.models import bundle
from understudy_workers.models.voice import SAMPLE_RATE_HZ, EspeakVoice
from understudy_workers.training.opening import correlation
from understudy_workers.training.score import gates
from understudy_workers.training.train import EFFORT_SECONDS, VoiceChoice, train_twin


def test_the_bundle_is_whole_and_signed(trained: Any) -> None:
    manifest, files = bundle.verify(trained.folder, trained.key)
    assert manifest.version == trained.result.version
    assert manifest.scores == trained.result.scores.plain()
    assert manifest.ready == (not trained.result.reasons)
    assert manifest.inputs["voice_variant"] == "f2"
    assert sum(len(data) for data in files.values()) < bundle.MAX_BYTES
    founded = read_genesis(manifest.genesis)
    assert not isinstance(founded, Refusal)
    assert founded.twin_id == manifest.twin_id


def test_reasons_are_the_gates(trained: Any) -> None:
    assert trained.result.reasons == gates(trained.result.scores)
    report = json.loads((trained.folder / "scores.json").read_bytes())
    assert report["reasons"] == list(trained.result.reasons)


def test_says_how_far_it_is(trained: Any) -> None:
    shares = [share for share, _ in trained.heard]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert 0.9 < shares[-1] <= 1
    assert any("painting" in what for _, what in trained.heard)


def test_a_trained_twin_performs(trained: Any) -> None:
    twin = bundle.load(trained.folder, trained.key)
    loud = twin.animate(EspeakVoice("f2").speak("Papa may buy all our apple pie.", "en-GB").samples)
    quiet = twin.animate(np.zeros(2 * SAMPLE_RATE_HZ, np.float32))

    def movement(performance: Any) -> float:
        rect = twin.mouth
        own = twin.plates[performance.plate_indices, rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        return float(np.abs(performance.patches.astype(float) - own)[10:-10].mean())

    assert movement(loud) > 1.5 * movement(quiet)


def test_the_mouth_opens_where_vowels_are(trained: Any) -> None:
    twin = bundle.load(trained.folder, trained.key)
    speech = EspeakVoice("f2").speak("Mama. Papa. Baba. Mama. Papa.", "en-GB")
    patches = twin.animate(speech.samples).patches.astype(float)
    inner = patches[:, patches.shape[1] // 3 : -patches.shape[1] // 3, patches.shape[2] // 3 : -patches.shape[2] // 3]
    dark = 255 - inner.mean((1, 2, 3))
    open_sounds = np.zeros(len(patches))
    for phone in speech.phones:
        if any(letter in phone.symbol for letter in "aɑæʌ"):
            open_sounds[int(phone.start_seconds * 25) : int(phone.end_seconds * 25) + 1] = 1
    smooth = np.convolve(open_sounds, np.ones(3) / 3, "same")
    assert correlation(smooth, dark) > 0.4


@pytest.mark.parametrize(("seconds", "reason"), [(60.0, "TooShort")])
def test_a_bad_capture_is_a_refusal_and_leaves_nothing(
    clip: Callable[..., Path], tmp_path: Path, seconds: float, reason: str
) -> None:
    key = token.new_key()
    record = sign_genesis(key, "Doodle", 1, "0" * 32)
    made = train_twin(
        clip(),
        tmp_path / "twin",
        genesis_jws=record,
        twin_id=twin_id(record),
        signing_key=key,
        voice=VoiceChoice("m3"),
        minimum_seconds=seconds,
    )
    assert isinstance(made, Refusal)
    assert made.reason == reason
    assert not list(tmp_path.iterdir())


def test_sound_that_does_not_belong_is_refused(
    clip: Callable[..., Path], write: Callable[..., Path], tmp_path: Path
) -> None:
    from understudy_workers.training.capture import check_capture, read_pictures
    from understudy_workers.training.material import gather

    pictures = list(read_pictures(clip()))[:300]
    rng = np.random.default_rng(8)
    beeps = np.repeat(rng.uniform(0, 1, 300) > 0.5, 882) * 0.3 * np.sin(np.arange(300 * 882) / 7)
    path = write(tmp_path / "beeps.mp4", pictures, beeps.astype(np.float32))
    facts = check_capture(path, 5)
    assert not isinstance(facts, Refusal)
    found = gather(path, facts.face)
    assert isinstance(found, Refusal)
    assert found.reason == "NoTalkingMouth"


def test_efforts_are_the_ones_a_twin_model_may_ask_for() -> None:
    assert list(EFFORT_SECONDS) == ["Quick", "Standard", "Thorough"]
    assert list(EFFORT_SECONDS.values()) == sorted(EFFORT_SECONDS.values())
