"""The commands as a user types them, each in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from understudy_cli.local.farm import PARTS

DEADLINE_SECONDS = 60.0


@pytest.fixture
def understudy(tmp_path, monkeypatch):
    """Run `understudy` with a home of this test's own; the farm is gone afterwards."""
    environment = {**os.environ, "UNDERSTUDY_HOME": str(tmp_path / "farm"), "COLUMNS": "200"}
    command = [sys.executable, "-m", "understudy_cli"]

    def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], env={**environment, **extra}, capture_output=True, text=True, check=False
        )

    run.home = tmp_path / "farm"  # type: ignore[attr-defined]
    run.popen = lambda *arguments: subprocess.Popen(  # type: ignore[attr-defined]
        [*command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield run
    if run.home.exists():  # type: ignore[attr-defined]
        run("down", "--purge")


def test_without_a_farm_status_says_how_to_start_one(understudy):
    shown = understudy("status")
    assert shown.returncode == 0
    assert "understudy up starts one" in shown.stdout


def test_down_without_a_farm_is_harmless(understudy):
    assert "nothing was running" in understudy("down").stdout


@pytest.mark.parametrize(
    ("arguments", "extra", "complaint"),
    [
        (("up", "--pool", "http://x:1"), {}, "--pool needs Ray's token in UNDERSTUDY_RAY_TOKEN"),
        (("up", "--s3", "https://x"), {}, "--s3 needs its credentials in UNDERSTUDY_S3_ACCESS_KEY"),
        (("up", "--kubeconfig", "none"), {}, "No such file or directory; name a readable kubeconfig"),
    ],
)
def test_what_the_user_can_mend_is_one_line_on_stderr(understudy, arguments, extra, complaint):
    done = understudy(*arguments, **extra)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("understudy: ")


@pytest.mark.farm
def test_ctrl_c_during_up_leaves_nothing_running(understudy):
    running = understudy.popen("up")
    record = Path(understudy.home) / "run" / "ray.json"
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not record.exists():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=DEADLINE_SECONDS)
    assert running.returncode != 0
    assert not list(record.parent.glob("*.json"))
    shown = understudy("status").stdout
    assert len(re.findall(r"\bstopped\b", shown)) == len(PARTS)
    assert "nothing was running" in understudy("down").stdout


def test_tools_names_each_program(understudy):
    shown = understudy("tools")
    assert shown.returncode == 0, shown.stderr
    lines = dict(line.split(maxsplit=1) for line in shown.stdout.splitlines())
    assert list(lines) == ["etcd", "minio", "kube-apiserver", "kube-controller-manager", "kubectl", "helm", "mc"]
    assert all(Path(path).exists() for path in lines.values())


def test_tools_builds_only_those_that_are_named(understudy):
    shown = understudy("tools", "etcd", "kubectl")
    assert shown.returncode == 0, shown.stderr
    assert [line.split()[0] for line in shown.stdout.splitlines()] == ["etcd", "kubectl"]
    refused = understudy("tools", "etdc")
    assert refused.returncode == 1
    assert refused.stderr.startswith("understudy: tools: wanted some of etcd, minio")
    assert refused.stderr.count("\n") == 1
