"""`understudy logs`: the lines about one item out of all that a pool wrote."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from kubectl_site import SPEC, stand_in
from typer.testing import CliRunner

from understudy_api.log_marks import item_mark
from understudy_cli import logs
from understudy_cli.__main__ import app
from understudy_cli.local.home import Home
from understudy_cli.logs import Line, about, lines

UID = "6a1f0b1e-0000-4000-8000-000000000001"
MARK = item_mark(UID, "c/1", "en-GB", "wide")
JOB = {"metadata": {"name": "spring", "namespace": "acme", "uid": UID}, "spec": SPEC}


def line(second: int, event: str, **says: Any) -> str:
    return json.dumps(
        {"order": UID, "level": "info", "event": event, "timestamp": f"2026-01-01T00:00:{second:02}Z", **says}
    )


DIRECTOR = "\n".join(
    [
        "2026-01-01 INFO something of Ray's, about " + UID,
        line(9, "item lost", item=MARK, takes=["aaa", "bbb"], outcome="failed", reason="NotSpeakable"),
        line(1, "item lost", item="ffffffffffff", takes=["ccc"]),
        line(2, "item made", item=MARK, order="another"),
        "[1, 2]",
    ]
)
PERFORMER = "\n".join(
    [
        line(3, "frames begin", take="aaa", at=1.5),
        line(4, "frames begin", take="ccc"),
        line(5, "work failed", take="bbb", level="error", exception="Traceback:\n  one\nSpeakError: no tongue\n"),
    ]
)
EVENTS = ["frames begin", "work failed", "item lost"]


def test_lines_of_other_orders_and_of_others_than_us_are_left_out() -> None:
    found = lines(UID, [("director", DIRECTOR), ("performer", PERFORMER)])
    assert [one.says["timestamp"][-3:-1] for one in found] == ["01", "03", "04", "05", "09"]


def test_an_item_is_told_with_its_takes() -> None:
    found = about(MARK, lines(UID, [("director", DIRECTOR), ("performer", PERFORMER)]))
    assert [one.says["event"] for one in found] == EVENTS
    assert [one.source for one in found] == ["performer", "performer", "director"]
    assert about("0" * 12, lines(UID, [("director", DIRECTOR)])) == []


def test_a_line_is_short_and_ends_with_the_last_line_of_what_was_raised() -> None:
    (failed,) = [one for one in lines(UID, [("w", PERFORMER)]) if one.says["event"] == "work failed"]
    assert failed.text == "2026-01-01T00:00:05Z  w  error  work failed take=bbb SpeakError: no tongue"
    lost = lines(UID, [("d", DIRECTOR)])[-1]
    assert lost.text == "2026-01-01T00:00:09Z  d  info  item lost outcome=failed reason=NotSpeakable"
    assert Line("p", {}).text.strip() == "p"


def test_seconds_of_stages_read_as_text_without_those_that_took_none() -> None:
    made = {
        "event": "take made",
        "take": "0123456789abcdef",
        "stage_seconds": {"key": 0.0, "speak": 0.02, "encode": 1.5},
    }
    assert Line("d", made).text.endswith("take made take=01234567 stage_seconds=speak:0.02,encode:1.5")
    assert Line("d", {"event": "item made", "stage_seconds": {"key": 0.0}}).text.endswith("stage_seconds=none")


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubectl that knows a job, and pods of which one has restarted and one has not started; the folder of its answers."""
    pods = [
        {"metadata": {"name": "head"}, "status": {"containerStatuses": [{"restartCount": 0}]}},
        {"metadata": {"name": "worker"}, "status": {"containerStatuses": [{"restartCount": 1}]}},
        {"metadata": {"name": "starting"}, "status": {}},
    ]
    answers = {
        "job": json.dumps(JOB),
        "pods": json.dumps({"items": pods}),
        "head": DIRECTOR,
        "worker-before": PERFORMER,
    }
    for name, text in {**answers, "worker": ""}.items():
        (tmp_path / name).write_text(text)
    script = f"""cd {tmp_path}
case "$*" in
  *"get renderjob spring -n acme "*) cat job ;;
  *"get pods -n farm "*) cat pods ;;
  *"logs head -n farm --all-containers") cat head ;;
  *"logs worker -n farm --all-containers") cat worker ;;
  *"logs worker -n farm --all-containers --previous") cat worker-before ;;
  *) echo "no answer to $*" >&2; exit 1 ;;
esac"""
    kubectl = stand_in(tmp_path, script)
    kubectl.kubeconfig.write_text("{}")
    monkeypatch.setenv("KUBECONFIG", str(kubectl.kubeconfig))
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["logs", "spring", *words, "-n", "acme", "--system", "farm"])


def test_logs_of_all_pods_are_read_those_before_a_restart_too(cluster: Path) -> None:
    done = run("c/1/en-GB/wide", "-o", "json")
    assert [json.loads(one)["event"] for one in done.stdout.splitlines()] == EVENTS
    assert {json.loads(one)["source"] for one in done.stdout.splitlines()} == {"head", "worker"}
    assert "starting" in done.stderr


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("c/1/en-GB/tall", "the job has no output tall, but wide"),
        ("c/1/ja-JP/wide", "the job has no locale ja-JP, but en-GB"),
        ("wide", "wanted ROW/LOCALE/OUTPUT"),
        ("c2/en-GB/wide", "no line about it in the logs of 3 processes"),
    ],
)
def test_an_item_that_nothing_is_known_of_is_one_line(cluster: Path, item: str, says: str) -> None:
    done = run(item)
    assert done.exit_code == 1
    assert says in str(done.exception)


def test_a_namespace_without_a_pool_is_named(cluster: Path) -> None:
    (cluster / "pods").write_text('{"items": []}')
    assert "no pods of a pool in namespace farm" in str(run("c/1/en-GB/wide").exception)


def test_the_farm_of_this_machine_has_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "session_2026-01-01_1" / "logs"
    folder.mkdir(parents=True)
    (folder / "worker-ab-cd-4711.err").write_text(DIRECTOR)
    (folder / "raylet.err").write_text(DIRECTOR)
    (tmp_path / "session_latest").symlink_to(folder.parent)
    monkeypatch.setattr(Home, "ray", property(lambda _: tmp_path))
    home = Home.default()
    kubectl = stand_in(tmp_path, "exit 1")
    found = list(logs._texts(type(kubectl)(kubectl.binary, home.admin_kubeconfig), "farm"))
    assert found == [("pid 4711", DIRECTOR)]
