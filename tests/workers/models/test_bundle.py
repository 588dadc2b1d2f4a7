"""Bundles: what was written comes back; whatever was changed is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from understudy_api import token
from understudy_workers.models import bundle
from understudy_workers.models.bundle import FILES, MANIFEST, SIGNATURE, BundleError, Manifest


@pytest.fixture
def folder(tiny_twin: Any, tmp_path: Path) -> Path:
    """A copy of a good bundle, to break."""
    return Path(shutil.copytree(tiny_twin.folder, tmp_path / "bundle"))


def test_a_written_bundle_verifies(tiny_twin: Any) -> None:
    manifest, files = bundle.verify(tiny_twin.folder, tiny_twin.key)
    assert manifest.version == tiny_twin.pin.version
    assert set(files) == set(FILES)
    assert all(files[name] == (tiny_twin.folder / name).read_bytes() for name in FILES)


def test_a_loaded_twin_has_its_plates(tiny_twin: Any) -> None:
    twin = bundle.load(tiny_twin.folder, tiny_twin.key)
    assert twin.plates.shape[1:] == (512, 512, 3)
    assert twin.plates.dtype == np.uint8


def test_the_version_is_the_digest_of_what_is_signed(tiny_twin: Any) -> None:
    manifest, _ = bundle.verify(tiny_twin.folder, tiny_twin.key)
    changed = manifest.model_copy(update={"created": manifest.created + 1})
    assert changed.version != manifest.version
    assert manifest.wire() == (tiny_twin.folder / MANIFEST).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_named(folder: Path, tiny_twin: Any, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BundleError, match=rf"^{name}: wanted SHA-256 [0-9a-f]{{64}}, got [0-9a-f]{{64}}"):
        bundle.verify(folder, tiny_twin.key)


@pytest.mark.parametrize("name", [*FILES, MANIFEST, SIGNATURE])
def test_a_missing_file_is_named(folder: Path, tiny_twin: Any, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"^{name}: wanted a file"):
        bundle.load(folder, tiny_twin.key)


@pytest.mark.parametrize(("change", "got"), [(lambda d: d + b"x", "at most"), (lambda d: d[:-1], "bytes, got")])
def test_a_wrong_length_is_named(folder: Path, tiny_twin: Any, change: Any, got: str) -> None:
    path = folder / "plates.mp4"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BundleError, match=f"^plates.mp4: wanted .*{got}"):
        bundle.verify(folder, tiny_twin.key)


def test_another_farms_key_does_not_open_it(tiny_twin: Any) -> None:
    with pytest.raises(BundleError, match=f"^{SIGNATURE}: wanted a signature by key"):
        bundle.load(tiny_twin.folder, token.new_key())


@pytest.mark.parametrize("field", ["twin_id", "ready", "created"])
def test_a_changed_manifest_does_not_hold(folder: Path, tiny_twin: Any, field: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest[field] = {"twin_id": "0" * 64, "ready": False, "created": 1}[field]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=f"^{MANIFEST}: wanted the manifest that was signed"):
        bundle.verify(folder, tiny_twin.key)


@pytest.mark.parametrize("text", ["", "a.b.c", "not ascii ü", "eyJhbGciOiJub25lIn0.e30."])
def test_a_broken_signature_does_not_hold(folder: Path, tiny_twin: Any, text: str) -> None:
    (folder / SIGNATURE).write_text(text)
    with pytest.raises(BundleError, match=f"^{SIGNATURE}: "):
        bundle.verify(folder, tiny_twin.key)


def test_a_token_of_another_kind_is_no_signature(folder: Path, tiny_twin: Any) -> None:
    claims = json.loads((folder / MANIFEST).read_bytes())
    (folder / SIGNATURE).write_text(token.sign(tiny_twin.key, "likeness-license+jwt", claims))
    with pytest.raises(BundleError, match="type 'likeness-license"):
        bundle.verify(folder, tiny_twin.key)


def resign(folder: Path, key: Any, **changes: Any) -> None:
    """Signs a changed manifest with the right key: what a newer or a careless farm might make."""
    manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    changed = manifest.model_copy(update=changes)
    (folder / MANIFEST).write_bytes(changed.wire())
    (folder / SIGNATURE).write_text(bundle.seal(changed, key))


def test_an_unknown_format_is_refused(folder: Path, tiny_twin: Any) -> None:
    resign(folder, tiny_twin.key, format="understudy-twin/9")
    with pytest.raises(BundleError, match=f"^{MANIFEST}: format"):
        bundle.verify(folder, tiny_twin.key)


@pytest.mark.parametrize("name", ["../secret.txt", "extra.txt"])
def test_a_file_that_does_not_belong_is_refused(folder: Path, tiny_twin: Any, name: str) -> None:
    files = Manifest.model_validate_json((folder / MANIFEST).read_bytes()).files
    shutil.copy(folder / "plates.mp4", folder / "extra.txt")
    renamed = {name if key == "plates.mp4" else key: entry for key, entry in files.items()}
    resign(folder, tiny_twin.key, files=renamed)
    with pytest.raises(BundleError, match=f"^{MANIFEST}: "):
        bundle.verify(folder, tiny_twin.key)


def test_signed_nonsense_is_an_error_not_a_crash(folder: Path, tiny_twin: Any) -> None:
    (folder / "face.onnx").write_bytes(b"nonsense")
    files = {name: (folder / name).read_bytes() for name in FILES}
    resign(folder, tiny_twin.key, files=bundle.describe(files))
    with pytest.raises(BundleError, match="wanted files a twin can be made of"):
        bundle.load(folder, tiny_twin.key)


def test_nothing_is_overwritten_and_nothing_half_written(tiny_twin: Any, tmp_path: Path) -> None:
    manifest, files = bundle.verify(tiny_twin.folder, tiny_twin.key)
    target = tmp_path / "twin"
    assert bundle.write(target, manifest, files, tiny_twin.key) == manifest.version
    with pytest.raises(BundleError, match="does not exist yet"):
        bundle.write(target, manifest, files, tiny_twin.key)
    with pytest.raises(BundleError, match="wanted the digests"):
        bundle.write(tmp_path / "other", manifest, {**files, "face.onnx": b"x"}, tiny_twin.key)
    assert [path.name for path in tmp_path.iterdir()] == ["twin"]
