"""Logs: one JSON object a line, libraries quiet, exceptions inside the line."""

from __future__ import annotations

import json
import subprocess
import sys

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
