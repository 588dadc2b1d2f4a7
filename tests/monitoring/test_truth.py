"""Panels stay true when counters start anew, clocks jump, directors vanish, prices lack and currencies mix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from promtool import Shown, near, wrong

from understudy_monitoring.files import BOARDS

PANELS = {panel.title: panel for board in BOARDS for panel in board.panels}
EUR, USD = '{currency="EUR"}', '{currency="USD"}'
HOUR = 60
"""In minutes."""


def expr(title: str, place: int = 0) -> str:
    """What a panel asks."""
    return PANELS[title].queries[place].expr


def cost(currency: str, pool: str = "p", brand: str = "a") -> str:
    return f'understudy_cost_total{{brand="{brand}",currency="{currency}",license="t/s",pool="{pool}"}}'


def locale(name: str, what: str = "worker", pool: str = "p") -> str:
    return f'understudy_locale_{what}_seconds_total{{locale="{name}",pool="{pool}"}}'


HOURLY, UNPRICED = expr("What does an hour cost?"), expr("How much work had no price?")
BY_LOCALE, BUSY = expr("Which locales?"), expr("What share of performers works?")
ANEW = "0+1x29 0+1x60"
"""A counter that its process lost after half an hour, and that goes on at the same pace."""

CASES: dict[str, tuple[Mapping[str, str], list[tuple[str, int, Shown]]]] = {
    "an operator is restarted": (
        {cost("EUR"): ANEW},
        [(near(HOURLY, 60, 2), HOUR, {EUR: 1})],
    ),
    "another operator leads, elsewhere": (
        {
            cost("EUR").replace("}", ',instance="one"}'): "0+1x29 stale",
            cost("EUR").replace("}", ',instance="two"}'): "_x30 0+1x60",
        },
        [(near(HOURLY, 60, 3), HOUR, {EUR: 1})],
    ),
    "the first increment is seen": (
        {cost("EUR"): "0x30 6x60"},
        [(near(HOURLY, 6, 0.2), HOUR, {EUR: 1})],
    ),
    "two currencies are never added": (
        {cost("EUR"): "0+1x90", cost("USD", pool="q"): "0+2x90"},
        [(near(HOURLY, 60, 1), HOUR, {EUR: 1, USD: 0}), (near(HOURLY, 120, 2), HOUR, {EUR: 0, USD: 1})],
    ),
    "no locale adds currencies": (
        {
            cost("EUR"): "0+1x90",
            cost("USD", pool="q"): "0+2x90",
            locale("de-DE"): "0+1x90",
            locale("de-DE", pool="q"): "0+1x90",
        },
        [
            (
                near(BY_LOCALE, 60, 1),
                HOUR,
                {'{currency="EUR",locale="de-DE"}': 1, '{currency="USD",locale="de-DE"}': 0},
            ),
            (
                near(BY_LOCALE, 120, 2),
                HOUR,
                {'{currency="EUR",locale="de-DE"}': 0, '{currency="USD",locale="de-DE"}': 1},
            ),
        ],
    ),
    "a pool that changes its currency shows one of them": (
        {cost("EUR"): "0+1x40 40x50", cost("USD"): "_x40 0+1x50", locale("de-DE"): "0+1x90"},
        [(f"count({BY_LOCALE})", HOUR, {"{}": 1})],
    ),
    "a director is restarted, and shares stay": (
        {cost("EUR"): "0+4x90", locale("de-DE"): ANEW, locale("ja-JP"): "0+3x29 0+3x60"},
        [
            (
                near(BY_LOCALE, 60, 2),
                HOUR,
                {'{currency="EUR",locale="de-DE"}': 1, '{currency="EUR",locale="ja-JP"}': 0},
            ),
            (
                near(BY_LOCALE, 180, 5),
                HOUR,
                {'{currency="EUR",locale="de-DE"}': 0, '{currency="EUR",locale="ja-JP"}': 1},
            ),
        ],
    ),
    "work without a price is unpriced and not 0": (
        {
            'understudy_unpriced_worker_seconds_total{brand="a",license="t/s",pool="free"}': "0+60x90",
            'understudy_metered_seconds_total{brand="a",license="t/s",pool="free"}': "0+10x90",
            locale("de-DE", pool="free"): "0+60x90",
        },
        [
            (HOURLY, HOUR, {}),
            (BY_LOCALE, HOUR, {}),
            (expr("What does a finished minute cost?"), HOUR, {}),
            (near(UNPRICED, 3600, 150), HOUR, {'{pool="free"}': 1}),
        ],
    ),
    "a director that vanishes is not taken for an idle one": (
        {
            'understudy_performers_busy{instance="one"}': "3x29 stale",
            'understudy_performers{instance="one"}': "4x29 stale",
            'understudy_performers_busy{instance="two"}': "1x90",
            'understudy_performers{instance="two"}': "4x90",
        },
        [(BUSY, 20, {"{}": 0.5}), (BUSY, 40, {"{}": 0.25})],
    ),
    "when the last one is gone nobody knows": (
        {"understudy_performers_busy": "3x29 stale", "understudy_performers": "4x29 stale"},
        [(BUSY, 20, {"{}": 0.75}), (f"({BUSY}) != bool ({BUSY})", 40, {"{}": 1})],  # NaN alone is not what it is
    ),
    "no deadline is no deadline met": (
        {'understudy_job_deadlines_total{outcome="met",pool="p"}': "0x90"},
        [(expr("What share of deadlines is missed?"), HOUR, {})],
    ),
    "royalties are what the ledger has, whoever leads": (
        {
            'understudy_royalties_accrued{brand="a",currency="EUR",instance="one",license="t/s"}': "5x35 stale",
            'understudy_royalties_accrued{brand="a",currency="EUR",instance="two",license="t/s"}': "_x34 5x60",
            'understudy_royalties_accrued{brand="a",currency="USD",instance="two",license="t/u"}': "7x90",
        },
        [(expr("What have owners earned?"), minute, {EUR: 5, USD: 7}) for minute in (20, 35, 50)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_panels_stay_true_when(name: str, tmp_path: Path) -> None:
    series, asked = CASES[name]
    assert wrong(tmp_path, series, asked) == ""


@pytest.mark.parametrize("shown", [{}, {USD: 60}, {EUR: 59}])
def test_promtool_finds_what_is_wrong(shown: Shown, tmp_path: Path) -> None:
    assert "expr:" in wrong(tmp_path, {cost("EUR"): "0+1x90"}, [(HOURLY, HOUR, shown)])
