"""join, caption, portray, sign: from clips to the files of an item."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from understudy_api.order import Making, OrderedUse, TwinPin, VideoOutput
from understudy_api.settings import ContentCredentials
from understudy_cli.local.credentials_identity import open_identity
from understudy_workers.footage import Clip, Spoken
from understudy_workers.media.credentials import verify
from understudy_workers.media.video import encode_clip
from understudy_workers.media.yuv import Yuv420
from understudy_workers.models.voice import SAMPLES_PER_FRAME, Word
from understudy_workers.stages.caption import caption
from understudy_workers.stages.join import join, mix
from understudy_workers.stages.portray import portray
from understudy_workers.stages.sign import Sealer
from understudy_workers.work import Permit, PlannedItem

WIDTH, HEIGHT = 320, 256
LENGTHS = (20, 30, 25)
TONE = np.sin(np.arange(200 * SAMPLES_PER_FRAME) / 20) * 8000


def take(frames: int, text: str = "Hello there.") -> Spoken:
    first, second = text.split()
    words = (Word(first, 0.2, 0.4), Word(second, 0.4, frames / 25 - 0.2))
    return Spoken(TONE[: frames * SAMPLES_PER_FRAME].astype(np.int16), words)


def clip(frames: int, grey: int) -> Clip:
    frame = Yuv420(np.full(WIDTH * HEIGHT * 3 // 2, 128, np.uint8), WIDTH, HEIGHT)
    frame.planes[0][:] = grey
    return Clip(encode_clip([frame] * frames, WIDTH, HEIGHT), frames, WIDTH, HEIGHT)


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return [clip(frames, grey) for frames, grey in zip(LENGTHS, (40, 120, 200), strict=True)]


@pytest.fixture(scope="module")
def joined(clips: list[Clip], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("joined") / "item.mp4"
    assert join(clips, mix([take(frames) for frames in LENGTHS]), path) == sum(LENGTHS)
    return path


def test_clips_follow_one_another_without_a_gap(joined: Path) -> None:
    with av.open(str(joined)) as container:
        shown = [
            (float(frame.time), int(frame.to_ndarray(format="gray").mean())) for frame in container.decode(video=0)
        ]
    assert [time for time, _ in shown] == pytest.approx([number / 25 for number in range(sum(LENGTHS))])
    greys = [grey for _, grey in shown]
    assert np.abs(np.diff(greys)).argsort()[-2:].tolist() in ([19, 49], [49, 19])


def test_pictures_and_sound_of_other_lengths_do_not_join(clips: list[Clip], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sound for 75 pictures"):
        join(clips, mix([take(frames) for frames in (20, 30)]), tmp_path / "item.mp4")
    assert list(tmp_path.iterdir()) == []


def test_captions_lie_where_their_takes_lie() -> None:
    texts = ("Hello there.", "Hello again.", "Goodbye now.")
    takes = [take(frames, text) for frames, text in zip(LENGTHS, texts, strict=True)]
    blocks = caption(texts, takes, "en-GB").decode().strip().split("\n\n")
    assert [block.splitlines()[2] for block in blocks] == list(texts)
    assert [block.splitlines()[1][:12] for block in blocks] == ["00:00:00,200", "00:00:01,000", "00:00:02,200"]


def test_a_poster_shows_the_take_a_third_of_the_way_in(joined: Path, clips: list[Clip]) -> None:
    picture = Image.open(io.BytesIO(portray(joined, clips)))
    assert picture.size == (320, 256)
    assert np.asarray(picture.convert("L")).mean() == pytest.approx((120 - 16) * 255 / 219, abs=3)


def test_a_poster_of_a_single_short_take(tmp_path: Path) -> None:
    single = [clip(5, 90)]
    join(single, mix([take(5)]), tmp_path / "item.mp4")
    assert portray(tmp_path / "item.mp4", single).startswith(b"\xff\xd8")


def test_signed_files_carry_where_they_come_from(joined: Path, tmp_path: Path) -> None:
    identity = open_identity(tmp_path / "c2pa", "test farm")
    sealer = Sealer(ContentCredentials(chain_file=identity.chain, key_file=identity.key, root_file=identity.root), "f")
    output = VideoOutput(name="landscape", width=WIDTH, height=HEIGHT)
    planned = PlannedItem(0, "1" * 64, "c1", "en-GB", output, ("Hi.",), ("2" * 64,), ("3" * 64,))
    use = OrderedUse(purpose="advertising", channels=("social",), territories=("DE",))
    twin = TwinPin(id="4" * 64, version="5" * 64)
    made = Making.model_construct(namespace="acme", job="spring", twin=twin, use=use)
    permit = Permit(
        "uid-12345", 1, "acme", "spring", "default", "genesis", (), "license", "grant", use, twin, "6" * 64, made
    )
    sealer.sign(joined, tmp_path / "signed.mp4", planned, permit, 1_750_000_000.7)
    verdict = verify(tmp_path / "signed.mp4", identity.root.read_bytes())
    assert verdict.is_ours, verdict.reason
    said = verdict.provenance
    assert said is not None
    assert (said.farm, said.namespace, said.job, said.item_id) == ("f", "acme", "spring", "1" * 64)
    assert (said.twin_id, said.twin_version, said.rendered_at) == ("4" * 64, "5" * 64, "2025-06-15T15:06:40+00:00")
    stranger = open_identity(tmp_path / "other", "another farm")
    assert not verify(tmp_path / "signed.mp4", stranger.root.read_bytes()).is_ours
