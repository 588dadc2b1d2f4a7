"""An item from its clips: video copied packet by packet with new times, one sound track, an mp4 that starts fast."""

import io
import uuid
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av

from understudy_workers.media.sound import SAMPLES_PER_FRAME, Sound, add_sound_stream
from understudy_workers.media.video import FPS, Picture, parameter_sets, pictures


def join_item(clips: Sequence[bytes], sound: Sound, out: Path, metadata: Mapping[str, str] | None = None) -> float:
    """Write an mp4 of the clips in order with their sound, and return its length in seconds (pictures / 25).

    ``clips`` come from ``encode_clip`` in one size and with one setting; no picture is decoded. The file appears
    under its name only when it is whole. Raises ValueError when clips differ in their parameters, when there are
    none, or when sound and pictures differ in length.
    """
    parts = [pictures(clip) for clip in clips]
    count = sum(map(len, parts))
    if not count:
        raise ValueError("item: wanted at least one picture, got none; give it clips")
    if sound.samples != count * SAMPLES_PER_FRAME:
        seconds = sound.samples / SAMPLES_PER_FRAME / FPS
        raise ValueError(f"item: wanted {count / FPS} s of sound for {count} pictures, got {seconds} s")
    first = parameter_sets(clips[0])
    for number, clip in enumerate(clips):
        if parameter_sets(clip) != first:
            raise ValueError(f"clip {number}: wanted the parameters of clip 0, got others; encode all clips alike")
    # Ends in .mp4 because libav reads the file a second time, to move its index to the front.
    partial = out.with_name(f".{out.name}.{uuid.uuid4().hex}.mp4")
    try:
        _write(partial, [picture for part in parts for picture in part], sound, metadata or {})
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
    return count / FPS


def _write(path: Path, coded: Sequence[Picture], sound: Sound, metadata: Mapping[str, str]) -> None:
    # The muxer learns size and parameters from the first picture; bitexact leaves out version and date.
    with (
        av.open(io.BytesIO(coded[0].data), format="h264") as template,
        av.open(
            str(path), "w", format="mp4", options={"movflags": "+faststart+use_metadata_tags", "fflags": "+bitexact"}
        ) as container,
    ):
        video = container.add_stream_from_template(template.streams.video[0])
        video.time_base = Fraction(1, FPS)
        audio = add_sound_stream(container)
        container.metadata.update(metadata)
        for packet in _interleaved(_video_packets(coded, video), sound.packets_for(audio)):
            container.mux_one(packet)


def _video_packets(coded: Sequence[Picture], stream: av.VideoStream) -> Iterator[av.Packet]:
    for number, picture in enumerate(coded):
        packet = av.Packet(picture.data)
        packet.stream, packet.time_base = stream, Fraction(1, FPS)
        packet.pts = packet.dts = number
        packet.duration, packet.is_keyframe = 1, picture.is_key
        yield packet


def _interleaved(video: Iterator[av.Packet], audio: Iterator[av.Packet]) -> Iterator[av.Packet]:
    """Both streams by time, as players read them."""
    waiting = next(audio, None)
    for packet in video:
        now = packet.pts * SAMPLES_PER_FRAME
        while waiting is not None and waiting.pts <= now:
            yield waiting
            waiting = next(audio, None)
        yield packet
    while waiting is not None:
        yield waiting
        waiting = next(audio, None)
