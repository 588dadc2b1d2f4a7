"""Questions to promtool: what a panel shows of series that are written down, by its own unit tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from prometheus_programs import program

RULES = Path(__file__).parents[2] / "dashboards" / "rules.yaml"
Shown = Mapping[str, float]
"""Labels in braces, as Prometheus writes them -> value."""


def wrong(folder: Path, series: Mapping[str, str], asked: Iterable[tuple[str, int, Shown]]) -> str:
    """What promtool finds wrong, empty when nothing is.

    `series`: minute by minute, in its notation. `asked`: an expression, the minute at which it is asked, what it shows then.
    """
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    tests = [
        {
            "expr": expr,
            "eval_time": f"{minute}m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in shown.items()],
        }
        for expr, minute, shown in asked
    ]
    one: dict[str, Any] = {"interval": "1m", "input_series": inputs, "promql_expr_test": tests}
    document = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [one]}
    (folder / "tests.yaml").write_text(yaml.safe_dump(document))
    command = [program("promtool"), "test", "rules", folder / "tests.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def near(expr: str, value: float, tolerance: float) -> str:
    """An expression that is 1 for each series of another that is about this large: rates are extrapolated."""
    return f"abs(({expr}) - {value:g}) <= bool {tolerance:g}"
