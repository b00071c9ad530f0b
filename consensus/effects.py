"""What an engine wants done: the closed union of its outputs, performed strictly in order.

A `Persist` is durable before anything after it leaves the node: durable, then said. Several
events' effects may share one disk write as long as that order holds for every message.
"""

from dataclasses import dataclass

from chain.certificate import QuorumCertificate
from chain.errors import ChainError
from chain.scalars import Height, Round
from consensus.bft import messages as bft
from consensus.raft import messages as raft
from consensus.state import EngineState
from consensus.value import Timer, Value

__all__ = [
    "Accuse",
    "Broadcast",
    "BuildPayload",
    "CheckPayload",
    "Decide",
    "Effect",
    "FellBehind",
    "Persist",
    "ReadReady",
    "ReadRefused",
    "Send",
    "SetTimer",
    "Timer",
    "Value",
]


@dataclass(frozen=True, slots=True)
class Persist:
    """Make `state` durable, then `state.last_signed` in its own file, before any later effect.

    In that order: a file that is ahead of the state tells the next start that state was lost.
    """

    state: EngineState


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Send an own message to all peers; the engine has handled it already."""

    message: bft.Message


@dataclass(frozen=True, slots=True)
class Send:
    """Send an own message to one member: its index in the committee of the present height."""

    to: int
    message: raft.Message


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Send `TimerFired(timer)` after `delay_ms`; timers are never cancelled."""

    timer: Timer
    delay_ms: int


@dataclass(frozen=True, slots=True)
class BuildPayload:
    """Build, execute and name a block for (height, round); answer with `PayloadBuilt`.

    Here and below, Raft's terms are rounds.
    """

    height: Height
    round: Round


@dataclass(frozen=True, slots=True)
class CheckPayload:
    """Execute the value and compare; answer with `PayloadChecked`. Asked once for each value."""

    height: Height
    round: Round
    value: Value


@dataclass(frozen=True, slots=True)
class Decide:
    """The value is final at `height`: commit it, then send `HeightCommitted`.

    Emitted at most once for a height by one engine. A block that catch-up committed meanwhile is
    the same one; commit once.
    """

    height: Height
    round: Round
    value: Value
    certificate: QuorumCertificate


@dataclass(frozen=True, slots=True)
class Accuse:
    """Two messages for one position under one signature key: its owner broke the protocol."""

    first: bft.Message
    second: bft.Message


@dataclass(frozen=True, slots=True)
class FellBehind:
    """Others work at `height`, so blocks up to the one below it exist: fetch them."""

    height: Height


@dataclass(frozen=True, slots=True)
class ReadReady:
    """The answer to `ReadRequested`: the chain at `height` or above holds all that was final then.

    This node is at that height.
    """

    ticket: int
    height: Height


@dataclass(frozen=True, slots=True)
class ReadRefused:
    """The answer to `ReadRequested` when nobody vouches for this node's state, and why."""

    ticket: int
    error: ChainError


Effect = (
    Persist
    | Broadcast
    | Send
    | SetTimer
    | BuildPayload
    | CheckPayload
    | Decide
    | Accuse
    | FellBehind
    | ReadReady
    | ReadRefused
)
