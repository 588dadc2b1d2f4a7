"""What holds for every image: who it runs as, what is not in it, what it says of itself."""

import json
import subprocess
import tomllib

import pytest
from built_image import ROOT, VERSION, BuiltImage

pytestmark = pytest.mark.kind
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
TOOLS = "pip pip3 uv uvx virtualenv gcc g++ cc c++ make ld strip git curl wget"


def test_it_runs_as_nobody_in_particular(image: BuiltImage) -> None:
    assert image.inspect()["Config"]["User"] == "65532:65532"
    assert (
        image.python("import os, getpass; print(os.getuid(), os.getgid(), getpass.getuser())")
        == "65532 65532 understudy"
    )


def test_it_owns_nothing_and_can_write_only_to_tmp(image: BuiltImage) -> None:
    found = image.run("find", "/", "-xdev", "-user", "65532")
    assert found.stdout.strip() == "", "the file system is the administrator's even where it is not read-only"
    assert image.run("touch", "/opt/understudy/file").returncode != 0
    assert image.run("touch", "/tmp/file").returncode == 0


def test_nothing_in_it_builds_or_fetches_code(image: BuiltImage) -> None:
    found = image.run("sh", "-c", f"for tool in {TOOLS}; do command -v $tool; done; true")
    assert found.stdout.split() == []
    code = "import importlib.util as u; print([m for m in ('pip', 'uv', 'virtualenv', 'ensurepip') if u.find_spec(m)])"
    assert image.python(code) == "[]"


def test_nothing_in_it_runs_as_somebody_else(image: BuiltImage) -> None:
    found = image.run(
        "find",
        "/opt",
        "-xdev",
        "(",
        "-perm",
        "-4000",
        "-o",
        "-perm",
        "-2000",
        "-o",
        "-perm",
        "-0002",
        ")",
        "!",
        "-type",
        "l",
    )
    assert found.stdout.strip() == ""


def test_labels_say_what_it_is(image: BuiltImage) -> None:
    labels = image.inspect()["Config"]["Labels"]
    stem = "org.opencontainers.image."
    assert labels[f"{stem}version"] == VERSION
    assert labels[f"{stem}base.name"] == "debian:bookworm-slim"
    assert labels[f"{stem}licenses"] == "Apache-2.0"
    assert labels[f"{stem}title"].startswith("Understudy ")
    assert labels[f"{stem}revision"]


def test_the_bill_of_materials_names_what_is_installed_as_it_was_locked(image: BuiltImage) -> None:
    bill = json.loads(image.python("print(open('/opt/understudy/sbom.cdx.json').read())"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "understudy")
    listed = {(part["name"], part["version"]) for part in bill["components"]}
    code = "import importlib.metadata as m, json; print(json.dumps([(d.name, d.version) for d in m.distributions()]))"
    installed = {(name, version) for name, version in json.loads(image.python(code))} - {("understudy", VERSION)}
    assert listed == installed
    assert {(name.lower().replace("_", "-").replace(".", "-"), version) for name, version in listed} <= {
        (package["name"], package["version"]) for package in LOCK
    }
    assert len(listed) > 50


def test_no_module_is_compiled_anew_in_every_pod(image: BuiltImage) -> None:
    """Bytecode of our own code lies there: on a read-only file system nobody else would ever write it."""
    code = (
        "import importlib.util as u, pathlib\n"
        "folder = pathlib.Path(u.find_spec('understudy_api').submodule_search_locations[0])\n"
        "print([p.name for p in folder.rglob('*.py') if not pathlib.Path(u.cache_from_source(p)).exists()])"
    )
    assert image.python(code) == "[]"


def test_it_is_made_of_debian_alone(image: BuiltImage) -> None:
    release = image.run("cat", "/etc/os-release").stdout
    assert "VERSION_CODENAME=bookworm" in release
    history = subprocess.run(
        ["docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", image.tag],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "/opt/uv" not in history.stdout, "the build's tools stay in the build"


def test_spans_can_be_sent_from_it(image: BuiltImage) -> None:
    code = (
        "from understudy_api.trace import TracingSettings as S; from understudy_api.tracing import Tracing; "
        "t = Tracing.begin(S(endpoint='http://127.0.0.1:9')); t.close(); print('ready')"
    )
    assert image.python(code) == "ready"
