import fcntl
import subprocess
import threading
from pathlib import Path

import pytest

from understudy_cli.errors import UserError
from understudy_cli.local import build as building
from understudy_cli.local import golang, toolchain
from understudy_cli.local.build import Step, build
from understudy_cli.local.toolchain import Tool

HELLO = """package main

import "fmt"

var greeting = "nobody"

func main() { fmt.Println("hello", greeting) }
"""
STAMP = ("-X main.greeting=ada",)
HELLO_TOOL = Tool("hello", "hello", "example.org/hello/cmd/hello", ("--version",), "hello", STAMP)
VERSIONED = Tool("versioned", "hello", "example.org/hello/versioned/v3", ("--version",), "hello", STAMP)


@pytest.fixture(scope="module")
def go() -> Path:
    found = golang.find_go(toolchain.cache_root())
    if found is None:
        pytest.skip("the farm's programs are ready-made here, so there is no Go to build with")
    return found


@pytest.fixture
def modules(tmp_path, monkeypatch, go) -> Path:
    """A module with two programs, and an empty cache; the compiler's own cache is kept warm."""
    for name in ("GOCACHE", "GOMODCACHE"):
        shown = subprocess.run([go, "env", name], capture_output=True, text=True, check=True).stdout.strip()
        monkeypatch.setenv(name, shown)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(golang, "find_go", lambda cache: go)
    monkeypatch.setattr(building, "BUILD_SPACE_BYTES", 1)
    folder = tmp_path / "tools" / "hello"
    folder.mkdir(parents=True)
    (folder / "go.mod").write_text("module example.org/tools\n\ngo 1.24\n\nrequire example.org/hello v0.0.0\n")
    source = tmp_path / "hello"
    for package in ("cmd/hello", "versioned/v3"):
        (source / package).mkdir(parents=True)
        (source / package / "main.go").write_text(HELLO)
    (source / "go.mod").write_text("module example.org/hello\n\ngo 1.24\n")
    with (folder / "go.mod").open("a") as file:
        file.write(f"\nreplace example.org/hello => {source}\n")
    (folder / "go.sum").write_text("")
    monkeypatch.setattr(toolchain, "modules_folder", lambda: tmp_path / "tools")
    return tmp_path / "tools"


def run(tool: Tool) -> str:
    path = toolchain.cached(tool)
    assert path is not None
    return subprocess.run([path], capture_output=True, text=True, check=True).stdout


def test_programs_are_built_stamped_and_cached(modules):
    steps: list[Step] = []
    build((HELLO_TOOL, VERSIONED), steps.append)
    assert run(HELLO_TOOL) == run(VERSIONED) == "hello ada\n"
    assert steps[0] == Step("fetching sources of hello")
    assert steps[-1].what == "hello, versioned"
    assert 0 <= steps[-1].done <= steps[-1].total > 10
    assert [path.name for path in toolchain.cache_folder("hello").parent.iterdir()] == [
        toolchain.cache_folder("hello").name
    ]
    again: list[Step] = []
    build((HELLO_TOOL, VERSIONED), again.append)
    assert again == []


def test_a_failed_build_is_one_line_and_leaves_no_program(modules, tmp_path):
    (tmp_path / "hello" / "cmd" / "hello" / "main.go").write_text("package main\n\nfunc main() { nonsense() }\n")
    with pytest.raises(UserError, match="undefined: nonsense; the whole story is in") as failure:
        build((HELLO_TOOL,), lambda step: None)
    assert "\n" not in str(failure.value)
    assert toolchain.cached(HELLO_TOOL) is None
    assert "nonsense" in (tmp_path / "cache" / "understudy" / "build.log").read_text()


def test_a_module_that_cannot_be_had_is_one_line(modules):
    (modules / "hello" / "go.mod").write_text("module example.org/tools\n\ngo 1.24\n")
    with pytest.raises(UserError, match=r"building the farm's tools failed: .*example\.org/hello"):
        build((HELLO_TOOL,), lambda step: None)


def test_two_builders_do_not_race(modules, tmp_path):
    steps: list[Step] = []
    waiting = threading.Event()

    def report(step: Step) -> None:
        steps.append(step)
        waiting.set()

    cache = tmp_path / "cache" / "understudy"
    cache.mkdir(parents=True, mode=0o700)
    with (cache / "build.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        second = threading.Thread(target=build, args=((HELLO_TOOL,), report))
        second.start()
        assert waiting.wait(20)
        assert steps == [Step("waiting for another build to finish")]
        program = toolchain.cache_folder("hello") / "hello"
        program.parent.mkdir(parents=True)
        program.write_text("built by the first")
    second.join(60)
    assert steps == [Step("waiting for another build to finish")]
    assert program.read_text() == "built by the first"


def test_a_full_disk_is_said_before_anything_is_fetched(modules, monkeypatch):
    monkeypatch.setattr(building, "BUILD_SPACE_BYTES", 1024**5)
    with pytest.raises(UserError, match="GiB free"):
        build((HELLO_TOOL,), lambda step: None)


def test_an_interrupted_build_ends_its_compiler(modules, monkeypatch):
    ended = []
    real = building.os.killpg
    monkeypatch.setattr(building.os, "killpg", lambda group, number: (ended.append(group), real(group, number)))

    def interrupt(step: Step) -> None:
        if step.total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build((HELLO_TOOL,), interrupt)
    assert toolchain.cached(HELLO_TOOL) is None
    assert len(ended) == 1
