"""Pictures as video codecs take them: 8-bit YUV 4:2:0, BT.709, limited range, chroma centred between its pixels."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

# ITU-R BT.709, items 3.2 to 3.4: luma weights, then scaled to 16-235 and 16-240.
_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722
_LUMA = np.array([_RED, _GREEN, _BLUE])
_CB = (np.array([0, 0, 1]) - _LUMA) / (2 * (1 - _BLUE))
_CR = (np.array([1, 0, 0]) - _LUMA) / (2 * (1 - _RED))
_FROM_RGB = np.vstack([_LUMA * 219, _CB * 224, _CR * 224]) / 255
_TO_RGB = np.linalg.inv(_FROM_RGB)
_OFFSETS = np.array([16.0, 128.0, 128.0])


@dataclass(frozen=True)
class Yuv420:
    """One frame of even ``width`` and ``height``: ``data`` holds the Y, U and V planes one after another, uint8."""

    data: Bytes
    width: int
    height: int

    @classmethod
    def empty(cls, width: int, height: int) -> "Yuv420":
        """A frame of undefined pixels; ValueError for odd sizes."""
        if width % 2 or height % 2 or width < 2 or height < 2:
            raise ValueError(f"frame size: wanted even numbers, got {width}x{height}; round to even")
        return cls(np.empty(width * height * 3 // 2, np.uint8), width, height)

    @property
    def planes(self) -> tuple[Bytes, Bytes, Bytes]:
        """Writable views: Y [height, width], U and V [height / 2, width / 2]."""
        luma, chroma = self.width * self.height, self.width * self.height // 4
        half = (self.height // 2, self.width // 2)
        return (
            self.data[:luma].reshape(self.height, self.width),
            self.data[luma : luma + chroma].reshape(half),
            self.data[luma + chroma :].reshape(half),
        )

    def copy(self) -> "Yuv420":
        """The same frame in memory of its own."""
        return Yuv420(self.data.copy(), self.width, self.height)


def rgb_to_yuv444(picture: Bytes) -> tuple[Bytes, Bytes, Bytes]:
    """RGB [h, w, 3] uint8, full range -> Y, U, V planes [h, w] uint8, BT.709 limited range."""
    mixed = cv2.transform(picture, np.column_stack([_FROM_RGB, _OFFSETS]).astype(np.float32))
    y, u, v = cv2.split(mixed)
    return y, u, v


def rgb_to_yuv_float(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """RGB [..., 3] float 0-255 -> YUV [..., 3] float, BT.709 limited range, not rounded."""
    return np.asarray(picture @ _FROM_RGB.T.astype(np.float32) + _OFFSETS.astype(np.float32), np.float32)


def yuv420_to_rgb(frame: Yuv420) -> Bytes:
    """RGB [height, width, 3] uint8 of a frame, chroma scaled up linearly; for posters and for looking."""
    y, *chroma = frame.planes
    size = (frame.width, frame.height)
    u, v = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in chroma)
    back = np.column_stack([_TO_RGB, -_TO_RGB @ _OFFSETS]).astype(np.float32)
    picture: Bytes = cv2.transform(cv2.merge([y, u, v]), back)
    return picture
