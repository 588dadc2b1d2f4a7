"""`understudy logs` without pods: lines that outlived their workers, on real buckets."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from kubectl_site import Jobs

from understudy_api.item_log import CUT, part_key
from understudy_api.log_marks import item_mark
from understudy_cli.errors import UserError
from understudy_operator.shell.objects import Objects

pytestmark = pytest.mark.farm
OUTPUTS, RECEIPTS = "understudy-outputs", "understudy-receipts"


@pytest.fixture
def item(jobs: Jobs) -> tuple[str, bytes]:
    """A job's uid, and the lines about its item c1/en-GB/wide as a director writes them."""
    jobs.make("spring")
    uid = jobs.read("spring")["metadata"]["uid"]
    mark = item_mark(uid, "c1", "en-GB", "wide")
    says = [
        {"event": "attempt begun", "take": "aaa", "performer": "p0", "timestamp": "2026-01-01T00:00:01Z"},
        {"event": "work lost", "take": "aaa", "error": "it died", "timestamp": "2026-01-01T00:00:02Z"},
        {"event": "item lost", "item": mark, "takes": ["aaa"], "timestamp": "2026-01-01T00:00:03Z"},
        {"event": "item made", "item": "0" * 12, "takes": ["bbb"], "timestamp": "2026-01-01T00:00:04Z"},
    ]
    return uid, b"".join(json.dumps({"order": uid, "level": "info", **one}).encode() + b"\n" for one in says)


@pytest.fixture
def brand(object_store: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """The keys that a brand reads its outputs with, in the environment; the URL they are for."""
    account = object_store.pool
    monkeypatch.setenv("UNDERSTUDY_S3_ACCESS_KEY", account.access_key)
    monkeypatch.setenv("UNDERSTUDY_S3_SECRET_KEY", account.secret_key.get_secret_value())
    monkeypatch.setenv("UNDERSTUDY_S3_CA_FILE", str(account.ca_file))
    return f"https://{account.endpoint}"


EVENTS = ["attempt begun", "work lost", "item lost"]


def told(done: Any) -> list[str]:
    assert done.exit_code == 0, done.exception
    return [json.loads(line)["event"] for line in done.stdout.splitlines()]


def test_the_farms_account_reads_what_the_farm_keeps(
    jobs: Jobs, item: tuple[str, bytes], object_store: Any, farm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid, text = item
    root, lines = Objects(object_store.root), text.splitlines(keepends=True)
    for number in range(2):
        key = part_key(uid, time.time() + number, "d" * 64, "me", 1)
        root.put(RECEIPTS, key, b"".join(lines[2 * number : 2 * number + 2]))
    monkeypatch.setenv("UNDERSTUDY_HOME", str(farm.home.root))
    assert told(jobs.run("logs", "spring", "c1/en-GB/wide", "-o", "json")) == EVENTS
    shown = jobs.run("logs", "spring", "c1/en-GB/wide").stdout.splitlines()
    assert shown[0] == "2026-01-01T00:00:01Z  director  info  attempt begun take=aaa performer=p0"


@pytest.mark.parametrize("index", [None, "s3://understudy-outputs/{namespace}/spring/index.jsonl"])
def test_a_brands_keys_read_what_was_delivered(
    jobs: Jobs, item: tuple[str, bytes], brand: str, object_store: Any, index: str | None
) -> None:
    Objects(object_store.root).put(OUTPUTS, f"{jobs.namespace}/spring/logs.jsonl", item[1])
    if index:
        jobs.say("spring", index=index.format(namespace=jobs.namespace))
    assert told(jobs.run("logs", "spring", "c1/en-GB/wide", "--s3", brand, "-o", "json")) == EVENTS


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "no line about it beside the job's outputs; it was not begun yet"),
        ('{"order": "UID", "event": "' + CUT + '"}', "the job's log is full"),
    ],
)
def test_with_a_brands_keys_no_pod_is_asked_for(
    jobs: Jobs, item: tuple[str, bytes], brand: str, object_store: Any, text: str | None, complaint: str
) -> None:
    if text:
        data = text.replace("UID", item[0]).encode()
        Objects(object_store.root).put(OUTPUTS, f"{jobs.namespace}/spring/logs.jsonl", data)
    failed = jobs.run("logs", "spring", "c1/en-GB/wide", "--s3", brand).exception
    assert isinstance(failed, UserError)
    assert complaint in str(failed)


def test_keys_that_may_not_read_are_one_line(
    jobs: Jobs, item: tuple[str, bytes], brand: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERSTUDY_S3_SECRET_KEY", "another-one")
    failed = jobs.run("logs", "spring", "c1/en-GB/wide", "--s3", brand).exception
    assert isinstance(failed, UserError)
    assert "logs.jsonl: SignatureDoesNotMatch; check --s3 and its keys" in str(failed)
    assert "another-one" not in str(failed)
