"""Are rights kept, what is refused, and what is left?"""

from __future__ import annotations

from typing import Final

from understudy_monitoring.board import Board, Panel, Query, Row
from understudy_monitoring.promql import or_none, risen

_REFUSED: Final = risen("understudy_license_refusals_total", "1h")

RIGHTS: Final = Board(
    slug="rights",
    title="Understudy / Rights",
    says="Refusals by clause, licenses taken back, quota left, royalties, consents that wait.",
    rows=(
        Row(
            "Refused",
            (
                Panel(
                    title="Why are jobs refused?",
                    queries=(Query(or_none(f"sum by (reason) ({_REFUSED})", "reason"), "{{reason}}"),),
                    unit="short",
                    says="At admission, in an hour. `kubectl understudy why JOB` names the smallest change that makes one legal.",
                    width=12,
                ),
                Panel(
                    title="Whose jobs?",
                    queries=(Query(or_none(f"topk(10, sum by (brand) ({_REFUSED}))", "brand"), "{{brand}}"),),
                    unit="short",
                    says="The ten brands with most refusals in an hour.",
                    width=12,
                    alert="UnderstudyRefusals",
                ),
                Panel(
                    title="What does the pool refuse by itself?",
                    queries=(
                        Query(
                            or_none(f"sum by (reason) ({risen('understudy_refusals_total', '1h')})", "reason"),
                            "{{reason}}",
                        ),
                    ),
                    unit="short",
                    says="Directors and performers read license and grant themselves. Refusals here follow a revocation, a stop or a quota that ended on the way.",
                    width=12,
                ),
                Panel(
                    title="How often does an order wait for its next grant?",
                    queries=(Query("sum(rate(understudy_grant_waits_total[5m])) * 60", "a minute"),),
                    unit="short",
                    says="Orders that paused because the operator gave none in time.",
                    width=12,
                    alert="UnderstudyNobodyLeads",
                ),
            ),
        ),
        Row(
            "Taken back",
            (
                Panel(
                    title="How many licenses were revoked?",
                    queries=(
                        Query('sum(increase(understudy_revocation_seconds_count{until="recorded"}[1d]))', "of a day"),
                    ),
                    unit="short",
                    says="Owners' acts that the farm recorded in a day.",
                    kind="number",
                    width=6,
                    decimals=0,
                ),
                Panel(
                    title="How long until nobody works under one?",
                    queries=(
                        Query(
                            "histogram_quantile(0.95, sum by (le, until) (rate(understudy_revocation_seconds_bucket[1d])))",
                            "{{until}}, 95 of 100",
                        ),
                    ),
                    unit="s",
                    says="From the owner's act until it was recorded, a pool took the word to stop (acknowledged), the last frame was made (stopped), its files were out of reach.",
                    width=18,
                    alert="UnderstudyRevocationSlow",
                ),
            ),
        ),
        Row(
            "Royalties",
            (
                Panel(
                    title="What have owners earned?",
                    queries=(
                        Query(
                            "sum by (currency) (max by (brand, license, currency) (understudy_royalties_accrued))",
                            "{{currency}}",
                        ),
                    ),
                    unit="short",
                    says="Of all licenses there are, before minimums, as the ledger has it. `understudy statement` says whom it is owed to.",
                    kind="number",
                    width=6,
                    decimals=2,
                ),
                Panel(
                    title="What do they earn in an hour?",
                    queries=(
                        Query(
                            "sum by (currency) (max by (brand, license, currency) (delta(understudy_royalties_accrued[1h])))",
                            "{{currency}}",
                        ),
                    ),
                    unit="short",
                    says="What was added in the last hour.",
                    width=6,
                    decimals=2,
                ),
                Panel(
                    title="Under which licenses?",
                    queries=(
                        Query(
                            "sort_desc(sum by (brand, license, currency) (max by (brand, license, currency) (understudy_royalties_accrued)))",
                            "{{license}}",
                        ),
                    ),
                    unit="short",
                    says="Royalties so far by brand and license.",
                    kind="table",
                    width=12,
                ),
            ),
        ),
        Row(
            "Left",
            (
                Panel(
                    title="Which licenses have how much left?",
                    queries=(
                        Query('sort(sum by (license) (understudy_license_seconds{state="left"}))', "{{license}}"),
                    ),
                    unit="s",
                    says="Seconds that can still be promised.",
                    kind="table",
                    width=9,
                    alert="UnderstudyQuotaNearlyUsed",
                ),
                Panel(
                    title="How much of each license is used or promised?",
                    queries=(
                        Query(
                            '1 - sum by (license) (understudy_license_seconds{state="left"}) / sum by (license) (understudy_license_seconds)',
                            "{{license}}",
                        ),
                    ),
                    unit="percentunit",
                    says="Of the seconds a license allows in all.",
                    width=9,
                    bounds=(0.9, 0.99),
                    alert="UnderstudyQuotaNearlyUsed",
                ),
                Panel(
                    title="How many consents wait for their owner?",
                    queries=(Query("max(understudy_consents_open) or vector(0)", "waiting"),),
                    unit="short",
                    says="Jobs with words that need the owner's consent. `understudy consent list`.",
                    kind="number",
                    width=6,
                    bounds=(1, 20),
                    alert="UnderstudyConsentsWait",
                ),
            ),
        ),
    ),
)
