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


def needed(exprs: Iterable[str]) -> dict[str, Any]:
    """The shipped rules that such expressions are computed from, and alerts with one of them: promtool evaluates all it is given."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    words = set(exprs)
    for rule in [rule for group in reversed(groups) for rule in reversed(group["rules"])]:
        if any(rule.get("record", "-") in expr for expr in words):
            words.add(rule["expr"])
    kept = ({**group, "rules": [rule for rule in group["rules"] if rule["expr"] in words]} for group in groups)
    return {"groups": [group for group in kept if group["rules"]]}


def wrong(folder: Path, series: Mapping[str, str], asked: Iterable[tuple[str, int, Shown]]) -> str:
    """What promtool finds wrong, empty when nothing is.

    `series`: minute by minute, in its notation. `asked`: an expression, the minute at which it is asked, what it shows then.
    """
    inputs, asked = [{"series": name, "values": values} for name, values in series.items()], list(asked)
    tests = [
        {
            "expr": expr,
            "eval_time": f"{minute}m",
            "exp_samples": [{"labels": labels, "value": value} for labels, value in shown.items()],
        }
        for expr, minute, shown in asked
    ]
    one: dict[str, Any] = {"interval": "1m", "input_series": inputs, "promql_expr_test": tests}
    return judged(folder, [expr for expr, _, _ in asked], [one])


def judged(folder: Path, exprs: Iterable[str], tests: list[dict[str, Any]], step: int = 1) -> str:
    """What promtool's unit tests find wrong with the rules these expressions need, looked at every `step` minutes."""
    rules = needed(exprs)
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": f"{step}m",
        # Else a step's sums may come after its alerts.
        "group_eval_order": [group["name"] for group in rules["groups"]],
        "tests": tests,
    }
    (folder / "tests.yaml").write_text(yaml.safe_dump(document))
    command = [program("promtool"), "test", "rules", folder / "tests.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def near(expr: str, value: float, tolerance: float) -> str:
    """An expression that is 1 for each series of another that is about this large: rates are extrapolated."""
    return f"abs(({expr}) - {value:g}) <= bool {tolerance:g}"
