"""Everything that peers say to each other, as one closed union."""

from typing import Annotated, Final

from msgspec import Meta, Struct

from chain.block import Block
from chain.certificate import QuorumCertificate
from chain.codec import decode, encode
from chain.errors import InvalidInput, PeerFault
from chain.genesis import Limits
from chain.scalars import HashField, HeightField, NodeNameField
from consensus.bft.messages import Proposal, Vote
from consensus.bft.repair import RoundSummary

IDS_PER_MESSAGE_MAX: Final = 4096
BLOCKS_PER_MESSAGE_MAX: Final = 64
BLOCKS_BYTES_TARGET: Final = 1 << 20
FRAME_OVERHEAD_BYTES: Final = 256 << 10
ITEM_OVERHEAD_BYTES: Final = 5
"""What MessagePack puts in front of a byte string, at most."""

Ids = Annotated[tuple[HashField, ...], Meta(max_length=IDS_PER_MESSAGE_MAX)]


class PeerMessage(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of what peers send."""


class ConsensusMessage(PeerMessage, tag=1, frozen=True, array_like=True):
    """A proposal or vote, from its author or passed on."""

    message: Proposal | Vote


class Transactions(PeerMessage, tag=2, frozen=True, array_like=True):
    """Transactions, encoded; `origin` is the node that a client gave them to."""

    origin: NodeNameField
    transactions: Annotated[tuple[bytes, ...], Meta(max_length=IDS_PER_MESSAGE_MAX)]


class Have(PeerMessage, tag=3, frozen=True, array_like=True):
    """Names transactions that have waited here for a while, in case a peer missed them."""

    transactions: Ids


class Want(PeerMessage, tag=4, frozen=True, array_like=True):
    """Asks for transactions by id."""

    transactions: Ids


class Status(PeerMessage, tag=5, frozen=True, array_like=True):
    """Where this node stands: the pull side of gossip.

    `height` and `block` are its head; `summary` says which votes of the next height it holds;
    `connected` names the nodes it is connected to.
    """

    height: HeightField
    block: HashField
    summary: RoundSummary
    connected: Annotated[tuple[NodeNameField, ...], Meta(max_length=256)]


class BlocksRequest(PeerMessage, tag=6, frozen=True, array_like=True):
    """Asks for committed blocks from `first` on."""

    first: HeightField
    count: Annotated[int, Meta(ge=1, le=BLOCKS_PER_MESSAGE_MAX)]


class DecidedBlock(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A block and the certificate that decided it."""

    block: Block
    certificate: QuorumCertificate


class Blocks(PeerMessage, tag=7, frozen=True, array_like=True):
    """Committed blocks in ascending order without gaps; empty when there is none to give.

    `height` is the sender's head.
    """

    height: HeightField
    blocks: Annotated[tuple[DecidedBlock, ...], Meta(max_length=BLOCKS_PER_MESSAGE_MAX)]


AnyPeerMessage = ConsensusMessage | Transactions | Have | Want | Status | BlocksRequest | Blocks


class Frame(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One message on the wire."""

    message: AnyPeerMessage


def frame_size_bytes_max(limits: Limits) -> int:
    """Give the largest frame that a correct peer may send: one full block and its proofs.

    Small blocks and gossip are joined to about `BLOCKS_BYTES_TARGET`, whatever a block may hold.
    """
    framing = ITEM_OVERHEAD_BYTES * limits.block_transactions_max
    return max(limits.block_size_bytes_max, BLOCKS_BYTES_TARGET) + framing + FRAME_OVERHEAD_BYTES


def encode_frame(message: AnyPeerMessage) -> bytes:
    """Encode a message for a peer."""
    return encode(Frame(message))


def decode_frame(data: bytes, limits: Limits) -> AnyPeerMessage:
    """Decode a message from a peer.

    Raises: PeerFault: VT-3030, the bytes are not a message.
    """
    try:
        return decode(data, Frame, frame_size_bytes_max(limits)).message
    except InvalidInput as error:
        raise PeerFault("VT-3030", reason=error.why) from error
