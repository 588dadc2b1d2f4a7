"""Does the operator keep up, and does it reach what it needs?"""

from __future__ import annotations

from typing import Final

from understudy_monitoring.board import Board, Panel, Query, Row
from understudy_monitoring.promql import or_none

OPERATOR: Final = Board(
    slug="operator",
    title="Understudy / Operator",
    says="Who leads, how fast objects are looked at, what is away.",
    rows=(
        Row(
            "Health",
            (
                Panel(
                    title="Does exactly one operator lead?",
                    queries=(Query("sum(understudy_operator_leader) or vector(0)", "leaders"),),
                    unit="short",
                    says="1 is well. 0: nobody admits jobs. 2: one was frozen past its Lease; nothing is done twice.",
                    kind="number",
                    width=6,
                    bounds=(1, 0.5),
                    alert="UnderstudyNobodyLeads",
                ),
                Panel(
                    title="How many objects wait to be looked at?",
                    queries=(Query("sum by (kind) (understudy_operator_backlog)", "{{kind}}"),),
                    unit="short",
                    says="Due now. A few hundred that go down are well; ones that stay want more CPU.",
                    width=9,
                    alert="UnderstudyBacklog",
                ),
                Panel(
                    title="What is out of reach?",
                    queries=(
                        Query(
                            or_none("sum by (what) (rate(understudy_operator_outages_total[5m]))", "what", "nothing"),
                            "{{what}}",
                        ),
                    ),
                    unit="ops",
                    says="Reconciles that met an outage. The log names the address.",
                    width=9,
                    alert="UnderstudyOutages",
                ),
            ),
        ),
        Row(
            "Work",
            (
                Panel(
                    title="How long does a look take?",
                    queries=(
                        Query(
                            "histogram_quantile(0.95, sum by (le, kind) (rate(understudy_operator_reconcile_seconds_bucket[5m])))",
                            "{{kind}}, 95 of 100",
                        ),
                    ),
                    unit="s",
                    says="Reconciles by kind. Slow ones wait for S3 or the API server.",
                ),
                Panel(
                    title="How late are looks?",
                    queries=(
                        Query(
                            "histogram_quantile(0.95, sum by (le, kind) (rate(understudy_operator_queue_seconds_bucket[5m])))",
                            "{{kind}}, 95 of 100",
                        ),
                    ),
                    unit="s",
                    says="From being due to being looked at.",
                ),
                Panel(
                    title="What does it do?",
                    queries=(
                        Query("topk(10, sum by (action) (rate(understudy_operator_actions_total[5m])))", "{{action}}"),
                    ),
                    unit="ops",
                    says="Actions by name: orders put, statuses, ledger entries, Events.",
                ),
            ),
        ),
        Row(
            "API server and races",
            (
                Panel(
                    title="What does it ask the API server for?",
                    queries=(
                        Query(
                            "topk(10, sum by (verb, kind) (rate(understudy_operator_api_requests_total[5m])))",
                            "{{verb}} {{kind}}",
                        ),
                        Query(
                            or_none(
                                'sum by (kind, code) (rate(understudy_operator_api_requests_total{code!~"2..|404"}[5m]))',
                                "code",
                            ),
                            "failed: {{kind}} {{code}}",
                        ),
                    ),
                    unit="reqps",
                    says="Requests by verb and kind, and those that failed by code. A watch is none of them.",
                ),
                Panel(
                    title="How long does the API server take?",
                    queries=(
                        Query(
                            "histogram_quantile(0.95, sum by (le, verb) (rate(understudy_operator_api_request_seconds_bucket[5m])))",
                            "{{verb}}, 95 of 100",
                        ),
                    ),
                    unit="s",
                    says="By verb. Requests are given up after 5 s, lists after 30.",
                    alert="UnderstudyApiServerSlow",
                ),
                Panel(
                    title="Which writes come second?",
                    queries=(
                        Query("60 * sum by (what) (rate(understudy_operator_conflicts_total[5m]))", "{{what}}"),
                        Query("60 * sum(rate(understudy_receipt_races_lost_total[5m]))", "receipts"),
                    ),
                    unit="short",
                    says="Conditional writes that found another's, a minute. Each is decided anew: harmless, but somebody is in the way.",
                    alert="UnderstudyConflicts",
                ),
            ),
        ),
        Row(
            "Process",
            (
                Panel(
                    title="How much memory does it use?",
                    queries=(
                        Query(
                            "process_resident_memory_bytes and on (instance) understudy_operator_leader", "{{instance}}"
                        ),
                    ),
                    unit="bytes",
                    says="Of each replica; operator.resources.limits bounds it.",
                    width=12,
                ),
                Panel(
                    title="How much CPU does it use?",
                    queries=(
                        Query(
                            "rate(process_cpu_seconds_total[5m]) and on (instance) understudy_operator_leader",
                            "{{instance}}",
                        ),
                    ),
                    unit="short",
                    says="Cores of each replica.",
                    width=12,
                ),
            ),
        ),
    ),
)
