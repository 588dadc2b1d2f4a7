"""`python -m bench [NAME ...] [--json FILE]`: run the benches of this folder, or those named."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
from pathlib import Path

from bench.measure import Measurement, as_json, show

BENCHES = ("rights", "vault", "ledger", "overhead", "instrumentation", "director", "farm", "control_plane", "scrape")
"""Modules with `run() -> list[Measurement]`, quick ones first."""
ON_REQUEST = ("mutation", "revocation", "first_video")
"""The same, run only when they are named."""


def main() -> int:
    """Run, print, and exit 1 when a bar was missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, *ON_REQUEST, []], help="benches to run; default: all")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that farms are taken down
    measured: list[Measurement] = []
    for name in given.names or BENCHES:
        print(f"bench {name} ...", flush=True)
        found = importlib.import_module(f"bench.{name}").run()
        show(found)
        measured += found
    if given.json:
        given.json.write_text(as_json(measured) + "\n", encoding="utf-8")
    else:
        print(as_json(measured))
    return 1 if any(one.holds is False for one in measured) else 0


if __name__ == "__main__":
    raise SystemExit(main())
