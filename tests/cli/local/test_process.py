import json
import os
import signal
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from understudy_cli.local import process
from understudy_cli.local.process import Command, Identity, Record

DEADLINE_SECONDS = 20.0


def until(happened, what: str):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := happened()):
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
    return found


@pytest.fixture
def run(tmp_path):
    """Start Python code as a farm process; whatever is left of it is ended after the test."""
    started: list[Identity] = []

    def start(code: str, **environment: str) -> Identity:
        command = Command((sys.executable, "-c", code), {"PATH": os.environ["PATH"], **environment}, tmp_path)
        name = f"part{len(started)}"
        identity = process.start(command, tmp_path / f"{name}.log", tmp_path / f"{name}.json")
        started.append(identity)
        return identity

    yield start
    for identity in started:
        process.stop(identity, 0.0)


def read_pid(path: Path) -> int:
    return int(until(lambda: path.exists() and path.read_text(), f"{path} was not written"))


FOREVER = "import time; print('up', flush=True); time.sleep(600)"
PARENT = """
import subprocess, sys, time, pathlib
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session={session})
pathlib.Path({path!r}).write_text(str(child.pid))
time.sleep(600)
"""
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


def test_a_started_process_is_remembered_detached_and_logged(run, tmp_path):
    identity = run(FOREVER)
    assert process.is_alive(identity)
    assert process.recall(tmp_path / "part0.json").identity == identity
    assert os.getsid(identity.pid) == identity.pid
    until(lambda: (tmp_path / "part0.log").read_text() == "up\n", "no output in the log")
    process.stop(identity, 5.0)
    assert not process.is_alive(identity)


def test_how_a_child_ended_is_known(run, tmp_path):
    identity = run("import sys; print('first'); print('  the reason  '); print(); sys.exit(7)")
    until(lambda: not process.is_alive(identity), "still alive")
    assert process.exit_code(identity) == 7
    assert process.last_line(tmp_path / "part0.log") == "the reason"


def test_an_empty_log_has_a_last_line_too(tmp_path):
    (tmp_path / "log").write_text("")
    assert process.last_line(tmp_path / "log") == "(nothing)"


def test_a_long_log_is_set_aside(run, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "MAX_LOG_BYTES", 10)
    (tmp_path / "part0.log").write_text("a long story\n")
    run(FOREVER)
    until(lambda: (tmp_path / "part0.log").read_text() == "up\n", "the new log holds the old story")
    assert (tmp_path / "part0.log.1").read_text() == "a long story\n"


@pytest.mark.parametrize("session", [False, True], ids=["same session", "own session"])
def test_stopping_takes_the_children_along(run, tmp_path, session):
    identity = run(PARENT.format(path=str(tmp_path / "child"), session=session))
    child = read_pid(tmp_path / "child")
    process.stop(identity, 5.0)
    assert process.identify(child) is None


def test_children_of_a_dead_leader_are_found_by_its_session(run, tmp_path):
    identity = run(PARENT.format(path=str(tmp_path / "child"), session=False))
    child = read_pid(tmp_path / "child")
    os.kill(identity.pid, signal.SIGKILL)
    until(lambda: not process.is_alive(identity), "still alive")
    assert [found.pid for found in process.family(identity)] == [child]
    process.stop(identity, 5.0)
    assert process.identify(child) is None


def test_who_ignores_sigterm_is_killed(run, tmp_path):
    identity = run(STUBBORN)
    until(lambda: (tmp_path / "part0.log").read_text() == "up\n", "did not start")
    process.stop(identity, 0.1)
    assert not process.is_alive(identity)


@pytest.mark.parametrize(
    "changed",
    [{"start_ticks": 1}, {"boot_id": "another boot"}],
    ids=["the pid was given to another process", "the machine was started again"],
)
def test_a_strangers_pid_is_never_signalled(run, tmp_path, changed):
    stranger = run(STUBBORN.replace("signal.SIG_IGN", "lambda *_: print('hit', flush=True)"))
    until(lambda: (tmp_path / "part0.log").read_text() == "up\n", "did not start")
    ours_once = replace(stranger, **changed)
    assert not process.is_alive(ours_once)
    assert process.family(ours_once) == []
    process.stop(ours_once, 1.0)
    assert process.is_alive(stranger)
    assert (tmp_path / "part0.log").read_text() == "up\n"


def test_strays_are_found_by_their_mark_alone(run, tmp_path):
    ours = run(PARENT.format(path=str(tmp_path / "child"), session=True), UNDERSTUDY_TEST="here")
    other = run(FOREVER, UNDERSTUDY_TEST="elsewhere")
    child = read_pid(tmp_path / "child")
    os.kill(ours.pid, signal.SIGKILL)
    until(lambda: not process.is_alive(ours), "still alive")
    assert process.identify(child) is not None
    process.end_strays({"UNDERSTUDY_TEST": "here"})
    assert process.identify(child) is None
    assert process.is_alive(other)


def test_the_caller_is_no_stray(monkeypatch):
    mark = {"UNDERSTUDY_TEST": "me"}
    monkeypatch.setattr(process, "_bears", lambda candidate, _: candidate.pid in {os.getpid(), os.getppid()})
    process.end_strays(mark)
    assert psutil.Process().is_running()


def test_memory_counts_the_whole_family(run, tmp_path):
    identity = run(PARENT.format(path=str(tmp_path / "child"), session=False))
    child = read_pid(tmp_path / "child")
    total = process.memory_bytes(identity)
    assert total > psutil.Process(child).memory_full_info().pss > 0
    process.stop(identity, 5.0)
    assert process.memory_bytes(identity) == 0


@pytest.mark.parametrize("text", [None, "", "[]", '{"identity": {"pid": 5}, "fingerprint": ""}', "not json"])
def test_a_record_that_cannot_be_read_names_nobody(tmp_path, text):
    if text is not None:
        (tmp_path / "record").write_text(text)
    assert process.recall(tmp_path / "record") is None


def test_a_record_round_trips(tmp_path):
    record = Record(Identity(5, 6, "boot"), "print")
    (tmp_path / "record").write_text(json.dumps(asdict(record)))
    assert process.recall(tmp_path / "record") == record


def test_the_fingerprint_tells_what_a_process_was_told(tmp_path):
    settings = tmp_path / "settings"
    settings.write_text("one")
    command = Command(("a", "b"), {"PATH": "/x"}, tmp_path, (settings,))
    before = command.fingerprint()
    assert replace(command, environment={"PATH": "/y"}).fingerprint() == before
    assert replace(command, argv=("ab",)).fingerprint() != before
    settings.write_text("two")
    assert command.fingerprint() != before
