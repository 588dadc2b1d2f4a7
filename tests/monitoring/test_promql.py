"""What panels share, evaluated by promtool on series of which every value is known."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_programs import program

from understudy_monitoring.promql import or_none, risen

REFUSED = 'refusals_total{brand="acme",reason="LicenseExpired"}'
RISEN = f"sum by (reason) ({risen('refusals_total', '1h')})"
CASES = {
    "a first refusal counts": (RISEN, {REFUSED: "_x10 1x30"}, 30, {'{reason="LicenseExpired"}': 1}),
    "and those after it in the window": (RISEN, {REFUSED: "_x10 1x10 3x20"}, 35, {'{reason="LicenseExpired"}': 3}),
    "an hour later it is over": (RISEN, {REFUSED: "1x150"}, 140, {'{reason="LicenseExpired"}': 0}),
    "an old series counts what it rose by": (RISEN, {REFUSED: "5x100 7x100"}, 130, {'{reason="LicenseExpired"}': 2}),
    "a gap in the scrapes makes nothing new": (
        RISEN,
        {REFUSED: "9x60 _x20 9x100"},
        130,
        {'{reason="LicenseExpired"}': 0},
    ),
    "what began anew counts from nothing": (RISEN, {REFUSED: "9x100 0x5 2x60"}, 130, {'{reason="LicenseExpired"}': 2}),
    "series are summed": (
        RISEN,
        {REFUSED: "1x30", 'refusals_total{brand="globex",reason="LicenseExpired"}': "_x5 4x30"},
        20,
        {'{reason="LicenseExpired"}': 5},
    ),
    "nothing is a 0 that says so": (or_none(RISEN, "reason"), {}, 10, {'{reason="none"}': 0}),
    "something is not joined by nothing": (
        or_none(RISEN, "reason", "nothing"),
        {REFUSED: "1x30"},
        20,
        {'{reason="LicenseExpired"}': 1},
    ),
}


@pytest.mark.parametrize(("expr", "series", "minute", "wanted"), CASES.values(), ids=CASES)
def test_an_expression_is_worth(
    tmp_path: Path, expr: str, series: dict[str, str], minute: int, wanted: dict[str, float]
) -> None:
    samples = [{"labels": labels, "value": value} for labels, value in wanted.items()]
    asked = {"expr": expr, "eval_time": f"{minute}m", "exp_samples": samples}
    given = [{"series": name, "values": values} for name, values in series.items()]
    test = {"tests": [{"interval": "1m", "input_series": given, "promql_expr_test": [asked]}]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test))
    command = [program("promtool"), "test", "rules", tmp_path / "test.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
