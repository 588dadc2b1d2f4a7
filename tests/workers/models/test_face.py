"""A loaded twin performs: shapes, borders, both ends at rest, the same every time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from understudy_workers.models import bundle
from understudy_workers.models.face import BATCH, Performance, Twin
from understudy_workers.models.voice import SAMPLES_PER_FRAME, EspeakVoice


@pytest.fixture(scope="module")
def twin(tiny_twin: Any) -> Twin:
    return bundle.load(tiny_twin.folder, tiny_twin.key)


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    return EspeakVoice().speak("Papa may buy a warm map.", "en-GB").samples


@pytest.fixture(scope="module")
def performance(twin: Twin, samples: np.ndarray) -> Performance:
    return twin.animate(samples)


def own(twin: Twin, plates: np.ndarray) -> np.ndarray:
    """The plates' own pixels in the mouth's rectangle."""
    rect = twin.mouth
    return twin.plates[plates, rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]


def test_a_frame_for_each_882_samples(twin: Twin, samples: np.ndarray, performance: Performance) -> None:
    frames = len(samples) // SAMPLES_PER_FRAME
    assert performance.plate_indices.shape == (frames,)
    assert performance.plate_indices.dtype == np.int32
    assert performance.patches.shape == (frames, twin.mouth.height, twin.mouth.width, 3)
    assert performance.patches.dtype == np.uint8


def test_begins_and_ends_on_the_untouched_rest_plate(twin: Twin, performance: Performance) -> None:
    for end in (0, -1):
        assert performance.plate_indices[end] == 0
        assert np.array_equal(performance.patches[end], own(twin, np.array([0]))[0])


def test_the_border_is_always_the_plates_own(twin: Twin, performance: Performance) -> None:
    pixels = own(twin, performance.plate_indices)
    differs = (performance.patches != pixels).any(axis=(0, 3))
    assert differs.any()
    differs[4:-4, 4:-4] = False
    assert not differs.any()


def test_the_mouth_moves_while_there_is_speech(twin: Twin, performance: Performance) -> None:
    moved = np.abs(performance.patches.astype(int) - own(twin, performance.plate_indices)).mean((1, 2, 3))
    assert moved[len(moved) // 2] > 0.5
    assert moved[0] == moved[-1] == 0


def test_equal_samples_give_an_equal_performance(twin: Twin, samples: np.ndarray, performance: Performance) -> None:
    twin.animate(samples[: 30 * SAMPLES_PER_FRAME])
    again = twin.animate(samples)
    assert np.array_equal(again.plate_indices, performance.plate_indices)
    assert np.array_equal(again.patches, performance.patches)


@pytest.mark.parametrize("frames", [0, 1, 2, 5, BATCH - 1, BATCH, BATCH + 1])
def test_any_length_performs(twin: Twin, samples: np.ndarray, frames: int) -> None:
    part = samples[20 * SAMPLES_PER_FRAME :][: frames * SAMPLES_PER_FRAME + 7]
    performance = twin.animate(part)
    assert len(performance.patches) == len(performance.plate_indices) == frames


def test_painting_in_batches_changes_nothing(twin: Twin) -> None:
    codes = np.random.default_rng(1).normal(size=(6, len(twin.geometry.rest_code))).astype(np.float32)
    plates = np.arange(6, dtype=np.int32)
    whole = twin.paint(plates, codes)
    single = np.concatenate([twin.paint(plates[k : k + 1], codes[k : k + 1]) for k in range(6)])
    assert np.abs(whole.astype(int) - single).max() <= 1


PROVIDER = """
import ctypes, pathlib, onnxruntime
from understudy_workers.models.face import bring_cuda
{}
try:
    ctypes.CDLL(str(pathlib.Path(onnxruntime.__file__).parent / "capi" / "libonnxruntime_providers_cuda.so"))
except OSError as error:
    print(error)
"""


def test_the_cuda_provider_lacks_nothing_but_the_driver() -> None:
    """Python packages bring its other libraries; with a driver it is the provider's host that a stranger lacks."""
    assert not re.search("cublas|cudart|curand|cufft|cudnn", _said("bring_cuda()"))


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="a machine with a GPU may have the libraries in its system")
def test_the_cuda_provider_does_not_find_them_by_itself() -> None:
    assert "libcublasLt.so" in _said("")


def _said(first: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", PROVIDER.format(first)], capture_output=True, text=True, check=True
    ).stdout
