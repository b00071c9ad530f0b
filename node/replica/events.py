"""What happens to a replica: the closed union of its inputs."""

from dataclasses import dataclass

from chain.scalars import Hash, Height, NodeName, UnixMillis
from consensus.value import Timer
from node.replica.head import Head
from node.replica.messages import is_vote

Ticket = int
"""Names a request whose answer is awaited."""


@dataclass(frozen=True, slots=True)
class Started:
    """The node begins, from what is on disk."""

    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class Submitted:
    """A client hands in an encoded transaction; it gets exactly one `Answer`."""

    ticket: Ticket
    raw: bytes
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A peer sent a frame."""

    peer: NodeName
    frame: bytes
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class PeerUp:
    """A peer is connected and authenticated."""

    peer: NodeName
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class PeerDown:
    """A peer is gone."""

    peer: NodeName
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer that `SetTimer` asked for has run out."""

    timer: Timer
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passes: a fixed beat for repair of what got lost."""

    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class CommitDone:
    """The `Commit` of this height is on disk; nothing else is handled in between."""

    height: Height
    block: Hash
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class ReadRequested:
    """A client wants what is final now; it gets exactly one `ReadReady` or `ReadRefused`."""

    ticket: Ticket
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class TransferLeadership:
    """An operator wants another node to lead: `to`, or with None the one that is furthest."""

    to: NodeName | None
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class WriteDone:
    """What `Write` asked for is written; nothing else is handled in between."""

    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class InstallDone:
    """The snapshot is in place and `head` the new tip; nothing else is handled in between."""

    head: Head
    now_ms: UnixMillis


Confirmation = CommitDone | WriteDone | InstallDone
"""What the disk did; each answers the oldest effect that asked for something."""
Event = (
    Started
    | Submitted
    | FrameReceived
    | PeerUp
    | PeerDown
    | TimerFired
    | Tick
    | Confirmation
    | ReadRequested
    | TransferLeadership
)


def is_first(event: Event) -> bool:
    """Tell whether an event may overtake others on its way in: votes, and the end of a pause."""
    match event:
        case FrameReceived(_, frame):
            return is_vote(frame)
        case TimerFired(timer):
            return timer.step == "heartbeat"
        case _:
            return False
