"""The core decides from its arguments: importing all of it brings in nothing that could look or wait."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import understudy_operator.core

CORE = Path(understudy_operator.core.__file__).parent
FORBIDDEN = {"kopf", "kubernetes", "httpx", "minio", "ray", "requests", "prometheus_client", "aiohttp"}
CLOCKS = {"time", "random", "secrets", "uuid", "os", "socket", "subprocess", "threading", "asyncio", "pathlib", "io"}


def test_importing_the_core_loads_no_client() -> None:
    modules = [f"understudy_operator.core.{path.stem}" for path in sorted(CORE.glob("*.py")) if path.stem != "__init__"]
    code = f"import sys, {', '.join(modules)}; print(sorted(set(sys.modules) & {FORBIDDEN!r}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("path", sorted(CORE.glob("*.py")), ids=lambda path: path.stem)
def test_no_file_reads_clock_chance_or_world(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {
        node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    assert not imported & (FORBIDDEN | CLOCKS)
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not calls & {"now", "utcnow", "today", "open", "read_text", "write_text"}
