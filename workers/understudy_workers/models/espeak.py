"""espeak-ng through its shared library: text in, 16-bit samples and timed events out.

The library keeps global state and is not re-entrant, so one lock guards every call of this process.
"""

from __future__ import annotations

import _ctypes
import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import espeakng_loader
import numpy as np
import numpy.typing as npt

RATE_HZ: Final = 22_050
WORD, PHONEME = 1, 7
"""Kinds of an event, the library's own numbers (espeak_EVENT_TYPE in speak_lib.h)."""

_SYNCHRONOUS: Final = 2
_PHONEME_EVENTS_IN_IPA: Final = 0b11
_UTF8: Final = 1
_RATE, _PITCH = 1, 3
_MAX_PATH_BYTES: Final = 159

_lock = threading.Lock()


class _Identity(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("kind", ctypes.c_int),
        ("message", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identity),
    )


class _VoiceRecord(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("languages", ctypes.c_void_p), ("identifier", ctypes.c_char_p))


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class Event:
    """A word or a phone begins: `position` is a 0-based character index into the text, `symbol` is IPA."""

    kind: int
    position: int
    sample: int
    symbol: str = ""


@dataclass(frozen=True)
class Utterance:
    """What espeak-ng made of a text: mono samples at `RATE_HZ` and its events in order of time."""

    samples: npt.NDArray[np.int16]
    events: tuple[Event, ...]


class EspeakError(RuntimeError):
    """The library could not be started or refused a call; the message names what and the cure."""


@contextmanager
def _fresh_library() -> Iterator[Any]:
    """The library as if just started, for the one caller that holds the lock.

    Its oscillators and noise go on where the last utterance ended, in variables no call resets. Unloading and loading it
    again (0.8 ms) makes an utterance depend on nothing but its arguments.
    """
    with _lock:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        try:
            _start(library)
            yield library
        finally:
            library.espeak_Terminate()
            _ctypes.dlclose(library._handle)


def _start(library: Any) -> None:
    data = str(espeakng_loader.get_data_path()).encode()
    library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
    library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
    library.espeak_ListVoices.argtypes = [ctypes.c_void_p]
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceRecord))
    library.espeak_Synth.argtypes = [
        *(ctypes.c_char_p, ctypes.c_size_t),
        *[ctypes.c_uint] * 4,
        *[ctypes.c_void_p] * 2,
    ]
    rate_hz = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS_IN_IPA)
    if rate_hz != RATE_HZ:
        raise EspeakError(
            f"espeak-ng data: wanted a path of at most {_MAX_PATH_BYTES} bytes holding phontab, got {data.decode()} "
            f"({len(data)} bytes); install the environment under a shorter path"
        )
    library.espeak_ng_SetRandSeed(1)


def synthesize(text: str, voice: str, rate_wpm: int, pitch: int) -> Utterance:
    """Speaks `text` with an espeak-ng voice and variant such as `gmw/de+f2`.

    `rate_wpm` is in words per minute (80 to 450), `pitch` 0 to 99. Control characters are spoken as spaces. Raises
    EspeakError when there is no such voice.
    """
    clean = "".join(c if c.isprintable() or c == "\u200d" else " " for c in text)
    chunks: list[npt.NDArray[np.int16]] = []
    events: list[Event] = []

    def receive(wave: Any, count: int, list_of_events: Any) -> int:
        if wave and count:
            chunks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        index = 0
        while list_of_events[index].kind:
            events.append(_read(list_of_events[index]))
            index += 1
        return 0

    callback = _Callback(receive)
    with _fresh_library() as library:
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EspeakError(f"espeak-ng voice: wanted one of its voices, got {voice!r}")
        library.espeak_SetParameter(_RATE, rate_wpm, 0)
        library.espeak_SetParameter(_PITCH, pitch, 0)
        data = clean.encode()
        status = library.espeak_Synth(data, len(data) + 1, 0, 0, 0, _UTF8, None, None)
    if status != 0:
        raise EspeakError(f"espeak-ng: speaking {len(data)} bytes with {voice!r} failed with status {status}")
    samples = np.concatenate(chunks) if chunks else np.zeros(0, np.int16)
    return Utterance(samples, tuple(e for e in events if e.kind in (WORD, PHONEME)))


def _read(event: _Event) -> Event:
    symbol = ""
    if event.kind == PHONEME:
        # The union's eight bytes are not always terminated and may cut a character in half.
        raw = ctypes.string_at(ctypes.addressof(event) + _Event.id.offset, 8)
        symbol = raw.split(b"\0")[0].decode(errors="ignore")
    return Event(int(event.kind), max(int(event.text_position) - 1, 0), int(event.sample), symbol)


@cache
def voices() -> MappingProxyType[str, str]:
    """From each language name espeak-ng lists, lowercase (`de`, `en-gb`, `es-419`), to the voice that speaks it."""
    with _fresh_library() as library:
        records = library.espeak_ListVoices(None)
        found: dict[str, str] = {}
        index = 0
        while records[index]:
            record = records[index].contents
            # The first byte of `languages` is a priority, the name follows.
            name = ctypes.string_at(record.languages + 1).decode().lower()
            found.setdefault(name, record.identifier.decode())
            index += 1
    return MappingProxyType(found)


@cache
def variants() -> frozenset[str]:
    """The names of espeak-ng's voice variants: other throats for the same languages."""
    return frozenset(path.name for path in (Path(espeakng_loader.get_data_path()) / "voices" / "!v").iterdir())
