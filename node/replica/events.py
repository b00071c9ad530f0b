"""What happens to a replica: the closed union of its inputs."""

from dataclasses import dataclass

from chain.scalars import Hash, Height, NodeName, UnixMillis
from consensus.value import Timer

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


Event = Started | Submitted | FrameReceived | PeerUp | PeerDown | TimerFired | Tick | CommitDone
