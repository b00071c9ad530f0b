"""What a network is told at its start, and what it tells about itself. Values only."""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from node.p2p.peers import Backoff, BudgetLimits


class Address(NamedTuple):
    """A host (name or IP address) and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


LOOPBACK: Final = Address("127.0.0.1", 0)
"""This machine only, on a port that the system chooses."""


def read_monotonic_us() -> int:
    """Give microseconds of a clock that never jumps; only differences mean something."""
    return time.monotonic_ns() // 1_000


def draw_jitter() -> float:
    """Give a number in [0, 1) that peers cannot guess."""
    return secrets.randbelow(1 << 30) / (1 << 30)


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time and chance come from; tests hand in their own."""

    wall_ms: Callable[[], int]
    monotonic_us: Callable[[], int] = read_monotonic_us
    jitter: Callable[[], float] = draw_jitter

    def now_ms(self) -> int:
        """Give the monotonic clock in milliseconds."""
        return self.monotonic_us() // 1000


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the network waits for others, in milliseconds."""

    connect_ms: int = 3_000
    """TCP connection and TLS handshake, when this node dials."""
    handshake_ms: int = 5_000
    """TLS handshake, when another node dials."""
    hello_ms: int = 3_000
    """First frame after the handshake."""
    ping_ms: int = 2_000
    """Between two pings, which also measure the round trip."""
    silence_ms: int = 8_000
    """Nothing received at all: the peer is dead."""
    write_ms: int = 8_000
    """One write not taken by the peer."""
    close_ms: int = 500
    """To say goodbye before the connection is cut."""


@dataclass(frozen=True, slots=True)
class NetworkLimits:
    """Bounds on what others can make this node hold."""

    frame_size_bytes_max: int = 4 << 20
    queue_size_bytes_max: int = 32 << 20
    """Waiting to be sent to one peer; at least one frame of the largest size."""
    queue_frames_max: int = 32_768
    write_size_bytes: int = 256 << 10
    """Frames are joined into writes of about this size."""
    strangers_max: int = 64
    """Incoming connections that have not yet said hello."""
    strangers_per_host_max: int = 16
    budget: BudgetLimits = field(default_factory=BudgetLimits)


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """One node's place in the network.

    Args: node, chain_id, genesis: what the hello says; listen: port 0 lets the system choose;
        addresses: peers to dial, by node name; others may still connect when they are pinned.
    """

    node: str
    chain_id: str
    genesis: bytes
    listen: Address = LOOPBACK
    addresses: Mapping[str, Address] = field(default_factory=dict)
    limits: NetworkLimits = field(default_factory=NetworkLimits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(slots=True)
class Traffic:
    """Counters of one peer, kept across its connections."""

    frames_in: int = 0
    frames_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """What is known of one peer, connected or not; times in milliseconds."""

    name: str
    address: str
    """As configured, else where the connection comes from."""
    traffic: Traffic
    last_error: str | None
    connected_since_ms: int | None = None
    """Wall clock; None when not connected."""
    is_dialled: bool = False
    """This node opened the present connection."""
    queued_frames: int = 0
    rtt_ms: float | None = None
    certificate_expires_ms: int | None = None
    """Wall clock; None when not connected."""


@dataclass(slots=True)
class NetworkStats:
    """Counters since the start; `endings` and `strangers_refused` count by catalogue code."""

    connected: int = 0
    accepted: int = 0
    dialled: int = 0
    dials_failed: int = 0
    frames_in: int = 0
    frames_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    throttled: int = 0
    """Reads after which a peer had to wait for its budget."""
    strangers_refused: Counter[str] = field(default_factory=Counter)
    """Connections that ended before the hello was accepted."""
    endings: Counter[str] = field(default_factory=Counter)
    """Connections of known peers that ended."""
