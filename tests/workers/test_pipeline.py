import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from understudy_api.digest import digest_bytes
from understudy_api.order import Order
from understudy_api.settings import ContentCredentials, DirectorListener, PoolSettings
from understudy_api.token import public_jwk
from understudy_cli.local.credentials_identity import open_identity
from understudy_workers.expand import plan
from understudy_workers.finishing import FaultyItemError
from understudy_workers.media.credentials import verify
from understudy_workers.models.bundle import BundleError
from understudy_workers.models.voice import UnspeakableError
from understudy_workers.objects import Objects
from understudy_workers.pipeline import Studio
from understudy_workers.stages.store import clip_key, take_key
from understudy_workers.twins import publish
from understudy_workers.work import ItemWork, PlannedItem, TakeWork, permit_of, staging_prefix

ROWS = ({"id": "c1", "name": "Mia"}, {"id": "c2", "name": "Noor"})


@dataclass
class Backlot:
    """A studio over a real object store, the keys behind it, and a clock that tests move."""

    settings: PoolSettings
    studio: Studio
    objects: Objects
    signers: Any
    write_order: Callable[..., Order]
    root_pem: bytes
    now: float

    @property
    def staging(self) -> str:
        return self.settings.buckets.staging

    def order(self, job: str, **changes: Any) -> Order:
        """An order of its own: nothing is shared with the orders of other jobs' licenses."""
        changes.setdefault("license", self.signers.license(jti=f"license-{job}"))
        return self.write_order(job=job, **changes)

    def items(self, order: Order) -> list[PlannedItem]:
        return list(plan(order, ROWS, b"k" * 32))

    def film(self, order: Order, items: list[PlannedItem]) -> list[Any]:
        """Performs every take of these items, each for all outputs at once."""
        works: dict[str, TakeWork] = {}
        for item in items:
            for take_id, clip_id, words in zip(item.take_ids, item.clip_ids, item.sentences, strict=True):
                work = works.get(take_id) or TakeWork(take_id, (), (), words, item.locale)
                if clip_id not in work.clip_ids:
                    clips, outputs = (*work.clip_ids, clip_id), (*work.outputs, item.output)
                    work = replace(work, clip_ids=clips, outputs=outputs)
                works[take_id] = work
        return [self.studio.perform(work, permit_of(order)) for work in works.values()]

    def finish(self, order: Order, item: PlannedItem, committed: float = 0.0) -> Any:
        work = ItemWork(item, committed, staging_prefix(order.uid, item.item_id))
        return self.studio.assemble(work, permit_of(order))


@pytest.fixture(scope="module")
def backlot(
    object_store: Any,
    tiny_twin: Any,
    signers: Any,
    write_order: Callable[..., Order],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Backlot]:
    folder = tmp_path_factory.mktemp("pool")
    identity = open_identity(folder / "c2pa", "test farm")
    files = {"farm.jwk": signers.farm, "bundle.jwk": tiny_twin.key}
    for name, key in files.items():
        (folder / name).write_text(str(public_jwk(key)).replace("'", '"'))
    nothing = folder / "nothing"
    settings = PoolSettings(
        farm="test farm",
        s3=object_store.pool,
        director=DirectorListener(port=1, token_file=nothing, tls_cert=nothing, tls_key=nothing),
        bundle_key_file=nothing,
        bundle_public_key_file=folder / "bundle.jwk",
        farm_public_key_file=folder / "farm.jwk",
        c2pa=ContentCredentials(chain_file=identity.chain, key_file=identity.key, root_file=identity.root),
        cache_key_file=nothing,
        metrics_port=1,
        work_dir=folder / "work",
    )
    objects = Objects(settings.s3)
    publish(objects, settings.buckets.twins, tiny_twin.folder, tiny_twin.key)

    def written(**changes: Any) -> Order:
        return write_order(**{"twin": tiny_twin.pin, **changes})

    backlot = Backlot(settings, None, objects, signers, written, identity.root.read_bytes(), signers.now + 1.0)  # type: ignore[arg-type]
    backlot.studio = Studio(settings, clock=lambda: backlot.now)
    yield backlot
    backlot.studio.close()
    objects.close()


@pytest.fixture(scope="module")
def shown(backlot: Backlot, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One item in two outputs, from words to files."""
    order = backlot.order("shown", scenes={"en-GB": ("Hello {name}! Spring is here.",)})
    items = backlot.items(order)[:2]
    takes = backlot.film(order, items)
    results = [backlot.finish(order, item) for item in items]
    folder = tmp_path_factory.mktemp("shown")
    for item, result in zip(items, results, strict=True):
        for file in result.staged:
            path = folder / f"{item.output.name}{Path(file.key).suffix}"
            backlot.objects.get_file(backlot.staging, file.key, path)
    return order, items, takes, results, folder


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


def test_receipts_name_what_is_stored(backlot: Backlot, shown: Any) -> None:
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


def test_files_are_signed_and_say_where_they_come_from(backlot: Backlot, shown: Any) -> None:
    order, items, _, _, folder = shown
    for item in items:
        verdict = verify(folder / f"{item.output.name}.mp4", backlot.root_pem)
        assert verdict.is_ours, verdict.reason
        assert verdict.provenance is not None
        assert verdict.provenance.item_id == item.item_id
        assert verdict.provenance.twin_version == order.twin.version
        assert (verdict.provenance.namespace, verdict.provenance.job) == ("acme", "shown")


def test_an_altered_file_is_not_ours(backlot: Backlot, shown: Any, tmp_path: Path) -> None:
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


def test_the_mouth_opens_with_the_sound(shown: Any) -> None:
    """The drawn twin's mouth darkens with what it hears; at rest, at both ends, it is shut."""
    with av.open(str(shown[4] / "landscape.mp4")) as container:
        luma = np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)])
    mouth = luma[:, 143:150, 186:198].mean((1, 2))
    assert mouth.min() < mouth[0] - 20
    assert abs(mouth[-1] - mouth[0]) < 6


def test_stages_are_measured(shown: Any) -> None:
    _, _, takes, results, _ = shown
    assert {"find", "load", "speak", "animate", "compose", "encode", "keep"} <= set(takes[0].stage_seconds)
    assert {"find", "mix", "join", "caption", "portray", "check", "sign", "store"} <= set(results[0].stage_seconds)
    for result in (*takes, *results):
        assert sum(result.stage_seconds.values()) <= result.busy_seconds + 1e-6
        assert min(result.stage_seconds.values()) >= 0


def test_the_same_take_again_is_reused(backlot: Backlot, shown: Any) -> None:
    order, items, takes, _, _ = shown
    assert [take.reused for take in takes] == [(False, False)] * 2
    again = backlot.film(order, items)
    assert [take.reused for take in again] == [(True, True)] * 2
    assert [take.frames for take in again] == [take.frames for take in takes]
    assert all("speak" not in take.stage_seconds for take in again)


def test_only_the_missing_output_is_filmed(backlot: Backlot) -> None:
    order = backlot.order("second-output", scenes={"en-GB": ("Hello {name}!",)})
    wide, tall = backlot.items(order)[:2]
    first = backlot.film(order, [wide])
    both = backlot.film(order, [wide, tall])
    assert [take.reused for take in (*first, *both)] == [(False,), (True, False)]
    assert "speak" not in both[0].stage_seconds
    assert {backlot.finish(order, item).receipt.outcome for item in (wide, tall)} == {"done"}


def test_an_item_assembled_again_is_the_same_file(backlot: Backlot, shown: Any) -> None:
    order, items, _, results, _ = shown
    again = backlot.finish(order, items[0])
    assert again.receipt == results[0].receipt
    assert "join" not in again.stage_seconds


def test_two_assemblies_differ_in_nothing_but_their_credentials(backlot: Backlot, shown: Any, tmp_path: Path) -> None:
    order, items, _, results, folder = shown
    for file in results[0].staged:
        backlot.objects.delete(backlot.staging, file.key)
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


@pytest.mark.parametrize(
    ("grant", "changes", "reason"),
    [
        ({"exp": 1, "iat": 0}, {}, "GrantExpired"),
        ({"seconds": 0}, {}, "GrantExhausted"),
        ({}, {"use": {"purpose": "news", "channels": ("social",), "territories": ("DE",)}}, "PurposeNotCovered"),
        ({"twin_version": "0" * 64}, {}, "GrantMismatch"),
    ],
)
def test_a_refused_permit_makes_no_frame(backlot: Backlot, grant: Any, changes: Any, reason: str) -> None:
    order = backlot.order(f"refused-{reason.lower()}", grant=grant, **changes)
    items = backlot.items(order)[:2]
    for result in backlot.film(order, items):
        assert result.refusal.reason == reason
        assert (result.frames, result.reused, result.stage_seconds) == (0, (False, False), {})
    for item in items:
        for take_id, clip_id in zip(item.take_ids, item.clip_ids, strict=True):
            assert backlot.objects.head(backlot.staging, take_key(take_id)) is None
            assert backlot.objects.head(backlot.staging, clip_key(clip_id)) is None


def test_cached_clips_are_refused_too(backlot: Backlot, shown: Any) -> None:
    order, items, _, _, _ = shown
    late = order.model_copy(update={"grant": backlot.signers.grant(order, iat=0, exp=1)})
    assert {result.refusal.reason for result in backlot.film(late, items)} == {"GrantExpired"}
    waiting = backlot.finish(late, items[0])
    assert (waiting.receipt, waiting.staged, waiting.refusal.reason) == (None, (), "GrantExpired")


def test_a_slice_that_is_too_small_pauses_and_a_wrong_use_rejects(backlot: Backlot, shown: Any) -> None:
    order, items, _, results, _ = shown
    seconds = results[0].receipt.metered_seconds
    assert backlot.finish(order, items[0], committed=600 - seconds).receipt.outcome == "done"
    assert backlot.finish(order, items[0], committed=600.04 - seconds).refusal.reason == "GrantExhausted"
    wrong = order.model_copy(update={"use": order.use.model_copy(update={"territories": ("JP",)})})
    permitted = wrong.model_copy(update={"grant": backlot.signers.grant(wrong)})
    rejected = backlot.finish(permitted, items[0])
    assert (rejected.receipt.outcome, rejected.receipt.reason) == ("rejected", "TerritoryNotCovered")
    assert (rejected.receipt.metered_seconds, rejected.staged) == (0, ())


def test_lost_clips_are_named_and_made_again(backlot: Backlot) -> None:
    order = backlot.order("lost", scenes={"en-GB": ("Hello {name}! Spring is here.",)})
    item = backlot.items(order)[0]
    assert backlot.finish(order, item).missing_clips == item.clip_ids
    backlot.film(order, [item])
    forget(backlot, clip_key(item.clip_ids[1]), f"clip-{item.clip_ids[1]}")
    forget(backlot, take_key(item.take_ids[0]), f"take-{item.take_ids[0]}")
    assert backlot.finish(order, item).missing_clips == (item.clip_ids[0],)
    assert [take.reused for take in backlot.film(order, [item])] == [(True,), (False,)]
    assert backlot.finish(order, item).receipt.outcome == "done"


def forget(backlot: Backlot, key: str, name: str) -> None:
    backlot.objects.delete(backlot.staging, key)
    (backlot.settings.work_dir / "copies" / name).unlink()


def test_a_damaged_clip_is_never_shown(backlot: Backlot) -> None:
    order = backlot.order("damaged", scenes={"en-GB": ("Hello {name}!",)})
    item = backlot.items(order)[0]
    backlot.film(order, [item])
    key, copy = clip_key(item.clip_ids[0]), backlot.settings.work_dir / "copies" / f"clip-{item.clip_ids[0]}"
    whole = backlot.objects.get(backlot.staging, key)
    copy.write_bytes(whole[:-1])
    assert backlot.finish(order, item).receipt.outcome == "done"
    backlot.objects.delete(backlot.staging, staging_prefix(order.uid, item.item_id) + "item.mp4")
    backlot.objects.put(backlot.staging, key, whole[:-100] + bytes(100))
    copy.unlink()
    assert backlot.finish(order, item).missing_clips == item.clip_ids


def test_says_what_it_cannot_speak_or_find(backlot: Backlot) -> None:
    order = backlot.order("unspeakable")
    permit = permit_of(order)
    take = TakeWork("a" * 64, ("b" * 64,), (order.outputs[0],), "...", "en-GB")
    with pytest.raises(UnspeakableError, match="words to say"):
        backlot.studio.perform(take, permit)
    unknown = backlot.order("unknown", twin={"id": order.twin.id, "version": "0" * 64})
    with pytest.raises(BundleError, match="train the twin again"):
        backlot.studio.perform(replace(take, words="Hello."), permit_of(unknown))
    assert not [path for path in (backlot.settings.work_dir / "twins").iterdir() if path.name.startswith(".")]


KILLED = """
import os, sys, threading
from understudy_api.settings import PoolSettings
from understudy_workers.pipeline import Studio
import pickle
settings, take, permit, now = pickle.loads(sys.stdin.buffer.read())
studio = Studio(settings, clock=lambda: now)
import understudy_workers.filming as filming
drawn = filming.encode
def die(composer, performance):
    composer_frames = composer.frames
    def frames(*given):
        for number, frame in enumerate(composer_frames(*given)):
            if number == 10:
                os.kill(os.getpid(), 9)
            yield frame
    composer.frames = frames
    return drawn(composer, performance)
filming.encode = die
studio.perform(take, permit)
"""


def test_a_worker_killed_between_two_frames_leaves_nothing_half_written(backlot: Backlot) -> None:
    import pickle

    order = backlot.order("killed", scenes={"en-GB": ("Hello {name}!",)})
    item = backlot.items(order)[0]
    take = TakeWork(item.take_ids[0], item.clip_ids, (item.output,), item.sentences[0], item.locale)
    given = pickle.dumps((backlot.settings, take, permit_of(order), backlot.now))
    done = subprocess.run([sys.executable, "-c", KILLED], input=given, capture_output=True, check=False)
    assert done.returncode == -9, done.stderr.decode()
    assert backlot.objects.head(backlot.staging, clip_key(item.clip_ids[0])) is None
    assert backlot.film(order, [item])[0].reused == (False,)
    assert backlot.finish(order, item).receipt.outcome == "done"
    assert list((backlot.settings.work_dir / "scratch").iterdir()) == []


def test_a_file_without_its_label_is_never_delivered(backlot: Backlot) -> None:
    """A clip as some other encoder would make it: right in size and length, but nobody drew the label."""
    from understudy_workers.footage import Clip
    from understudy_workers.media.video import encode_clip
    from understudy_workers.media.yuv import Yuv420

    order = backlot.order("unlabelled", scenes={"en-GB": ("Hello {name}!",)})
    item = backlot.items(order)[0]
    (take,) = backlot.film(order, [item])
    grey = Yuv420(np.full(384 * 216 * 3 // 2, 128, np.uint8), 384, 216)
    clip = Clip(encode_clip([grey] * take.frames, 384, 216), take.frames, 384, 216)
    backlot.studio._finishing._cache.keep_clip(item.clip_ids[0], clip)
    with pytest.raises(FaultyItemError, match="disclosure label") as caught:
        backlot.finish(order, item)
    assert caught.value.reason == "LabelMissing"
    assert list(backlot.objects.keys(backlot.staging, staging_prefix(order.uid, item.item_id))) == []
