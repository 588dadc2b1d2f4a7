"""From a capture to a scored, signed bundle: the whole training, one step after the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import torch
from joserfc.jwk import OKPKey

from understudy_api.digest import canonical, digest_bytes
from understudy_api.verdict import Refusal
from understudy_workers.models import bundle
from understudy_workers.models.face import new_session
from understudy_workers.models.geometry import Geometry, mask
from understudy_workers.models.hearing import windows
from understudy_workers.models.phones import ENCODER, PhoneEncoder
from understudy_workers.models.plates import encode_plates
from understudy_workers.models.voice import SAMPLE_RATE_HZ
from understudy_workers.training.capture import MINIMUM_SECONDS, check_capture
from understudy_workers.training.code import learn_code
from understudy_workers.training.fit import Examples, Fitted, export_face, fit_face, smoothed
from understudy_workers.training.listen import Heard, export_listener, learn_listener
from understudy_workers.training.material import GAP_FRAMES, Material, gather
from understudy_workers.training.score import Scores, gates, score

EFFORT_SECONDS: Final = {"Quick": 45.0, "Standard": 150.0, "Thorough": 900.0}
"""Processor seconds the face network is fitted for."""

_CHUNK: Final = 16

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class VoiceChoice:
    """The espeak-ng voice a twin speaks with."""

    variant: str = "f2"
    pitch: int = 50
    rate_wpm: int = 165


@dataclass(frozen=True)
class Trained:
    """A bundle on disk. `reasons` say why it may not be used; empty when it beat every baseline."""

    version: str
    scores: Scores
    reasons: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class _Learnt:
    material: Material
    heard: Heard
    codes: Floats
    fitted: Fitted
    face: bytes
    quiet_squares: Rgb
    quiet: Rows


def _unheard(_share: float, _what: str) -> None:
    """Progress that nobody asked for."""


def train_twin(
    capture_path: Path,
    out_folder: Path,
    *,
    genesis_jws: str,
    twin_id: str,
    signing_key: OKPKey,
    voice: VoiceChoice = VoiceChoice(),
    face_seconds: float = EFFORT_SECONDS["Standard"],
    minimum_seconds: float = MINIMUM_SECONDS,
    seed: int = 1,
    progress: Progress = _unheard,
) -> Trained | Refusal:
    """Trains a twin from footage alone and writes its bundle to `out_folder`, which must not exist yet.

    `progress` gets the share done, 0 to 1, and what is going on. A capture that is not good enough is a Refusal.
    """
    began = time.monotonic()
    cv2.setNumThreads(0)
    torch.set_num_threads(min(2, os.cpu_count() or 1))
    progress(0.01, "looking at the capture")
    facts = check_capture(capture_path, minimum_seconds)
    if isinstance(facts, Refusal):
        return facts
    progress(0.05, "following the head, finding the mouth")
    material = gather(capture_path, facts.face)
    if isinstance(material, Refusal):
        return material
    progress(0.2, "learning to listen")
    learnt = _learn(material, face_seconds, seed, lambda share, what: progress(0.3 + 0.55 * share, what))
    progress(0.87, "scoring held-out footage")
    scores = _score(learnt)
    reasons = gates(scores)
    progress(0.97, "signing the bundle")
    files = _files(learnt, scores, reasons)
    manifest = bundle.Manifest(
        twin_id=twin_id,
        genesis=genesis_jws,
        files=bundle.describe(files),
        inputs=_inputs(capture_path, voice, face_seconds, seed),
        scores=scores.plain(),
        ready=not reasons,
        created=int(time.time()),
    )
    version = bundle.write(out_folder, manifest, files, signing_key)
    return Trained(version, scores, reasons, time.monotonic() - began)


def _learn(material: Material, face_seconds: float, seed: int, progress: Progress) -> _Learnt:
    end = material.training_end
    shown = mask(material.place.side)
    code, _ = learn_code(material.squares[:end], material.poses[:end], shown)
    codes = code.encode(material.squares, material.poses)
    resting = material.choice.start + np.array(material.choice.quiet)
    silence = _silent_window(), codes[resting].mean(0)
    heard = learn_listener(windows(material.features)[:end], codes[:end], code.importance, GAP_FRAMES, silence)
    quiet = _nearest_pose(material.poses, material.poses[resting])
    typical = np.median(material.squares[:end:4], axis=0)
    talking = np.abs(material.squares[:end].astype(np.float32) - typical).mean((0, 3)).astype(np.float64)
    examples = Examples(
        squares=material.squares[:end],
        quiet=quiet[:end],
        quiet_squares=material.squares[resting],
        poses=material.poses[:end],
        codes=codes[:end],
        heard=heard.honest,
        talking=smoothed(talking, material.place.side),
    )
    fitted = fit_face(examples, face_seconds, seed, progress)
    return _Learnt(material, heard, codes, fitted, export_face(fitted.net), material.squares[resting], quiet)


def _score(learnt: _Learnt) -> Scores:
    """Scores the network as it will be deployed, through ONNX Runtime."""
    material, net = learnt.material, learnt.fitted.net
    session = new_session(learnt.face, on_gpu=False)

    def paint(rows: Rows, codes: Floats) -> Rgb:
        made = []
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            feed = {
                "plate": material.squares[part],
                "quiet": learnt.quiet_squares[learnt.quiet[part]],
                "pose": material.poses[part],
                "code": codes[start : start + _CHUNK],
            }
            made.append(session.run(None, feed)[0])
        return np.concatenate(made)

    def draw(rows: Rows, codes: Floats) -> Rgb:
        with torch.no_grad():
            drawn = net.linear(torch.from_numpy(material.poses[rows]), torch.from_numpy(codes)).numpy()
        return np.asarray(np.clip(drawn * 255 + 0.5, 0, 255).transpose(0, 2, 3, 1), np.uint8)

    return score(material, learnt.heard.listener, paint, draw, learnt.quiet_squares[learnt.quiet])


def _files(learnt: _Learnt, scores: Scores, reasons: tuple[str, ...]) -> Mapping[str, bytes]:
    material = learnt.material
    plates = slice(material.choice.start, material.choice.start + material.choice.count)
    geometry = Geometry(
        side=material.place.side,
        left=material.place.left,
        top=material.place.top,
        matrices=tuple(_rows(matrix) for matrix in material.matrices[plates]),
        poses=tuple(tuple(map(float, pose)) for pose in material.poses[plates]),
        quiet=tuple(material.choice.quiet[k] for k in learnt.quiet[plates]),
        busy=material.choice.busy,
        rest_code=tuple(map(float, learnt.heard.listener.codes(_silent_window()[None])[0])),
    )
    report = {**scores.plain(), "reasons": list(reasons), "silent_opening": scores.silent_opening}
    return {
        "face.onnx": learnt.face,
        "mouth.onnx": export_listener(learnt.heard.listener),
        "phones.onnx": ENCODER.read_bytes(),
        "plates.mp4": encode_plates(material.plates),
        "twin.json": geometry.model_dump_json().encode(),
        "scores.json": canonical(report),
    }


def _inputs(capture_path: Path, voice: VoiceChoice, face_seconds: float, seed: int) -> dict[str, str]:
    return {
        "capture_sha256": digest_bytes(capture_path.read_bytes()),
        "voice_variant": voice.variant,
        "voice_pitch": str(voice.pitch),
        "voice_rate_wpm": str(voice.rate_wpm),
        "face_seconds": str(face_seconds),
        "seed": str(seed),
        "torch": metadata.version("torch"),
    }


def _nearest_pose(poses: Floats, resting: Floats) -> Rows:
    """For every frame the resting frame whose head pose is nearest, [n]."""
    return np.asarray(((poses[:, None] - resting[None]) ** 2).sum(-1).argmin(1), np.int64)


def _silent_window() -> Floats:
    """What the listener hears in the middle of a second without sound, [WINDOW]."""
    heard = windows(PhoneEncoder().encode(np.zeros(SAMPLE_RATE_HZ, np.float32)))
    return np.asarray(heard[len(heard) // 2])


def _rows(matrix: npt.NDArray[np.float64]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    (a, b, c), (d, e, f) = matrix.tolist()
    return (a, b, c), (d, e, f)
