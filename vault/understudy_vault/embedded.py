"""The embedded keyset: one file a twin, mode 0600, in a folder of the vault's own; for a farm on one machine.

A key lies here as it is: whoever reads the file as the vault's Unix user, or root, has it. What makes twins forgettable is
that a file is overwritten and replaced when its key is destroyed; copies of the folder made before then still hold it.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from pydantic import ValidationError

from understudy_api.model import Digest, Model, Token
from understudy_api.release import decode, encode
from understudy_vault.envelope import new_data_key
from understudy_vault.keystore import Destroyed, Kept, KeyStoreError, Pin

_PRIVATE: Final = 0o600


class _Record(Model):
    """A file of the keyset: with a key until it is destroyed, with the time of that afterwards."""

    twin: Digest
    genesis: Token
    created_at: int
    data_key: str | None = None
    destroyed_at: int | None = None

    @property
    def pin(self) -> Pin:
        return Pin(twin=self.twin, genesis=self.genesis, created_at=self.created_at)


class EmbeddedKeys:
    """A KeyStore in a folder."""

    name = "embedded keyset"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            raise KeyStoreError(f"{folder}: others may look into the folder of keys; run `chmod 700 {folder}`")

    def create(self, twin: str, genesis: str, now: int) -> bool:
        """Makes a twin's key and pins its genesis record; False, changing nothing, when there is or was one."""
        record = _Record(twin=twin, genesis=genesis, created_at=now, data_key=encode(new_data_key()))
        temporary = self._write(record)
        try:
            os.link(temporary, self._path(twin))
        except FileExistsError:
            return False
        except OSError as error:
            raise self._trouble(twin, error) from error
        finally:
            temporary.unlink(missing_ok=True)
        self._settle()
        return True

    def find(self, twin: str) -> Kept | Destroyed | None:
        """A twin's key, that it was destroyed, or None when there never was one."""
        record = self._read(twin)
        if record is None:
            return None
        if record.data_key is None:
            return Destroyed(record.pin, record.destroyed_at or 0)
        return Kept(record.pin, decode(record.data_key))

    def is_destroyed(self, twin: str) -> bool:
        """Whether a twin's key was destroyed."""
        record = self._read(twin)
        return record is not None and record.data_key is None

    def destroy(self, twin: str, now: int) -> bool:
        """Puts the note that it was destroyed in the key's place, then overwrites what was there."""
        record = self._read(twin)
        if record is None or record.data_key is None:
            return False
        note = self._write(record.model_copy(update={"data_key": None, "destroyed_at": now}))
        try:
            with self._path(twin).open("r+b") as file:  # the old file, which outlives its name while it is open
                note.replace(self._path(twin))
                _overwrite(file)
        except OSError as error:
            raise self._trouble(twin, error) from error
        finally:
            note.unlink(missing_ok=True)
        self._settle()
        return True

    def _path(self, twin: str) -> Path:
        return self._folder / f"{twin}.json"

    def _read(self, twin: str) -> _Record | None:
        path = self._path(twin)
        try:
            if path.stat().st_mode & 0o077:
                raise KeyStoreError(f"{path}: others may read this key; run `chmod 600` on it and ask who did")
            record = _Record.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._trouble(twin, error) from error
        except ValidationError as error:
            raise KeyStoreError(f"{path}: damaged; restore it from the keyset's backup") from error
        if record.twin != twin:
            raise KeyStoreError(f"{path}: speaks of another twin; restore it from the keyset's backup")
        return record

    def _write(self, record: _Record) -> Path:
        temporary = self._folder / f".{record.twin[:12]}.{secrets.token_hex(6)}"
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w") as file:
                file.write(record.model_dump_json(exclude_none=True) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise self._trouble(record.twin, error) from error
        return temporary

    def _settle(self) -> None:
        """Makes names in the folder outlive a power cut."""
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _trouble(self, twin: str, error: OSError) -> KeyStoreError:
        return KeyStoreError(
            f"{self._folder}: the key of twin {twin[:12]}: {error.strerror}; see to the disk and try again"
        )


def _overwrite(file: BinaryIO) -> None:
    """Puts other bytes where the key's were, as far as the disk below lets anybody."""
    file.write(secrets.token_bytes(os.fstat(file.fileno()).st_size))
    file.flush()
    os.fsync(file.fileno())
