"""The operator as a process: real API server, real MinIO, a test peer in the director's place.

The peer renders nothing: it takes orders as a director does and writes real receipts when a test says so.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from operator_site import Admin, OperatorProcess, Site, Tenant, condition_of, until

from understudy_api.ledger.account import account_id
from understudy_api.ledger.chain import Chain, verify_chain
from understudy_api.ledger.entry import Committed
from understudy_api.verdict import Refusal, Verdict
from understudy_operator.shell.key import Key
from understudy_operator.shell.objects import Objects

pytestmark = pytest.mark.farm
LEDGER = "understudy-ledger"


@pytest.fixture(scope="module")
def brand(admin: Admin, operator_process: OperatorProcess, new_tenant: Callable[[], Tenant]) -> Tenant:
    """A tenant whose twin is ready and licensed."""
    tenant = new_tenant()
    admin.create(tenant.twin())
    admin.create(tenant.license())
    ready = admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready")
    assert ready["status"]["version"]
    admin.wait(Key("License", tenant.owner, "spring"), "Valid")
    return tenant


@pytest.fixture
def peer(operator_site: Site) -> Iterator[Any]:
    yield operator_site.peer
    operator_site.peer.lingering = False
    operator_site.peer.unsigned = False
    operator_site.peer.refusals.clear()


def held(peer: Any, body: dict[str, Any]) -> Any:
    """The order the peer holds for a job, once it does."""
    return until(lambda: peer.held(body["metadata"]["uid"]))


def test_a_job_goes_from_nothing_to_complete(admin: Admin, brand: Tenant, peer: Any) -> None:
    body = admin.create(brand.job("hello"))
    order = held(peer, body).order
    assert (order.namespace, order.job, order.total_items) == (brand.brand, "hello", 2)
    rows = peer.objects.get("understudy-staging", order.content.rows_s3_key)
    assert [json.loads(line) for line in rows.splitlines()] == [{"id": "1", "name": "Ada"}, {"id": "2", "name": "Bob"}]
    peer.make_items(order.uid, 1)
    half = until(lambda: admin.get(brand.key("hello")), lambda b: b["status"].get("progress") == "1/2")
    assert half["status"]["phase"] == "Running"
    peer.make_items(order.uid)
    status = admin.wait(brand.key("hello"), "Complete")["status"]
    assert status["phase"] == "Complete"
    assert status["items"] == {"total": 2, "done": 2, "failed": 0, "rejected": 0}
    assert float(status["meteredSeconds"]) == 5
    assert status["cost"] == {"amount": "0.0003", "currency": "EUR"}
    assert status["index"] == f"s3://understudy-outputs/{brand.brand}/hello/index.jsonl"
    assert {"Admitted", "AllItemsDone"} <= {event["reason"] for event in admin.events(body)}


def test_an_uncovered_locale_is_refused_and_nothing_is_ordered(
    admin: Admin, brand: Tenant, peer: Any, operator_site: Site
) -> None:
    body = admin.create(
        brand.job("japan", locales=["en-GB", "ja-JP"], translations={"ja-JP": {"scenes": [{"say": "やあ"}]}})
    )
    refused = admin.wait(brand.key("japan"), "Admitted", "False")
    said = condition_of(refused, "Admitted")
    assert said["reason"] == "LanguageNotCovered"
    assert "ja-JP" in said["message"]
    assert refused["status"]["phase"] == "Refused"
    assert peer.held(body["metadata"]["uid"]) is None
    noted = until(lambda: admin.get(brand.key("japan")), lambda b: b["status"].get("notedRefusals"))
    assert noted["status"]["notedRefusals"] == ["1/LanguageNotCovered"]
    account = account_id(admin.get(Key("License", brand.owner, "spring"))["spec"]["token"])
    objects = Objects(operator_site.settings.s3)
    links = [objects.get(LEDGER, key) or b"" for key in objects.keys(LEDGER, f"licenses/{account}/")]
    entries = [entry for link in links for entry in json.loads(link)["entries"] if entry["kind"] == "Refused"]
    ours = [(one["generation"], one["reason"]) for one in entries if one["uid"] == body["metadata"]["uid"]]
    assert ours == [(1, "LanguageNotCovered")]


def test_anothers_license_answers_like_a_missing_one(
    admin: Admin, brand: Tenant, new_tenant: Callable[[], Tenant]
) -> None:
    stranger = new_tenant()
    for name, license_name in (("theirs", "spring"), ("missing", "nothing")):
        job = brand.job(name, license_name)
        job["metadata"]["namespace"] = stranger.brand
        admin.create(job)
    found = [admin.wait(Key("RenderJob", stranger.brand, name), "Admitted", "False") for name in ("theirs", "missing")]
    theirs, missing = ({**condition_of(body, "Admitted"), "lastTransitionTime": ""} for body in found)
    assert theirs == missing
    assert theirs["reason"] == "LicenseNotFound"


def test_suspend_resume_cancel(admin: Admin, brand: Tenant, peer: Any) -> None:
    body, key = admin.create(brand.job("pause")), brand.key("pause")
    uid = held(peer, body).order.uid
    admin.patch(key, {"suspend": True})
    until(lambda: peer.held(uid).state, lambda state: state == "Suspended")
    assert admin.wait(key, "Suspended")["status"]["phase"] == "Suspended"
    admin.patch(key, {"suspend": False})
    until(lambda: peer.held(uid).state, lambda state: state == "Running")
    peer.make_items(uid, 1)
    # A director waits for it to count before it lets an order go; the peer forgets what is stopped at once.
    until(lambda: admin.get(key), lambda b: b["status"]["items"]["done"] == 1)
    admin.patch(key, {"cancel": True})
    until(lambda: peer.held(uid), lambda order: order is None)
    cancelled = until(lambda: admin.get(key), lambda b: b["status"]["phase"] == "Cancelled")
    assert cancelled["status"]["items"]["done"] == 1


def test_a_changed_script_makes_complete_false_and_is_ordered_anew(admin: Admin, brand: Tenant, peer: Any) -> None:
    body, key = admin.create(brand.job("change")), brand.key("change")
    first = held(peer, body).order
    peer.make_items(first.uid)
    admin.wait(key, "Complete")
    admin.patch(key, {"script": {"scenes": [{"say": "Goodbye {name}."}]}})
    admin.wait(key, "Complete", "False")
    second = until(lambda: peer.held(first.uid), lambda found: found.order.generation == 2).order
    assert second.digest != first.digest
    peer.make_items(second.uid)
    assert admin.wait(key, "Complete")["status"]["items"]["done"] == 2


def test_a_failed_job_is_tried_again_once_retry_is_raised(admin: Admin, brand: Tenant, peer: Any) -> None:
    body, key = admin.create(brand.job("again")), brand.key("again")
    first = held(peer, body).order
    peer.make_items(first.uid, 1)
    peer.make_items(first.uid, outcome="failed")
    assert admin.wait(key, "Failed")["status"]["items"] == {"total": 2, "done": 1, "failed": 1, "rejected": 0}
    admin.patch(key, {"retry": 1})
    second = until(lambda: peer.held(first.uid), lambda found: found is not None and found.order.retry == 1).order
    assert second.digest != first.digest
    peer.make_items(second.uid)
    complete = admin.wait(key, "Complete")
    assert complete["status"]["items"] == {"total": 2, "done": 2, "failed": 0, "rejected": 0}
    assert condition_of(complete, "Failed")["status"] == "False"


def test_a_csv_with_a_bad_line_is_refused_naming_it_and_heals(admin: Admin, brand: Tenant, peer: Any) -> None:
    where = f"{brand.brand}/rows.csv"
    peer.objects.put("understudy-outputs", where, b"id,name\n1,Ada\n2\n", "text/csv")
    data = {"key": "id", "from": {"s3": f"s3://understudy-outputs/{where}"}}
    body = admin.create(brand.job("csv", data=data))
    said = condition_of(admin.wait(brand.key("csv"), "Admitted", "False"), "Admitted")
    assert "line 3" in said["message"]
    peer.objects.put("understudy-outputs", where, b"id,name\n1,Ada\n2,Bob\n3,Cy\n", "text/csv")
    admin.patch(brand.key("csv"), {"script": {"scenes": [{"say": "Dear {name}."}]}})
    assert held(peer, body).order.content.rows_count == 3


def test_rows_of_another_namespace_are_refused(admin: Admin, brand: Tenant) -> None:
    data = {"key": "id", "from": {"s3": "s3://understudy-outputs/somebody-else/rows.csv"}}
    admin.create(brand.job("spy", data=data))
    assert condition_of(admin.wait(brand.key("spy"), "Admitted", "False"), "Admitted")["reason"] == "PlaceNotAllowed"


def test_a_refusal_by_the_pool_is_shown(admin: Admin, brand: Tenant, peer: Any) -> None:
    refusal = Refusal(reason="TwinNotLoaded", message="twin: its bundle is damaged; train it again")
    peer.refusals["unlucky"] = Verdict(refusals=(refusal,))
    admin.create(brand.job("unlucky"))
    body = admin.wait(brand.key("unlucky"), "Dispatched", "False")
    until(
        lambda: condition_of(admin.get(brand.key("unlucky")), "Dispatched"),
        lambda said: "damaged" in said.get("message", ""),
    )
    assert body["status"]["phase"] == "Pending"


def test_deleting_waits_for_the_pool_and_deletes_only_its_own_outputs(admin: Admin, brand: Tenant, peer: Any) -> None:
    body, key = admin.create(brand.job("gone", deletionPolicy="DeleteOutputs")), brand.key("gone")
    uid, prefix = held(peer, body).order.uid, f"{brand.brand}/gone/"
    ours = [f"{prefix}1/en-GB/wide.mp4", f"{prefix}1/en-GB/wide.srt", f"{prefix}index.jsonl"]
    others = [f"{prefix}keep.txt", f"{brand.brand}/gone-too/index.jsonl"]
    for name in (*ours, *others):
        peer.objects.put("understudy-outputs", name, b"x")
    peer.make_items(uid, 1)
    until(lambda: admin.get(key), lambda b: b["status"].get("progress") == "1/2")
    peer.lingering = True
    admin.delete(key)
    until(lambda: peer.held(uid).state, lambda state: state == "Finishing")
    assert admin.get(key) is not None
    peer.lingering = False
    until(lambda: admin.get(key), lambda found: found is None)
    assert all(peer.objects.get("understudy-outputs", name) is None for name in ours)
    assert all(peer.objects.get("understudy-outputs", name) is not None for name in others)
    assert peer.objects.keys("understudy-staging", f"orders/{uid}/") == []


def test_a_finished_job_goes_after_its_time_and_keeps_its_outputs(admin: Admin, brand: Tenant, peer: Any) -> None:
    body, key = admin.create(brand.job("brief", ttlSecondsAfterFinished=0)), brand.key("brief")
    name = f"{brand.brand}/brief/1/en-GB/wide.mp4"
    peer.objects.put("understudy-outputs", name, b"x")
    peer.make_items(held(peer, body).order.uid)
    until(lambda: admin.get(key), lambda found: found is None)
    assert peer.objects.get("understudy-outputs", name) == b"x"


def test_a_director_that_lost_its_memory_gets_the_order_again(admin: Admin, brand: Tenant, peer: Any) -> None:
    body, key = admin.create(brand.job("amnesia")), brand.key("amnesia")
    uid = held(peer, body).order.uid
    peer.make_items(uid, 1)
    peer.stop()
    peer.id = "peer-2"
    peer.start()
    again = held(peer, body)
    assert again.totals.done == 1
    peer.make_items(uid)
    status = admin.wait(key, "Complete")["status"]
    assert (status["items"]["done"], float(status["meteredSeconds"])) == (2, 5)


def test_storage_that_goes_away_is_said_and_waited_out(
    admin: Admin, brand: Tenant, peer: Any, operator_site: Site
) -> None:
    body, key = admin.create(brand.job("storm")), brand.key("storm")
    uid = held(peer, body).order.uid
    operator_site.storage.cut()
    try:
        peer.make_items(uid, 1)
        interrupted = admin.wait(key, "Interrupted")
        assert condition_of(interrupted, "Interrupted")["reason"] == "StorageUnavailable"
        assert condition_of(interrupted, "Admitted")["status"] == "True"
    finally:
        operator_site.storage.mend()
    peer.make_items(uid)
    done = admin.wait(key, "Complete", seconds=90)
    assert done["status"]["items"]["done"] == 2
    assert not any(one["type"] == "Interrupted" for one in done["status"]["conditions"])


def test_metrics_count_by_brand_and_reason(brand: Tenant, operator_site: Site) -> None:
    url = f"http://127.0.0.1:{operator_site.settings.metrics_port}/metrics"
    text = httpx.get(url, trust_env=False).text
    assert f'understudy_items_total{{brand="{brand.brand}",outcome="done",pool="default"}}' in text
    assert f'understudy_license_refusals_total{{brand="{brand.brand}",reason="LanguageNotCovered"}} 1.0' in text
    assert "understudy_operator_leader 1.0" in text
    assert "understudy_cost_total{" in text
    assert 'understudy_operator_reconcile_seconds_count{kind="RenderJob",result="done"}' in text


def test_killed_in_the_middle_nothing_is_made_or_charged_twice(
    admin: Admin, brand: Tenant, peer: Any, operator_process: OperatorProcess, operator_site: Site
) -> None:
    body, key = admin.create(brand.job("killed", "fresh-license")), brand.key("killed")
    license_body = admin.create(brand.license("fresh-license"))
    uid = held(peer, body).order.uid
    peer.make_items(uid, 1)
    assert operator_process.end(signal.SIGKILL) == -signal.SIGKILL
    peer.make_items(uid)
    operator_process.start()
    status = admin.wait(key, "Complete")["status"]
    assert (status["items"]["done"], float(status["meteredSeconds"])) == (2, 5)
    assert {(digest, generation) for who, digest, generation in peer.accepted if who == uid} == {
        (status["orderDigest"], 1)
    }
    account = account_id(license_body["spec"]["token"])
    assert account is not None
    chain = until(
        lambda: _chain(operator_site, account), lambda chain: not chain.links[chain.length - 1].balance.claims
    )
    assert chain.findings == ()
    assert chain.links[chain.length - 1].balance.used_micros == 5_000_000
    ids = [one.id for link in chain.links.values() for one in link.entries if isinstance(one, Committed)]
    assert len(ids) == len(set(ids)) == 2


def test_a_receipt_that_no_performer_signed_stops_its_job(
    admin: Admin, brand: Tenant, peer: Any, operator_site: Site
) -> None:
    """Whoever writes the log can leave receipts out and not make any up: what was signed counts, the rest never does."""
    license_body = admin.create(brand.license("forged-license"))
    body, key = admin.create(brand.job("forged", "forged-license")), brand.key("forged")
    uid = held(peer, body).order.uid
    peer.make_items(uid, 1)
    until(lambda: (order := peer.held(uid)) and order.committed, lambda last: last == 0)
    peer.unsigned = True
    peer.make_items(uid, 1)
    said = condition_of(admin.wait(key, "Admitted", "False"), "Admitted")
    assert said["reason"] == "ReceiptNotProven"
    assert said["message"].startswith(f"receipts: segment 1 of job {uid}: item ")
    until(lambda: peer.held(uid), lambda order: order is None)
    account = account_id(license_body["spec"]["token"])
    assert account is not None
    chain = until(
        lambda: _chain(operator_site, account), lambda chain: not chain.links[chain.length - 1].balance.claims
    )
    assert chain.links[chain.length - 1].balance.used_micros == 2_500_000


def _chain(site: Site, account: str) -> Chain:
    """A license's chain, verified, read by the operator's own account."""
    objects = Objects(site.settings.s3)
    keys = objects.keys(LEDGER, f"licenses/{account}/")
    chain = verify_chain(account, {number: objects.get(LEDGER, key) or b"" for number, key in enumerate(keys)})
    objects.close()
    return chain


def test_a_cluster_that_goes_away_ends_the_leader_and_finds_it_again(
    admin: Admin, brand: Tenant, peer: Any, operator_process: OperatorProcess, operator_site: Site
) -> None:
    """It starts over as a fresh process under the same pid, waits, and leads again under its old name."""
    holder = _lease(admin)["holderIdentity"]
    operator_site.cluster.cut()
    try:
        until(lambda: "starting over" in operator_process.log.read_text())
        body = admin.create(brand.job("meanwhile"))
    finally:
        operator_site.cluster.mend()
    peer.make_items(held(peer, body).order.uid)
    admin.wait(brand.key("meanwhile"), "Complete")
    assert operator_process.child is not None
    assert operator_process.child.poll() is None
    assert _lease(admin)["holderIdentity"] == holder


def _lease(admin: Admin) -> dict[str, Any]:
    path = "/apis/coordination.k8s.io/v1/namespaces/understudy-system/leases/understudy-operator"
    found = admin.server.request("GET", path)
    assert found is not None
    return dict(found["spec"])


def test_sigterm_ends_it_within_seconds_and_the_next_leads_at_once(
    operator_process: OperatorProcess, admin: Admin
) -> None:
    assert operator_process.end() == 0
    assert _lease(admin)["holderIdentity"] == ""
    operator_process.start()
