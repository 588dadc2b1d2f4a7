"""`python -m understudy_monitoring ROOT [--check]`: writes rules, runbooks and dashboards, or says which are out of date."""

from __future__ import annotations

import sys
from pathlib import Path

from understudy_monitoring.files import SHOWN, files

FOLDERS = (*SHOWN, "docs/runbooks")


def main(root: Path, check: bool) -> int:
    """Exit code 1 when `check` finds something out of date."""
    wanted = {root / name: text for name, text in files().items()}
    extra = [path for folder in FOLDERS for path in (root / folder).glob("*") if path not in wanted]
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check and stale + extra:
        names = ", ".join(sorted(str(path.relative_to(root)) for path in stale + extra))
        sys.stderr.write(f"out of date: {names}; run `make dashboards`\n")
        return 1
    for path in extra:
        path.unlink()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), "--check" in sys.argv[2:]))
