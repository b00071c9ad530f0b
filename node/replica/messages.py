"""Everything that peers say to each other, as one closed union."""

from typing import Annotated, Final, Literal, assert_never

from msgspec import Meta, Struct

from chain.block import Block, Header
from chain.certificate import QuorumCertificate
from chain.codec import decode, encode
from chain.committee_steps import CommitteeStep
from chain.errors import InvalidInput, PeerFault
from chain.genesis import Limits
from chain.log_range import IDS_PER_RANGE_MAX, LogRange
from chain.scalars import HASH_SIZE, CountField, HashField, Height, HeightField, NodeNameField
from chain.state_chunk import CHUNK_DEPTH_MAX, StateChunk
from consensus.engine import Message, Summary

IDS_PER_MESSAGE_MAX: Final = 4096
BLOCKS_PER_MESSAGE_MAX: Final = 64
BLOCKS_BYTES_TARGET: Final = 1 << 20
FRAME_OVERHEAD_BYTES: Final = 256 << 10
STEPS_PER_MESSAGE_MAX: Final = 64
HEADERS_PER_PART_MAX: Final = 1_024
ITEM_OVERHEAD_BYTES: Final = 5
"""What MessagePack puts in front of a byte string, at most."""
_GOSSIP_TAGS: Final = frozenset({2, 3, 4})
"""Of Transactions, Have and Want."""
_VOTES: Final = frozenset({(1, 2), (1, 12), (1, 14)})
"""Of ConsensusMessage, with BFT's Vote and Raft's VoteAnswer and AppendAnswer."""

Muteness = Literal["", "unsure", "no-key"]
"""Why a member with a vote cannot vote: its last-signed file is lost, its vote key is not in its
home, or not at all."""
Ids = Annotated[tuple[HashField, ...], Meta(max_length=IDS_PER_MESSAGE_MAX)]


class PeerMessage(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of what peers send."""


class ConsensusMessage(PeerMessage, tag=1, frozen=True, array_like=True):
    """What one engine says to others, from its author or, where engines gossip, passed on."""

    message: Message


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

    `height` and `block` are its head; `summary` says how far it is in the next height;
    `connected` names the nodes it is connected to. It has blocks above `base` and the state from
    there on; `transactions` counts those of the chain. `mute` says why it cannot vote, if so.
    """

    height: HeightField
    block: HashField
    summary: Summary
    connected: Annotated[tuple[NodeNameField, ...], Meta(max_length=256)]
    base: HeightField = Height(0)
    transactions: CountField = 0
    mute: Muteness = ""


class BlocksRequest(PeerMessage, tag=6, frozen=True, array_like=True):
    """Asks for committed blocks from `first` on."""

    first: HeightField
    count: Annotated[int, Meta(ge=1, le=BLOCKS_PER_MESSAGE_MAX)]


class DecidedBlock(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A block and the certificate that decided it."""

    block: Block
    certificate: QuorumCertificate


class Offer(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Two headers that follow each other, each with the certificate that decided it."""

    header: Header
    certificate: QuorumCertificate
    next_header: Header
    next_certificate: QuorumCertificate


class Blocks(PeerMessage, tag=7, frozen=True, array_like=True):
    """Committed blocks in ascending order without gaps; empty when there is none to give.

    `height` is the sender's head; it has blocks above `base`.
    """

    height: HeightField
    blocks: Annotated[tuple[DecidedBlock, ...], Meta(max_length=BLOCKS_PER_MESSAGE_MAX)]
    base: HeightField = Height(0)


class StepsRequest(PeerMessage, tag=20, frozen=True, array_like=True):
    """Asks how the validators changed above height `after` and up to `last`."""

    after: HeightField
    last: HeightField


class Steps(PeerMessage, tag=21, frozen=True, array_like=True):
    """Changes of the validators in ascending order, from the first that was asked for on.

    None of them is left out; when a message does not hold all, the last one says where to go on.
    """

    steps: Annotated[tuple[CommitteeStep, ...], Meta(max_length=STEPS_PER_MESSAGE_MAX)]


class SnapshotRequest(PeerMessage, tag=22, frozen=True, array_like=True):
    """Asks for the newest state that the peer gives in parts."""


class SnapshotOffer(PeerMessage, tag=23, frozen=True, array_like=True):
    """The state after `header` can be had here in parts; None: none can.

    `next_header` follows it, and says who decides the height after; both were decided.
    """

    offer: Offer | None


class StatePart(Struct, tag=1, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks for the keys and values in the subtree at a place, or the first part of them."""

    depth: Annotated[int, Meta(ge=0, le=CHUNK_DEPTH_MAX)]
    prefix: CountField


class HeadersPart(Struct, tag=2, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks for `count` headers, the last of them that of height `last`."""

    last: HeightField
    count: Annotated[int, Meta(ge=1, le=HEADERS_PER_PART_MAX)]


class IdsPart(Struct, tag=3, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Asks for `count` ids of the log from number `first` on."""

    first: CountField
    count: Annotated[int, Meta(ge=0, le=IDS_PER_RANGE_MAX)]


PartName = StatePart | HeadersPart | IdsPart


class PartRequest(PeerMessage, tag=24, frozen=True, array_like=True):
    """Asks for a part of the snapshot of a height."""

    height: HeightField
    part: PartName


class GivenState(Struct, tag=1, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Keys and values of a subtree."""

    chunk: StateChunk


class GivenHeaders(Struct, tag=2, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Headers in ascending order."""

    headers: Annotated[tuple[Header, ...], Meta(max_length=HEADERS_PER_PART_MAX)]


class GivenIds(Struct, tag=3, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A stretch of the log."""

    ids: LogRange


GivenPart = GivenState | GivenHeaders | GivenIds
_HEADER_SIZE: Final = 512
_PART_SIZE_MIN: Final = 16 << 10


def size_of(given: GivenPart | None) -> int:
    """Give what a part costs those who give and take it, in bytes; a small one costs, too."""
    match given:
        case GivenState(chunk):
            size = chunk.size_bytes
        case GivenHeaders(headers):
            size = len(headers) * _HEADER_SIZE
        case GivenIds(ids):
            size = len(ids.ids) * HASH_SIZE
        case None:
            size = 0
        case _:
            assert_never(given)
    return max(size, _PART_SIZE_MIN)


class Part(PeerMessage, tag=25, frozen=True, array_like=True):
    """What was asked for as `part` of the snapshot of a height; None: it cannot be had here."""

    height: HeightField
    part: PartName
    given: GivenPart | None


SnapshotMessage = StepsRequest | Steps | SnapshotRequest | SnapshotOffer | PartRequest | Part
"""What is said about joining from a snapshot."""
AnyPeerMessage = (
    ConsensusMessage
    | Transactions
    | Have
    | Want
    | Status
    | BlocksRequest
    | Blocks
    | SnapshotMessage
)


QUESTIONS: Final = (Want, Status, BlocksRequest, StepsRequest, SnapshotRequest)
"""What a peer may ask a few times between two ticks; parts of snapshots are bounded apart."""


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


def is_gossip(frame: bytes) -> bool:
    """Tell by its first bytes whether a frame that decodes carries or asks for transactions."""
    return len(frame) > 2 and frame[2] in _GOSSIP_TAGS


def is_vote(frame: bytes) -> bool:
    """Tell by its first bytes whether a frame that decodes carries an answer to a proposal."""
    return len(frame) > 4 and (frame[2], frame[4]) in _VOTES


def decode_frame(data: bytes, limits: Limits) -> AnyPeerMessage:
    """Decode a message from a peer.

    Raises: PeerFault: VT-3030, the bytes are not a message.
    """
    try:
        return decode(data, Frame, frame_size_bytes_max(limits)).message
    except InvalidInput as error:
        raise PeerFault("VT-3030", reason=error.why) from error
