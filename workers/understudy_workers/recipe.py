"""How takes and clips are made, as digests that enter their names: other code or other engines, other names.

They are computed from the sources and the installed engines, so nobody can forget to raise a number when a change makes
other pixels. An item's id does not contain them: an item that was billed stays billed across an upgrade.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from understudy_api.digest import digest, digest_bytes

ITEM_FORMAT: Final = "mp4/h264+aac/labelled/1"
"""What a delivered item is; changing it makes every item a new one, to be rendered and billed anew."""

_TAKE_SOURCES: Final = ("models/*.py", "stages/speak.py", "stages/animate.py")
_TAKE_ENGINES: Final = ("espeakng-loader", "janome", "numpy")
_ONNX_RUNTIMES: Final = ("onnxruntime-gpu", "onnxruntime")
_CLIP_SOURCES: Final = ("media/*.py", "stages/encode.py")
_CLIP_ENGINES: Final = ("av", "numba", "numpy", "opencv-python-headless", "pillow")


@cache
def take_recipe() -> str:
    """Digest of how sound and face of a take are made."""
    return recipe(Path(__file__).parent, _TAKE_SOURCES, (*_TAKE_ENGINES, first_installed(_ONNX_RUNTIMES)))


@cache
def clip_recipe() -> str:
    """Digest of how a take becomes a clip: composition, label, encoder settings."""
    return recipe(Path(__file__).parent, _CLIP_SOURCES, _CLIP_ENGINES)


def first_installed(names: tuple[str, ...]) -> str:
    """Which of these distributions is installed: one module comes under several names. Raises PackageNotFoundError."""
    for name in names[:-1]:
        try:
            version(name)
        except PackageNotFoundError:
            continue
        return name
    version(names[-1])
    return names[-1]


def recipe(root: Path, patterns: tuple[str, ...], engines: tuple[str, ...]) -> str:
    """Digest of the files below `root` that match `patterns`, and of the versions of the installed `engines`."""
    sources = sorted(path for pattern in patterns for path in root.glob(pattern))
    return digest(
        {
            "sources": {path.relative_to(root).as_posix(): digest_bytes(path.read_bytes()) for path in sources},
            "engines": {name: version(name) for name in engines},
        }
    )
