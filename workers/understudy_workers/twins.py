"""Twins at hand: fetched sealed from the twins bucket, opened in memory, verified, and kept warm while they are in use."""

from __future__ import annotations

import secrets
import shutil
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from joserfc.jwk import OKPKey

from understudy_api.order import TwinPin
from understudy_workers.localfiles import remove_leftovers
from understudy_workers.models.bundle import (
    FILES,
    MANIFEST,
    MAX_BYTES,
    MAX_SEAL_BYTES,
    SIGNATURE,
    BundleError,
    Manifest,
    verify,
)
from understudy_workers.models.face import Twin
from understudy_workers.models.voice import EspeakVoice, Voice
from understudy_workers.objects import MissingObjectError, Objects
from understudy_workers.sealing import Seal

WARM_TWINS: Final = 3
KEPT_FOLDERS: Final = 32
_LIMIT_BYTES: Final = MAX_BYTES + MAX_SEAL_BYTES
_ALL_FILES: Final = (*FILES, MANIFEST, SIGNATURE)


@dataclass(frozen=True)
class Cast:
    """A twin ready to perform: its face, its voice, and what the manifest says of it."""

    pin: TwinPin
    manifest: Manifest
    face: Twin
    voice: Voice


def bundle_key(pin: TwinPin, name: str) -> str:
    """Object key of a bundle's file in the twins bucket."""
    return f"{pin.id}/{pin.version}/{name}"


def publish(objects: Objects, bucket: str, folder: Path, public_key: OKPKey, seal: Seal) -> TwinPin:
    """Uploads a bundle after verifying it, each file sealed; its signature goes last, so half a bundle is none.

    Returns its pin. The manifest and its signature are not sealed: what they say is checked before a key is asked for.
    """
    manifest, files = verify(folder, public_key)
    pin = TwinPin(id=manifest.twin_id, version=manifest.version)
    for name, data in files.items():
        objects.put(bucket, bundle_key(pin, name), seal.close(data, pin.version, manifest.files[name].sha256))
    for name in (MANIFEST, SIGNATURE):
        objects.put(bucket, bundle_key(pin, name), (folder / name).read_bytes())
    return pin


class Twins:
    """The twins one performer knows. `folder` may be shared by the performers of a machine.

    At most `warm` twins stay in memory (about 300 MB each); the least recently asked for leaves first.
    """

    def __init__(
        self, objects: Objects, bucket: str, public_key: OKPKey, folder: Path, *, warm: int = WARM_TWINS
    ) -> None:
        self._objects = objects
        self._bucket = bucket
        self._public_key = public_key
        self._folder = folder
        self._warm = warm
        self._casts: OrderedDict[TwinPin, Cast] = OrderedDict()
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder, ".*")

    def get(self, pin: TwinPin, seal: Seal) -> Cast:
        """The twin of this id in this version, opened with its key.

        BundleError when there is none, or when it is not what its signature, its version or its id say.
        """
        if (cast := self._casts.get(pin)) is not None:
            self._casts.move_to_end(pin)
            return cast
        while len(self._casts) >= self._warm:
            self._casts.popitem(last=False)
        cast = self._casts[pin] = self._load(pin, seal)
        return cast

    def forget(self, twin: str) -> None:
        """Lets every version of a twin go from memory; what lies on disk is sealed and stays."""
        for pin in [pin for pin in self._casts if pin.id == twin]:
            del self._casts[pin]

    def _load(self, pin: TwinPin, seal: Seal) -> Cast:
        folder = self._folder / f"{pin.id[:32]}-{pin.version}"
        if folder.exists():
            try:
                return self._cast(pin, folder, seal)
            except BundleError:
                shutil.rmtree(folder, ignore_errors=True)
        self._fetch(pin, folder)
        return self._cast(pin, folder, seal)

    def _cast(self, pin: TwinPin, folder: Path, seal: Seal) -> Cast:
        manifest, files = verify(folder, self._public_key, seal.open)
        if (manifest.twin_id, manifest.version) != (pin.id, pin.version):
            raise BundleError(
                f"{MANIFEST}: wanted twin {pin.id[:12]} in version {pin.version[:12]}, got {manifest.twin_id[:12]} in "
                f"{manifest.version[:12]}; train the twin again"
            )
        try:
            face = Twin(files)
        except (ValueError, KeyError, OSError, RuntimeError) as error:
            raise BundleError(
                f"twin {pin.id[:12]}: wanted files a twin can be made of, got {type(error).__name__}: {error}"
            ) from error
        return Cast(pin, manifest, face, _voice(manifest))

    def _fetch(self, pin: TwinPin, folder: Path) -> None:
        """Fetches every file below a temporary name; a rename makes the folder appear whole."""
        temporary = self._folder / f".{secrets.token_hex(8)}"
        temporary.mkdir()
        try:
            for name in _ALL_FILES:
                self._objects.get_file(self._bucket, bundle_key(pin, name), temporary / name, limit_bytes=_LIMIT_BYTES)
            self._appear(temporary, folder)
        except MissingObjectError as error:
            raise BundleError(
                f"twin {pin.id[:12]}: wanted version {pin.version[:12]} in the twins bucket, got nothing ({error}); "
                "train the twin again"
            ) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        self._forget_old(folder)

    @staticmethod
    def _appear(temporary: Path, folder: Path) -> None:
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.exists():  # else another performer of this machine was faster
                raise

    def _forget_old(self, newest: Path) -> None:
        """Keeps the latest few bundles on disk."""
        others = [path for path in self._folder.iterdir() if path != newest and not path.name.startswith(".")]
        for path in sorted(others, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT_FOLDERS - 1 :]:
            shutil.rmtree(path, ignore_errors=True)


def _voice(manifest: Manifest) -> Voice:
    """The voice a twin was trained with, as its manifest says."""
    inputs = manifest.inputs
    try:
        return EspeakVoice(inputs["voice_variant"], int(inputs["voice_pitch"]), int(inputs["voice_rate_wpm"]))
    except (KeyError, ValueError) as error:
        raise BundleError(
            f"{MANIFEST}: inputs: wanted voice_variant, voice_pitch and voice_rate_wpm ({error})"
        ) from error
