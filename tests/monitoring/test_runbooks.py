"""A runbook for each alert: what it means, what to type first, the cure, how to silence it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from understudy_cli.__main__ import COMMANDS
from understudy_monitoring.__main__ import main
from understudy_monitoring.files import alerts, files
from understudy_monitoring.rule import Alert

ROOT = Path(__file__).parents[2]
each = pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)


@each
def test_it_has_a_page_with_everything(alert: Alert) -> None:
    page = (ROOT / alert.wire()["annotations"]["runbook_url"]).read_text()
    for heading in ("## Meaning", "## Look", "## Cure", "## Silence"):
        assert heading in page
    assert alert.expr in page


@each
def test_its_words_are_sentences_and_its_commands_are_commands(alert: Alert) -> None:
    for text in (alert.summary, alert.meaning, alert.cure):
        assert not text[0].islower()
        assert text[-1] in ".;"
    for command in alert.look:
        words = command.split()
        assert words[0] in {"kubectl", "understudy"}
        if words[:2] == ["kubectl", "understudy"] or words[0] == "understudy":
            named = words[2] if words[0] == "kubectl" else words[1]
            assert named in COMMANDS, f"{alert.name}: {command}"


def test_what_is_shipped_is_what_the_code_says() -> None:
    assert main(ROOT, check=True) == 0


def test_what_is_out_of_date_or_too_many_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(tmp_path, check=False) == 0
    assert main(tmp_path, check=True) == 0
    (tmp_path / "dashboards" / "rules.yaml").write_text("groups: []\n")
    (tmp_path / "docs" / "runbooks" / "Gone.md").touch()
    assert main(tmp_path, check=True) == 1
    assert "dashboards/rules.yaml, docs/runbooks/Gone.md; run `make dashboards`" in capsys.readouterr().err
    assert main(tmp_path, check=False) == 0
    assert main(tmp_path, check=True) == 0
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == set(files())


def test_the_command_says_which_are_out_of_date(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "understudy_monitoring", str(tmp_path), "--check"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "monitoring")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
