"""The release: the same for the same code, another for any changed byte, without importing any of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from understudy_operator.shell import release


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "performing"
    (folder / "stages").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (folder / "stages" / "speak.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(release, "PACKAGES", ("performing",))
    return folder


def test_the_same_code_is_the_same_release(package: Path) -> None:
    assert release.installed_release() == release.installed_release()
    assert len(release.installed_release()) == 64


def test_any_change_is_another_release(package: Path) -> None:
    seen = {release.installed_release()}
    (package / "stages" / "speak.py").write_text("x = 2\n")
    seen.add(release.installed_release())
    (package / "stages" / "speak.py").rename(package / "stages" / "say.py")
    seen.add(release.installed_release())
    (package / "more.py").write_text("")
    seen.add(release.installed_release())
    assert len(seen) == 4


def test_bytecode_and_other_files_do_not_enter(package: Path) -> None:
    before = release.installed_release()
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "speak.cpython-311.pyc").write_bytes(b"\0")
    (package / "weights.onnx").write_bytes(b"\0")
    assert release.installed_release() == before


def test_the_operator_imports_nothing_heavy() -> None:
    code = (
        "import sys, understudy_operator.__main__, understudy_operator.shell.release as r; r.installed_release();"
        "print(sorted({'numpy', 'ray', 'av', 'torch', 'cv2', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
