"""store: takes and clips into the farm's staging bucket and back, sealed and checked, with copies on the local disk.

A record is one line of JSON (what it is, how long, SHA-256) and the bytes, sealed with the twin's key before it leaves this
process, on its way to the local disk too. A record that does not open or does not match its line is treated as missing: it is
made again and overwritten, never shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from understudy_api.digest import digest_bytes
from understudy_workers.footage import Clip, Spoken
from understudy_workers.localfiles import LocalFiles
from understudy_workers.models.voice import SAMPLES_PER_FRAME, Word
from understudy_workers.objects import MissingObjectError, Objects
from understudy_workers.sealing import SealError, VersionSeal

TAKE_FORMAT: Final = "understudy-take/1"
CLIP_FORMAT: Final = "understudy-clip/1"
_MAX_HEAD_BYTES: Final = 256 * 1024


def take_key(account: str, take_id: str) -> str:
    """Object key of a take's sound and words in the staging bucket."""
    return f"takes/{account}/{take_id}"


def clip_key(account: str, clip_id: str) -> str:
    """Object key of a clip's pictures in the staging bucket."""
    return f"clips/{account}/{clip_id}"


class ClipCache:
    """Takes and clips of all licenses. S3 holds them sealed; `local` keeps copies of what was used lately, sealed too."""

    def __init__(self, objects: Objects, bucket: str, local: LocalFiles) -> None:
        self._objects = objects
        self._bucket = bucket
        self._local = local

    def of(self, account: str) -> Shelf:
        """What is kept under one license, by the id of its account."""
        return Shelf(self._objects, self._bucket, self._local, account)


class Shelf:
    """Takes and clips of one license by their keyed digests; when the license ends, all of it is listed by its account."""

    def __init__(self, objects: Objects, bucket: str, local: LocalFiles, account: str) -> None:
        self._objects = objects
        self._bucket = bucket
        self._local = local
        self._account = account

    def take(self, take_id: str, seal: VersionSeal) -> Spoken | None:
        """A take's sound, None when it is not kept."""
        record = self._load(take_key(self._account, take_id), f"take-{take_id}", TAKE_FORMAT, seal, take_id)
        if record is None:
            return None
        head, body = record
        samples = np.frombuffer(body, "<i2").astype(np.int16)
        if len(samples) == 0 or len(samples) % SAMPLES_PER_FRAME:
            return None
        return Spoken(samples, tuple(Word(str(text), float(start), float(end)) for text, start, end in head["words"]))

    def clip(self, clip_id: str, seal: VersionSeal) -> Clip | None:
        """A clip's pictures, None when it is not kept."""
        record = self._load(clip_key(self._account, clip_id), f"clip-{clip_id}", CLIP_FORMAT, seal, clip_id)
        if record is None:
            return None
        head, body = record
        return Clip(body, int(head["frames"]), int(head["width"]), int(head["height"]))

    def has_clip(self, clip_id: str) -> bool:
        """Whether S3 holds the clip; a copy on this machine alone does not count, others may need it."""
        return self._objects.head(self._bucket, clip_key(self._account, clip_id)) is not None

    def keep_take(self, take_id: str, spoken: Spoken, seal: VersionSeal) -> None:
        """Keeps a take's sound."""
        words = [[word.text, word.start_seconds, word.end_seconds] for word in spoken.words]
        body = spoken.samples.astype("<i2").tobytes()
        sealed = seal.close(_record(TAKE_FORMAT, {"words": words}, body), take_id)
        self._keep(take_key(self._account, take_id), f"take-{take_id}", sealed)

    def keep_clip(self, clip_id: str, clip: Clip, seal: VersionSeal) -> None:
        """Keeps a clip's pictures."""
        head = {"frames": clip.frames, "width": clip.width, "height": clip.height}
        sealed = seal.close(_record(CLIP_FORMAT, head, clip.data), clip_id)
        self._keep(clip_key(self._account, clip_id), f"clip-{clip_id}", sealed)

    def _keep(self, key: str, name: str, data: bytes) -> None:
        self._objects.put(self._bucket, key, data)
        self._local.write(name, data)

    def _load(
        self, key: str, name: str, wanted: str, seal: VersionSeal, known_by: str
    ) -> tuple[dict[str, Any], bytes] | None:
        data = self._local.read(name)
        if data is not None and (record := _unsealed(data, wanted, seal, known_by)) is not None:
            return record
        try:
            data = self._objects.get(self._bucket, key)
        except MissingObjectError:
            return None
        record = _unsealed(data, wanted, seal, known_by)
        if record is not None:
            self._local.write(name, data)
        return record


def _record(form: str, head: Mapping[str, Any], body: bytes) -> bytes:
    line = {"format": form, **head, "sha256": digest_bytes(body)}
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" + body


def _unsealed(sealed: bytes, wanted: str, seal: VersionSeal, known_by: str) -> tuple[dict[str, Any], bytes] | None:
    try:
        return _opened(seal.open(sealed, known_by), wanted)
    except SealError:
        return None


def _opened(data: bytes, wanted: str) -> tuple[dict[str, Any], bytes] | None:
    end = data.find(b"\n", 0, _MAX_HEAD_BYTES)
    if end < 0:
        return None
    body = data[end + 1 :]
    try:
        head = json.loads(data[:end])
    except ValueError:
        return None
    if not isinstance(head, dict) or head.get("format") != wanted or head.get("sha256") != digest_bytes(body):
        return None
    return head, body
