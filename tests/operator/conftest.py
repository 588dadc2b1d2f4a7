"""Lets tests of the operator import `builders` and `memory_farm`, which stand one folder up."""

from __future__ import annotations

import sys
from pathlib import Path

SHARED = str(Path(__file__).parents[1])
if SHARED not in sys.path:
    sys.path.append(SHARED)

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)

from operator_site import admin, new_tenant, operator_process, operator_site, pool  # noqa: E402

__all__ = ["admin", "new_tenant", "operator_process", "operator_site", "pool"]
