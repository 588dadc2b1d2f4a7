"""`python -m bench.pictures FOLDER`: every dashboard, drawn after a season of a farm on this machine (`make pictures`)."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import pytest
from prometheus_programs import program
from prometheus_site import watching

from bench.season import Season, open_farm
from understudy_cli.local.farm import Farm
from understudy_cli.local.home import Home
from understudy_monitoring.answers import Span
from understudy_monitoring.pictures import draw_all

SECONDS: Final = 180.0
"""Within which everything begins."""


def main() -> int:
    """Nothing of the farm and its Prometheus is left when this returns, however it does."""
    parser = argparse.ArgumentParser(prog="make pictures", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        program("prometheus")
    except pytest.skip.Exception as reason:
        sys.stderr.write(f"pictures: {reason}\n")
        return 1
    with tempfile.TemporaryDirectory(prefix="understudy-pictures-") as folder:
        farm = Farm(Home(Path(folder) / "farm"))
        try:
            site = open_farm(farm)
            with watching(site.plan.ports, Path(folder)) as prometheus:
                season, began = Season(site, Path(folder)), time.time()
                season.play(SECONDS)
                draw_all(prometheus.url, given.folder, Span(began, time.time()))
        finally:
            farm.purge()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
