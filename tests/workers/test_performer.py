"""What a performer says of itself; what it does is tried on a real Ray."""

from __future__ import annotations

import subprocess
import time

from understudy_workers.performer import process_began_at

TICK_SECONDS = 0.02


def test_a_process_says_when_another_began() -> None:
    before = time.time()
    with subprocess.Popen(["sleep", "60"]) as process:
        after = time.time()
        assert before - TICK_SECONDS <= process_began_at(process.pid) <= after + TICK_SECONDS
        process.kill()
