"""Captures: the footage a twin is trained from. Uploaded as it is by its owner, sealed in its place by the first training.

A sealed capture is a magic line and the sealed film. What is trained from is opened in memory (a memory file system) where
there is room for it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import structlog

from understudy_api.digest import digest, digest_bytes
from understudy_api.order import TrainingOrder
from understudy_workers.objects import Objects, StoreError
from understudy_workers.sealing import CAPTURE, Seal

MAX_CAPTURE_BYTES: Final = 4 * 1024**3
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - folders in it are made for this user alone
_MAGIC: Final = b"understudy-sealed/1\n"
_SPARE_BYTES: Final = 256 * 1024**2

log = structlog.get_logger("captures")


def memory_folder(wanted_bytes: int, otherwise: Path) -> Path:
    """A folder that no disk holds, if one has room for `wanted_bytes`; else the other one, said in the log."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > wanted_bytes + _SPARE_BYTES:
        return MEMORY
    log.warning("a capture is opened on disk; give the pool a larger /dev/shm", wanted_bytes=wanted_bytes)
    return otherwise


def fetch_capture(objects: Objects, order: TrainingOrder, seal: Seal, path: Path) -> None:
    """The film at `path`, whether its object is sealed already or not; afterwards it is.

    Raises MissingObjectError, StoreError, and SealError for one that was sealed for another twin or place.
    """
    bucket, key = order.capture_bucket, order.capture_key
    fetched = path.with_suffix(".fetched")
    objects.get_file(bucket, key, fetched, limit_bytes=MAX_CAPTURE_BYTES)
    name = digest({"bucket": bucket, "key": key})
    with fetched.open("rb") as source:
        if source.read(len(_MAGIC)) == _MAGIC:
            with path.open("wb") as film:
                seal.open_stream(source, film, CAPTURE, name)
            fetched.unlink()
            return
    fetched.replace(path)
    _seal_in_place(objects, order, seal, path, name)


def _seal_in_place(objects: Objects, order: TrainingOrder, seal: Seal, path: Path, name: str) -> None:
    """Puts the sealed film where the plain one was, in one step; its digest stays known, so that nobody uploads it anew."""
    sealed = path.with_suffix(".sealed")
    try:
        with path.open("rb") as film:
            target = sealed.open("wb")
            target.write(_MAGIC)
            seal.close_stream(film, target, CAPTURE, name)
        known = {"sha256": digest_bytes(path.read_bytes())}
        objects.put_file(order.capture_bucket, order.capture_key, sealed, "application/octet-stream", metadata=known)
    except OSError as error:
        raise StoreError(
            f"capture: cannot be sealed here ({error.strerror}); see to the space in {path.parent}"
        ) from error
    finally:
        sealed.unlink(missing_ok=True)
