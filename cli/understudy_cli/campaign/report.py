"""What a campaign cost and how fast it was, from the jobs' own status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.table import Table

SCORE_ROWS: Final = {
    "ceiling": "the footage itself, re-encoded",
    "network": "this twin",
    "linear": "its linear half alone",
    "nearest": "baseline: nearest frame by sound",
    "mean": "baseline: mean mouth",
    "frozen": "baseline: frozen mouth",
    "swapped": "check: another sentence's sound",
    "silent": "check: no sound",
}


@dataclass(frozen=True)
class Figures:
    """The numbers of one finished RenderJob."""

    name: str
    items: int
    rendered: int
    reused: int
    metered_seconds: float
    worker_seconds: float
    wall_seconds: float
    cost: str

    @property
    def speed(self) -> float:
        """Seconds of video delivered per second of wall clock."""
        return self.metered_seconds / self.wall_seconds if self.wall_seconds else 0.0

    @property
    def reuse(self) -> float:
        """Share of the clips that were not rendered again."""
        clips = self.rendered + self.reused
        return self.reused / clips if clips else 0.0


def figures(job: dict[str, Any]) -> Figures:
    """The figures in a RenderJob's status."""
    status = job["status"]
    takes, cost = status.get("takes") or {}, status.get("cost")
    return Figures(
        name=job["metadata"]["name"],
        items=int(status["items"]["done"]),
        rendered=int(takes.get("rendered", 0)),
        reused=int(takes.get("reused", 0)),
        metered_seconds=float(status.get("meteredSeconds") or 0),
        worker_seconds=float(status.get("workerSeconds") or 0),
        wall_seconds=_between(status.get("admittedAt"), status.get("finishedAt")),
        cost=f"{cost['amount']} {cost['currency']}" if cost else "unpriced",
    )


def table(rows: list[Figures]) -> Table:
    """The figures for the terminal."""
    grid = Table(
        title="What it cost: clips new and reused; seconds of video, of workers, of wall clock",
        title_justify="left",
        header_style="bold",
        box=None,
        pad_edge=False,
    )
    for heading in ("job", "videos", "new", "reused", "seconds", "worker", "wall", "speed", "cost"):
        grid.add_column(heading, justify="left" if heading == "job" else "right", no_wrap=True)
    for row in rows:
        grid.add_row(
            row.name,
            str(row.items),
            str(row.rendered),
            f"{row.reused} {row.reuse:.0%}",
            f"{row.metered_seconds:.0f}",
            f"{row.worker_seconds:.0f}",
            f"{row.wall_seconds:.0f}",
            f"{row.speed:.1f}x",
            row.cost,
        )
    return grid


def scores(model: dict[str, Any]) -> Table:
    """A TwinModel's validation record for the terminal, the network between its ceiling and its baselines."""
    grid = Table(
        title="Held-out footage, mouth region", title_justify="left", header_style="bold", box=None, pad_edge=False
    )
    for heading in ("", "PSNR dB", "SSIM", "opening"):
        grid.add_column(heading, justify="right" if heading else "left")
    known = {row["name"]: row for row in model["status"].get("scores", [])}
    for name, meaning in SCORE_ROWS.items():
        if row := known.get(name):
            style = "bold" if name == "network" else ""
            grid.add_row(meaning, row.get("psnr", ""), row.get("ssim", ""), row.get("opening", ""), style=style)
    return grid


def _between(start: str | None, end: str | None) -> float:
    if not start or not end:
        return 0.0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
