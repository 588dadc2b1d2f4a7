"""`understudy verify` on really signed videos: its words and its exit codes."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from understudy_cli import __main__ as cli
from understudy_cli.local.credentials_identity import CredentialsIdentity, open_identity
from understudy_workers.media.credentials import Provenance, Signer
from understudy_workers.media.join import join_item
from understudy_workers.media.sound import encode_sound
from understudy_workers.media.video import encode_clip
from understudy_workers.media.yuv import Yuv420

ABOUT = Provenance(
    farm="farm-1",
    namespace="acme",
    job="spring",
    item_id="0f" * 32,
    license_digest="1e" * 32,
    twin_id="2d" * 32,
    twin_version="3c" * 32,
    rendered_at="2026-11-21T04:00:00Z",
)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> CredentialsIdentity:
    return open_identity(tmp_path_factory.mktemp("home") / "c2pa", "test")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    frame = Yuv420.empty(64, 64)
    frame.data[:] = 128
    path = tmp_path_factory.mktemp("videos") / "plain.mp4"
    join_item([encode_clip([frame] * 5, 64, 64)], encode_sound([np.zeros(5 * 882, np.float32)]), path)
    return path


@pytest.fixture(scope="module")
def signed(identity: CredentialsIdentity, plain: Path) -> Path:
    path = plain.with_name("signed.mp4")
    Signer(identity.chain.read_bytes(), identity.key.read_bytes()).sign(plain, path, ABOUT)
    return path


@pytest.fixture(autouse=True)
def at_home(identity: CredentialsIdentity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_HOME", str(identity.root.parent.parent))


def verify(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, ["verify", *map(str, words)])
    return result.exit_code, result.output


def test_names_job_license_and_twin_version_of_ours(signed: Path) -> None:
    code, said = verify(signed)
    assert code == 0
    assert said.startswith(f"ours: {signed}: ")
    facts = dict(line.split(maxsplit=1) for line in said.splitlines()[1:])
    assert facts == {
        "job": "acme/spring",
        "item": ABOUT.item_id,
        "license": ABOUT.license_digest,
        "twin": f"{ABOUT.twin_id}  version {ABOUT.twin_version}",
        "rendered": "2026-11-21T04:00:00Z",
        "farm": "farm-1",
    }


def test_says_the_same_in_json(signed: Path, plain: Path) -> None:
    code, said = verify(signed, "--json")
    facts = json.loads(said)
    assert (code, facts["ours"], facts["provenance"]) == (0, True, asdict(ABOUT))
    code, said = verify(plain, "--json")
    assert code == 2
    assert json.loads(said) == {
        "file": str(plain),
        "ours": False,
        "reason": "it carries no content credentials",
        "provenance": None,
    }


def test_a_video_without_credentials_is_not_ours(plain: Path) -> None:
    assert verify(plain) == (2, f"not ours: {plain}: it carries no content credentials\n")


def test_one_altered_bit_is_not_ours(signed: Path, tmp_path: Path) -> None:
    data = bytearray(signed.read_bytes())
    data[-100] ^= 1
    altered = tmp_path / "altered.mp4"
    altered.write_bytes(data)
    code, said = verify(altered)
    assert code == 2
    assert said.startswith(f"not ours: {altered}: it was altered after signing")


def test_another_farm_s_video_is_not_ours_until_its_root_is_named(plain: Path, tmp_path: Path) -> None:
    other = open_identity(tmp_path / "c2pa", "other")
    theirs = tmp_path / "theirs.mp4"
    Signer(other.chain.read_bytes(), other.key.read_bytes()).sign(plain, theirs, ABOUT)
    code, said = verify(theirs)
    assert code == 2
    assert "somebody this root does not know" in said
    assert verify(theirs, "--trust", other.root)[0] == 0


def unreadable(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(["verify", *map(str, words)])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_what_cannot_be_read_is_one_line_and_exit_code_1(
    signed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "missing.mp4: wanted a readable file" in unreadable(capsys, tmp_path / "missing.mp4")
    (tmp_path / "notes.mp4").write_text("no video")
    assert "notes.mp4: wanted an mp4 video" in unreadable(capsys, tmp_path / "notes.mp4")
    assert "check --trust" in unreadable(capsys, signed, "--trust", tmp_path / "no.pem")
    (tmp_path / "bad.pem").write_text("no certificate")
    assert "wanted a PEM certificate" in unreadable(capsys, signed, "--trust", tmp_path / "bad.pem")
    monkeypatch.setenv("UNDERSTUDY_HOME", str(tmp_path / "nowhere"))
    assert "understudy up" in unreadable(capsys, signed)
