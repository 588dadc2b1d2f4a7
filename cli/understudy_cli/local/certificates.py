"""The farm's own certificate authority (EC P-256) and what it issues. Files are PEM, mode 0600."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from understudy_cli.local.home import write_private

AUTHORITY_LIFE: Final = dt.timedelta(days=3650)
LEAF_LIFE: Final = dt.timedelta(days=730)
RENEW_BEFORE: Final = dt.timedelta(days=60)
_BACKDATE: Final = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Pair:
    """A certificate (or chain) and its private key on disk."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """A certificate authority with its key in memory and its certificate on disk."""

    certificate_file: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def open(cls, folder: Path, common_name: str) -> Authority:
        """The authority kept in `folder`, made on the first call."""
        files = Pair(folder / "ca.crt", folder / "ca.key")
        if not (files.certificate.exists() and files.key.exists()):
            _make_authority(files, common_name)
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return cls(files.certificate, x509.load_pem_x509_certificate(files.certificate.read_bytes()), key)

    def server(self, folder: Path, name: str, hosts: Sequence[str] = (), *, is_peer: bool = False) -> Pair:
        """A certificate for a server on 127.0.0.1, localhost and `hosts`; a peer may also act as a client."""
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, *([ExtendedKeyUsageOID.CLIENT_AUTH] if is_peer else [])]
        names = x509.SubjectAlternativeName([_general_name(host) for host in ("127.0.0.1", "localhost", *hosts)])
        return self._issue(_pair(folder, name), subject(name), usages, names)

    def client(self, folder: Path, name: str, organization: str | None = None) -> Pair:
        """A certificate that proves to be `name`; Kubernetes reads the organization as the user's group."""
        who = subject(name, organization)
        return self._issue(_pair(folder, name), who, [ExtendedKeyUsageOID.CLIENT_AUTH], None)

    def _issue(
        self,
        pair: Pair,
        name: x509.Name,
        usages: list[x509.ObjectIdentifier],
        hosts: x509.SubjectAlternativeName | None,
    ) -> Pair:
        if self._is_current(pair, hosts):
            return pair
        key = ec.generate_private_key(ec.SECP256R1())
        request = (
            builder(name, self.certificate.subject, key.public_key(), LEAF_LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(issuer_identifier(self.key), critical=False)
        )
        if hosts is not None:
            request = request.add_extension(hosts, critical=False)
        write_private(pair.key, private_pem(key))
        write_private(pair.certificate, request.sign(self.key, hashes.SHA256()).public_bytes(_PEM))
        return pair

    def _is_current(self, pair: Pair, hosts: x509.SubjectAlternativeName | None) -> bool:
        """Whether the pair on disk is ours, far from its end and made for the same hosts."""
        if not (pair.certificate.exists() and pair.key.exists()):
            return False
        known = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        found = [extension.value for extension in known.extensions if extension.oid == x509.SubjectAlternativeName.oid]
        fresh = known.not_valid_after_utc - dt.datetime.now(dt.UTC) > RENEW_BEFORE
        return fresh and found == ([] if hosts is None else [hosts]) and _is_signed_by(known, self.certificate)


_PEM: Final = serialization.Encoding.PEM


def private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The key as unencrypted PKCS #8 PEM."""
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def key_usage(*, digital_signature: bool = False, signs_certificates: bool = False) -> x509.KeyUsage:
    """The key usage extension with only the named bits set."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def issuer_identifier(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    """The extension that says which key signed a certificate."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: dt.timedelta
) -> x509.CertificateBuilder:
    """An unsigned certificate with a random serial number, valid from now for `life`."""
    now = dt.datetime.now(dt.UTC)
    request = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key)
    request = request.serial_number(x509.random_serial_number())
    request = request.not_valid_before(now - _BACKDATE).not_valid_after(now + life)
    return request.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)


def authority_builder(name: x509.Name, key: ec.EllipticCurvePrivateKey, life: dt.timedelta) -> x509.CertificateBuilder:
    """An unsigned root certificate that may sign end entities only."""
    request = builder(name, name, key.public_key(), life)
    request = request.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return request.add_extension(key_usage(signs_certificates=True), critical=True)


def _make_authority(files: Pair, common_name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = authority_builder(subject(common_name, "Understudy farm"), key, AUTHORITY_LIFE)
    write_private(files.key, private_pem(key))
    write_private(files.certificate, request.sign(key, hashes.SHA256()).public_bytes(_PEM))


def _pair(folder: Path, name: str) -> Pair:
    stem = name.replace(":", "-")
    return Pair(folder / f"{stem}.crt", folder / f"{stem}.key")


def _is_signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def subject(common_name: str, organization: str | None = None) -> x509.Name:
    """A distinguished name of a common name and, if given, an organization."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
