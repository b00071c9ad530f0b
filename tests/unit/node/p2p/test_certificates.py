"""The certificates of an organisation and its nodes, as other software reads them."""

import ipaddress
import stat
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import PolicyBuilder, Store

from chain.errors import InvalidInput
from node.p2p.certificates import (
    create_authority,
    issue_node_certificate,
    load_issued,
    save_issued,
    spki_hash,
)

NOW_MS = 1_790_000_000_000
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)


def test_a_strict_verifier_accepts_the_chain_for_both_ends() -> None:
    authority = create_authority("certis", NOW_MS)
    node = issue_node_certificate(authority, "certis-1", ["10.1.2.3", "node.example"], NOW_MS)
    policy = PolicyBuilder().store(Store([authority.certificate])).time(NOW)
    as_client = policy.build_client_verifier().verify(node.certificate, [])
    assert as_client.chain == [node.certificate, authority.certificate]
    for name in (x509.DNSName("certis-1"), x509.DNSName("node.example")):
        policy.build_server_verifier(name).verify(node.certificate, [])
    address = x509.IPAddress(ipaddress.ip_address("10.1.2.3"))
    policy.build_server_verifier(address).verify(node.certificate, [])


def test_a_node_certificate_cannot_issue_others() -> None:
    authority = create_authority("certis", NOW_MS)
    extensions = authority.certificate.extensions
    limits = extensions.get_extension_for_class(x509.BasicConstraints)
    assert limits.critical
    assert limits.value == x509.BasicConstraints(ca=True, path_length=0)
    node = issue_node_certificate(authority, "certis-1", [], NOW_MS)
    assert not node.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = node.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_cert_sign) == (True, False)


def test_serial_numbers_and_keys_are_fresh() -> None:
    authority = create_authority("certis", NOW_MS)
    two = [issue_node_certificate(authority, "certis-1", [], NOW_MS) for _ in range(2)]
    assert len({one.certificate.serial_number for one in two}) == 2
    assert len({spki_hash(one.certificate) for one in two}) == 2


def test_validity_starts_a_day_early_and_ends_with_the_authority() -> None:
    authority = create_authority("certis", NOW_MS, years=1)
    node = issue_node_certificate(authority, "certis-1", [], NOW_MS, years=5)
    assert node.certificate.not_valid_before_utc == NOW - timedelta(days=1)
    assert node.certificate.not_valid_after_utc == authority.certificate.not_valid_after_utc
    assert authority.certificate.not_valid_after_utc == NOW + timedelta(days=365)


def test_the_pin_is_over_the_public_key_alone() -> None:
    authority = create_authority("certis", NOW_MS)
    der = authority.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert spki_hash(authority.certificate) == sha256(der).digest()


@pytest.mark.parametrize("password", [None, b"a long passphrase"])
def test_saved_files_come_back_and_the_key_is_the_owners_alone(
    tmp_path: Path, password: bytes | None
) -> None:
    issued = create_authority("certis", NOW_MS)
    folder = tmp_path / "tls"
    save_issued(folder, "ca", issued, password)
    assert stat.S_IMODE((folder / "ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    loaded = load_issued(folder, "ca", password)
    assert loaded.certificate == issued.certificate
    assert loaded.key.private_numbers() == issued.key.private_numbers()
    assert (b"ENCRYPTED" in (folder / "ca.key").read_bytes()) == (password is not None)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    save_issued(tmp_path, "ca", create_authority("certis", NOW_MS))
    before = (tmp_path / "ca.key").read_bytes()
    with pytest.raises(InvalidInput) as caught:
        save_issued(tmp_path, "ca", create_authority("certis", NOW_MS))
    assert str(caught.value) == f"VT-5022: {tmp_path / 'ca.key'} exists already."
    assert (tmp_path / "ca.key").read_bytes() == before


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    save_issued(tmp_path, "one", create_authority("certis", NOW_MS))
    save_issued(tmp_path, "two", create_authority("certis", NOW_MS))
    (tmp_path / "one.crt").write_bytes((tmp_path / "two.crt").read_bytes())
    with pytest.raises(InvalidInput) as caught:
        load_issued(tmp_path, "one")
    assert str(caught.value) == (
        f"VT-5021: {tmp_path / 'one.key'}: it is not the key of the certificate."
    )


@pytest.mark.parametrize("name", ["ca.key", "ca.crt"])
def test_a_damaged_or_missing_file_is_named(tmp_path: Path, name: str) -> None:
    save_issued(tmp_path, "ca", create_authority("certis", NOW_MS))
    (tmp_path / name).write_bytes(b"-----BEGIN NOTHING-----\n")
    with pytest.raises(InvalidInput, match=f"^VT-5021: {tmp_path / name}: "):
        load_issued(tmp_path, "ca")
    (tmp_path / name).unlink()
    with pytest.raises(InvalidInput, match=f"^VT-5021: {tmp_path / name}: .*No such file"):
        load_issued(tmp_path, "ca")
