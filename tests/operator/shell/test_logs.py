"""Logs: one JSON object a line, libraries quiet, exceptions inside the line."""

from __future__ import annotations

import json
import subprocess
import sys

from understudy_api.trace import trace_id

CODE = """
import logging, structlog
from understudy_operator.shell.logs import set_up_logs
set_up_logs()
structlog.get_logger("reconcile").info("done", key="RenderJob/acme/a")
logging.getLogger("kopf.objects").info("chatter")
logging.getLogger("kopf.objects").warning("trouble %s", 7)
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("reconcile").exception("broke")
"""


def test_every_line_is_json() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["done", "trouble 7", "broke"]
    assert (lines[0]["key"], lines[0]["logger"], lines[0]["level"]) == ("RenderJob/acme/a", "reconcile", "info")
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert all(line["timestamp"].endswith("Z") for line in lines)


NAMING = """
import structlog
from understudy_operator.shell.logs import name_job, name_nothing, set_up_logs
set_up_logs()
log = structlog.get_logger("reconcile")
metadata = {"name": "spring", "namespace": "acme", "uid": "uid-00000001", "resourceVersion": "1", "generation": 3}
body = {"kind": "RenderJob", "metadata": {**metadata, "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": {}}
name_job({**body, "kind": "License"})
log.info("license")
name_job(body)
log.warning("job")
name_nothing()
log.info("nothing")
"""


def test_lines_about_a_job_say_which_it_is_and_its_trace() -> None:
    done = subprocess.run([sys.executable, "-c", NAMING], capture_output=True, text=True, check=True)
    license_, job, nothing = (json.loads(line) for line in done.stderr.splitlines())
    named = {name: job.get(name) for name in ("job", "order", "pool", "trace_id")}
    assert named == {
        "job": "acme/spring",
        "order": "uid-00000001",
        "pool": "default",
        "trace_id": trace_id("uid-00000001", 3),
    }
    assert not named.keys() & license_.keys()
    assert not named.keys() & nothing.keys()
