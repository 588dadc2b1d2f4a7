from pathlib import Path
from typing import Any

import av
import numpy as np
import pyrage
import pytest

from understudy_api import token
from understudy_api.digest import digest_bytes
from understudy_api.order import VideoOutput
from understudy_api.proof import signed_bytes
from understudy_workers.finishing import FaultyItemError
from understudy_workers.media.credentials import verify
from understudy_workers.stages.store import clip_key, take_key
from understudy_workers.work import permit_of, staging_prefix


def test_an_item_is_as_long_as_its_takes(shown: Any) -> None:
    _, items, takes, results, folder = shown
    frames = sum(take.frames for take in takes)
    for item, result in zip(items, results, strict=True):
        assert (result.receipt.frames, result.receipt.metered_seconds) == (frames, frames / 25)
        with av.open(str(folder / f"{item.output.name}.mp4")) as container:
            video, audio = container.streams.video[0], container.streams.audio[0]
            assert (video.width, video.height) == (item.output.width, item.output.height)
            assert video.frames == frames
            assert float(video.duration * video.time_base) == pytest.approx(frames / 25, abs=1e-6)
            assert float(audio.duration * audio.time_base) == pytest.approx(frames / 25, abs=0.022)
            assert sum(1 for _ in container.decode(video)) == frames


def test_receipts_name_what_is_stored(backlot: Any, shown: Any) -> None:
    order, items, _, results, folder = shown
    for item, result in zip(items, results, strict=True):
        video = (folder / f"{item.output.name}.mp4").read_bytes()
        receipt = result.receipt
        assert (receipt.outcome, receipt.item, receipt.ordinal) == ("done", item.item_id, item.ordinal)
        assert (receipt.sha256, receipt.bytes, receipt.takes) == (digest_bytes(video), len(video), 2)
        assert [file.name for file in result.staged] == [
            f"c1/en-GB/{item.output.name}{suffix}" for suffix in (".mp4", ".srt", ".jpg")
        ]
        assert all(file.key.startswith(f"orders/{order.uid}/items/{item.item_id}/") for file in result.staged)


def test_files_are_signed_and_say_where_they_come_from(backlot: Any, shown: Any) -> None:
    order, items, _, _, folder = shown
    for item in items:
        verdict = verify(folder / f"{item.output.name}.mp4", backlot.root_pem)
        assert verdict.is_ours, verdict.reason
        assert verdict.provenance is not None
        assert verdict.provenance.item_id == item.item_id
        assert verdict.provenance.twin_version == order.twin.version
        assert (verdict.provenance.namespace, verdict.provenance.job) == ("acme", "shown")


def test_an_altered_file_is_not_ours(backlot: Any, shown: Any, tmp_path: Path) -> None:
    data = bytearray((shown[4] / "landscape.mp4").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "altered.mp4").write_bytes(data)
    assert not verify(tmp_path / "altered.mp4", backlot.root_pem).is_ours


def test_captions_say_the_words_within_the_item(shown: Any) -> None:
    _, items, takes, _, folder = shown
    seconds = sum(take.frames for take in takes) / 25
    text = (folder / "landscape.srt").read_text()
    assert text == (folder / "story.srt").read_text()
    ends = [line.split(" --> ")[1] for line in text.splitlines() if "-->" in line]
    last = ends[-1].replace(",", ".").split(":")
    assert 0.5 * seconds < int(last[1]) * 60 + float(last[2]) <= seconds
    words = " ".join(line for line in text.splitlines() if line and "-->" not in line and not line.isdigit())
    assert words == " ".join(items[0].sentences)


def test_stages_are_measured(shown: Any) -> None:
    _, _, takes, results, _ = shown
    assert {"find", "load", "speak", "animate", "compose", "encode", "keep"} <= set(takes[0].stage_seconds)
    assert {"find", "mix", "join", "caption", "portray", "check", "sign", "store"} <= set(results[0].stage_seconds)
    for result in (*takes, *results):
        assert sum(result.stage_seconds.values()) <= result.busy_seconds + 1e-6
        assert min(result.stage_seconds.values()) >= 0


def test_an_item_assembled_again_is_the_same_file(backlot: Any, shown: Any) -> None:
    order, items, _, results, _ = shown
    again = backlot.finish(order, items[0])
    assert again.receipt == results[0].receipt
    assert "join" not in again.stage_seconds


def test_two_assemblies_differ_in_nothing_but_their_credentials(
    backlot: Any, shown: Any, tmp_path: Path, object_store: Any
) -> None:
    order, items, _, results, folder = shown
    for file in results[0].staged:
        object_store.remove(backlot.staging, file.key)
    backlot.now += 1
    again = backlot.finish(order, items[0])
    for file in again.staged:
        backlot.objects.get_file(backlot.staging, file.key, tmp_path / f"landscape{Path(file.key).suffix}")
    for suffix in (".srt", ".jpg"):
        assert (tmp_path / f"landscape{suffix}").read_bytes() == (folder / f"landscape{suffix}").read_bytes()
    one, other = (path / "landscape.mp4" for path in (folder, tmp_path))
    assert again.receipt.sha256 != results[0].receipt.sha256
    assert packets(one) == packets(other)


def packets(path: Path) -> list[tuple[int, int, bytes]]:
    with av.open(str(path)) as container:
        return [(packet.stream.index, packet.pts, bytes(packet)) for packet in container.demux() if packet.size]


def test_cached_clips_are_refused_too(backlot: Any, shown: Any) -> None:
    order, items, _, _, _ = shown
    late = order.model_copy(update={"grant": backlot.signers.grant(order, iat=0, exp=1)})
    assert {result.refusal.reason for result in backlot.film(late, items)} == {"GrantExpired"}
    waiting = backlot.finish(late, items[0])
    assert (waiting.receipt, waiting.staged, waiting.refusal.reason) == (None, (), "GrantExpired")


def test_a_slice_that_is_too_small_pauses_and_a_wrong_use_rejects(backlot: Any, shown: Any) -> None:
    order, items, _, results, _ = shown
    seconds = results[0].receipt.metered_seconds
    assert backlot.finish(order, items[0], committed=600 - seconds).receipt.outcome == "done"
    assert backlot.finish(order, items[0], committed=600.04 - seconds).refusal.reason == "GrantExhausted"
    wrong = order.model_copy(update={"use": order.use.model_copy(update={"territories": ("JP",)})})
    permitted = wrong.model_copy(update={"grant": backlot.signers.grant(wrong)})
    rejected = backlot.finish(permitted, items[0])
    assert (rejected.receipt.outcome, rejected.receipt.reason) == ("rejected", "TerritoryNotCovered")
    assert (rejected.receipt.metered_seconds, rejected.staged) == (0, ())


def test_lost_clips_are_named_and_made_again(backlot: Any, object_store: Any) -> None:
    order = backlot.order("lost", scenes={"en-GB": ("Hello {name}! Spring is here.",)})
    item = backlot.items(order)[0]
    assert backlot.finish(order, item).missing_clips == item.clip_ids
    backlot.film(order, [item])
    forget(backlot, object_store, clip_key(permit_of(order).account, item.clip_ids[1]), f"clip-{item.clip_ids[1]}")
    forget(backlot, object_store, take_key(permit_of(order).account, item.take_ids[0]), f"take-{item.take_ids[0]}")
    assert backlot.finish(order, item).missing_clips == (item.clip_ids[0],)
    assert [take.reused for take in backlot.film(order, [item])] == [(False,), (False,)], (
        "a clip without its take counts as lost"
    )
    assert backlot.finish(order, item).receipt.outcome == "done"


def forget(backlot: Any, object_store: Any, key: str, name: str) -> None:
    object_store.remove(backlot.staging, key)
    (backlot.settings.work_dir / "copies" / name).unlink()


def test_a_damaged_clip_is_never_shown(backlot: Any, object_store: Any) -> None:
    order = backlot.order("damaged", scenes={"en-GB": ("Hello {name}!",)})
    item = backlot.items(order)[0]
    backlot.film(order, [item])
    key, copy = (
        clip_key(permit_of(order).account, item.clip_ids[0]),
        backlot.settings.work_dir / "copies" / f"clip-{item.clip_ids[0]}",
    )
    whole = backlot.objects.get(backlot.staging, key)
    copy.write_bytes(whole[:-1])
    assert backlot.finish(order, item).receipt.outcome == "done"
    object_store.remove(backlot.staging, staging_prefix(order.uid, item.item_id) + "item.mp4")
    backlot.objects.put(backlot.staging, key, whole[:-100] + bytes(100))
    copy.unlink()
    assert backlot.finish(order, item).missing_clips == item.clip_ids


def test_a_file_without_its_label_is_never_delivered(backlot: Any) -> None:
    """A clip as some other encoder would make it: right in size and length, but nobody drew the label."""
    from understudy_workers.footage import Clip
    from understudy_workers.media.video import encode_clip
    from understudy_workers.media.yuv import Yuv420

    order = backlot.order("unlabelled", scenes={"en-GB": ("Hello {name}!",)})
    item = backlot.items(order)[0]
    (take,) = backlot.film(order, [item])
    grey = Yuv420(np.full(384 * 216 * 3 // 2, 128, np.uint8), 384, 216)
    clip = Clip(encode_clip([grey] * take.frames, 384, 216), take.frames, 384, 216)
    shelf = backlot.studio._finishing._cache.of(permit_of(order).account)
    shelf.keep_clip(item.clip_ids[0], clip, backlot.seal.of(order.twin.version))
    with pytest.raises(FaultyItemError, match="disclosure label") as caught:
        backlot.finish(order, item)
    assert caught.value.reason == "LabelMissing"
    assert list(backlot.objects.keys(backlot.staging, staging_prefix(order.uid, item.item_id))) == []


def test_what_was_made_is_signed_for_by_whoever_made_it(backlot: Any, shown: Any) -> None:
    order, _, _, results, _ = shown
    receipt, made = results[0].receipt, backlot.studio
    assert receipt.performer == made.thumbprint == token.thumbprint(backlot.identity)
    assert receipt.grant == digest_bytes(order.grant.encode())
    assert token.holds(
        receipt.signature,
        token.key_of_x(made.key),
        signed_bytes(receipt, receipt.performer, receipt.grant, order.uid, order.digest),
    )


def test_what_was_refused_is_not_signed(backlot: Any) -> None:
    order = backlot.order("not-made", scenes={"en-GB": ("Hello {name}!",)})
    item = backlot.items(order)[0]
    backlot.film(order, [item])
    long = backlot.order(
        "not-made-2",
        scenes={"en-GB": ("Hello {name}!",)},
        license=backlot.signers.license(jti="license-not-made", max_item_seconds=1),
    )
    receipt = backlot.finish(long, item).receipt
    assert (receipt.outcome, receipt.signature, receipt.performer) == ("rejected", "", "")


def test_a_preview_is_sealed_before_it_is_stored_and_not_metered(backlot: Any, tmp_path: Path) -> None:
    owner = pyrage.x25519.Identity.generate()
    recipient = str(owner.to_public())
    order = backlot.order(
        "preview",
        scenes={"en-GB": ("Hello {name}!",)},
        license=backlot.signers.license(jti="license-preview", preview=True, preview_recipient=recipient),
        outputs=(VideoOutput(name="preview", width=568, height=320),),
        preview=recipient,
    )
    item = backlot.items(order)[0]
    backlot.film(order, [item])
    result = backlot.finish(order, item)
    assert (result.receipt.outcome, result.receipt.metered_seconds) == ("done", 0)
    stored = {Path(file.key).suffix: backlot.objects.get(backlot.staging, file.key) for file in result.staged}
    assert all(data.startswith(b"age-encryption.org/v1") for data in stored.values())
    assert digest_bytes(stored[".mp4"]) == result.receipt.sha256
    film = tmp_path / "preview.mp4"
    film.write_bytes(pyrage.decrypt(stored[".mp4"], [owner]))
    assert verify(film, backlot.root_pem).is_ours, "signed like everything"
    assert b"Hello Mia!" in pyrage.decrypt(stored[".srt"], [owner])
