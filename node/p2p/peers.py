"""What this node thinks of its peers: whom to dial when, who is over budget, who must cool off.

Pure: time and chance are arguments. Times are milliseconds of a monotonic clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from chain.errors import PeerFault

FAULT_POINTS: Final = {"VT-5007": 40, "VT-5008": 40, "VT-5010": 40, "VT-5017": 40}
"""Codes that are the peer's own doing. Losing a connection costs nothing."""
POINTS_MAX: Final = 100
POINTS_HALF_LIFE_MS: Final = 60_000
COOL_OFF_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before dialling again: doubling from `first_ms` to `last_ms`."""

    first_ms: int = 100
    last_ms: int = 5_000
    stable_ms: int = 5_000
    """A connection that lasted this long clears earlier failures."""


def compute_delay_ms(backoff: Backoff, failures: int, jitter: float) -> int:
    """Give the pause after `failures` (from 1) failed attempts in a row.

    Args: jitter: in [0, 1); the pause is between a half and the whole of the doubled value.
    """
    doublings = min(failures - 1, 32)
    whole = min(backoff.last_ms, backoff.first_ms << doublings)
    return int(whole * (0.5 + jitter / 2))


class TokenBucket:
    """Lets `per_second` units pass in the long run and `burst` at once.

    A charge is always taken; the answer says how long the payer must wait to be out of debt.
    """

    def __init__(self, per_second: int, burst: int, now_ms: int) -> None:
        self._per_second = per_second
        self._full = burst * 1000
        self._level = self._full  # In thousandths of a unit, so that no fraction is lost.
        self._at_ms = now_ms

    def charge(self, now_ms: int, units: int) -> int:
        """Take `units`; give the milliseconds until the level is no longer negative."""
        self._level = min(self._full, self._level + (now_ms - self._at_ms) * self._per_second)
        self._at_ms = now_ms
        self._level -= units * 1000
        return max(0, -(self._level // self._per_second))


@dataclass(frozen=True, slots=True)
class BudgetLimits:
    """What one peer may send, in the long run and at once."""

    bytes_per_second: int = 32 << 20
    bytes_burst: int = 64 << 20
    frames_per_second: int = 20_000
    frames_burst: int = 40_000
    patience_ms: int = 10_000
    """A peer over budget without a pause for so long is a flood."""


class Budget:
    """The budget of one connection: bytes and frames."""

    def __init__(self, peer: str, limits: BudgetLimits, now_ms: int) -> None:
        self._peer = peer
        self._limits = limits
        self._bytes = TokenBucket(limits.bytes_per_second, limits.bytes_burst, now_ms)
        self._frames = TokenBucket(limits.frames_per_second, limits.frames_burst, now_ms)
        self._over_since_ms: int | None = None

    def charge(self, now_ms: int, size_bytes: int, frames: int) -> int:
        """Account for what came; give the milliseconds to wait before reading on.

        Raises: PeerFault: VT-5010, over budget, waiting included, for more than `patience_ms`.
        """
        wait_ms = max(self._bytes.charge(now_ms, size_bytes), self._frames.charge(now_ms, frames))
        if wait_ms == 0:
            self._over_since_ms = None
            return 0
        if self._over_since_ms is None:
            self._over_since_ms = now_ms
        if now_ms + wait_ms - self._over_since_ms > self._limits.patience_ms:
            raise PeerFault("VT-5010", peer=self._peer, timeout_ms=self._limits.patience_ms)
        return wait_ms


@dataclass(slots=True)
class PeerRecord:
    """What the book holds of one peer."""

    is_configured: bool = False
    is_dialling: bool = False
    failures: int = 0
    next_dial_ms: int = 0
    up_since_ms: int | None = None
    points: int = 0
    points_at_ms: int = 0
    cool_until_ms: int = 0
    last_error: str | None = None


@dataclass(slots=True)
class AddressBook:
    """Every peer that was configured or once connected.

    Args: configured: names of the peers to keep dialling.
    """

    configured: Iterable[str]
    backoff: Backoff = field(default_factory=Backoff)
    records: dict[str, PeerRecord] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.configure(self.configured)

    def configure(self, names: Iterable[str]) -> None:
        """Keep dialling these peers and no others; what is known of the others stays known."""
        wanted = set(names)
        for name in sorted(wanted - self.records.keys()):
            self.records[name] = PeerRecord()
        for name, record in self.records.items():
            record.is_configured = name in wanted

    def compute_due(self, now_ms: int) -> list[str]:
        """Give the peers to dial now: configured, not connected, pause over."""
        return [name for name, at_ms in self._waiting() if at_ms <= now_ms]

    def compute_next_ms(self) -> int | None:
        """Give the time of the next dial, or None when there is nobody to wait for."""
        return min((at_ms for _, at_ms in self._waiting()), default=None)

    def begin_dial(self, name: str) -> None:
        """Note that `name` is being dialled."""
        self.records[name].is_dialling = True

    def end_dial(self, name: str) -> None:
        """Note that the attempt is over, whatever came of it."""
        self.records[name].is_dialling = False

    def fail_dial(self, name: str, now_ms: int, jitter: float, fault: PeerFault) -> None:
        """Note that the attempt gave no connection; the next one waits longer."""
        record = self.records[name]
        if record.up_since_ms is None:  # Else the peer came in by itself meanwhile.
            self._postpone(record, now_ms, jitter, fault)

    def connect(self, name: str, now_ms: int) -> None:
        """Note that `name` is connected and known."""
        self.records.setdefault(name, PeerRecord()).up_since_ms = now_ms

    def disconnect(self, name: str, now_ms: int, jitter: float, fault: PeerFault) -> None:
        """Note that the connection of `name` ended, count its fault and plan the next dial."""
        record = self.records[name]
        assert record.up_since_ms is not None
        if now_ms - record.up_since_ms >= self.backoff.stable_ms:
            record.failures = 0
        record.up_since_ms = None
        self._postpone(record, now_ms, jitter, fault)
        self._punish(record, now_ms, FAULT_POINTS.get(fault.code, 0))

    def check_welcome(self, name: str, now_ms: int) -> None:
        """Check that `name` need not cool off.

        Raises: PeerFault: VT-5013, it broke the protocol too often.
        """
        record = self.records.get(name)
        if record is not None and record.cool_until_ms > now_ms:
            raise PeerFault("VT-5013", peer=name, wait_ms=record.cool_until_ms - now_ms)

    def _waiting(self) -> Iterable[tuple[str, int]]:
        return (
            (name, max(record.next_dial_ms, record.cool_until_ms))
            for name, record in self.records.items()
            if record.is_configured and not record.is_dialling and record.up_since_ms is None
        )

    def _postpone(self, record: PeerRecord, now_ms: int, jitter: float, fault: PeerFault) -> None:
        record.failures += 1
        record.next_dial_ms = now_ms + compute_delay_ms(self.backoff, record.failures, jitter)
        record.last_error = str(fault)

    @staticmethod
    def _punish(record: PeerRecord, now_ms: int, points: int) -> None:
        halvings = (now_ms - record.points_at_ms) // POINTS_HALF_LIFE_MS
        record.points = (record.points >> halvings) + points
        record.points_at_ms += halvings * POINTS_HALF_LIFE_MS
        if record.points >= POINTS_MAX:
            record.points = 0
            record.cool_until_ms = now_ms + COOL_OFF_MS


@dataclass(frozen=True, slots=True)
class Link:
    """One of two connections to the same peer: who dialled it, and when it was accepted."""

    dialler: str
    since_ms: int


def is_newer_kept(existing: Link, newer: Link, simultaneous_ms: int) -> bool:
    """Decide which of two connections of a pair stays; both ends come to the same answer.

    A node dials only a peer that it has no connection to. So an older connection that this end
    still holds is dead at the other end, unless both dialled at the same moment: then the one that
    the node with the smaller name dialled stays.

    Args: simultaneous_ms: the longest time that dialling and greeting can take.
    """
    if existing.dialler == newer.dialler:
        return True
    if newer.since_ms - existing.since_ms > simultaneous_ms:
        return True
    return newer.dialler < existing.dialler
