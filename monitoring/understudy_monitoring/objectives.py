"""What a farm promises its brands."""

from __future__ import annotations

from typing import Final

from understudy_monitoring.slo import Objective

OBJECTIVES: Final = (
    Objective(
        name="Admission",
        slug="admission",
        target=0.99,
        good='sum(rate(understudy_admission_seconds_bucket{le="5.0"}[%s]))',
        total="sum(rate(understudy_admission_seconds_count[%s]))",
        says="99 of 100 jobs hear within 5 s whether they are admitted.",
        look=(
            "kubectl get renderjobs -A --sort-by=.metadata.creationTimestamp | tail",
            'kubectl logs -n understudy-system deploy/understudy-operator --since=15m | grep -v \'"level": "info"\'',
            "kubectl get lease understudy-operator -n understudy-system -o yaml",
        ),
        cure="An operator that is busy has a backlog (dashboard Operator): give it more CPU. One that waits for S3 or the API server says so in its log, with the address.",
    ),
    Objective(
        name="FirstItem",
        slug="first_item",
        target=0.95,
        good='sum(rate(understudy_first_item_seconds_bucket{le="120.0"}[%s]))',
        total="sum(rate(understudy_first_item_seconds_count[%s]))",
        says="95 of 100 jobs have their first video within 2 minutes.",
        look=(
            "kubectl understudy top",
            "kubectl describe renderpools",
            "kubectl get pods -n understudy-system -l app.kubernetes.io/part-of=understudy -o wide",
        ),
        cure="A pool without free performers is full: raise maxNodes of a group or the bundled Ray's ray.worker.replicas. Nodes that do not come are named in the pool's Ready.",
    ),
    Objective(
        name="Items",
        slug="items",
        target=0.995,
        good='sum(rate(understudy_items_total{outcome="done"}[%s]))',
        total='sum(rate(understudy_items_total{outcome=~"done|failed"}[%s]))',
        says="995 of 1,000 items that are not refused are delivered.",
        look=(
            "kubectl get renderjobs -A -o wide",
            "kubectl understudy why JOB -n BRAND",
            "kubectl understudy logs JOB ITEM -n BRAND",
        ),
        cure="Items of one twin that fail are the twin's: ask its owner. Items of all are the pool's: the log of an item names what was raised. `kubectl understudy requeue JOB --failed` tries them again, without charging twice.",
    ),
    Objective(
        name="Deadline",
        slug="deadline",
        target=0.99,
        good='sum(rate(understudy_job_deadlines_total{outcome="met"}[%s]))',
        total="sum(rate(understudy_job_deadlines_total[%s]))",
        says="99 of 100 jobs with a deadline are complete before it.",
        look=(
            "kubectl get renderjobs -A -o wide",
            "kubectl understudy why JOB -n BRAND",
            "kubectl understudy top",
        ),
        cure="Jobs that end with `DeadlineExceeded` had too few performers: raise maxNodes of a group, or their priority. Others failed before their deadline: their condition Failed names the cause.",
    ),
)
