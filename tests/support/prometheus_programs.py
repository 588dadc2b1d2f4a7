"""Prometheus and promtool for tests: those on the PATH, else Debian's package, unpacked into a cache and not installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "understudy" / "prometheus"


@cache
def program(name: str) -> Path:
    """`prometheus` or `promtool`; a skipped test, with the reason, where neither can be had."""
    if found := shutil.which(name):
        return Path(found)
    cached = CACHE / "usr" / "bin" / name
    if not cached.exists():
        _unpack()
    return cached


def _unpack() -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        pytest.skip("no Prometheus: it is not on the PATH, and this is no Debian to take its package from")
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE.parent) as folder:
        fetched = subprocess.run(
            ["apt-get", "download", "prometheus"], cwd=folder, capture_output=True, text=True, check=False
        )
        packages = list(Path(folder).glob("prometheus_*.deb"))
        if fetched.returncode or not packages:
            pytest.skip(f"no Prometheus: apt-get download: {(fetched.stderr or fetched.stdout).strip()[-200:]}")
        unpacked = Path(folder) / "unpacked"
        subprocess.run(["dpkg-deb", "--extract", str(packages[0]), str(unpacked)], check=True)
        if not CACHE.exists():
            unpacked.rename(CACHE)
