"""Content credentials: signed once, trusted under our root only, gone or broken after any change."""

import dataclasses
import json
from pathlib import Path

import av
import c2pa
import numpy as np
import pytest

from understudy_cli.local.credentials_identity import CredentialsIdentity, open_identity
from understudy_workers.media import credentials
from understudy_workers.media.credentials import PROVENANCE_LABEL, Provenance, Signer, UnreadableError, verify
from understudy_workers.media.join import join_item
from understudy_workers.media.sound import encode_sound
from understudy_workers.media.video import encode_clip
from understudy_workers.media.yuv import Yuv420

ABOUT = Provenance("farm", "acme", "spring", "item-1", "1e" * 32, "2d" * 32, "3c" * 32, "2026-11-21T04:00:00Z")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("credentials")


@pytest.fixture(scope="module")
def identity(folder: Path) -> CredentialsIdentity:
    return open_identity(folder / "ours", "test")


@pytest.fixture(scope="module")
def signer(identity: CredentialsIdentity) -> Signer:
    return Signer(identity.chain.read_bytes(), identity.key.read_bytes())


@pytest.fixture(scope="module")
def plain(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    frame = Yuv420.empty(64, 64)
    frame.data[:] = rng.integers(16, 235, frame.data.shape)
    path = folder / "plain.mp4"
    join_item([encode_clip([frame] * 5, 64, 64)], encode_sound([np.zeros(5 * 882, np.float32)]), path)
    return path


@pytest.fixture(scope="module")
def signed(signer: Signer, plain: Path, folder: Path) -> Path:
    path = folder / "signed.mp4"
    signer.sign(plain, path, ABOUT)
    return path


def test_a_signed_file_is_ours_and_says_where_it_comes_from(signed: Path, identity: CredentialsIdentity) -> None:
    verdict = verify(signed, identity.root.read_bytes())
    assert verdict.is_ours
    assert verdict.provenance == ABOUT


def test_signing_leaves_the_source_alone_and_the_picture_as_it_was(plain: Path, signed: Path) -> None:
    def pictures(path: Path) -> list[bytes]:
        with av.open(str(path)) as container:
            return [frame.to_ndarray().tobytes() for frame in container.decode(video=0)]

    assert pictures(signed) == pictures(plain)
    assert sorted(path.name for path in plain.parent.glob("*.mp4")) == ["plain.mp4", "signed.mp4"]
    assert list(plain.parent.glob(".*")) == []


def test_the_manifest_declares_synthesis_and_forbids_mining(signed: Path) -> None:
    manifest = c2pa.Reader(str(signed), context=c2pa.Context.from_dict({})).get_active_manifest()
    stated = {assertion["label"]: assertion for assertion in manifest["assertions"]}
    action = stated["c2pa.actions.v2"]["data"]["actions"][0]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    mining = stated["cawg.training-mining"]["data"]["entries"]
    assert {entry["use"] for entry in mining.values()} == {"notAllowed"}
    assert all(assertion["created"] for assertion in stated.values())
    assert json.loads(json.dumps(stated[PROVENANCE_LABEL]["data"])) == dataclasses.asdict(ABOUT)


def flipped(path: Path, at: int) -> bytes:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    return bytes(data)


@pytest.mark.parametrize("place", ["picture", "last byte", "index", "assertion", "signature"])
def test_any_altered_bit_is_noticed(signed: Path, identity: CredentialsIdentity, folder: Path, place: str) -> None:
    data = signed.read_bytes()
    at = {
        "picture": data.rindex(b"mdat") + 400,
        "last byte": len(data) - 1,
        "index": data.index(b"mvhd") + 8,
        "assertion": data.index(b"item-1"),
        "signature": data.index(b"c2pa.signature") + 600,
    }[place]
    altered = folder / "altered" / "film.mp4"
    altered.parent.mkdir(exist_ok=True)
    altered.write_bytes(flipped(signed, at))
    verdict = verify(altered, identity.root.read_bytes())
    assert not verdict.is_ours
    assert verdict.provenance is None
    assert "altered" in verdict.reason or "do not" in verdict.reason or "cannot be read" in verdict.reason


def test_a_copied_video_stream_carries_no_credentials(
    signed: Path, identity: CredentialsIdentity, tmp_path: Path
) -> None:
    with av.open(str(signed)) as source, av.open(str(tmp_path / "copy.mp4"), "w") as copy:
        stream = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    verdict = verify(tmp_path / "copy.mp4", identity.root.read_bytes())
    assert verdict.reason == "it carries no content credentials"


def test_another_root_does_not_know_our_signature(signed: Path, folder: Path) -> None:
    other = open_identity(folder / "theirs", "other")
    verdict = verify(signed, other.root.read_bytes())
    assert not verdict.is_ours
    assert "signingCredential.untrusted" in verdict.reason


def resigned(source: Path, out: Path, identity: CredentialsIdentity, assertions: list[dict[str, object]]) -> None:
    """A file signed with our own certificate, but with assertions of somebody else's choice."""
    info = c2pa.C2paSignerInfo(
        alg=b"es256", sign_cert=identity.chain.read_bytes(), private_key=identity.key.read_bytes(), ta_url=None
    )
    action = {"action": "c2pa.created", "digitalSourceType": credentials.SOURCE_TYPE}
    stated = [{"label": "c2pa.actions.v2", "data": {"actions": [action]}, "created": True}, *assertions]
    context = c2pa.Context.from_dict({"verify": {"verify_after_sign": False}}, signer=c2pa.Signer.from_info(info))
    with c2pa.Builder(json.dumps({"format": "video/mp4", "assertions": stated}), context=context) as builder:
        builder.sign_file(source, out)


@pytest.mark.parametrize(
    ("assertions", "reason"),
    [
        ([], "says nothing about a farm's item"),
        ([{"label": PROVENANCE_LABEL, "data": dataclasses.asdict(ABOUT)}], "says nothing about a farm's item"),
        ([{"label": PROVENANCE_LABEL, "data": {"job": "x"}, "created": True}], "a form this version does not know"),
        (
            [{"label": PROVENANCE_LABEL, "data": {**dataclasses.asdict(ABOUT), "job": 7}, "created": True}],
            "a form this version does not know",
        ),
    ],
    ids=["none", "hearsay", "incomplete", "wrong type"],
)
def test_only_a_complete_statement_of_the_signer_counts(
    plain: Path,
    identity: CredentialsIdentity,
    tmp_path: Path,
    assertions: list[dict[str, object]],
    reason: str,
) -> None:
    resigned(plain, tmp_path / "film.mp4", identity, assertions)
    verdict = verify(tmp_path / "film.mp4", identity.root.read_bytes())
    assert not verdict.is_ours
    assert reason in verdict.reason


def test_a_failed_signature_leaves_nothing(signer: Signer, tmp_path: Path) -> None:
    source, out = tmp_path / "broken.mp4", tmp_path / "out.mp4"
    source.write_bytes(b"no video")
    out.write_bytes(b"what was there before")
    with pytest.raises(ValueError, match=r"broken\.mp4: wanted an mp4 to sign"):
        signer.sign(source, out, ABOUT)
    assert out.read_bytes() == b"what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.mp4", "out.mp4"]


def test_signing_in_place_is_safe(signer: Signer, plain: Path, identity: CredentialsIdentity, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(plain.read_bytes())
    signer.sign(path, path, ABOUT)
    assert verify(path, identity.root.read_bytes()).is_ours


def test_a_key_that_does_not_fit_is_refused(identity: CredentialsIdentity) -> None:
    with pytest.raises(ValueError, match="wanted a chain and its es256 key"):
        Signer(identity.chain.read_bytes(), b"no key")


def test_what_cannot_be_judged_is_an_error(signed: Path, identity: CredentialsIdentity, tmp_path: Path) -> None:
    root = identity.root.read_bytes()
    with pytest.raises(UnreadableError, match=r"gone\.mp4: wanted a readable file"):
        verify(tmp_path / "gone.mp4", root)
    (tmp_path / "text.mp4").write_text("words")
    with pytest.raises(UnreadableError, match="wanted an mp4 video"):
        verify(tmp_path / "text.mp4", root)
    with pytest.raises(UnreadableError, match="wanted a PEM certificate"):
        verify(signed, b"")
