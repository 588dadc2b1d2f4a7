"""The operator's metrics, served on loopback."""

from __future__ import annotations

import socket

import httpx
import pytest

from understudy_cli.local.plan import free_ports
from understudy_operator.shell.metrics import Metrics
from understudy_operator.shell.state_metrics import StateMetrics
from understudy_operator.shell.store import Store


def test_served_on_loopback_with_what_is_asked_at_scrape_time() -> None:
    metrics = Metrics()
    metrics.watch(StateMetrics(Store(), lambda: {"RenderJob": 3}, lambda _: True))
    (port,) = free_ports(1)
    stop = metrics.serve(port)
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        with pytest.raises(OSError, match="in use"):
            metrics.serve(port)
    finally:
        stop()
    assert 'understudy_operator_backlog{kind="RenderJob"} 3.0' in text
    assert "understudy_consents_open 0.0" in text
    assert "process_resident_memory_bytes" in text
    assert "_created" not in text
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
