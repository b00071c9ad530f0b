"""Certificates of nodes: each organisation runs a small CA and issues for its own nodes only.

Nobody trusts a name in a certificate. A node is known by two SHA-256 hashes of public keys, its own
and its issuer's, which stand in the validator set on the chain.
"""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chain.errors import InvalidInput

NODE_USAGES: Final = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
_BACKDATE: Final = timedelta(days=1)
"""A peer whose clock runs behind still accepts a fresh certificate."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and the private key that belongs to it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def spki_hash(certificate: x509.Certificate) -> bytes:
    """Give the SHA-256 of the DER of the SubjectPublicKeyInfo: 32 bytes.

    Source: RFC 7469, section 2.4 (the same pin, there for web sites).
    """
    return sha256(
        certificate.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).digest()


def create_authority(organisation: str, now_ms: int, years: int = 10) -> Issued:
    """Create the CA of `organisation`: ECDSA P-256, may issue leaves but no further CAs.

    Args: organisation: its id; now_ms: wall clock; years: validity.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(organisation, "certificate authority")
    certificate = (
        _builder(name, name, key.public_key(), now_ms, years)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Issued(certificate, key)


def issue_node_certificate(
    authority: Issued,
    node: str,
    hosts: Sequence[str],
    now_ms: int,
    years: int = 2,
) -> Issued:
    """Issue the certificate of a node, good for both ends of a connection.

    Args: node: its name, becomes a DNS name; hosts: further DNS names or IP addresses; now_ms: wall
        clock; years: validity, cut at the end of the authority's own.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate.subject
    organisation = str(issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)
    names = [x509.DNSName(node), *(_general_name(host) for host in hosts if host != node)]
    identifier = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    latest = authority.certificate.not_valid_after_utc
    certificate = (
        _builder(_name(organisation, node), issuer, key.public_key(), now_ms, years, latest)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(NODE_USAGES), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    return Issued(certificate, key)


def save_issued(folder: Path, stem: str, issued: Issued, password: bytes | None = None) -> None:
    """Write `<stem>.crt` and `<stem>.key` (mode 0600), never over an existing file.

    Args: folder: created with mode 0700 when missing; password: encrypts the key when given.
    Raises: InvalidInput: VT-5022, a file of that name exists.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    key = issued.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    )
    _write_new(folder / f"{stem}.key", key, 0o600)
    _write_new(
        folder / f"{stem}.crt", issued.certificate.public_bytes(serialization.Encoding.PEM), 0o644
    )


def load_issued(folder: Path, stem: str, password: bytes | None = None) -> Issued:
    """Read what `save_issued` wrote.

    Raises: InvalidInput: VT-5021, missing, damaged, wrong password or not a pair.
    """
    path = folder / f"{stem}.key"
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInput("VT-5021", path=path, reason=error) from error
    certificate = load_certificate(folder / f"{stem}.crt")
    is_pair = isinstance(key, ec.EllipticCurvePrivateKey) and (
        key.public_key() == certificate.public_key()
    )
    if not is_pair:
        raise InvalidInput("VT-5021", path=path, reason="it is not the key of the certificate")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Issued(certificate, key)


def load_certificate(path: Path) -> x509.Certificate:
    """Read a PEM certificate.

    Raises: InvalidInput: VT-5021, missing or damaged.
    """
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidInput("VT-5021", path=path, reason=error) from error


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now_ms: int,
    years: int,
    latest: datetime | None = None,
) -> x509.CertificateBuilder:
    now = datetime.fromtimestamp(now_ms // 1000, UTC)
    end = now + timedelta(days=365 * years)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(min(end, latest) if latest else end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise InvalidInput("VT-5022", path=path) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
