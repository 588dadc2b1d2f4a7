"""Each alert fires when it should and is silent when it should be: by promtool's own unit tests, on the rules as they are shipped."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prometheus_programs import program
from promtool import RULES, judged

from understudy_monitoring.files import alerts
from understudy_monitoring.objectives import OBJECTIVES
from understudy_monitoring.rule import Alert
from understudy_monitoring.slo import Objective

BY_NAME = {alert.name: alert for alert in alerts()}
HOUR, DAY = 60, 24 * 60
"""In minutes."""


@dataclass(frozen=True)
class Case:
    """Series, step by step in promtool's notation, under which an alert fires, and others under which it does not."""

    fires: dict[str, str]
    silent: dict[str, str]
    minutes: int = 30
    step: int = 1
    """In minutes: scrapes and evaluations. Days, minute by minute, take promtool half a minute."""
    labels: dict[str, str] = field(default_factory=dict)
    value: str = ""
    """As `{{ $value }}` shows it."""


def request_seconds(slow: float) -> dict[str, str]:
    """A hundred requests a minute of which so many take between 1 and 5 s."""
    name = 'understudy_operator_api_request_seconds_bucket{{verb="get",kind="leases",le="{}"}}'
    return {name.format("1.0"): f"0+{100 - slow:g}x40", name.format("5.0"): "0+100x40", name.format("+Inf"): "0+100x40"}


CASES = {
    "UnderstudyNobodyLeads": Case(
        {'understudy_operator_leader{pod="a"}': "0x40", 'understudy_operator_leader{pod="b"}': "0x40"},
        {'understudy_operator_leader{pod="a"}': "0x40", 'understudy_operator_leader{pod="b"}': "1x40"},
    ),
    "UnderstudyTwoLead": Case(
        {'understudy_operator_leader{pod="a"}': "1x40", 'understudy_operator_leader{pod="b"}': "1x40"},
        {'understudy_operator_leader{pod="a"}': "1x40", 'understudy_operator_leader{pod="b"}': "0x40"},
    ),
    "UnderstudyOutages": Case(
        {'understudy_operator_outages_total{what="S3"}': "0+30x40"},
        {'understudy_operator_outages_total{what="S3"}': "0+1x40"},
        labels={"what": "S3"},
    ),
    "UnderstudyBacklog": Case(
        {'understudy_operator_backlog{kind="RenderJob"}': "250x40"},
        {'understudy_operator_backlog{kind="RenderJob"}': "150x40"},
        value="250",
    ),
    "UnderstudyPoolAway": Case(
        {'understudy_pool_reachable{pool="gpu"}': "0x40", 'understudy_pool_reachable{pool="default"}': "1x40"},
        {'understudy_pool_reachable{pool="gpu"}': "1x40"},
        labels={"pool": "gpu"},
    ),
    "UnderstudyNobodyPerforms": Case(
        {'understudy_items_left{brand="acme"}': "7x40", 'understudy_pool_performers{pool="p",state="ready"}': "0x40"},
        {'understudy_items_left{brand="acme"}': "7x40", 'understudy_pool_performers{pool="p",state="ready"}': "1x40"},
        value="7",
    ),
    "UnderstudyPerformersLost": Case(
        {"understudy_performers_lost_total": "0+1x40"}, {"understudy_performers_lost_total": "0x40"}, value="15"
    ),
    "UnderstudyStoreAway": Case(
        {"understudy_store_outages_total": "0+2x40"}, {"understudy_store_outages_total": "3x40"}
    ),
    "UnderstudyQuotaNearlyUsed": Case(
        {
            'understudy_license_seconds{license="t/s",state="left"}': "5x40",
            'understudy_license_seconds{license="t/s",state="used"}': "95x40",
        },
        {
            'understudy_license_seconds{license="t/s",state="left"}': "15x40",
            'understudy_license_seconds{license="t/s",state="used"}': "85x40",
        },
        labels={"license": "t/s"},
        value="5",
    ),
    "UnderstudyConsentsWait": Case(
        {"understudy_consents_open": f"2x{2 * DAY // 10}"},
        {"understudy_consents_open": f"0x{2 * DAY // 10}"},
        DAY + 60,
        step=10,
        value="2",
    ),
    "UnderstudyRefusals": Case(
        {'understudy_license_refusals_total{brand="acme",reason="LicenseExpired"}': "0+1x120"},
        {'understudy_license_refusals_total{brand="acme",reason="LicenseExpired"}': "0x30 1x90"},
        100,
        labels={"brand": "acme"},
        value="60",
    ),
    "UnderstudyApiServerSlow": Case(
        request_seconds(slow=2),
        request_seconds(slow=0.5),
        value="3",
    ),
    "UnderstudyConflicts": Case(
        {'understudy_operator_conflicts_total{what="renderjobs"}': "0+120x40"},
        {
            'understudy_operator_conflicts_total{what="renderjobs"}': "0+30x40",
            'understudy_operator_conflicts_total{what="account"}': "0+600x40",
        },
        labels={"what": "renderjobs"},
    ),
    "UnderstudyRevocationSlow": Case(
        {
            'understudy_revocation_seconds_count{until="stopped"}': "0x10 1x30",
            'understudy_revocation_seconds_bucket{until="stopped",le="60.0"}': "0x40",
        },
        {
            'understudy_revocation_seconds_count{until="stopped"}': "0x10 1x30",
            'understudy_revocation_seconds_bucket{until="stopped",le="60.0"}': "0x10 1x30",
            'understudy_revocation_seconds_count{until="quarantined"}': "0x10 1x30",
        },
    ),
    "UnderstudyJobsLate": Case(
        {'understudy_jobs_late{pool="gpu"}': "2x40", 'understudy_jobs_late{pool="default"}': "0x40"},
        {'understudy_jobs_late{pool="gpu"}': "2x5 0x35"},
        labels={"pool": "gpu"},
        value="2",
    ),
    "UnderstudyUnpriced": Case(
        {'understudy_unpriced_worker_seconds_total{brand="a",license="t/s",pool="free"}': "0+60x200"},
        {'understudy_unpriced_worker_seconds_total{brand="a",license="t/s",pool="free"}': "60x200"},
        150,
        labels={"pool": "free"},
    ),
}


def events(objective: Objective, bad: float, steps: int) -> dict[str, str]:
    """A hundred events a step of which this share is bad."""
    good, wrong, every = f"0+{100 * (1 - bad):g}x{steps}", f"0+{100 * bad:g}x{steps}", f"0+100x{steps}"
    if objective.slug == "items":
        series = 'understudy_items_total{{brand="a",pool="p",outcome="{}"}}'
        return {series.format("done"): good, series.format("failed"): wrong}
    if objective.slug == "deadline":
        series = 'understudy_job_deadlines_total{{pool="p",outcome="{}"}}'
        return {series.format("met"): good, series.format("missed"): wrong}
    name = f"understudy_{objective.slug}_seconds"
    bound = re.search(r'le="([0-9.]+)"', objective.good)
    assert bound is not None
    return {f'{name}_bucket{{pool="p",le="{bound[1]}"}}': good, f'{name}_count{{pool="p"}}': every}


for objective in OBJECTIVES:
    fast, slow = min(0.99, 16 * objective.budget), min(0.99, 2 * objective.budget)
    for name, share, minutes, step in (("BurnsFast", fast, 7 * HOUR, 2), ("Burns", slow, 4 * DAY, 10)):
        CASES[f"Understudy{objective.name}{name}"] = Case(
            events(objective, share, minutes // step),
            events(objective, objective.budget / 2, minutes // step),
            minutes,
            step,
            labels={"slo": objective.slug},
        )


def test_every_alert_is_tried() -> None:
    assert set(CASES) == set(BY_NAME)
    assert len(alerts()) == len({alert.name for alert in alerts()})


def test_promtool_takes_the_rules() -> None:
    done = subprocess.run([program("promtool"), "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_fires_when_it_should_and_is_silent_when_it_should_be(name: str, tmp_path: Path) -> None:
    case, alert = CASES[name], BY_NAME[name]
    tests = [one(alert, case, case.fires, [expected(alert, case)]), one(alert, case, case.silent, [])]
    assert judged(tmp_path, [alert.expr], tests, case.step) == ""


def one(alert: Alert, case: Case, series: dict[str, str], wanted: list[dict[str, Any]]) -> dict[str, Any]:
    """A test in promtool's words."""
    looked = {"eval_time": f"{case.minutes}m", "alertname": alert.name, "exp_alerts": wanted}
    inputs = [{"series": name, "values": values} for name, values in series.items()]
    return {"interval": f"{case.step}m", "input_series": inputs, "alert_rule_test": [looked]}


def expected(alert: Alert, case: Case) -> dict[str, Any]:
    """The alert as it fires, its words filled in."""
    wire = alert.wire()
    filled = {}
    for key, text in wire["annotations"].items():
        words = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: case.labels[found[1]], text)
        filled[key] = words.replace("{{ $value }}", case.value)
    return {"exp_labels": {**wire["labels"], **case.labels}, "exp_annotations": filled}
