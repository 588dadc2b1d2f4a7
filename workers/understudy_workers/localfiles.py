"""A bounded folder of immutable files, shared by the performers of one machine: copies of what S3 holds.

Losing any of it costs time, never work. A file appears whole (temporary name, then rename) or not at all; which ones
stay is decided by when they were last read.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,199}")
LEFTOVER_SECONDS: Final = 3600.0
_SWEEP_SHARE: Final = 1 / 8
_KEPT_SHARE: Final = 3 / 4


class LocalFiles:
    """Files by name in `folder`, together about `limit_bytes` at most, the least recently read leave first.

    Several processes may share a folder: each sweeps after writing an eighth of the limit.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._unswept_bytes = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.sweep()

    def read(self, name: str) -> bytes | None:
        """The file's bytes, None when it is not (or no longer) here."""
        path = self._path(name)
        try:
            data = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            return None
        return data

    def write(self, name: str, data: bytes) -> None:
        """Keeps a file. A full disk is no error: the copy is left out."""
        path = self._path(name)
        temporary = self._folder / f".{name}.{secrets.token_hex(6)}"
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            self.sweep()
            return
        self._unswept_bytes += len(data)
        if self._unswept_bytes > self._limit_bytes * _SWEEP_SHARE:
            self.sweep()

    def drop(self, name: str) -> None:
        """Forgets a file."""
        self._path(name).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes the least recently read files until three quarters of the limit are used, when more than it is."""
        self._unswept_bytes = 0
        found = []
        for entry in os.scandir(self._folder):
            with suppress(FileNotFoundError):
                stat = entry.stat()
                found.append((stat.st_mtime, stat.st_size, entry.path))
        total = sum(size for _, size, _ in found)
        if total <= self._limit_bytes:
            return
        for _, size, path in sorted(found):
            if total <= self._limit_bytes * _KEPT_SHARE:
                return
            with suppress(OSError):
                Path(path).unlink()
            total -= size

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"local file: wanted a plain name, got {name!r}")
        return self._folder / name


def remove_leftovers(folder: Path, pattern: str) -> None:
    """Removes folders a killed process left below `folder`: those named like `pattern` and untouched for an hour."""
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
