"""`understudy twin`: what it refuses in one line, what it shows of a bundle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey
from typer.testing import CliRunner

from understudy_api import token
from understudy_api.genesis import sign_genesis, twin_id
from understudy_cli.errors import UserError
from understudy_cli.twin import app
from understudy_workers.models import bundle
from understudy_workers.models.bundle import FILES, Manifest

runner = CliRunner()
SCORES = {"network": {"psnr": 29.33, "ssim": 0.9209, "opening": 0.9}, "frozen": {"psnr": 22.9, "ssim": 0.8268}}


@pytest.fixture
def owner() -> OKPKey:
    return token.new_key()


@pytest.fixture
def key_file(tmp_path: Path, owner: OKPKey) -> Path:
    path = tmp_path / "owner.jwk"
    path.write_text(json.dumps(owner.as_dict(private=True)))
    return path


@pytest.fixture
def folder(tmp_path: Path, owner: OKPKey) -> Path:
    """A signed bundle; showing one reads nothing but its manifest."""
    record = sign_genesis(owner, "Ada", 1, "0" * 32)
    files = {name: name.encode() for name in FILES}
    manifest = Manifest(
        twin_id=twin_id(record),
        genesis=record,
        files=bundle.describe(files),
        inputs={"voice_variant": "f2"},
        scores=SCORES,
        ready=True,
        created=1_750_000_000,
    )
    bundle.write(tmp_path / "ada", manifest, files, owner)
    return tmp_path / "ada"


def error(*arguments: str) -> str:
    result = runner.invoke(app, list(arguments))
    assert isinstance(result.exception, UserError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


def test_shows_a_bundle_and_says_that_it_holds(folder: Path, key_file: Path) -> None:
    result = runner.invoke(app, ["show", str(folder), "--key", str(key_file)])
    assert result.exit_code == 0, result.output
    manifest = Manifest.model_validate_json((folder / bundle.MANIFEST).read_bytes())
    for part in (manifest.twin_id, manifest.version, "2025-06-15", "signature and digests hold", "29.33", "frozen"):
        assert part in result.output
    assert all(name in result.output for name in FILES)


def test_says_when_nothing_was_verified(folder: Path) -> None:
    result = runner.invoke(app, ["show", str(folder)])
    assert result.exit_code == 0
    assert "name the key with --key" in result.output


def test_a_changed_bundle_is_an_error_with_a_key(folder: Path, key_file: Path) -> None:
    (folder / "face.onnx").write_bytes(b"fuse.onnx")
    assert "face.onnx: wanted SHA-256" in error("show", str(folder), "--key", str(key_file))


def test_no_bundle(tmp_path: Path) -> None:
    assert "cannot read the manifest" in error("show", str(tmp_path))


def test_no_manifest(tmp_path: Path) -> None:
    (tmp_path / bundle.MANIFEST).write_text("{}")
    assert "wanted a twin's manifest" in error("show", str(tmp_path))


def test_training_refuses_an_unknown_effort(tmp_path: Path, key_file: Path) -> None:
    said = error("train", "a.mp4", "--out", str(tmp_path / "t"), "--key", str(key_file), "--effort", "Heroic")
    assert said == "--effort: wanted one of Quick, Standard, Thorough, got 'Heroic'"


def test_training_never_writes_over_a_twin(folder: Path, key_file: Path) -> None:
    assert "exists already" in error("train", "a.mp4", "--out", str(folder), "--key", str(key_file))


def test_training_says_what_is_wrong_with_a_capture(tmp_path: Path, key_file: Path) -> None:
    capture = tmp_path / "notes.mp4"
    capture.write_text("not a film")
    said = error("train", str(capture), "--out", str(tmp_path / "t"), "--key", str(key_file))
    assert said.startswith("capture notes.mp4: wanted a readable MP4 video, got InvalidDataError")
    assert not (tmp_path / "t").exists()


def test_training_needs_the_private_key(tmp_path: Path, owner: OKPKey) -> None:
    public = tmp_path / "public.jwk"
    public.write_text(json.dumps(token.public_jwk(owner)))
    assert "public key" in error("train", "a.mp4", "--out", str(tmp_path / "t"), "--key", str(public))
