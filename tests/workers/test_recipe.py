import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from understudy_workers import recipe

NAMED = "from understudy_workers.recipe import clip_recipe, take_recipe; print(take_recipe(), clip_recipe())"


def test_recipes_are_the_same_in_every_process() -> None:
    done = subprocess.run([sys.executable, "-c", NAMED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [recipe.take_recipe(), recipe.clip_recipe()]
    assert recipe.take_recipe() != recipe.clip_recipe()


def test_other_sources_make_another_recipe(tmp_path: Path) -> None:
    first = digest_of(tmp_path, {"a.py": "x = 1", "b.py": "y = 2"})
    assert digest_of(tmp_path, {"a.py": "x = 1", "b.py": "y = 2"}) == first
    assert digest_of(tmp_path, {"a.py": "x = 1", "b.py": "y = 3"}) != first
    assert digest_of(tmp_path, {"a.py": "x = 1", "c.py": "y = 2"}) != first


def digest_of(folder: Path, files: dict[str, str]) -> str:
    package = folder / "package"
    package.mkdir(exist_ok=True)
    for path in package.iterdir():
        path.unlink()
    for name, text in files.items():
        (package / name).write_text(text)
    return recipe.recipe(folder, ("package/*.py",), ("numpy",))


def test_other_engines_make_another_recipe(tmp_path: Path) -> None:
    assert recipe.recipe(tmp_path, (), ("numpy",)) != recipe.recipe(tmp_path, (), ("av",))


def test_an_engine_is_named_after_the_distribution_that_brings_it() -> None:
    """A pool without GPUs has `onnxruntime` where others have `onnxruntime-gpu`: one module, two distributions."""
    assert recipe.first_installed(("numpy", "av")) == "numpy"
    assert recipe.first_installed(("no-such-engine", "av")) == "av"
    with pytest.raises(PackageNotFoundError, match="nor-this"):
        recipe.first_installed(("no-such-engine", "nor-this"))
