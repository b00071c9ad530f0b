"""Contexts and identities without a network; the handshakes are in test_network_refusals."""

import ssl

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from chain.errors import InvalidInput, PeerFault
from node.p2p.certificates import create_authority, save_issued, spki_hash
from node.p2p.tls import (
    Credentials,
    Pin,
    Trust,
    build_client_context,
    build_server_context,
    compute_expiry_ms,
)
from tests.unit.node.p2p.support import NOW_MS, Consortium


def _der(consortium: Consortium, name: str) -> bytes:
    return consortium.nodes[name].certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("build", [build_server_context, build_client_context])
def test_a_context_is_tls_1_3_both_ways_and_trusts_the_consortium_alone(
    consortium: Consortium, build: object
) -> None:
    assert callable(build)
    context: ssl.SSLContext = build(consortium.credentials("a"), consortium.certificates)
    assert context.minimum_version == context.maximum_version == ssl.TLSVersion.TLSv1_3
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.options & ssl.OP_NO_TICKET
    ders = {one.public_bytes(Encoding.DER) for one in consortium.certificates}
    assert set(context.get_ca_certs(binary_form=True)) == ders


def test_a_server_gives_no_tickets(consortium: Consortium) -> None:
    context = build_server_context(consortium.credentials("a"), consortium.certificates)
    assert context.num_tickets == 0


def test_an_encrypted_key_needs_its_password_and_never_asks(consortium: Consortium) -> None:
    save_issued(consortium.folder, "locked", consortium.issue("a"), b"secret")
    plain = consortium.credentials("locked")
    with pytest.raises(InvalidInput, match=r"^VT-5021: .*locked\.crt: "):
        build_client_context(plain, consortium.certificates)
    build_client_context(
        Credentials(plain.certificate, plain.key, "secret"), consortium.certificates
    )


def test_a_missing_file_is_named(consortium: Consortium) -> None:
    with pytest.raises(InvalidInput, match=r"^VT-5021: .*absent\.crt: .*No such file"):
        build_server_context(consortium.credentials("absent"), consortium.certificates)


def test_identity_is_issuer_and_key_whatever_the_name(consortium: Consortium) -> None:
    trust = Trust(consortium.certificates, {consortium.pin("a"): "anything"})
    assert trust.identify(_der(consortium, "a"), "somebody") == "anything"


def test_a_pin_with_the_issuer_of_another_organisation_does_not_fit(
    consortium: Consortium,
) -> None:
    pin = Pin(consortium.pin("b").issuer, consortium.pin("a").key)
    trust = Trust(consortium.certificates, {pin: "a"})
    with pytest.raises(PeerFault) as caught:
        trust.identify(_der(consortium, "a"), "127.0.0.1:4000")
    assert str(caught.value) == (
        "VT-5003: 127.0.0.1:4000 showed a certificate that no registered node owns: "
        f"key {consortium.pin('a').key.hex()}."
    )


def test_an_authority_with_a_copied_name_is_not_the_issuer(consortium: Consortium) -> None:
    """Same subject, other key: OpenSSL would try both; the signature decides."""
    impostor = create_authority("org-a", NOW_MS)
    pin = Pin(spki_hash(impostor.certificate), consortium.pin("a").key)
    trust = Trust([impostor.certificate, *consortium.certificates], {pin: "impostor"})
    with pytest.raises(PeerFault, match="VT-5003"):
        trust.identify(_der(consortium, "a"), "a")
    both = Trust(
        [impostor.certificate, *consortium.certificates],
        {pin: "impostor", consortium.pin("a"): "a"},
    )
    assert both.identify(_der(consortium, "a"), "a") == "a"


def test_one_changed_byte_of_a_certificate_is_refused(consortium: Consortium) -> None:
    trust = Trust(consortium.certificates, consortium.pins)
    der = bytearray(_der(consortium, "a"))
    der[-1] ^= 1  # The last byte of the signature.
    with pytest.raises(PeerFault, match="VT-5003"):
        trust.identify(bytes(der), "a")


def test_bytes_that_are_no_certificate_are_refused(consortium: Consortium) -> None:
    trust = Trust(consortium.certificates, consortium.pins)
    with pytest.raises(PeerFault) as caught:
        trust.identify(b"\x30\x03\x02\x01\x01", "a")
    assert str(caught.value).endswith("no registered node owns: it cannot be read.")


def test_the_end_of_a_certificate_in_milliseconds(consortium: Consortium) -> None:
    end = consortium.nodes["a"].certificate.not_valid_after_utc.timestamp()
    assert compute_expiry_ms(_der(consortium, "a")) == int(end) * 1000
