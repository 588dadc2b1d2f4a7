"""The director and its performers on a real Ray, with processes really killed."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from puppet import CURTAIN, curtain_up, noted
from ray_pool import CORES, Pool, opened
from theatre import Orders

from understudy_api.acts import CaptureConsent, sign_act
from understudy_api.digest import digest_bytes
from understudy_api.genesis import twin_id
from understudy_api.grant import TrainingGrant, sign_grant
from understudy_api.order import Order, TrainingOrder
from understudy_api.passcode import passcode
from understudy_api.receipt import TrainingResult, training_key
from understudy_api.token import load_key, thumbprint
from understudy_api.verdict import Verdict
from understudy_cli.local.farm import Farm
from understudy_cli.local.keys import Keys
from understudy_cli.local.pool import dashboard_url
from understudy_vault.captures import passcode_key

pytestmark = pytest.mark.farm


@pytest.fixture(scope="module")
def pool(farm: Farm, object_store: Any) -> Iterator[Pool]:
    with opened(farm) as ready:
        yield ready


def once(orders: Orders, order: Order) -> list[int]:
    """Ordinals of the log's receipts, each of which has to stand there once."""
    ordinals = sorted(receipt.ordinal for receipt in orders.receipts(order))
    assert len(ordinals) == len(set(ordinals))
    return ordinals


def test_launching_again_changes_nothing(pool: Pool) -> None:
    before = pool.board()
    assert pool.launch().returncode == 0
    after = pool.board()
    assert before is not None
    assert after is not None
    assert after["director"] == before["director"]
    assert after["release"] == "one"
    pool.eventually(lambda: pool.board()["workers"] == CORES)
    assert len(pool.processes("Director")) == 1


def test_an_order_goes_through_real_processes(pool: Pool, orders: Orders, notes: Path) -> None:
    order = orders.write(["Ada", "Bob", "Cleo", "Dan"], ("[slow] {name}.", "Same for all."))
    pool.put(order)
    assert pool.until_over(order).state == "Finished"
    assert once(orders, order) == [0, 1, 2, 3]
    assert len(noted(notes, "take")) == 5
    assert len(orders.delivered(order)) == 4 * 3 + 3


def test_seconds_of_a_node_that_was_told_its_group_count_for_the_group(pool: Pool, orders: Orders, notes: Path) -> None:
    order = orders.write([f"n{n}" for n in range(8 * (CORES + 1))], ("[slow] {name}.",))
    with pool.node("spot"):
        pool.eventually(lambda: pool.board()["workers"] == CORES + 1)
        pool.put(order)
        assert pool.until_over(order).state == "Finished"
    last = orders.segments(order)[-1]
    assert set(last.billed_worker_seconds_by_group) == {"spot"}
    assert 0.15 < last.billed_worker_seconds_by_group["spot"] < last.billed_worker_seconds
    pool.eventually(lambda: pool.board()["workers"] == CORES)


def test_a_performer_killed_in_the_middle_of_a_take_is_replaced_and_its_work_done(
    pool: Pool, orders: Orders, notes: Path
) -> None:
    order = orders.write([f"n{n}" for n in range(12)], ("[slow] {name}.",))
    pool.put(order)
    pool.eventually(lambda: len(noted(notes, "take")) >= 3)
    victim = int((notes / "puppet.log").read_text().split()[-1])
    os.kill(victim, signal.SIGKILL)
    assert pool.until_over(order).state == "Finished"
    assert once(orders, order) == list(range(12))
    assert {(one.outcome, one.attempts) for one in orders.receipts(order)} <= {("done", 1), ("done", 2)}
    pool.eventually(lambda: pool.board()["workers"] == CORES)
    assert victim not in [process.pid for process in pool.processes("Performer")]
    kept = [json.loads(line) for line in orders.delivered(order)["logs.jsonl"].splitlines()]
    lost = [line for line in kept if line["event"] == "work lost"]
    assert {line["error"] for line in lost} == {"its performer died while it held the work"}
    begun = {(line["take"], line["performer"]) for line in kept if line["event"] == "attempt begun" and "take" in line}
    assert {(line["take"], line["performer"]) for line in lost if "take" in line} <= begun


def test_a_stop_reaches_performers_in_the_middle_of_a_take(pool: Pool, orders: Orders, notes: Path) -> None:
    (notes / CURTAIN).unlink(missing_ok=True)
    order = orders.write([f"n{n}" for n in range(2 * CORES)], ("[hold] {name}.",))
    pool.put(order)
    pool.eventually(lambda: len(noted(notes, "take")) == CORES)
    before = {process.pid for process in pool.processes("Performer")}
    pool.eventually(lambda: pool.http.delete(f"/v1/orders/{order.uid}").status_code == 200, seconds=5)
    assert orders.receipts(order) == []
    assert len(noted(notes, "take")) == CORES
    assert {process.pid for process in pool.processes("Performer")} == before


def test_a_sentence_that_kills_every_performer_fails_alone(pool: Pool, orders: Orders, notes: Path) -> None:
    order = orders.write(["Ada", "[die]", "Cleo", "Dan"], max_failed_items=1)
    pool.put(order)
    assert pool.until_over(order, 120).state == "Finished"
    outcomes = {one.row: (one.outcome, one.reason) for one in orders.receipts(order)}
    assert outcomes == dict.fromkeys(("r0", "r2", "r3"), ("done", "")) | {"r1": ("failed", "PerformerDied")}


def test_a_director_killed_in_the_middle_of_a_segment_goes_on_from_the_receipts(
    pool: Pool, orders: Orders, notes: Path
) -> None:
    order = orders.write([f"n{n}" if n < 12 else f"[hold] n{n}" for n in range(24)])
    pool.put(order)
    pool.eventually(lambda: orders.segments(order))
    before = pool.board()
    (process,) = pool.processes("Director")
    process.kill()
    curtain_up(notes)
    pool.eventually(lambda: (board := pool.board()) and board["director"] != before["director"])
    assert pool.progress(order) is None
    pool.put(order)
    assert pool.until_over(order).state == "Finished"
    assert once(orders, order) == list(range(24))
    told_before = {one.item for one in orders.segments(order)[0].receipts}
    assert all(count == 1 for item, count in Counter(noted(notes, "item")).items() if item in told_before)
    assert Counter(noted(notes, "take")).most_common(1)[0][1] <= 2
    last = orders.segments(order)[-1]
    assert (last.totals.done, last.billed_seconds) == (24, 24.0)


FOOTAGE = b"no moving pictures"


def training(pool: Pool, orders: Orders, key: str) -> TrainingOrder:
    """An order for FOOTAGE, with its owner's consent to it, whose grant names no trainer yet."""
    genesis, now = orders.signers.genesis, int(time.time())
    secret = passcode_key(load_key(Keys.at(pool.farm.home).vault.read_text()))
    consent = CaptureConsent(
        twin=twin_id(genesis),
        capture_sha256=digest_bytes(FOOTAGE),
        passcode=passcode(secret, twin_id(genesis), now).text,
        witness="A. Witness",
        iat=now,
    )
    order = TrainingOrder(
        uid=str(uuid.uuid4()),
        generation=1,
        namespace="talent-ada",
        twin="ada",
        twin_id=twin_id(genesis),
        genesis=genesis,
        capture_bucket="understudy-outputs",
        capture_key=key,
        effort="Quick",
        voice_variant="f2",
        voice_pitch=50,
        voice_rate_wpm=160,
        capture_sha256=digest_bytes(FOOTAGE),
        capture_consent=sign_act(orders.signers.owner, consent),
    )
    return granted(orders, order, None)


def granted(orders: Orders, order: TrainingOrder, trainer: str | None) -> TrainingOrder:
    now = int(time.time())
    grant = TrainingGrant(
        iss=thumbprint(orders.signers.farm),
        aud=order.pool,
        sub=order.uid,
        order=order.digest,
        twin=order.twin_id,
        trainer=trainer,
        iat=now,
        exp=now + 900,
    )
    return order.model_copy(update={"grant": sign_grant(orders.signers.farm, grant)})


def test_a_training_runs_in_a_process_of_its_own(pool: Pool, orders: Orders) -> None:
    order = training(pool, orders, f"talent-ada/{uuid.uuid4()}.mp4")
    orders.objects.put("understudy-outputs", order.capture_key, FOOTAGE)
    url = f"/v1/trainings/{order.uid}"
    assert pool.http.put(url, content=order.model_dump_json()).json()["state"] == "Queued"
    trainer = pool.eventually(lambda: pool.http.get(url).json()["trainer"])
    pool.eventually(lambda: pool.http.get(url).json()["message"] == "waiting for the farm's grant")
    named = granted(orders, order, trainer)
    assert pool.http.put(url, content=named.model_dump_json()).json()["state"] == "Running"
    pool.eventually(lambda: pool.http.get(url).json()["state"] == "Finished")
    key = training_key(order.digest)
    result = TrainingResult.model_validate_json(orders.objects.get(pool.settings.buckets.receipts, key))
    assert (result.state, result.version) == ("Refused", None)
    assert result.message.startswith(f"capture {Path(order.capture_key).name}: wanted a readable MP4 video")
    pool.eventually(lambda: not pool.processes("Trainer"))
    refused = training(pool, orders, "talent-bob/theirs.mp4")
    answer = pool.http.put(f"/v1/trainings/{refused.uid}", content=refused.model_dump_json())
    assert (answer.status_code, Verdict.model_validate(answer.json()).reason) == (403, "CaptureRefused")
    assert pool.http.delete(url).status_code == 200
    assert pool.http.get(url).status_code == 404


@pytest.mark.parametrize(("header", "status"), [({}, 401), ({"Authorization": "Bearer wrong"}, 403)])
def test_strangers_are_turned_away_at_every_port(pool: Pool, header: dict[str, str], status: int) -> None:
    trust = ssl.create_default_context(cafile=str(pool.farm.site().authority))
    director = f"https://127.0.0.1:{pool.settings.director.port}/v1/orders"
    assert httpx.get(director, verify=trust, headers=header, trust_env=False).status_code == status
    jobs = f"{dashboard_url(pool.farm.site())}/api/jobs/"
    assert httpx.get(jobs, headers=header, trust_env=False).status_code == status
    body = {"entrypoint": "true"}
    assert httpx.post(jobs, json=body, headers=header, trust_env=False).status_code == status


def test_everything_listens_on_loopback_alone(pool: Pool) -> None:
    for actor in ("Director", "Performer"):
        for process in pool.processes(actor):
            hosts = {found.laddr.ip for found in process.net_connections() if found.status == psutil.CONN_LISTEN}
            assert hosts <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_secrets_stand_in_no_command_line(pool: Pool) -> None:
    secrets = [
        pool.settings.director.token_file.read_text().strip(),
        pool.settings.s3.secret_key.get_secret_value(),
        Keys.at(pool.farm.site().home).ray_token.read_text().strip(),
    ]
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        assert not [secret for secret in secrets if secret in line]


def test_another_release_takes_over_from_the_receipts(pool: Pool, orders: Orders, notes: Path) -> None:
    order = orders.write([f"n{n}" for n in range(16)], ("[slow] {name}.",))
    pool.put(order)
    pool.eventually(lambda: len(noted(notes, "item")) >= 2)
    old = {process.pid for process in pool.processes("Performer")}
    assert pool.launch("two").returncode == 0
    board = pool.board()
    assert board is not None
    assert (board["release"], board["orders"]) == ("two", [])
    pool.put(order)
    assert pool.until_over(order).state == "Finished"
    assert once(orders, order) == list(range(16))
    assert Counter(noted(notes, "item")).most_common(1)[0][1] == 1
    assert not old & {process.pid for process in pool.processes("Performer")}


def test_a_pool_that_was_down_goes_on_from_the_receipts(pool: Pool, orders: Orders, notes: Path) -> None:
    order = orders.write([f"n{n}" for n in range(12)], ("[slow] {name}.",))
    pool.put(order)
    pool.eventually(lambda: orders.segments(order))
    pool.farm.down()
    pool.farm.up(["minio", "ray"])
    told_before = {one.item for one in orders.receipts(order)}
    assert pool.launch("two").returncode == 0
    pool.put(order)
    assert pool.until_over(order).state == "Finished"
    assert once(orders, order) == list(range(12))
    assert all(count == 1 for item, count in Counter(noted(notes, "item")).items() if item in told_before)


def test_a_launcher_without_settings_says_so_in_one_line(pool: Pool) -> None:
    argv = [sys.executable, "-m", "understudy_workers.director"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("UNDERSTUDY_", "RAY_"))}
    done = subprocess.run(argv, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "director: UNDERSTUDY_POOL_SETTINGS is not set; let it name the settings file (`understudy up` writes one)"
    ]
