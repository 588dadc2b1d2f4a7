"""Which release of the pool this operator belongs to: a digest over the installed code that the pool runs."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Final

DISTRIBUTION: Final = "understudy"
PACKAGES: Final = ("understudy_api", "understudy_workers")
VARIABLE: Final = "UNDERSTUDY_RELEASE"
"""Environment variable a submitted director reads its release from."""
POOL_VARIABLE: Final = "UNDERSTUDY_POOL"
"""The one it reads the name of its pool from."""


def installed_release() -> str:
    """SHA-256 over the distribution's version and the sources of the pool's packages, 64 hex digits.

    Only names and bytes enter, so the same code gives the same release on every machine. Nothing is imported.
    """
    whole = hashlib.sha256(importlib.metadata.version(DISTRIBUTION).encode())
    for package in PACKAGES:
        for path, name in _sources(package):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"\n{name} {content}".encode())
    return whole.hexdigest()


def _sources(package: str) -> Iterator[tuple[Path, str]]:
    found = importlib.util.find_spec(package)
    for folder in map(Path, (found and found.submodule_search_locations) or ()):
        for path in sorted(folder.rglob("*.py")):
            yield path, f"{package}/{path.relative_to(folder).as_posix()}"
