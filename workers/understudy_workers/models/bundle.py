"""A twin as a folder of files under one signed manifest: written once, verified before anything in it is parsed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import Field, ValidationError

from understudy_api import token
from understudy_api.digest import canonical, digest_bytes
from understudy_api.model import Digest, Model, Token, fault_of
from understudy_api.strictjson import parse_object
from understudy_api.verdict import Refusal
from understudy_workers.models.face import Twin

MANIFEST, SIGNATURE = "manifest.json", "manifest.jws"
BUNDLE_TYPE: Final = "likeness-twin+json"
FILES: Final = ("face.onnx", "mouth.onnx", "phones.onnx", "plates.mp4", "twin.json", "scores.json")
"""Every bundle has exactly these, beside its manifest and signature."""

MAX_MANIFEST_BYTES: Final = 65_536
MAX_BYTES: Final = 40 * 2**20
MAX_SEAL_BYTES: Final = 65_536
"""More than a seal adds to a file of MAX_BYTES."""
_REGISTRY: Final = jws.JWSRegistry(algorithms=[token.ALGORITHM])

FileName = Annotated[str, Field(pattern=r"^[a-z0-9]+\.[a-z0-9]+$", max_length=64)]


class BundleError(ValueError):
    """A bundle that must not be used: the message names the file, what was wanted and what was found."""


class BundleFile(Model):
    """One file of a bundle."""

    sha256: Digest
    bytes: int = Field(ge=1, le=MAX_BYTES)


class Manifest(Model):
    """What a bundle is, and the digest of every file in it. Its own digest is the twin's version."""

    format: Literal["understudy-twin/1"] = "understudy-twin/1"
    twin_id: Digest
    genesis: Token
    files: dict[FileName, BundleFile] = Field(min_length=len(FILES), max_length=len(FILES))
    inputs: dict[str, str] = Field(
        max_length=32, description="What the twin was made from: digests, versions, settings."
    )
    scores: dict[str, dict[str, float]] = Field(max_length=16, description="Rows of the validation record.")
    ready: bool = Field(description="True when the network beat every baseline.")
    created: int = Field(ge=0, description="When, Unix seconds.")

    @property
    def version(self) -> str:
        """SHA-256 of the canonical manifest, 64 hex digits."""
        return digest_bytes(self.wire())

    def wire(self) -> bytes:
        """The canonical bytes that are stored and signed."""
        return canonical(self.model_dump(mode="json"))


def describe(files: Mapping[str, bytes]) -> dict[str, BundleFile]:
    """The manifest's entry of each file."""
    return {name: BundleFile(sha256=digest_bytes(data), bytes=len(data)) for name, data in files.items()}


def write(folder: Path, manifest: Manifest, files: Mapping[str, bytes], key: OKPKey) -> str:
    """Writes a whole bundle under a temporary name and renames it to `folder`; returns its version.

    Raises BundleError when `folder` exists, or when the files are not the manifest's.
    """
    if folder.exists():
        raise BundleError(f"{folder}: wanted a folder that does not exist yet; choose another or remove it")
    wanted = describe(files)
    if wanted != manifest.files:
        raise BundleError(f"{MANIFEST}: wanted the digests of {sorted(wanted)}, got others")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        new = Path(temporary) / "bundle"
        new.mkdir()
        for name, data in {**files, MANIFEST: manifest.wire(), SIGNATURE: seal(manifest, key).encode()}.items():
            (new / name).write_bytes(data)
        new.rename(folder)
    return manifest.version


def seal(manifest: Manifest, key: OKPKey) -> str:
    """The JWS over a manifest's canonical bytes."""
    header = {"alg": token.ALGORITHM, "typ": BUNDLE_TYPE, "kid": token.thumbprint(key)}
    return str(jws.serialize_compact(header, manifest.wire(), key, registry=_REGISTRY))


Opener = Callable[[bytes, str, str], bytes]
"""Opens a sealed file: its bytes, the version it belongs to, the SHA-256 it is known by. Raises ValueError."""


def verify(folder: Path, key: OKPKey, opener: Opener | None = None) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest and verified bytes of every file of a bundle signed by `key`; BundleError otherwise.

    Nothing but the manifest is parsed, and that only after its signature held. With an `opener` the files lie sealed, the
    manifest and its signature do not: they hold digests and scores, and no likeness.
    """
    stored = _read(folder, MANIFEST, MAX_MANIFEST_BYTES)
    signature = _read(folder, SIGNATURE, 2 * MAX_MANIFEST_BYTES)
    _check_signature(stored, signature, key)
    manifest = _parse(stored)
    files: dict[str, bytes] = {}
    for name, wanted in manifest.files.items():
        data = _read(folder, name, wanted.bytes + (MAX_SEAL_BYTES if opener else 0))
        if opener:
            try:
                data = opener(data, manifest.version, wanted.sha256)
            except ValueError as error:
                raise BundleError(f"{name}: {error}; fetch the bundle again") from error
        if len(data) != wanted.bytes:
            raise BundleError(f"{name}: wanted {wanted.bytes} bytes, got {len(data)}; fetch the bundle again")
        got = digest_bytes(data)
        if got != wanted.sha256:
            raise BundleError(f"{name}: wanted SHA-256 {wanted.sha256}, got {got}; fetch the bundle again")
        files[name] = data
    return manifest, files


def load(folder: Path, public_key: OKPKey) -> Twin:
    """The twin of a bundle signed by `public_key`, ready to perform; BundleError when anything is amiss."""
    _, files = verify(folder, public_key)
    try:
        return Twin(files)
    except (ValueError, KeyError, OSError, RuntimeError) as error:
        raise BundleError(
            f"{folder.name}: wanted files a twin can be made of, got {type(error).__name__}: {error}"
        ) from error


def _read(folder: Path, name: str, most_bytes: int) -> bytes:
    try:
        with (folder / name).open("rb") as stream:
            data = stream.read(most_bytes + 1)
    except OSError as error:
        raise BundleError(f"{name}: wanted a file in {folder}, got {error.strerror}; fetch the bundle again") from error
    if len(data) > most_bytes:
        raise BundleError(f"{name}: wanted at most {most_bytes} bytes, got more; fetch the bundle again")
    return data


def _check_signature(stored: bytes, signature: bytes, key: OKPKey) -> None:
    refused = f"{SIGNATURE}: wanted a signature by key {token.thumbprint(key)}, got "
    try:
        signed: Any = jws.deserialize_compact(signature.decode("ascii"), key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BundleError(f"{refused}one that does not hold; the bundle was altered or is not this farm's") from error
    if signed.headers().get("typ") != BUNDLE_TYPE:
        raise BundleError(f"{refused}one of type {signed.headers().get('typ')!r}, wanted {BUNDLE_TYPE!r}")
    if signed.payload != stored:
        raise BundleError(f"{MANIFEST}: wanted the manifest that was signed, got another; fetch the bundle again")


def _parse(stored: bytes) -> Manifest:
    claims = parse_object(stored, "it")
    if isinstance(claims, Refusal):
        raise BundleError(f"{MANIFEST}: wanted strict JSON, got {claims.message}")
    try:
        manifest = Manifest.model_validate(claims)
    except ValidationError as error:
        raise BundleError(f"{MANIFEST}: {fault_of(error)}; a newer farm may have made this bundle") from error
    if set(manifest.files) != set(FILES):
        raise BundleError(f"{MANIFEST}: wanted files {sorted(FILES)}, got {sorted(manifest.files)}")
    return manifest
