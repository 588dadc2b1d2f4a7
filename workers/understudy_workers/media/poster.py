"""A still of an item: one frame as a small JPEG."""

import io
from pathlib import Path

import av
from PIL import Image

from understudy_workers.media.yuv import Bytes, Yuv420, yuv420_to_rgb

POSTER_WIDTH = 320
_QUALITY = 82


def poster_of_frame(frame: Yuv420, width: int = POSTER_WIDTH) -> bytes:
    """A frame as JPEG, ``width`` pixels wide in its own shape."""
    return _jpeg(yuv420_to_rgb(frame), width)


def poster_of_file(path: Path, at_seconds: float | None = None, width: int = POSTER_WIDTH) -> bytes:
    """The frame of a video file shown at a time (default: a third of the way in) as JPEG, ``width`` pixels wide.

    Raises ValueError for a file without pictures.
    """
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            length = float((stream.duration or 0) * (stream.time_base or 0))
            wanted = length / 3 if at_seconds is None else min(at_seconds, length)
            container.seek(int(wanted * av.time_base))
            shown = None
            for frame in container.decode(stream):
                if shown is not None and frame.time > wanted:
                    break
                shown = frame
            if shown is not None:
                # Scaled while it is converted: most of the pixels need no colour.
                small = shown.reformat(width=width, height=_height(shown.width, shown.height, width), format="rgb24")
                return _jpeg(small.to_ndarray(), width)
    except (av.FFmpegError, IndexError) as error:
        raise ValueError(f"{path}: wanted a video, got something else ({error}); render it again") from error
    raise ValueError(f"{path}: wanted a video, got no pictures; render it again")


def _jpeg(picture: Bytes, width: int) -> bytes:
    image = Image.fromarray(picture)
    size = width, _height(image.width, image.height, width)
    out = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()


def _height(width: int, height: int, wanted_width: int) -> int:
    return max(1, round(height * wanted_width / width))
