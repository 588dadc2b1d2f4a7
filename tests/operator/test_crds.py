"""The custom resource definitions as the real API server takes them: bounds, defaults, immutability, words, columns."""

from __future__ import annotations

import copy
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from operator_site import Admin, resource
from specs import JWS, SPECS

from understudy_api.kinds import KINDS
from understudy_api.model import GROUP, VERSION
from understudy_operator.shell.apiserver import ApiServer
from understudy_operator.shell.cluster import Cluster
from understudy_operator.shell.errors import DeniedError
from understudy_operator.shell.key import Key

GOLDEN = Path(__file__).parent / "golden"
EVERY_KIND = pytest.mark.parametrize("kind", [kind.kind for kind in KINDS])


@pytest.fixture(scope="module")
def namespace(admin: Admin) -> str:
    return admin.namespace("crds")


def example(kind: str, namespace: str, name: str = "example") -> dict[str, Any]:
    return resource(kind, "" if kind == "RenderPool" else namespace, name, copy.deepcopy(SPECS[kind]))


def changed(spec: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a spec with one field replaced."""
    result = copy.deepcopy(spec)
    *parents, last = path.split(".")
    node: Any = result
    for name in parents:
        node = node[int(name)] if name.isdigit() else node.setdefault(name, {})
    node[last] = value
    return result


def test_all_kinds_are_served(admin: Admin) -> None:
    assert Cluster(admin.server).serves_kinds()


@EVERY_KIND
def test_an_example_is_accepted_and_an_unknown_field_is_not(admin: Admin, namespace: str, kind: str) -> None:
    body = example(kind, namespace, "strict")
    with pytest.raises(DeniedError, match=r"unknown field \"spec\.colour\""):
        admin.create({**body, "spec": {**body["spec"], "colour": "red"}})
    created = admin.create(body)
    assert created["metadata"]["generation"] == 1
    admin.delete(Key.of(created))


def test_defaults_are_filled_in(admin: Admin, namespace: str) -> None:
    spec = admin.create(example("RenderJob", namespace, "defaults"))["spec"]
    assert spec["poolRef"] == {"name": "default"}
    assert spec["failurePolicy"] == {"maxFailedItems": 0}
    assert (spec["suspend"], spec["cancel"], spec["priority"]) == (False, False, 0)
    assert spec["deletionPolicy"] == "KeepOutputs"
    assert spec["outputs"] == [{"name": "wide", "kind": "Video", "width": 640, "height": 360}]
    twin = admin.create(example("TwinModel", namespace, "defaults"))["spec"]
    assert twin["training"] == {"effort": "Standard"}
    assert twin["voice"] == {"variant": "f2", "pitch": 50, "rateWordsPerMinute": 160}


FAR = {"director": "https://far.example:8443", "ray": "http://far.example:8265"}
REFUSED = [
    ("RenderJob", "locales", [], "spec.locales.*at least 1 item"),
    ("RenderJob", "locales", ["en-GB", "en-GB"], "Duplicate value"),
    ("RenderJob", "locales", ["english please"], "spec.locales"),
    ("RenderJob", "outputs", [], "spec.outputs.*at least 1 item"),
    ("RenderJob", "outputs.0.width", 641, "multiple of 2"),
    ("RenderJob", "outputs.0.width", 4096, "less than or equal to 3840"),
    ("RenderJob", "outputs", [{"name": "a", "width": 640, "height": 360}] * 2, "Duplicate value"),
    ("RenderJob", "script.scenes", [], "spec.script.scenes.*at least 1 item"),
    ("RenderJob", "script.scenes.0.say", "x" * 5001, "may not be more than 5000"),
    ("RenderJob", "data", {"key": "id", "rows": []}, "spec.data.rows.*at least 1 item"),
    ("RenderJob", "data", {"key": "id", "rows": [{"id": "1"}] * 1001}, "at most 1000"),
    ("RenderJob", "data", {"key": "id"}, "give either rows or from"),
    (
        "RenderJob",
        "data",
        {"key": "id", "from": {"s3": "s3://understudy-outputs/brand/rows.xlsx"}},
        "spec.data.from.s3",
    ),
    (
        "RenderJob",
        "data",
        {"key": "id", "rows": [{"id": "1"}], "from": {"s3": "s3://understudy-outputs/brand/rows.csv"}},
        "give either rows or from",
    ),
    ("RenderJob", "use.purpose", "revenge", "spec.use.purpose.*supported values"),
    ("RenderJob", "use.territories", ["Germany"], "spec.use.territories"),
    ("RenderJob", "destination", {"s3": "s3://acme/no-slash"}, "spec.destination.s3"),
    ("RenderJob", "priority", 1001, "less than or equal to 1000"),
    ("RenderJob", "failurePolicy", {"maxFailedItems": -1}, "greater than or equal to 0"),
    ("RenderJob", "activeDeadlineSeconds", 0, "greater than or equal to 1"),
    ("RenderJob", "ttlSecondsAfterFinished", -1, "greater than or equal to 0"),
    ("RenderJob", "budget", {"max": "-1", "currency": "EUR"}, "spec.budget.max"),
    ("RenderJob", "budget", {"max": "1.5"}, "spec.budget.currency"),
    ("RenderJob", "budget", {"max": "1.5", "currency": "EUR", "whenExceeded": "Ignore"}, "supported values"),
    ("TwinModel", "capture.s3", "s3://understudy-outputs/talent/capture.mov", "spec.capture.s3"),
    ("TwinModel", "genesis", "not a token at all!", "spec.genesis"),
    ("TwinModel", "voice", {"rateWordsPerMinute": 500}, "less than or equal to 300"),
    ("TwinModel", "training", {"effort": "Heroic"}, "supported values"),
    ("RenderJob", "use.apparentAge", 17, "greater than or equal to 18"),
    ("RenderJob", "use.publishUntil", "tomorrow", "spec.use.publishUntil"),
    ("RenderJob", "use.disclosures", ["x"] * 17, "at most 16"),
    ("OwnerAct", "act", "a.b.c", "spec.act"),
    ("ConsentRequest", "awaits", "anybody", "supported values"),
    ("ConsentRequest", "digest", "abc", "spec.digest"),
    ("License", "token", "a.b.c", "spec.token"),
    ("License", "token", "a" * 16385, "may not be more than 16384"),
    ("RenderPool", "pricePerWorkerHour", {"amount": "-1", "currency": "EUR"}, "spec.pricePerWorkerHour.amount"),
    ("RenderPool", "pricePerWorkerHour", {"amount": "1", "currency": "euro"}, "spec.pricePerWorkerHour.currency"),
    ("RenderPool", "address", FAR, "exactly one of embedded, address and kuberay"),
    ("RenderPool", "address", {**FAR, "director": "http://far:8443"}, "spec.address.director"),
    ("RenderPool", "address", {**FAR, "ray": "http://user:word@far:8265"}, "spec.address.ray"),
    ("RenderPool", "kuberay", {"cluster": "mine"}, "exactly one of embedded, address and kuberay"),
    ("RenderPool", "kuberay", {}, "exactly one of cluster"),
    ("RenderPool", "kuberay", {"cluster": "mine", "groups": [{"name": "cpu"}]}, "exactly one of cluster"),
    ("RenderPool", "kuberay", {"groups": [{"name": "cpu", "minNodes": 2}]}, "minNodes of a group not above"),
    ("RenderPool", "kuberay", {"groups": [{"name": "cpu"}, {"name": "cpu"}]}, "Duplicate value"),
    ("RenderPool", "kuberay", {"groups": [{"name": "cpu", "idleSeconds": 1}]}, "greater than or equal to 10"),
    (
        "RenderPool",
        "kuberay",
        {"groups": [{"name": "cpu", "resources": {"limits": {"memory": "much"}}}]},
        r"spec.kuberay.groups\[0\].resources.limits.memory",
    ),
    (
        "RenderPool",
        "kuberay",
        {"groups": [{"name": "cpu", "pricePerWorkerHour": {"amount": "cheap", "currency": "EUR"}}]},
        r"spec.kuberay.groups\[0\].pricePerWorkerHour.amount",
    ),
]


@pytest.mark.parametrize(("kind", "path", "value", "message"), REFUSED, ids=lambda one: str(one)[:40])
def test_out_of_bounds_is_refused(admin: Admin, namespace: str, kind: str, path: str, value: Any, message: str) -> None:
    body = example(kind, namespace, "refused")
    with pytest.raises(DeniedError, match=f"(?s){message}"):
        admin.create({**body, "spec": changed(body["spec"], path, value)})


def priced(pool: str | None, *groups: str | None) -> dict[str, Any]:
    """A spec whose pool and groups have prices in these currencies; None: no price."""

    def price(currency: str | None) -> dict[str, Any]:
        return {"pricePerWorkerHour": {"amount": "0.60", "currency": currency}} if currency else {}

    return {"kuberay": {"groups": [{"name": f"g{n}", **price(one)} for n, one in enumerate(groups)]}, **price(pool)}


@pytest.mark.parametrize(
    ("spec", "accepted"),
    [
        (priced("EUR", "EUR", None, "EUR"), True),
        (priced(None, "EUR", None, "EUR"), True),
        (priced("EUR", None, None), True),
        (priced(None, *["EUR"] * 8), True),
        (priced("EUR", "USD"), False),
        (priced("EUR", "EUR", None, "USD"), False),
        (priced(None, "EUR", None, "USD"), False),
        (priced("USD", "EUR", "EUR"), False),
    ],
    ids=str,
)
def test_a_pool_has_prices_in_one_currency(admin: Admin, spec: dict[str, Any], accepted: bool) -> None:
    body = resource("RenderPool", "", "priced", spec)
    if accepted:
        created = admin.create(body)
        assert created["spec"]["kuberay"]["groups"][0]["name"] == "g0"
        admin.delete(Key.of(created))
    else:
        with pytest.raises(DeniedError, match="wanted one currency for the prices of a pool and its groups"):
            admin.create(body)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({}, None),
        ({"storagePricePerGibMonth": "EUR", "egressPricePerGib": "EUR"}, None),
        ({"storagePricePerGibMonth": "USD"}, "pricePerWorkerHour and storagePricePerGibMonth"),
        ({"egressPricePerGib": "USD"}, "pricePerWorkerHour and egressPricePerGib"),
        ({"egressPricePerGib": "USD", "pricePerWorkerHour": None}, "egressPricePerGib and the prices of groups"),
        ({"storagePricePerGibMonth": "USD", "pricePerWorkerHour": None}, "storagePricePerGibMonth and the prices of"),
    ],
    ids=str,
)
def test_storage_and_egress_are_priced_in_the_same_currency(
    admin: Admin, spec: dict[str, str | None], said: str | None
) -> None:
    prices = {name: {"amount": "0.02", "currency": one} if one else None for name, one in spec.items()}
    whole = {name: one for name, one in {**priced("EUR", "EUR"), **prices}.items() if one}
    body = resource("RenderPool", "", "stored", whole)
    if said is None:
        admin.delete(Key.of(admin.create(body)))
    else:
        with pytest.raises(DeniedError, match=f"wanted one currency for {said}"):
            admin.create(body)


def test_a_price_of_a_group_may_change_and_go(admin: Admin) -> None:
    key = Key.of(admin.create(resource("RenderPool", "", "repriced", priced(None, "EUR", "EUR"))))
    changed_all = admin.patch(key, priced(None, "USD", "USD"))["spec"]["kuberay"]["groups"]
    assert [one["pricePerWorkerHour"]["currency"] for one in changed_all] == ["USD", "USD"]
    left = admin.patch(key, priced(None, "USD", None))["spec"]["kuberay"]["groups"]
    assert ["pricePerWorkerHour" in one for one in left] == [True, False]
    with pytest.raises(DeniedError, match="wanted one currency"):
        admin.patch(key, priced("EUR", "USD"))
    admin.delete(key)


IMMUTABLE = [
    ("RenderJob", {"twinRef": {"namespace": "talent", "name": "bob"}}, "create another RenderJob"),
    ("RenderJob", {"licenseRef": {"namespace": "talent", "name": "other"}}, "create another RenderJob"),
    ("RenderJob", {"poolRef": {"name": "other"}}, "create another RenderJob"),
    ("RenderPool", {"embedded": None, "address": FAR}, "create another RenderPool"),
    ("RenderPool", {"embedded": None, "kuberay": {"groups": [{"name": "cpu"}]}}, "create another RenderPool"),
    ("TwinModel", {"genesis": JWS[:-4] + "AAAA"}, "never changes its owner"),
    ("License", {"token": JWS[:-4] + "AAAA"}, "sign and create another License"),
    ("License", {"twinRef": {"name": "bob"}}, "sign and create another License"),
    ("ConsentRequest", {"digest": "c" * 64}, "is immutable"),
    ("OwnerAct", {"twinRef": {"name": "bob"}}, "sign and create another OwnerAct"),
    ("OwnerAct", {"act": JWS[:-4] + "AAAA"}, "sign and create another OwnerAct"),
]


@pytest.mark.parametrize(("kind", "change", "message"), IMMUTABLE, ids=lambda one: str(one)[:40])
def test_what_protects_rights_is_immutable(
    admin: Admin, namespace: str, kind: str, change: dict[str, Any], message: str
) -> None:
    body = example(kind, namespace, f"fixed-{kind.lower()}")
    if admin.get(Key.of(body)) is None:
        admin.create(body)
    with pytest.raises(DeniedError, match=message):
        admin.patch(Key.of(body), change)


def test_a_cancelled_job_stays_cancelled(admin: Admin, namespace: str) -> None:
    body = admin.create(example("RenderJob", namespace, "cancelled"))
    assert admin.patch(Key.of(body), {"cancel": True})["spec"]["cancel"] is True
    with pytest.raises(DeniedError, match="stays cancelled"):
        admin.patch(Key.of(body), {"cancel": False})


def test_a_budget_is_added_raised_and_removed_in_one_currency(admin: Admin, namespace: str) -> None:
    key = Key.of(admin.create(example("RenderJob", namespace, "budgeted")))
    added = admin.patch(key, {"budget": {"max": "12.50", "currency": "EUR"}})["spec"]["budget"]
    assert added == {"max": "12.50", "currency": "EUR", "whenExceeded": "Pause"}
    assert admin.patch(key, {"budget": {"max": "20"}})["spec"]["budget"]["max"] == "20"
    with pytest.raises(DeniedError, match="currency is immutable"):
        admin.patch(key, {"budget": {"currency": "USD"}})
    assert "budget" not in admin.patch(key, {"budget": None})["spec"]


def test_a_wide_but_legal_job_is_accepted(admin: Admin, namespace: str) -> None:
    """The CEL rules' cost stays within the API server's budget at the upper bounds of every list."""
    body = example("RenderJob", namespace, "wide")
    body["spec"]["data"] = {"key": "id", "rows": [{"id": f"row-{n}", "name": "x" * 100} for n in range(1000)]}
    body["spec"]["script"] = {"scenes": [{"say": "Hello {name}. " + "a" * 4000}] * 50}
    assert len(admin.create(body)["spec"]["data"]["rows"]) == 1000


@EVERY_KIND
def test_every_field_is_explained(admin: Admin, kind: str) -> None:
    published = _published(admin)
    schema = published[f"dev.understudy.{VERSION}.{kind}"]
    missing = [path for path, node in _fields(schema, kind) if not node.get("description", "").strip()]
    assert missing == []


def test_kubectl_explains(control_plane: Any) -> None:
    text = _kubectl(control_plane, "explain", "renderjob.spec.activeDeadlineSeconds")
    assert "Seconds after admission" in text


@pytest.mark.parametrize("name", ["rj", "twin", "tm", "lic", "rp", "understudy"])
def test_short_names_and_category(control_plane: Any, name: str) -> None:
    assert "error" not in _kubectl(control_plane, "get", name, "--all-namespaces", "--ignore-not-found")


STATUSES: dict[str, dict[str, Any]] = {
    "RenderJob": {
        "phase": "Running",
        "progress": "12/36",
        "takes": {"rendered": 20, "reused": 4},
        "cost": {"amount": "0.0421", "currency": "EUR"},
        "conditions": [("Admitted", "True", "Admitted")],
    },
    "TwinModel": {"stage": "Train", "progress": "epoch 3 of 10", "conditions": [("Ready", "False", "Training")]},
    "License": {
        "assignee": "acme",
        "usedSeconds": "90",
        "leftSeconds": "3510",
        "validUntil": "2099-01-01T00:00:00Z",
        "conditions": [("Valid", "True", "Valid")],
    },
    "OwnerAct": {
        "type": "likeness-stop+jwt",
        "conditions": [("Accepted", "True", "Recorded"), ("Vaulted", "True", "Heard")],
    },
    "ConsentRequest": {"conditions": [("Pending", "True", "AwaitsReviewer")]},
    "RenderPool": {"workers": 2, "busy": 1, "orders": 3, "conditions": [("Ready", "True", "Ready")]},
}


@EVERY_KIND
def test_golden_columns(admin: Admin, control_plane: Any, namespace: str, kind: str, request: Any) -> None:
    body = example(kind, namespace, "columns")
    if kind == "RenderPool":
        body["spec"]["pricePerWorkerHour"] = {"amount": "0.60", "currency": "EUR"}
    created = admin.create(body)
    status = {**STATUSES[kind], "conditions": [_condition(*one) for one in STATUSES[kind]["conditions"]]}
    Cluster(ApiServer.connect(control_plane.operator_kubeconfig)).patch_status(created, status)
    inside = ["-n", namespace] if kind != "RenderPool" else []
    text = _kubectl(control_plane, "get", kind.lower(), "columns", *inside)
    admin.delete(Key.of(created))
    path = GOLDEN / f"columns-{kind.lower()}.txt"
    masked = re.sub(r"\b(\d+[smhdy])+ *$", "AGE", text, flags=re.MULTILINE)
    if request.config.getoption("--update-golden", default=False):
        path.write_text(masked)
    assert masked == path.read_text()


def _condition(kind: str, status: str, reason: str) -> dict[str, Any]:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": stamp}


def _kubectl(control_plane: Any, *arguments: str) -> str:
    command = [str(control_plane.kubectl), "--kubeconfig", str(control_plane.kubeconfig), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def _published(admin: Admin) -> dict[str, Any]:
    found = admin.server.request("GET", f"/openapi/v3/apis/{GROUP}/{VERSION}")
    assert found is not None
    schemas: dict[str, Any] = found["components"]["schemas"]
    return schemas


def _fields(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every named field below a schema, with its path."""
    for name, child in node.get("properties", {}).items():
        inner = f"{path}.{name}"
        if inner.count(".") == 1 and name in {"apiVersion", "kind", "metadata"}:
            continue
        yield inner, child
        yield from _fields(child, inner)
    for below in ("items", "additionalProperties"):
        if isinstance(node.get(below), dict):
            yield from _fields(node[below], f"{path}[]")
