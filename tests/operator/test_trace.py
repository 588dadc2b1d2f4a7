"""One trace from apply to delivery: a real operator and a real director, puppets that perform, a collector that speaks OTLP."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collector import Collector, Got
from operator_site import Admin, OperatorProcess, Site, Tenant, until
from puppet import Puppet
from theatre import NoTrainers, ThreadCrew, free_port, one_node

from understudy_api.item_log import log_prefix
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.settings import DirectorEndpoint, PoolSettings
from understudy_api.trace import TracingSettings, trace_id
from understudy_api.twinmodel import TwinModelSpec
from understudy_cli.local.plan import free_ports
from understudy_operator.core.training import training_order
from understudy_operator.shell import views
from understudy_operator.shell.key import Key
from understudy_workers.direction.house import House

pytestmark = pytest.mark.farm
WORDS = "Secret Words Of Ada"
HEADER = "collector-token-4711"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(scope="module")
def tracing(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> TracingSettings:
    headers = tmp_path_factory.mktemp("tracing") / "headers"
    headers.write_text(f"x-token={HEADER}\n")
    return TracingSettings(endpoint=collector.endpoint, headers_file=headers)


@pytest.fixture(scope="module")
def director(
    farm: Any,
    operator_site: Site,
    object_store: Any,
    tracing: TracingSettings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PoolSettings]:
    """A director with two puppets, in a thread; what it was told."""
    folder = tmp_path_factory.mktemp("director")
    public = folder / "farm.pub.jwk"
    public.write_text(json.dumps(operator_site.farm_key.as_dict(private=False)))
    told = PoolSettings.load(farm.site().home.pool_settings)
    changes = {"farm_public_key_file": public, "work_dir": folder, "metrics_port": free_port(), "tracing": tracing}
    told = told.model_copy(update={**changes, "director": told.director.model_copy(update={"port": free_port()})})
    opened, ending = threading.Event(), threading.Event()

    async def serve() -> None:
        crew = ThreadCrew(puppet := Puppet(told), ("p0", "p1"))
        house = House(told, crew, NoTrainers(), one_node, director=uuid.uuid4().hex, release="test")  # type: ignore[arg-type]
        await house.open()
        for name in ("p0", "p1"):
            house.floor.join(name, puppet.thumbprint)
        opened.set()
        await asyncio.to_thread(ending.wait)
        await house.close()
        crew.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert opened.wait(20)
    yield told
    ending.set()
    thread.join()


@pytest.fixture(scope="module")
def operator(
    farm: Any,
    operator_site: Site,
    director: PoolSettings,
    tracing: TracingSettings,
    pool: Any,
    admin: Admin,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[OperatorProcess]:
    """An operator process whose director is that one."""
    endpoint = DirectorEndpoint(
        url=f"https://127.0.0.1:{director.director.port}",
        token_file=director.director.token_file,
        ca_file=farm.site().authority,
    )
    metrics_port, health_port, status_port = free_ports(3)
    lists = operator_site.settings.status_lists.model_copy(update={"port": status_port})
    settings = operator_site.settings.model_copy(
        update={
            "director": endpoint,
            "tracing": tracing,
            "metrics_port": metrics_port,
            "health_port": health_port,
            "status_lists": lists,
        }
    )
    file: Path = tmp_path_factory.mktemp("traced") / "operator.json"
    file.write_text(settings.model_dump_json())
    admin.let_lease_go()
    process = OperatorProcess(replace(operator_site, settings=settings, settings_file=file))
    process.start(wait=False)
    try:
        until(process.is_healthy, seconds=120)
        yield process
    finally:
        process.end()


@pytest.fixture(scope="module")
def brand(admin: Admin, operator: OperatorProcess, operator_site: Site, new_tenant: Callable[[], Tenant]) -> Tenant:
    tenant = new_tenant()
    twin = admin.create(tenant.twin())
    spec = views.spec(TwinModelSpec, twin)
    assert isinstance(spec, TwinModelSpec)
    order = training_order(views.identity(twin), spec)
    result = TrainingResult(
        digest=order.digest, twin_id=order.twin_id, state="Ready", version="0" * 64, finished_at=time.time()
    )
    operator_site.objects.put("understudy-receipts", training_key(order.digest), result.model_dump_json().encode())
    admin.wait(Key("TwinModel", tenant.owner, "ada"), "Ready", seconds=60)
    admin.create(tenant.license())
    admin.wait(Key("License", tenant.owner, "spring"), "Valid")
    return tenant


def run(admin: Admin, brand: Tenant, name: str, collector: Collector) -> tuple[dict[str, Any], list[Got]]:
    """A job from apply to delivery, and its spans once the job's own has come."""
    rows = [{"id": "1", "name": WORDS}, {"id": "2", "name": "[fail once]"}]
    admin.create(brand.job(name, data={"key": "id", "rows": rows}))
    body = admin.wait(brand.key(name), "Complete", seconds=90)
    trace = trace_id(body["metadata"]["uid"], 1)
    return body, until(lambda: collector.spans(trace), lambda got: {"job", "order"} <= {one.name for one in got})


def test_one_trace_tells_a_job_from_apply_to_delivery(admin: Admin, brand: Tenant, collector: Collector) -> None:
    body, spans = run(admin, brand, "traced", collector)
    by_id = {one.id: one for one in spans}
    (job,) = [one for one in spans if one.name == "job"]
    assert (job.parent, job.service, job.error) == ("", "understudy-operator", "")
    assert job.attributes == {"understudy.job": f"{brand.brand}/traced", "understudy.order": body["metadata"]["uid"]}
    tree = {(by_id[one.parent].name, one.name, one.service) for one in spans if one.parent}
    assert tree == {
        ("job", "admission", "understudy-operator"),
        ("job", "dispatch", "understudy-operator"),
        ("job", "order", "understudy-director"),
        ("order", "take", "understudy-director"),
        ("take", "speak", "understudy-performer"),
        ("order", "item", "understudy-director"),
        ("order", "deliver", "understudy-director"),
    }
    assert len(by_id) == len(spans)
    assert [one.error for one in spans if one.error] == ["ValueError"]
    (order,) = [one for one in spans if one.name == "order"]
    for one in spans:
        assert one.began_at <= one.ended_at
        if one.service != "understudy-operator":
            assert order.began_at <= one.began_at
            assert one.ended_at <= order.ended_at
    assert all(one.ended_at <= job.ended_at for one in spans if one.name == "deliver")


def test_a_new_leader_joins_the_same_trace(
    admin: Admin, brand: Tenant, collector: Collector, operator: OperatorProcess, director: PoolSettings
) -> None:
    admin.create(brand.job("led", data={"key": "id", "rows": [{"id": "1", "name": "[hold]"}]}))
    body = admin.wait(brand.key("led"), "Dispatched", seconds=60)
    trace = trace_id(body["metadata"]["uid"], 1)
    until(lambda: collector.spans(trace), lambda got: "admission" in {one.name for one in got})
    operator.end()
    (director.work_dir / "curtain-is-up").touch()
    operator.start(wait=False)
    admin.wait(brand.key("led"), "Complete", seconds=90)
    spans = until(lambda: collector.spans(trace), lambda got: {"job", "order"} <= {one.name for one in got})
    roots = [one for one in spans if not one.parent]
    assert [one.name for one in roots] == ["job"]
    assert {one.parent for one in spans if one.name in ("admission", "dispatch", "order")} == {roots[0].id}


def test_lines_and_spans_hold_neither_words_nor_secrets(
    admin: Admin,
    brand: Tenant,
    collector: Collector,
    operator: OperatorProcess,
    operator_site: Site,
    director: PoolSettings,
) -> None:
    body, spans = run(admin, brand, "quiet", collector)
    uid, bucket = body["metadata"]["uid"], director.buckets.receipts
    kept = [
        operator_site.objects.get(bucket, key) or b"" for key in operator_site.objects.keys(bucket, log_prefix(uid))
    ]
    lines = operator.log.read_text()
    told = lines + str(spans) + str(b"".join(kept))
    assert str(b"".join(kept)).count(trace_id(uid, 1)) > 5
    license_token = (admin.get(Key("License", brand.owner, "spring")) or {})["spec"]["token"]
    secrets = [WORDS, HEADER, license_token, director.director.token_file.read_text().strip()]
    secrets += [one.secret_key.get_secret_value() for one in (director.s3, operator_site.settings.s3)]
    assert not [secret for secret in secrets if secret in told]
    assert {one.get("x-token") for one in collector.headers} == {HEADER}
    assert all(isinstance(json.loads(line), dict) for line in lines.splitlines())


def test_a_collector_that_fails_holds_nothing_up(admin: Admin, brand: Tenant, collector: Collector) -> None:
    collector.status = 503
    try:
        admin.create(brand.job("untold"))
        body = admin.wait(brand.key("untold"), "Complete", seconds=60)
    finally:
        collector.status = 200
    assert body["status"]["items"]["done"] == 2
