"""docs/cost-export.md says what is true: its commands run on a farm's buckets, and print what stands below them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from cost_site import CostFarm
from doc_commands import commands, holds, prints

from understudy_cli.cost_report.focus import IDLE_METHOD, NO_CURRENCY, TYPES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "cost-export.md").read_text()


def test_every_command_prints_what_the_document_says(object_store: Any, tmp_path: Path) -> None:
    site = CostFarm(object_store.root, tmp_path)
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "160"}
    found = commands(DOCUMENT)
    assert len(found) == 5
    for command, wanted in found:
        said = prints(f"{command} --settings {site.settings} 2>&1", tmp_path, environment)
        assert holds(wanted, said), (command, said)
        assert said.code == 0, said
    assert (tmp_path / "costs.parquet").read_bytes().startswith(b"PAR1")


def test_it_names_every_column_of_ours_and_every_special_value() -> None:
    names = [name for name in TYPES if name.startswith("x_")]
    assert [one for one in (*names, IDLE_METHOD, NO_CURRENCY) if f"`{one}`" not in DOCUMENT] == []
