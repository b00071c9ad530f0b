"""What a replica wants done: the closed union of its outputs, performed strictly in order."""

from dataclasses import dataclass

from chain.block import Block, Header
from chain.certificate import QuorumCertificate
from chain.errors import ChainError
from chain.receipt import Receipt
from chain.scalars import Hash, Height, NodeName
from chain.transaction import Transaction
from consensus.bft.messages import Proposal, Vote
from consensus.engine import EngineState
from consensus.value import Timer
from node.replica.events import Ticket
from node.replica.head import Head
from node.replica.messages import AnyPeerMessage
from node.replica.ports import WriteBatch


@dataclass(frozen=True, slots=True)
class Persist:
    """Make the engine's state durable before any later effect is performed.

    `transactions` are those of the value that the state holds, which itself only names them. They
    stand on disk with it: if all who may propose the value again forgot them, the chain would stand
    still.
    """

    state: EngineState
    transactions: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Commit:
    """Write a decided block in one atomic synced batch, then hand back `CommitDone`."""

    batch: WriteBatch
    head: Head
    """The head once this is on disk."""
    content: Block
    certificate: QuorumCertificate
    transactions: tuple[Transaction, ...]
    receipts: tuple[Receipt, ...]
    size_bytes: int
    """Of the transactions."""
    is_catch_up: bool

    @property
    def header(self) -> Header:
        """Header of the block."""
        return self.content.header

    @property
    def height(self) -> Height:
        """Height of the block."""
        return self.header.height

    @property
    def block(self) -> Hash:
        """Hash of the block."""
        return self.head.block


@dataclass(frozen=True, slots=True)
class SendTo:
    """Send a message to one peer."""

    peer: NodeName
    message: AnyPeerMessage


@dataclass(frozen=True, slots=True)
class SendToAll:
    """Send one message to several peers; it is encoded once."""

    peers: tuple[NodeName, ...]
    message: AnyPeerMessage


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a submitted transaction: its id, or why it was refused."""

    ticket: Ticket
    transaction: Hash | None
    error: ChainError | None


@dataclass(frozen=True, slots=True)
class Expired:
    """Transactions that waited past their expiry height without being ordered."""

    transactions: tuple[Hash, ...]


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Hand back `TimerFired(timer)` after `delay_ms`."""

    timer: Timer
    delay_ms: int


@dataclass(frozen=True, slots=True)
class Disconnect:
    """End the connection to a peer that broke the protocol."""

    peer: NodeName
    error: ChainError


@dataclass(frozen=True, slots=True)
class Accuse:
    """Two signed messages that no correct validator signs both."""

    first: Proposal | Vote
    second: Proposal | Vote


@dataclass(frozen=True, slots=True)
class ProposalRefused:
    """A proposed block was found invalid here, and why; somebody should look into it."""

    block: Hash
    error: ChainError


@dataclass(frozen=True, slots=True)
class FellBehind:
    """Others work at `height`; the replica answers this itself, by asking them for blocks."""

    height: Height


@dataclass(frozen=True, slots=True)
class ReadReady:
    """The answer to `ReadRequested`: what this node has on disk is fresh enough, at `height`."""

    ticket: Ticket
    height: Height


@dataclass(frozen=True, slots=True)
class ReadRefused:
    """The answer to `ReadRequested` when nobody vouches for what this node has, and why."""

    ticket: Ticket
    error: ChainError


@dataclass(frozen=True, slots=True)
class Write:
    """Write at once, before any later effect, and hand back `WriteDone`.

    Without `sync` a power cut may undo it, together with all that was written after it.
    """

    batch: WriteBatch
    sync: bool = False


@dataclass(frozen=True, slots=True)
class Install:
    """Put the snapshot in place whose parts are all stored, then hand back `InstallDone`."""


Effect = (
    Persist
    | Commit
    | Write
    | Install
    | SendTo
    | SendToAll
    | Answer
    | Expired
    | SetTimer
    | Disconnect
    | Accuse
    | ProposalRefused
    | FellBehind
    | ReadReady
    | ReadRefused
)
