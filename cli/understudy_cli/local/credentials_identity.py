"""The development identity under C2PA content credentials: a root and an ES256 leaf it signs.

The leaf follows the C2PA certificate profile: end entity, digitalSignature, extended key usage emailProtection, an
authority key identifier and an organization. It is no member of the public C2PA trust list: readers have to be given
`root.pem` as their anchor.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from understudy_cli.local import certificates
from understudy_cli.local.home import write_private

LIFE: Final = dt.timedelta(days=3650)
"""Long, because without a timestamp authority a file turns invalid when its leaf expires."""


@dataclass(frozen=True)
class CredentialsIdentity:
    """Files of the identity: the root for readers, leaf and root as a chain, and the leaf's key."""

    root: Path
    chain: Path
    key: Path


def open_identity(folder: Path, farm: str) -> CredentialsIdentity:
    """The identity kept in `folder`, made for `farm` on the first call. The root's key is never written."""
    files = CredentialsIdentity(folder / "root.pem", folder / "leaf-chain.pem", folder / "leaf.key")
    if not all(path.exists() for path in (files.root, files.chain, files.key)):
        _make(files, farm)
    return files


def _make(files: CredentialsIdentity, farm: str) -> None:
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = certificates.subject("Understudy development root", f"Understudy farm {farm}")
    leaf_name = certificates.subject("Understudy development signer", f"Understudy farm {farm}")
    root = certificates.authority_builder(root_name, root_key, LIFE).sign(root_key, hashes.SHA256())
    leaf = (
        certificates.builder(leaf_name, root_name, leaf_key.public_key(), LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(certificates.key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(certificates.issuer_identifier(root_key), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    root_pem, leaf_pem = (item.public_bytes(serialization.Encoding.PEM) for item in (root, leaf))
    write_private(files.root, root_pem)
    write_private(files.key, certificates.private_pem(leaf_key))
    write_private(files.chain, leaf_pem + root_pem)
