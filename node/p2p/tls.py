"""Who is at the other end: TLS 1.3 both ways, and a public key that the chain knows.

OpenSSL checks the chain of certificates, dates and usages against the consortium's CA certificates
and nothing else. That alone would let one member's CA issue another member's node name, so the
identity is the pair (hash of the issuer's key, hash of the node's key), looked up in the pins that
the validator set holds. Session tickets are off: a resumed session would skip all of this.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

from chain.errors import InvalidInput, PeerFault
from node.p2p.certificates import NODE_USAGES, spki_hash


class Pin(NamedTuple):
    """The TLS identity of a node: SHA-256 of its issuer's key and of its own key, 32 bytes each."""

    issuer: bytes
    key: bytes


PinnedPeers = Mapping[Pin, str]
"""Pin -> node name, from the validator set. A node that renews its key has two pins for a while."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where this node's own certificate and private key are: PEM files."""

    certificate: Path
    key: Path
    password: str | None = None


class Trust:
    """The CA certificates and pins of one moment; replaced as a whole when the chain changes them.

    Args: authorities: one CA certificate per organisation; pins: whom the chain knows.
    """

    def __init__(self, authorities: Sequence[x509.Certificate], pins: PinnedPeers) -> None:
        self.authorities: Final = tuple(authorities)
        self.pins: Final = dict(pins)
        self._issuers: Final = tuple((spki_hash(one), one) for one in self.authorities)

    def identify(self, certificate: bytes, peer: str) -> str:
        """Give the name of the node that owns `certificate`.

        The issuer is the CA whose key really made the signature: what the certificate says about
        itself counts for nothing. There are no intermediate CAs.

        Args: certificate: DER of the leaf, from a finished handshake; peer: for the error.
        Raises: PeerFault: VT-5003, no registered node has this issuer and key.
        """
        try:
            leaf = x509.load_der_x509_certificate(certificate)
            key = spki_hash(leaf)
            is_for_nodes = set(NODE_USAGES) <= set(_usages(leaf))
        except ValueError as error:
            raise PeerFault("VT-5003", peer=peer, reason="it cannot be read") from error
        if not is_for_nodes:
            raise PeerFault("VT-5003", peer=peer, reason="it is not made for nodes")
        for issuer, authority in self._issuers:
            name = self.pins.get(Pin(issuer, key))
            if name is not None and _is_issued_by(leaf, authority):
                return name
        raise PeerFault("VT-5003", peer=peer, reason=f"key {key.hex()}")


@lru_cache(maxsize=256)
def compute_expiry_ms(certificate: bytes) -> int:
    """Give the wall-clock time at which a DER certificate ends, in Unix milliseconds."""
    end = x509.load_der_x509_certificate(certificate).not_valid_after_utc
    return int(end.timestamp()) * 1000


def _usages(leaf: x509.Certificate) -> Sequence[x509.ObjectIdentifier]:
    try:
        return tuple(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return ()


def _is_issued_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def build_server_context(
    credentials: Credentials, authorities: Sequence[x509.Certificate]
) -> ssl.SSLContext:
    """Build the context for connections that others open.

    Raises: InvalidInput: VT-5021, a file is missing or does not fit.
    """
    context = _build(ssl.PROTOCOL_TLS_SERVER, credentials, authorities)
    context.num_tickets = 0
    return context


def build_client_context(
    credentials: Credentials, authorities: Sequence[x509.Certificate]
) -> ssl.SSLContext:
    """Build the context for connections that this node opens.

    Raises: InvalidInput: VT-5021, a file is missing or does not fit.
    """
    return _build(ssl.PROTOCOL_TLS_CLIENT, credentials, authorities)


def _build(
    protocol: int, credentials: Credentials, authorities: Sequence[x509.Certificate]
) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # The pin says who it is; addresses of nodes may change.
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION
    for authority in authorities:
        context.load_verify_locations(cadata=authority.public_bytes(Encoding.DER))
    try:
        # An empty password makes OpenSSL fail on an encrypted key instead of asking the terminal.
        context.load_cert_chain(
            credentials.certificate, credentials.key, password=credentials.password or ""
        )
    except OSError as error:
        raise InvalidInput("VT-5021", path=credentials.certificate, reason=error) from error
    return context
