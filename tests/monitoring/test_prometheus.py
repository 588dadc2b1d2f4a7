"""Every panel and every rule on a real Prometheus that watched a real campaign; what they show is what receipts and ledger say.

The farm is real but its performers are puppets: they render nothing, and fail or die when a sentence tells them to.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from operator_site import Tenant, condition_of, until
from prometheus_site import Prometheus, watching
from puppet import curtain_up
from puppet_farm import PuppetFarm

from understudy_api.acts import Revocation
from understudy_api.genesis import twin_id
from understudy_api.ledger.entry import Committed, Entry, Revoked
from understudy_api.royalty_terms import Royalty, Split
from understudy_cli.ledger_bucket import open_ledger
from understudy_cli.local.home import Home
from understudy_monitoring.answers import Span
from understudy_monitoring.files import BOARDS, GROUPS
from understudy_monitoring.pictures import draw_all
from understudy_monitoring.rule import Alert, Recording

pytestmark = [pytest.mark.farm, pytest.mark.timeout(600)]
AUTUMN = "lic-of-autumn"
EARNS = Royalty(
    currency="EUR",
    per_second_micros=20_000,
    per_item_micros=500_000,
    splits=(Split(role="owner", payee="ada", share_millionths=1_000_000),),
)
PANELS = [
    (f"{board.slug}: {panel.title}", query.expr)
    for board in BOARDS
    for panel in board.panels
    for query in panel.queries
]
RULES = [rule for group in GROUPS for rule in group.rules]


@dataclass(frozen=True)
class Watched:
    """A farm that has had a campaign, and the Prometheus that saw it."""

    farm: PuppetFarm
    ada: Tenant
    prometheus: Prometheus

    def statuses(self) -> list[dict[str, Any]]:
        """Of all jobs."""
        return [one.get("status", {}) for one in self.farm.admin.all("RenderJob")]

    def entries(self) -> list[Entry]:
        """Everything that stands in the ledger."""
        chains = open_ledger(self.farm.home.operator_settings).chains()
        return [entry for chain in chains.values() for link in chain.links.values() for entry in link.entries]

    def charged(self) -> list[Committed]:
        """What the ledger charges for."""
        return [entry for entry in self.entries() if isinstance(entry, Committed)]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Two jobs that succeed, one with a failure and a retry, one that is refused, one whose license is revoked on the way."""
    folder = tmp_path_factory.mktemp("watched")
    farm = PuppetFarm(Home(folder / "farm"))
    try:
        farm.perform()
        with watching(farm.site.plan.ports, folder) as prometheus:
            ada = farm.owner("talent-ada", "acme")
            for one in (ada.license("spring", royalty=EARNS), ada.license("autumn", jti=AUTUMN)):
                farm.admin.create(one)
            found = Watched(farm, ada, prometheus)
            campaign(found)
            yield found
    finally:
        farm.farm.purge()


def campaign(at: Watched) -> None:
    """Something of everything, each told by Prometheus before the next."""
    admin, ada = at.farm.admin, at.ada
    for name in ("first", "second"):
        admin.create(ada.job(name, activeDeadlineSeconds=3600))
        admin.wait(ada.key(name), "Complete", seconds=60)
    rows = [{"id": "1", "name": "Ada"}, {"id": "2", "name": "[fail] Bob"}, {"id": "3", "name": "[fail once] Cleo"}]
    admin.create(ada.job("failing", data={"key": "id", "rows": rows}, failurePolicy={"maxFailedItems": 1}))
    admin.create(ada.job("refused", use={"purpose": "advertising", "channels": ["social"], "territories": ["US"]}))
    admin.wait(ada.key("refused"), "Admitted", "False")
    until(lambda: ended(admin.get(ada.key("failing"))), seconds=60)
    # Now every performer is free: else Dan could be handed to the one that Eve holds, and wait for her.
    held = [{"id": "1", "name": "Dan"}, {"id": "2", "name": "[hold] Eve"}]
    admin.create(ada.job("revoked", license_name="autumn", data={"key": "id", "rows": held}))
    until(lambda: items(admin.get(ada.key("revoked"))).get("done") == 1, seconds=60)
    revocation = Revocation(twin=twin_id(ada.genesis), jti=AUTUMN, iat=int(time.time()))
    at.farm.deliver(ada, "revoke", revocation)
    until(lambda: condition_of(admin.get(ada.key("revoked")), "Admitted").get("status") == "False", seconds=60)
    curtain_up(at.farm.home.work)
    made = sum(items({"status": one}).get("done", 0) for one in at.statuses())
    assert made == 7
    until(lambda: at.prometheus.number('sum(understudy_items_total{outcome="done"})'), lambda told: told == made, 30)
    put_away = 'sum(understudy_revocation_seconds_count{until="quarantined"})'
    until(lambda: at.prometheus.number(put_away), lambda told: told == 1, 60)


def items(body: dict[str, Any] | None) -> dict[str, int]:
    return dict((body or {}).get("status", {}).get("items") or {})


def ended(body: dict[str, Any] | None) -> bool:
    return any(condition_of(body, kind).get("status") == "True" for kind in ("Complete", "Failed"))


@pytest.mark.parametrize(("title", "expr"), PANELS, ids=[title for title, _ in PANELS])
def test_every_panel_has_an_answer(watched: Watched, title: str, expr: str) -> None:
    found = watched.prometheus.ask(expr)
    assert found, title
    assert not all(math.isnan(value) for value in found.values()), title


def test_every_dashboard_can_be_drawn(watched: Watched, tmp_path: Path) -> None:
    now = time.time()
    draw_all(watched.prometheus.url, tmp_path, Span(now - 120, now))
    assert {path.name for path in tmp_path.iterdir()} == {f"{board.slug}.png" for board in BOARDS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.record if isinstance(rule, Recording) else rule.name)
def test_every_rule_is_evaluated(watched: Watched, rule: Recording | Alert) -> None:
    if isinstance(rule, Recording):
        assert watched.prometheus.ask(rule.record)
    known = [one for group in watched.prometheus.get("rules")["groups"] for one in group["rules"]]
    name = rule.record if isinstance(rule, Recording) else rule.name
    (found,) = [one for one in known if one["name"] == name]
    assert found["health"] == "ok", found.get("lastError")


def test_its_numbers_are_those_of_statuses_receipts_and_ledger(watched: Watched) -> None:
    statuses, charged = watched.statuses(), watched.charged()
    revoked = sum(isinstance(entry, Revoked) for entry in watched.entries())
    assert revoked == 1
    assert sum(entry.royalty_micros for entry in charged) > 0
    made = {outcome: sum(items({"status": one}).get(outcome, 0) for one in statuses) for outcome in ("done", "failed")}
    worker = sum(float(one.get("workerSeconds") or 0) for one in statuses)
    cost = sum(float((one.get("cost") or {}).get("amount", 0)) for one in statuses)
    wanted = {
        'sum(understudy_items_total{outcome="done"})': made["done"],
        'sum(understudy_items_total{outcome="failed"})': made["failed"],
        'sum(understudy_pool_items_total{outcome="done"})': made["done"],
        "sum(understudy_metered_seconds_total)": sum(entry.micros for entry in charged) / 1e6,
        "sum(understudy_pool_metered_seconds_total)": sum(float(one.get("meteredSeconds") or 0) for one in statuses),
        "sum(understudy_job_worker_seconds_total)": worker,
        'sum(understudy_worker_seconds_total{state="busy"})': worker,
        'sum(understudy_cost_total{currency="EUR"})': cost,
        "sum(understudy_unpriced_worker_seconds_total)": 0.0,
        'sum(understudy_license_refusals_total{reason="TerritoryNotCovered"})': 1,
        "sum(understudy_royalties_accrued)": sum(entry.royalty_micros for entry in charged) / 1e6,
        'sum(understudy_revocation_seconds_count{until="recorded"})': revoked,
        'sum(understudy_revocation_seconds_count{until="stopped"})': revoked,
        'sum(understudy_job_deadlines_total{outcome="met"})': 2,
        'sum(understudy_locale_items_total{outcome="done",locale="en-GB"})': made["done"],
        "sum(understudy_locale_worker_seconds_total)": worker,
        'sum(understudy_operator_conflicts_total{what="ledger"})': 0,
        "sum(understudy_jobs)": len(statuses),
        'sum(understudy_license_seconds{state="used"})': sum(entry.micros for entry in charged) / 1e6,
        "sum(understudy_items_left)": 0,
        "sum(understudy_operator_leader)": 1,
    }
    shown = {expr: watched.prometheus.number(expr) for expr in wanted}
    assert shown == {expr: pytest.approx(value, rel=0.01, abs=0.001) for expr, value in wanted.items()}
