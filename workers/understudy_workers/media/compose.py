"""From plates and mouth patches to finished output frames: placed, continued to the sides, labelled, in YUV.

Everything that does not move is drawn once. A plate is placed once per output and kept (up to a budget of bytes);
a frame then costs one copy of the plate's region, where it changed, and the scaling of the mouth's rectangle.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from understudy_workers.media.backdrop import Backdrop, extend_studio
from understudy_workers.media.label import Label, draw_label
from understudy_workers.media.placement import Box, Placement, place
from understudy_workers.media.window import Window, mouth_window, plate_window
from understudy_workers.media.yuv import Bytes, Yuv420, rgb_to_yuv_float

CACHE_BYTES = 192 * 2**20


class Composer:
    """Draws one twin's frames for one output size; the disclosure label is part of every frame.

    ``plates`` [P, side, side, 3] RGB uint8, ``mouth`` in plate pixels; ``detail`` is a second line of the label.
    Not thread-safe. Raises ValueError for sizes that cannot be drawn or that would put the label on the mouth.
    """

    def __init__(
        self,
        plates: Bytes,
        mouth: Box,
        width: int,
        height: int,
        detail: str = "",
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.width, self.height = width, height
        self._plates, self._mouth = plates, mouth
        side = plates.shape[1]
        at = place(width, height, side, mouth)
        self._label = draw_label(width, height, detail)
        self._plate_window = plate_window(at, width, height, side)
        self._mouth_window = mouth_window(at, mouth, self._plate_window)
        if _overlap(self._label, self._mouth_window):
            raise ValueError(f"output {width}x{height}: its label would cover the mouth; choose a larger size")
        self._backdrop = _studio(plates[0], at, width, height)
        self._still = _still_frame(self._backdrop, at, width, height)
        self._lay_label(self._still, (0, 0))
        region_bytes = self._plate_window.width * self._plate_window.height * 3 // 2
        self._cache_size = max(2, cache_bytes // region_bytes)
        self._cache: OrderedDict[int, Yuv420] = OrderedDict()

    def frame(self, plate_index: int, patch: Bytes | None) -> Yuv420:
        """One frame: a plate with the mouth's rectangle replaced by ``patch`` (None leaves the plate's own)."""
        frame = self._still.copy()
        self._plate_window.paste(self._placed(plate_index).planes, frame)
        if patch is not None:
            self._mouth_window.paste(self._mouth_window.sample(patch), frame)
        return frame

    def frames(self, plate_indices: Iterable[int], patches: Iterable[Bytes]) -> Iterator[Yuv420]:
        """A take's frames in order. Each is valid only until the next one is asked for: they share memory."""
        frame = self._still.copy()
        shown = -1
        for index, patch in zip(plate_indices, patches, strict=True):
            if index != shown:
                self._plate_window.paste(self._placed(int(index)).planes, frame)
                shown = index
            self._mouth_window.paste(self._mouth_window.sample(patch), frame)
            yield frame

    def _placed(self, plate_index: int) -> Yuv420:
        """A plate's region of the output, faded into the studio, labelled; from the cache or drawn now."""
        if (known := self._cache.get(plate_index)) is not None:
            self._cache.move_to_end(plate_index)
            return known
        plate, window, mouth = self._plates[plate_index], self._plate_window, self._mouth
        corner = (window.x, window.y)
        placed = Yuv420.empty(window.width, window.height)
        window.paste(window.sample(self._backdrop.fade(plate)), placed, corner)
        # The plate's own mouth goes the way every patch goes: equal pixels in, equal pixels out.
        patch = plate[mouth.y : mouth.y + mouth.height, mouth.x : mouth.x + mouth.width]
        self._mouth_window.paste(self._mouth_window.sample(patch), placed, corner)
        self._lay_label(placed, corner)
        while len(self._cache) >= self._cache_size:
            self._cache.popitem(last=False)
        self._cache[plate_index] = placed
        return placed

    def _lay_label(self, picture: Yuv420, corner: tuple[int, int]) -> None:
        """Blend the label over a part of the output whose corner is at ``corner`` (x, y)."""
        label, (x, y) = self._label, corner
        left, right = max(label.left, x), min(label.left + label.width, x + picture.width)
        top, bottom = max(label.top, y), min(label.top + label.height, y + picture.height)
        if left >= right or top >= bottom:
            return
        for plane, keep, add, step in zip(picture.planes, label.keep, label.add, (1, 2, 2), strict=True):
            there = np.s_[(top - y) // step : (bottom - y) // step, (left - x) // step : (right - x) // step]
            rows = slice((top - label.top) // step, (bottom - label.top) // step)
            columns = slice((left - label.left) // step, (right - label.left) // step)
            plane[there] = np.rint(plane[there] * keep[rows, columns] + add[rows, columns]).astype(np.uint8)


def _overlap(label: Label, mouth: Window) -> bool:
    across = label.left < mouth.x + mouth.width and mouth.x < label.left + label.width
    return across and label.top < mouth.y + mouth.height and mouth.y < label.top + label.height


def _studio(plate: Bytes, at: Placement, width: int, height: int) -> Backdrop:
    """The backdrop large enough for the output, with two plate pixels to spare on open sides."""
    side = len(plate)
    right, bottom = width - at.left - at.scale_x * side, height - at.top - at.scale_y * side
    gaps = (at.left / at.scale_x, at.top / at.scale_y, right / at.scale_x, bottom / at.scale_y)
    left, top, right, bottom = (int(np.ceil(gap)) + 2 if gap > 0 else 0 for gap in gaps)
    return extend_studio(plate, left, top, right, bottom)


def _still_frame(backdrop: Backdrop, at: Placement, width: int, height: int) -> Yuv420:
    """The studio alone at output size, with a whisper of noise so that its soft slopes do not band."""
    x = ((np.arange(width) + 0.5 - at.left) / at.scale_x - 0.5 + backdrop.left).astype(np.float32)
    y = ((np.arange(height) + 0.5 - at.top) / at.scale_y - 0.5 + backdrop.top).astype(np.float32)
    picture = cv2.remap(backdrop.canvas, *np.meshgrid(x, y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    yuv = rgb_to_yuv_float(picture)
    yuv[..., 0] += np.random.default_rng(0).normal(0, 0.6, (height, width))
    frame = Yuv420.empty(width, height)
    chroma = yuv[..., 1:].reshape(height // 2, 2, width // 2, 2, 2).mean((1, 3))
    for plane, values in zip(frame.planes, (yuv[..., 0], chroma[..., 0], chroma[..., 1]), strict=True):
        plane[:] = np.clip(np.rint(values), 16, 240)
    return frame
