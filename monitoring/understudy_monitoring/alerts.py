"""What somebody has to know beside the objectives: parts that are away, rights that end, work that has no price."""

from __future__ import annotations

from typing import Final

from understudy_monitoring.promql import risen
from understudy_monitoring.rule import Alert

_LOGS: Final = "kubectl logs -n understudy-system deploy/understudy-operator --since=15m"
_DOCTOR: Final = "kubectl understudy doctor"

OPERATOR: Final = (
    Alert(
        name="UnderstudyNobodyLeads",
        expr="(sum(understudy_operator_leader) or vector(0)) < 1",
        pending="2m",
        severity="critical",
        summary="No operator leads: no job is admitted, and what runs ends with its grants.",
        meaning="Of the operator's replicas none holds the Lease. Jobs that run go on until their grant ends, 15 minutes at most, and then wait. Nothing is lost.",
        look=("kubectl get pods -n understudy-system -l app.kubernetes.io/component=operator", _LOGS, _DOCTOR),
        cure="A pod that does not start names the cause in its events. One that starts and ends says so in the last line of its log. One that cannot write its Lease lacks rights: helm upgrade restores them.",
    ),
    Alert(
        name="UnderstudyTwoLead",
        expr="sum(understudy_operator_leader) > 1",
        pending="5m",
        severity="warning",
        summary="Two operators believe that they lead.",
        meaning="One of them was frozen past its Lease, or its node's clock stands. Nothing is done twice: ledger and receipts are written once. But somebody is in the other's way.",
        look=(
            "kubectl get lease understudy-operator -n understudy-system -o yaml",
            "kubectl get pods -n understudy-system -l app.kubernetes.io/component=operator -o wide",
            _LOGS,
        ),
        cure="Delete the pod that the Lease does not name.",
    ),
    Alert(
        name="UnderstudyOutages",
        expr="sum by (what) (rate(understudy_operator_outages_total[5m])) > 0.1",
        pending="10m",
        severity="warning",
        summary="The operator cannot reach {{ $labels.what }} again and again.",
        meaning="Reconciles meet an outage and are tried again. Jobs that need what is away say `Interrupted`; the others go on.",
        look=(_LOGS, _DOCTOR, "kubectl get renderjobs -A -o wide"),
        cure="The log names the address that fails and why: a wrong endpoint, an expired certificate or account, a NetworkPolicy.",
    ),
    Alert(
        name="UnderstudyBacklog",
        expr="sum(understudy_operator_backlog) > 200",
        pending="10m",
        severity="warning",
        summary="The operator is behind by {{ $value }} objects.",
        meaning="More changes than it looks at. Admission and statuses are late; rendering goes on.",
        look=("kubectl top pod -n understudy-system", _LOGS, "kubectl get renderjobs -A | wc -l"),
        cure="Give the operator more CPU (operator.resources). If reconciles take long each (dashboard Operator), look at the object store's latency.",
    ),
    Alert(
        name="UnderstudyApiServerSlow",
        expr="histogram_quantile(0.99, sum by (le) (rate(understudy_operator_api_request_seconds_bucket[5m]))) > 1",
        pending="10m",
        severity="warning",
        summary="One of 100 requests to the API server takes {{ $value }} s or more.",
        meaning="Admission and statuses wait for it; rendering goes on. Requests are given up after 5 s.",
        look=("kubectl get --raw /readyz?verbose", _LOGS, "kubectl get events -A --sort-by=.lastTimestamp | tail"),
        cure="The API server or its etcd is overloaded or far: ask whoever runs the cluster. Dashboard Operator names verbs and kinds.",
    ),
    Alert(
        name="UnderstudyConflicts",
        expr='sum by (what) (rate(understudy_operator_conflicts_total{what!="account"}[5m])) > 1',
        pending="15m",
        severity="warning",
        summary="The operator's writes of {{ $labels.what }} come second again and again.",
        meaning="Somebody else writes the same: a second operator, or a controller that changes statuses. Nothing is lost or done twice; everything is late.",
        look=(
            "kubectl get pods -A -l app.kubernetes.io/component=operator -o wide",
            "kubectl get lease understudy-operator -n understudy-system -o yaml",
            _LOGS,
        ),
        cure="Leave one operator for each cluster and ledger bucket. `managedFields` of an object (--show-managed-fields) name who else writes it.",
    ),
)
POOL: Final = (
    Alert(
        name="UnderstudyPoolAway",
        expr="max by (pool) (understudy_pool_reachable) < 1",
        pending="5m",
        severity="critical",
        summary="The director of pool {{ $labels.pool }} does not answer; nothing is rendered there.",
        meaning="The operator starts a director where Ray answers. So Ray's head is away, or the way to it is closed. Orders wait, and go on from their receipts.",
        look=(
            "kubectl describe renderpools",
            "kubectl get pods -n understudy-system -l 'app.kubernetes.io/component in (ray-head, kuberay-head)'",
            "kubectl logs -n understudy-system understudy-ray-head-0 --tail=50",
        ),
        cure="The pool's Ready names the cause. A head that was killed for memory needs more (ray.head.resources); deleting its pod loses nothing.",
    ),
    Alert(
        name="UnderstudyJobsLate",
        expr="sum by (pool) (understudy_jobs_late) > 0",
        pending="15m",
        severity="warning",
        summary="{{ $value }} jobs of pool {{ $labels.pool }} will miss their deadline.",
        meaning="At their pace so far they are complete only after activeDeadlineSeconds; then they end as Failed. What is delivered stays.",
        look=("kubectl understudy top", "kubectl get renderjobs -A -o wide", "kubectl understudy why JOB -n BRAND"),
        cure="More performers (maxNodes of a group, ray.worker.replicas) or a higher spec.priority make them faster; a brand may raise activeDeadlineSeconds.",
    ),
    Alert(
        name="UnderstudyNobodyPerforms",
        expr='sum(understudy_items_left) > 0 and sum(understudy_pool_performers{state="ready"}) < 1',
        pending="10m",
        severity="critical",
        summary="{{ $value }} items wait and no pool has a performer.",
        meaning="Jobs are admitted, but no worker of Ray is there. Nodes do not come, cannot pull their image, or find no room.",
        look=(
            "kubectl understudy top",
            "kubectl describe renderpools",
            "kubectl get events -n understudy-system --sort-by=.lastTimestamp | tail",
        ),
        cure="The event of the pod that waits says what lacks: room on nodes, a GPU, an image, a toleration.",
    ),
    Alert(
        name="UnderstudyPerformersLost",
        expr="sum(increase(understudy_performers_lost_total[15m])) > 5",
        pending="5m",
        severity="warning",
        summary="{{ $value }} performers died with work in a quarter of an hour.",
        meaning="Their items are made again, without charge; it costs time. One twin or one row may kill whoever performs it.",
        look=(
            "kubectl get pods -n understudy-system -l 'app.kubernetes.io/component in (ray-worker, kuberay-worker)'",
            "kubectl logs -n understudy-system -l app.kubernetes.io/component=ray-head --tail=200 | grep 'work lost'",
            "kubectl top pod -n understudy-system",
        ),
        cure="Containers that were killed for memory (OOMKilled) need more, or fewer performers a node (cpus). Nodes that come and go are the cluster's: look at its autoscaler.",
    ),
    Alert(
        name="UnderstudyStoreAway",
        expr="sum(rate(understudy_store_outages_total[5m])) > 0",
        pending="10m",
        severity="warning",
        summary="Directors give up on calls of the object store.",
        meaning="Receipts and deliveries wait for it. What was rendered is kept and written when it answers.",
        look=(
            _DOCTOR,
            "kubectl logs -n understudy-system -l app.kubernetes.io/component=ray-head --tail=200",
            "kubectl get pods -n understudy-system",
        ),
        cure="Mend the store or the way to it; the farm goes on by itself.",
    ),
)
RIGHTS: Final = (
    Alert(
        name="UnderstudyQuotaNearlyUsed",
        expr='sum by (license) (understudy_license_seconds{state="left"}) < 0.1 * sum by (license) (understudy_license_seconds)',
        pending="15m",
        severity="warning",
        summary="License {{ $labels.license }} has {{ $value }} seconds left, less than a tenth.",
        meaning="Its brand's next jobs will wait for quota, or be refused. Nothing is made beyond it.",
        look=(
            "kubectl get license NAME -n OWNER -o yaml",
            "kubectl understudy cost -n BRAND",
            "kubectl get renderjobs -n BRAND",
        ),
        cure="The brand asks the owner for a license with more seconds; a new one stands beside the old one.",
    ),
    Alert(
        name="UnderstudyConsentsWait",
        expr="understudy_consents_open > 0",
        pending="1d",
        severity="warning",
        summary="{{ $value }} consents have waited a day for their owner.",
        meaning="Jobs with words that need the owner's consent stand still until it is given or refused.",
        look=("kubectl get consentrequests -A", "understudy consent list", "kubectl get renderjobs -A -o wide"),
        cure="Tell the owner: `understudy consent show` prints what is asked. Silence is no consent, and nothing is rendered meanwhile.",
    ),
    Alert(
        name="UnderstudyRefusals",
        expr=f"sum by (brand) ({risen('understudy_license_refusals_total', '1h')}) > 20",
        pending="5m",
        severity="warning",
        summary="Brand {{ $labels.brand }} had {{ $value }} jobs refused in an hour.",
        meaning="A pipeline applies jobs that its license does not cover, or its license ended. Nothing is rendered and nothing charged.",
        look=(
            "kubectl get renderjobs -n BRAND -o wide",
            "kubectl understudy why JOB -n BRAND",
            "kubectl get licenses -A",
        ),
        cure="`why` names the smallest change that makes a job legal; tell the brand.",
    ),
    Alert(
        name="UnderstudyRevocationSlow",
        expr='sum(increase(understudy_revocation_seconds_count{until="stopped"}[1h])) - sum(increase(understudy_revocation_seconds_bucket{until="stopped",le="60.0"}[1h])) > 0.5',
        pending="1m",
        severity="critical",
        summary="After an owner's act work under a license went on for more than a minute.",
        meaning="A revocation stops work within seconds while operator and pool speak to each other. Without that the end of the grants stops it, 15 minutes at most. Nothing that was made after the act is delivered.",
        look=(
            "kubectl get licenses -A",
            "kubectl describe renderpools",
            "kubectl logs -n understudy-system -l app.kubernetes.io/component=ray-head --tail=200",
        ),
        cure="Mend the way between operator and director (a pool that is away, a NetworkPolicy, a busy operator)..",
    ),
)
COST: Final = (
    Alert(
        name="UnderstudyUnpriced",
        expr="sum by (pool) (increase(understudy_unpriced_worker_seconds_total[1h])) > 0",
        pending="1h",
        severity="warning",
        summary="Pool {{ $labels.pool }} works without a price; its jobs show no cost.",
        meaning="Worker seconds without a price are shown as unpriced, never as 0, and are not counted later.",
        look=(
            "kubectl understudy top",
            "kubectl get renderpools -o yaml | grep -A2 pricePerWorkerHour",
            "kubectl understudy cost -A",
        ),
        cure="Set pricePerWorkerHour of the RenderPool, or of each of its groups.",
    ),
)
