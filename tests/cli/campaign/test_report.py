import io
from typing import Any

import pytest
from rich.console import Console

from understudy_cli.campaign.report import figures, scores, table

JOB: dict[str, Any] = {
    "metadata": {"name": "spring"},
    "status": {
        "items": {"total": 36, "done": 36},
        "takes": {"rendered": 120, "reused": 80},
        "meteredSeconds": "648.0",
        "workerSeconds": "300.5",
        "admittedAt": "2026-11-21T10:00:00Z",
        "finishedAt": "2026-11-21T10:03:00Z",
        "cost": {"amount": "0.050083", "currency": "EUR"},
    },
}


def test_figures_come_from_the_status() -> None:
    row = figures(JOB)
    assert row.wall_seconds == 180
    assert row.speed == pytest.approx(3.6)
    assert row.reuse == pytest.approx(0.4)
    assert row.cost == "0.050083 EUR"


def test_a_job_without_price_is_unpriced_not_free() -> None:
    status = {key: value for key, value in JOB["status"].items() if key != "cost"}
    assert figures({**JOB, "status": status}).cost == "unpriced"


def test_an_unfinished_job_has_no_speed() -> None:
    row = figures({"metadata": {"name": "x"}, "status": {"items": {"done": 0}}})
    assert (row.speed, row.reuse, row.wall_seconds) == (0, 0, 0)


def test_the_table_fits_a_terminal() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table([figures(JOB)]))
    text = console.export_text()
    assert "spring" in text
    assert "0.050083 EUR" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_twin_stands_between_its_ceiling_and_its_baselines() -> None:
    rows = [{"name": name, "psnr": "20"} for name in ("frozen", "network", "ceiling", "unknown")]
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(scores({"status": {"scores": rows}}))
    text = console.export_text()
    assert text.index("re-encoded") < text.index("this twin") < text.index("frozen mouth")
    assert "unknown" not in text
