"""`understudy capture` as a person uses it: a small film end to end, and every refusal in one line."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from typer.testing import CliRunner

from understudy_cli import capture
from understudy_cli.errors import UserError

runner = CliRunner()
SHIPPED = Path(__file__).parents[2] / "examples" / "captures" / "ada.mp4"


def synthesize(*words: object) -> str:
    result = runner.invoke(capture.app, ["synthesize", *map(str, words)])
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def small_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("films") / "ben.mp4"
    said = synthesize("--presenter", "ben", "--seconds", 1.6, "--size", 128, "--workers", 1, "--out", out)
    assert "synthetic" in said
    assert "1.6 s" in said
    return out


def test_a_film_has_pictures_and_sound_of_equal_length(small_film):
    with av.open(str(small_film)) as film:
        video, audio = film.streams.video[0], film.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (128, 128, 25)
        assert float(video.duration * video.time_base) == pytest.approx(1.6, abs=0.001)
        assert float(audio.duration * audio.time_base) == pytest.approx(1.6, abs=0.03)
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == 40
    assert np.abs(frames[0].astype(int) - frames[-1].astype(int)).max() > 30, "the picture moves"


def test_a_film_says_that_it_is_synthetic(small_film):
    with av.open(str(small_film)) as film:
        assert "Synthetic presenter" in film.metadata["title"]
        assert "no real person" in film.metadata["comment"]


def test_speech_is_heard_after_the_first_quiet_frames(small_film):
    with av.open(str(small_film)) as film:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in film.decode(audio=0)])
    assert np.abs(sound[: int(0.25 * 48_000)]).max() < 0.02
    assert np.sqrt((sound[24_000:] ** 2).mean()) > 0.02


def test_nothing_else_is_left_beside_the_film(small_film):
    assert [path.name for path in small_film.parent.iterdir()] == ["ben.mp4"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seconds", "0.5"], "--seconds: wanted 1 to 90, got 0.5"),
        (["--seconds", "900"], "--seconds: wanted 1 to 90, got 900"),
        (["--seconds", "nan"], "--seconds: wanted 1 to 90, got nan"),
        (["--presenter", "eve"], "--presenter: wanted ada or ben, got 'eve'"),
        (["--seed", "-1"], "--seed: wanted 0 or more, got -1"),
        (["--size", "511"], "--size: wanted an even number"),
        (["--size", "4096"], "--size: wanted an even number"),
        (["--workers", "-2"], "--workers: wanted 0 or more"),
    ],
)
def test_bad_numbers_are_refused_in_one_line(tmp_path, words, message):
    with pytest.raises(UserError) as caught:
        synthesize("--out", tmp_path / "a.mp4", *words)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "message"),
    [("missing/a.mp4", "does not exist"), ("a.avi", "ends in .mp4"), ("folder.mp4", "cannot write")],
)
def test_places_that_cannot_be_written_are_refused_before_any_work(tmp_path, place, message):
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(UserError, match=message):
        synthesize("--seconds", 60, "--out", tmp_path / place)


def test_a_film_that_fails_leaves_the_old_one_alone(tmp_path):
    from understudy_cli.presenter.film import write_film

    out = tmp_path / "a.mp4"
    out.write_bytes(b"old")

    def broken():
        yield np.zeros((64, 64, 3), np.uint8)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write_film(broken(), np.zeros(882, np.float32), 64, out, lambda _: None)
    assert out.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_several_workers_keep_the_order_and_agree():
    from understudy_cli.presenter.cast import ADA
    from understudy_cli.presenter.film import draw_frames
    from understudy_cli.presenter.script import capture_script

    performance = capture_script(ADA, 1.0, seed=1)
    once = [performance.moment(i) for i in range(0, 21, 3)]
    frames = list(draw_frames(ADA, 64, 1, once * 3, workers=2))
    assert len(frames) == 3 * len(once)
    for first, second, third in zip(frames[:7], frames[7:14], frames[14:], strict=True):
        assert (first == second).all(), "chunks of ten: neither chunk nor process changes a moment"
        assert (first == third).all()
    assert len({frame.tobytes() for frame in frames}) == len(once)


def test_the_shipped_capture_passes_the_check():
    result = runner.invoke(capture.app, ["check", str(SHIPPED)])
    assert result.exit_code == 0, result.output
    facts = dict(line.split(maxsplit=1) for line in result.stdout.splitlines()[:4])
    assert facts["picture"] == "512 x 512, 25 frames a second"
    assert 60 <= float(facts["length"].removesuffix(" s")) <= 90
    assert result.stdout.endswith("a twin can be trained from it\n")


@pytest.mark.parametrize("content", [None, b"", b"no moving pictures"])
def test_a_check_of_something_else_says_what_was_wanted(tmp_path, content):
    path = tmp_path / "theirs.mp4"
    if content is not None:
        path.write_bytes(content)
    found = runner.invoke(capture.app, ["check", str(path)]).exception
    assert isinstance(found, UserError)
    assert str(found).startswith("capture theirs.mp4: wanted a readable MP4 video, got ")


def test_the_check_says_how_long_is_long_enough(small_film):
    found = runner.invoke(capture.app, ["check", str(small_film)]).exception
    assert str(found) == "capture ben.mp4: wanted at least 60 s, got 1.6 s"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_an_end_of_any_kind_leaves_no_process_and_no_film(tmp_path, ending):
    words = ["capture", "synthesize", "--size", "64", "--seconds", "90", "--workers", "2", "--out", tmp_path / "a.mp4"]
    parent = psutil.Popen([sys.executable, "-m", "understudy_cli", *map(str, words)], stderr=subprocess.PIPE)
    workers = wait_for(lambda: [p for p in parent.children(recursive=True) if "spawn_main" in " ".join(p.cmdline())])
    parent.send_signal(ending)
    parent.communicate(timeout=60)
    gone, alive = psutil.wait_procs(workers, timeout=60)
    assert (len(gone), alive) == (2, [])
    assert not (tmp_path / "a.mp4").exists()


def wait_for(found: Callable[[], list[psutil.Process]]) -> list[psutil.Process]:
    """What `found` gives once it is two processes; asks until then, for a minute at most."""
    end = time.monotonic() + 60
    while len(result := found()) < 2 and time.monotonic() < end:
        threading.Event().wait(0.02)
    return result
