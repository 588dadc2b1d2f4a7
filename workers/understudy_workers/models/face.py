"""A trained twin's face: speech in, plates and mouth pixels out."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from understudy_workers.models.geometry import Geometry, Rect, mask
from understudy_workers.models.hearing import mouth_codes
from understudy_workers.models.pacing import plate_path
from understudy_workers.models.phones import PhoneEncoder
from understudy_workers.models.plates import decode_plates
from understudy_workers.models.voice import SAMPLES_PER_FRAME

__all__ = ["Performance", "Rect", "Twin", "new_session"]

BATCH: Final = 16
_FADE: Final = (0.0, 0.35, 0.75)
"""How much of the painted mouth shows in the first frames of a take, and mirrored in the last: plate 0 is at rest."""

Floats = npt.NDArray[np.float32]
Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Performance:
    """A take's picture, free of any output format.

    `plate_indices` int32 [n]: which plate each frame stands on. `patches` uint8 [n, height, width, 3] RGB: the final
    pixels of the mouth rectangle, the plate's own within 4 pixels of its border.
    """

    plate_indices: npt.NDArray[np.int32]
    patches: Rgb


class Twin:
    """A twin ready to perform. Not for several threads at once: a performer holds one for itself.

    `plates` uint8 [P, 512, 512, 3] RGB, P <= 150; plate 0 is the rest pose with a closed mouth. `mouth` is the one
    rectangle in which every plate's mouth lies.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """Takes the verified files of a bundle; `understudy_workers.models.bundle.load` is the way in."""
        cv2.setNumThreads(0)
        self.geometry = Geometry.model_validate_json(files["twin.json"])
        self.plates: Rgb = decode_plates(files["plates.mp4"])
        self.mouth: Rect = self.geometry.rect()
        self._encoder = PhoneEncoder(files["phones.onnx"])
        self._hearing = new_session(files["mouth.onnx"], on_gpu=False)
        self._face = new_session(files["face.onnx"], on_gpu=True)
        self._rest = np.array(self.geometry.rest_code, np.float32)
        self._poses = np.array(self.geometry.poses, np.float32)
        self._squares = np.stack([self.geometry.to_square(k, plate) for k, plate in enumerate(self.plates)])
        self._quiet = self._squares[list(self.geometry.quiet)]
        shown = mask(self.geometry.side)
        self._masks = np.stack([self.geometry.to_rect(k, shown, self.mouth) for k in range(len(self.plates))]).astype(
            np.float32
        )

    def animate(self, samples: Floats, between: Callable[[], None] = lambda: None) -> Performance:
        """Performs speech: mono float32 at 22,050 Hz and about -16 LUFS; n = len(samples) // 882 frames.

        Equal samples give an equal performance on one kind of machine. `between` is called before every BATCH frames.
        """
        frames = len(samples) // SAMPLES_PER_FRAME
        variety = float(np.abs(samples[: frames * SAMPLES_PER_FRAME]).sum(dtype=np.float64) * 10 % 1)
        path = plate_path(frames, len(self.plates), self.geometry.busy, variety)
        codes = mouth_codes(self._hearing, self._encoder.encode(samples), self._rest)
        patches = np.empty((frames, self.mouth.height, self.mouth.width, 3), np.uint8)
        for start in range(0, frames, BATCH):
            between()
            chosen = path[start : start + BATCH]
            squares = self.paint(chosen, codes[start : start + BATCH])
            for k, (plate, square) in enumerate(zip(chosen, squares, strict=True), start):
                patches[k] = self._placed(int(plate), square, _fade(k, frames))
        return Performance(path, patches)

    def paint(self, plates: npt.NDArray[np.int32], codes: Floats) -> Rgb:
        """The steadied mouth squares [n, side, side, 3] of plates saying mouth codes [n, k]; the network alone."""
        inputs = {
            "plate": self._squares[plates],
            "quiet": self._quiet[plates],
            "pose": self._poses[plates],
            "code": codes,
        }
        return np.asarray(self._face.run(None, inputs)[0], np.uint8)

    def _placed(self, plate: int, square: Rgb, fade: float) -> Rgb:
        rect = self.mouth
        own = self.plates[plate, rect.y : rect.y + rect.height, rect.x : rect.x + rect.width]
        if fade == 0:
            return own
        painted = self.geometry.to_rect(plate, square, rect).astype(np.float32)
        blended = own + (painted - own) * (self._masks[plate] * fade)[:, :, None]
        return np.asarray(blended + 0.5, np.uint8)


def _fade(frame: int, frames: int) -> float:
    end = min(frame, frames - 1 - frame)
    return _FADE[end] if end < len(_FADE) else 1.0


@functools.cache
def bring_cuda() -> None:
    """Loads the CUDA libraries that Python packages brought, once: ONNX Runtime's provider looks for them in the system alone."""
    ort.preload_dlls()


def new_session(model: bytes, on_gpu: bool) -> Any:
    """An ONNX Runtime session on one CPU thread, or on the GPU where `on_gpu` is asked for and there is one.

    ValueError when `model` is no ONNX network.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    if on_gpu and Path("/dev/nvidiactl").exists() and "CUDAExecutionProvider" in ort.get_available_providers():
        bring_cuda()
        providers.insert(0, "CUDAExecutionProvider")
    try:
        return ort.InferenceSession(model, options, providers=providers)
    except Exception as error:  # its errors share no other base
        said = str(error).splitlines()[0][:200]
        raise ValueError(f"network: wanted an ONNX model, got {len(model)} bytes that are none ({said})") from error
