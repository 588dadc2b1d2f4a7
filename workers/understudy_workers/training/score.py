"""The validation record of a twin: the held-out part painted by the network, beside its ceiling and its baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Final

import av
import numpy as np
import numpy.typing as npt

from understudy_workers.models.geometry import mask
from understudy_workers.models.hearing import smooth, windows
from understudy_workers.models.phones import PhoneEncoder
from understudy_workers.training.likeness import gmsd, psnr, ssim
from understudy_workers.training.listen import Listener
from understudy_workers.training.material import Material
from understudy_workers.training.opening import correlation, learn_gauge, offset_frames

Rgb = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Painter = Callable[[Rows, Floats], Rgb]
"""Paints the mouth squares of capture frames (row numbers) saying mouth codes [n, k]."""

BASELINES: Final = ("frozen", "mean", "nearest")
ROWS: Final = ("ceiling", "network", "linear", *BASELINES, "swapped", "silent")

MOST_SWAPPED_SHARE: Final = 0.5
"""With another sentence's sound the mouth must agree with the footage at most half as well as with its own."""

CLOSED_SHARE: Final = 0.3
"""In silence the mouth may on average stay open by at most this share of what talking opens it."""


@dataclass(frozen=True)
class Score:
    """One way of making the held-out mouths, against the footage; mouth region only.

    `psnr` in dB, `ssim` up to 1, `gmsd` (lower is better), `opening` correlation -1 to 1, `motion` the opening's
    deviation over the truth's, `offset` in frames (positive: late).
    """

    psnr: float
    ssim: float
    gmsd: float
    opening: float
    motion: float
    offset: int


@dataclass(frozen=True)
class Scores:
    """The record: a score per row of `ROWS`, how many frames were held out, and how wide silence leaves the mouth.

    `silent_opening` is the mean opening under silence over that of the footage's own speech, both above the frozen mouth's.
    """

    rows: Mapping[str, Score]
    held_out_frames: int
    training_frames: int
    silent_opening: float

    def plain(self) -> dict[str, dict[str, float]]:
        """The rows as nested plain numbers."""
        return {name: {k: float(v) for k, v in asdict(score).items()} for name, score in self.rows.items()}


def gates(scores: Scores) -> tuple[str, ...]:
    """Why a twin may not be used, one sentence each; empty when it passed.

    The network must beat the frozen mouth, the mean mouth and the nearest training frame: in PSNR and SSIM all three, in
    opening all three, follow the sound it is given, and shut up in silence.
    """
    network = scores.rows["network"]
    reasons = []
    for name in BASELINES:
        other = scores.rows[name]
        for what in ("psnr", "ssim", "opening"):
            own, theirs = getattr(network, what), getattr(other, what)
            if not own > theirs:
                reasons.append(f"{what}: wanted more than the {name} baseline's {theirs:.3f}, got {own:.3f}")
    swapped, allowed = scores.rows["swapped"].opening, MOST_SWAPPED_SHARE * max(network.opening, 0.0)
    if not swapped <= allowed:
        reasons.append(f"opening with swapped sound: wanted at most {allowed:.3f}, got {swapped:.3f}")
    if not scores.silent_opening <= CLOSED_SHARE:
        reasons.append(
            f"opening in silence: wanted at most {CLOSED_SHARE:.2f} of speech's, got {scores.silent_opening:.2f}"
        )
    return tuple(reasons)


def score(material: Material, listener: Listener, paint: Painter, draw: Painter, quiet: Rgb) -> Scores:
    """Scores a twin on the held-out frames, none of which any fit has seen.

    `paint` is the whole network, `draw` its linear half; `quiet` [n, side, side, 3] is the frozen mouth of every frame
    of the capture: a closed one in the nearest pose.
    """
    held = np.arange(material.held_start, len(material.squares))
    end = material.training_end
    truth = material.squares[held]
    heard = smooth(listener.codes(windows(material.features)))[held]
    mute = smooth(listener.codes(windows(PhoneEncoder().encode(np.zeros_like(material.speech)))))[held]
    silent = paint(held, mute)
    pictures = {
        "ceiling": reencoded(truth),
        "network": paint(held, heard),
        "linear": draw(held, heard),
        "frozen": quiet[held],
        "mean": np.repeat(_mean(material.squares[:end])[None], len(held), 0),
        "nearest": material.squares[_nearest(listener, material, held)],
        "swapped": paint(held, np.roll(heard, len(held) // 2, axis=0)),
        "silent": silent,
    }
    gauge = learn_gauge(material.squares[:end], material.loudness[:end], material.poses[:end].astype(np.float64))
    wanted = gauge.read(truth)
    weight = mask(material.place.side).astype(np.float64)
    rows = {}
    for name, made in pictures.items():
        got = gauge.read(made)
        rows[name] = Score(
            psnr=round(psnr(truth, made, weight), 2),
            ssim=round(ssim(truth, made, weight), 4),
            gmsd=round(gmsd(truth, made, weight), 4),
            opening=round(correlation(wanted, got), 4),
            motion=round(float(got.std() / max(wanted.std(), 1e-9)), 3),
            offset=offset_frames(wanted, got),
        )
    rest = gauge.read(quiet[held]).mean()
    speaking, left_open = wanted.mean() - rest, gauge.read(silent).mean() - rest
    return Scores(rows, len(held), end, round(abs(float(left_open)) / max(abs(float(speaking)), 1e-9), 3))


def reencoded(pictures: Rgb) -> Rgb:
    """The truth after x264 at crf 20: nothing that is delivered can score higher."""
    height, width = pictures.shape[1:3]
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"crf": "20", "preset": "veryfast", "x264-params": "threads=1"}
    packets = []
    for picture in pictures:
        packets += encoder.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24"))
    packets += encoder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames = [frame for packet in packets for frame in decoder.decode(packet)] + list(decoder.decode(None))
    return np.stack([frame.to_ndarray(format="rgb24") for frame in frames])


def _mean(squares: Rgb) -> Rgb:
    total = np.zeros(squares.shape[1:], np.float64)
    for square in squares:
        total += square
    return np.asarray(total / len(squares) + 0.5, np.uint8)


def _nearest(listener: Listener, material: Material, held: Rows) -> Rows:
    """For each held-out frame the training frame whose sound is most alike, as the listener hears."""
    points = (windows(material.features) - listener.mean) @ listener.squeeze
    known = points[: material.training_end]
    distance = (known**2).sum(1)[None] - 2 * points[held] @ known.T
    return np.asarray(distance.argmin(1), np.int64)
