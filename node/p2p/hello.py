"""The first message in both directions, and the last one when a peer is refused.

A hello starts with the protocol version as two bytes, so that versions can be compared even when
the rest has changed shape. Only its arrival proves that a TLS 1.3 handshake succeeded on both
sides: a client believes itself connected before the server has looked at its certificate.
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from chain.codec import decode, encode
from chain.errors import InvalidInput, PeerFault
from chain.scalars import HashField, NameField, NodeNameField
from node.p2p.frames import GREETING_LIMITS, FrameKind

PROTOCOL_VERSION: Final = 2
_VERSION_SIZE_BYTES: Final = 2


class Hello(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Which chain a node runs and how it calls itself."""

    genesis: HashField
    chain_id: NameField
    node: NodeNameField


class Goodbye(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Why the sender closes the connection: a catalogue code and its sentence."""

    code: Annotated[str, Meta(min_length=1, max_length=16, pattern=r"^VT-[0-9]{4}\Z")]
    why: Annotated[str, Meta(max_length=200, pattern=r"^[ -~]*\Z")]


def encode_hello(hello: Hello, version: int = PROTOCOL_VERSION) -> bytes:
    """Give the payload of a HELLO frame."""
    return version.to_bytes(_VERSION_SIZE_BYTES, "big") + encode(hello)


def check_hello(payload: bytes, ours: Hello, peer: str) -> None:
    """Check the first message of `peer`.

    Args: payload: of the HELLO frame; ours: this node's own; peer: name by its certificate.
    Raises: PeerFault: VT-5006 other version, VT-5007 malformed, VT-5005 other chain, VT-5004 it
        calls itself by another name than the one registered for its certificate.
    """
    version = int.from_bytes(payload[:_VERSION_SIZE_BYTES], "big")
    if version != PROTOCOL_VERSION:
        raise PeerFault("VT-5006", peer=peer, theirs=version, ours=PROTOCOL_VERSION)
    try:
        theirs = decode(payload[_VERSION_SIZE_BYTES:], Hello, GREETING_LIMITS[FrameKind.HELLO])
    except InvalidInput as error:
        raise PeerFault("VT-5007", peer=peer, reason=error.why) from error
    if (theirs.chain_id, theirs.genesis) != (ours.chain_id, ours.genesis):
        raise PeerFault("VT-5005", peer=peer, theirs=_chain(theirs), ours=_chain(ours))
    if theirs.node != peer:
        raise PeerFault("VT-5004", peer=theirs.node, expected=peer)


def encode_goodbye(fault: PeerFault) -> bytes:
    """Give the payload of a GOODBYE frame: what the peer may know about `fault`."""
    why = "".join(letter if " " <= letter <= "~" else "?" for letter in fault.why)
    return encode(Goodbye(fault.code, why[:200]))


def decode_goodbye(payload: bytes, peer: str) -> PeerFault:
    """Turn a GOODBYE of `peer` into the fault that this node records (VT-5012, or VT-5007)."""
    try:
        goodbye = decode(payload, Goodbye, GREETING_LIMITS[FrameKind.GOODBYE])
    except InvalidInput as error:
        return PeerFault("VT-5007", peer=peer, reason=error.why)
    return PeerFault("VT-5012", peer=peer, reason=f"{goodbye.code}: {goodbye.why}")


def _chain(hello: Hello) -> str:
    return f"{hello.chain_id} with genesis {hello.genesis.hex()[:16]}"
