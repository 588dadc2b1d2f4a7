"""An item's sound: its takes' samples laid end to end and encoded once to AAC at 48 kHz."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags
from av.container import OutputContainer

TAKE_RATE_HZ = 22_050
RATE_HZ = 48_000
BIT_RATE = 96_000  # one voice below 11 kHz: more bits cost time and are not heard
SAMPLES_PER_FRAME = RATE_HZ // 25  # per picture, at 25 pictures a second

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sound:
    """A coded mono AAC-LC stream at 48 kHz, ``samples`` long: one entry of each tuple per packet, times in samples.

    The first start is negative: the encoder's run-in, which players skip.
    """

    packets: tuple[bytes, ...]
    starts: tuple[int, ...]
    lengths: tuple[int, ...]
    samples: int

    def packets_for(self, stream: av.AudioStream) -> Iterator[av.Packet]:
        """The packets, addressed to a stream of ``add_sound_stream``."""
        for data, start, length in zip(self.packets, self.starts, self.lengths, strict=True):
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, RATE_HZ)
            packet.pts = packet.dts = start
            packet.duration, packet.is_keyframe = length, True
            yield packet


def encode_sound(takes: Sequence[Samples]) -> Sound:
    """The takes' sound, in order: each mono float32 in [-1, 1] at 22,050 Hz and a whole number of pictures long.

    All outputs of one row and locale share it. Raises ValueError for a take that is not whole pictures.
    """
    per_picture = TAKE_RATE_HZ // 25
    for number, take in enumerate(takes):
        if take.ndim != 1 or len(take) % per_picture:
            raise ValueError(f"take {number}: wanted mono samples in multiples of {per_picture}, got {take.shape}")
    spoken = np.concatenate([*takes, np.empty(0, np.float32)]).astype(np.float32, copy=False)
    samples = len(spoken) // per_picture * SAMPLES_PER_FRAME
    return _encode(_resample(spoken, samples), samples)


def _resample(spoken: Samples, samples: int) -> Samples:
    """22,050 to 48,000 Hz, exactly ``samples`` long."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE_HZ)
    frame = av.AudioFrame.from_ndarray(spoken.reshape(1, -1), format="fltp", layout="mono")
    frame.sample_rate, frame.pts = TAKE_RATE_HZ, 0
    pieces = [*resampler.resample(frame), *resampler.resample(None)] if len(spoken) else []
    out = np.zeros(samples, np.float32)
    at = 0
    for piece in pieces:
        chunk = piece.to_ndarray()[0][: samples - at]
        out[at : at + len(chunk)] = chunk
        at += len(chunk)
    return out


def _encode(samples_48k: Samples, samples: int) -> Sound:
    coder = av.CodecContext.create("aac", "w")
    _set_up(coder)
    coder.open()
    frame = av.AudioFrame.from_ndarray(samples_48k[None, :], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, 0, coder.time_base
    coded = coder.encode(frame) if samples else []  # cut into the coder's own frames on the way
    coded += coder.encode(None)
    return Sound(
        packets=tuple(bytes(packet) for packet in coded),
        starts=tuple(packet.pts for packet in coded),
        lengths=tuple(packet.duration for packet in coded),
        samples=samples,
    )


def add_sound_stream(container: OutputContainer) -> av.AudioStream:
    """A stream that describes ``Sound``: its own coder is never fed, it only tells the muxer the configuration."""
    stream = container.add_stream("aac", rate=RATE_HZ)
    _set_up(stream.codec_context)
    return stream


def _set_up(coder: AudioCodecContext) -> None:
    coder.sample_rate, coder.layout, coder.format = RATE_HZ, "mono", "fltp"
    coder.bit_rate, coder.time_base = BIT_RATE, Fraction(1, RATE_HZ)
    coder.thread_count = 1
    # Identical bits for identical takes, and the configuration beside the stream instead of inside it.
    coder.flags |= Flags.bitexact | Flags.global_header
    # Nor is there noise in a clear voice that would be cheaper to describe than to code.
    coder.options = {"aac_coder": "fast", "aac_pns": "0"}
