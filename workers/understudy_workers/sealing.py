"""Sealed bytes: Tink's streaming AEAD (AES256_GCM_HKDF_1MB) under a twin's data key, opened in memory only.

Each segment of a megabyte is authenticated by itself and by its place, so that cutting off, swapping and mixing are
found as well as altering. Whatever is wrong gives one error: there is nothing to learn from how a seal broke.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO, Final

import tink
from tink import proto_keyset_format, secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, tink_pb2

from understudy_api.release import DATA_KEY_BYTES, associated_data

CAPTURE: Final = "capture"
"""Stands for a version on what a twin is trained from: footage precedes every version."""
_TEMPLATE: Final = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
_CHUNK_BYTES: Final = 1 << 22

streaming_aead.register()


class SealError(ValueError):
    """Bytes that this key does not open: sealed for another twin, version or name, or altered."""


class Seal:
    """A twin's data key at work. Safe to use from several threads. Its representation tells nothing of the key."""

    def __init__(self, twin: str, data_key: bytes) -> None:
        self.twin = twin
        self._primitive = _keyset(data_key).primitive(streaming_aead.StreamingAead)

    def __repr__(self) -> str:
        return f"Seal({self.twin[:12]})"

    def of(self, version: str) -> VersionSeal:
        """The same key for what belongs to one version of the twin."""
        return VersionSeal(self, version)

    def close(self, data: bytes, version: str, name: str) -> bytes:
        """The sealed form of `data`, good only for this twin, this version and this name (a digest)."""
        sealed = _Kept()
        with self._primitive.new_encrypting_stream(sealed, associated_data(self.twin, version, name)) as stream:
            stream.write(data)
        return sealed.getvalue()

    def open(self, sealed: bytes, version: str, name: str) -> bytes:
        """What was sealed. Raises SealError."""
        parts = []
        try:
            with self._opening(io.BytesIO(sealed), version, name) as stream:
                while part := stream.read(max(len(sealed), 1)):
                    parts.append(part)
        except tink.TinkError as error:
            raise self._broken(name) from error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close_stream(self, source: BinaryIO, sealed: BinaryIO, version: str, name: str) -> None:
        """Seals a stream of any length; `sealed` is closed afterwards."""
        with self._primitive.new_encrypting_stream(sealed, associated_data(self.twin, version, name)) as stream:
            while part := source.read(_CHUNK_BYTES):
                stream.write(part)

    def open_stream(self, sealed: BinaryIO, target: BinaryIO, version: str, name: str) -> None:
        """Writes what was sealed to `target`. Raises SealError; what was written until then is to be thrown away."""
        try:
            with self._opening(sealed, version, name) as stream:
                while part := stream.read(_CHUNK_BYTES):
                    target.write(part)
        except tink.TinkError as error:
            raise self._broken(name) from error

    def _opening(self, sealed: BinaryIO, version: str, name: str) -> BinaryIO:
        return self._primitive.new_decrypting_stream(sealed, associated_data(self.twin, version, name))  # type: ignore[no-any-return]

    def _broken(self, name: str) -> SealError:
        return SealError(
            f"seal of {name[:16]}: twin {self.twin[:12]}'s key does not open it; it was altered, or sealed for something else"
        )


@dataclass(frozen=True)
class VersionSeal:
    """A twin's key for one of its versions: names (digests) alone tell its files apart."""

    seal: Seal
    version: str

    def close(self, data: bytes, name: str) -> bytes:
        """The sealed form of what is known by `name`."""
        return self.seal.close(data, self.version, name)

    def open(self, sealed: bytes, name: str) -> bytes:
        """What was sealed by that name. Raises SealError."""
        return self.seal.open(sealed, self.version, name)


class _Kept(io.BytesIO):
    """A buffer that can be read after the stream above it closed it."""

    def close(self) -> None:
        """Keeps what was written."""


def _keyset(data_key: bytes) -> tink.KeysetHandle:
    """The raw key as a Tink keyset of one key, without an id before the ciphertext."""
    if len(data_key) != DATA_KEY_BYTES:
        raise ValueError(f"data key: wanted {DATA_KEY_BYTES} bytes, got {len(data_key)}")
    form = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKeyFormat.FromString(_TEMPLATE.value)
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=form.params, key_value=data_key)
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add(status=tink_pb2.ENABLED, key_id=1, output_prefix_type=tink_pb2.RAW)
    entry.key_data.type_url = _TEMPLATE.type_url
    entry.key_data.value = key.SerializeToString()
    entry.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    return proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
