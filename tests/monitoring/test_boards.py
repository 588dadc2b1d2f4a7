"""Dashboards: each panel asks a question, in a unit, of series that exist; what is shipped is what the code says."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_programs import program

from understudy_monitoring.board import WIDTH, Board, Panel
from understudy_monitoring.files import BOARDS, GROUPS, alerts
from understudy_monitoring.grafana import as_json
from understudy_monitoring.rule import Recording
from understudy_operator.shell.metrics import Metrics
from understudy_operator.shell.royalty_metrics import RoyaltyMetrics
from understudy_operator.shell.state_metrics import StateMetrics
from understudy_operator.shell.store import Store
from understudy_workers.direction.pool_metrics import PoolMetrics

each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.slug)
PANELS = [(board.slug, panel) for board in BOARDS for panel in board.panels]
each_panel = pytest.mark.parametrize(
    "panel", [panel for _, panel in PANELS], ids=[f"{s}: {p.title}" for s, p in PANELS]
)
EXPRESSIONS = sorted({query.expr for _, panel in PANELS for query in panel.queries})
SERIES = re.compile(r"\b(?:understudy|process)[a-z_:0-9]*\b")


def known() -> set[str]:
    """Names of all series that operator and director serve, and of those that are recorded."""
    metrics = Metrics()
    metrics.watch(StateMetrics(Store(), dict, lambda _: True))
    metrics.watch(RoyaltyMetrics(Store(), lambda _: None))
    families = [*metrics.registry.collect(), *PoolMetrics().registry.collect()]
    endings = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    found = {family.name + ending for family in families for ending in endings.get(family.type, ("",))}
    return found | {rule.record for group in GROUPS for rule in group.rules if isinstance(rule, Recording)}


@each_panel
def test_it_asks_a_question_and_says_how_to_read_the_answer(panel: Panel) -> None:
    assert panel.title.endswith("?")
    assert panel.title[0].isupper()
    assert panel.says.endswith(".")
    assert panel.unit
    assert panel.alert in {"", *(alert.name for alert in alerts())}


@each_board
def test_titles_are_not_repeated_and_rows_are_full(board: Board) -> None:
    titles = [panel.title for panel in board.panels]
    assert len(set(titles)) == len(titles)
    for row in board.rows:
        assert sum(panel.width for panel in row.panels) % WIDTH == 0, row.title


def test_every_series_that_is_asked_for_exists() -> None:
    expressions = [*EXPRESSIONS, *(rule.expr for group in GROUPS for rule in group.rules)]
    asked = {name for expr in expressions for name in SERIES.findall(expr)}
    assert asked <= known()


def test_promtool_takes_every_query(tmp_path: Path) -> None:
    rules = [{"record": f"query_{number}", "expr": expr} for number, expr in enumerate(EXPRESSIONS)]
    (tmp_path / "queries.yaml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    command = [program("promtool"), "check", "rules", tmp_path / "queries.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@each_board
def test_grafanas_json_has_what_the_board_says(board: Board) -> None:
    made: dict[str, Any] = json.loads(as_json(board))
    assert (made["uid"], made["title"]) == (board.uid, board.title)
    panels = [one for one in made["panels"] if one["type"] != "row"]
    assert [one["title"] for one in panels] == [panel.title for panel in board.panels]
    for one, panel in zip(panels, board.panels, strict=True):
        assert [target["expr"] for target in one["targets"]] == [query.expr for query in panel.queries]
        assert one["fieldConfig"]["defaults"]["unit"] == panel.unit
        assert one["datasource"]["uid"] == "${datasource}"
        assert bool(one.get("links")) == bool(panel.alert)
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in panels]
    assert len(set(places)) == len(places), "no panel lies on another"


def test_less_is_worse_where_bounds_fall() -> None:
    (leads,) = [panel for _, panel in PANELS if panel.title == "Does exactly one operator lead?"]
    operator = next(board for board in BOARDS if leads in board.panels)
    (made,) = [one for one in json.loads(as_json(operator))["panels"] if one.get("title") == leads.title]
    steps = made["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [(step["value"], step["color"]) for step in steps] == [(None, "red"), (0.5, "orange"), (1, "green")]


def test_currencies_stay_apart_in_every_sum_of_money() -> None:
    money = re.compile(r"understudy_cost_total|understudy_royalties_accrued|understudy:cost_by")
    recorded = [rule.expr for group in GROUPS for rule in group.rules if isinstance(rule, Recording)]
    for expr in [one for one in [*EXPRESSIONS, *recorded] if money.search(one)]:
        for labels in re.findall(r"(?:sum|max) by \(([^)]*)\) \((?!understudy:locale|rate\(understudy_locale)", expr):
            assert "currency" in labels, expr
