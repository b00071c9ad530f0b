"""Transactions that wait for a block: bounded in bytes, with a share for each organisation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from chain.errors import Busy, Refused
from chain.scalars import HEIGHT_MAX, Hash, Height, OrganisationId, UnixMillis
from chain.transaction import Transaction

BEGINNING_MS: Final = UnixMillis(0)


@dataclass(frozen=True, slots=True)
class MempoolLimits:
    """Bounds of one node's mempool.

    `share_percent` is the part of the bytes, and of the places, that one organisation may hold.
    """

    size_bytes_max: int = 64 << 20
    transactions_max: int = 100_000
    share_percent: int = 50


class Waiting(Struct, frozen=True, gc=False):
    """A transaction in the mempool."""

    transaction: Transaction
    organisation: OrganisationId
    since_ms: UnixMillis


@dataclass(slots=True)
class _Held:
    """What one organisation has in the mempool."""

    size_bytes: int = 0
    count: int = 0


class Mempool:
    """Holds checked transactions in order of arrival until a block takes them or they expire."""

    def __init__(self, limits: MempoolLimits) -> None:
        self._limits = limits
        percent = limits.share_percent
        self._share_bytes = limits.size_bytes_max * percent // 100
        self._share_places = max(1, limits.transactions_max * percent // 100)
        self._waiting: dict[Hash, Waiting] = {}
        self._held: dict[OrganisationId, _Held] = {}
        self._size_bytes = 0
        self._expiry_min = Height(HEIGHT_MAX)
        """None of those that wait expires before."""

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, transaction_id: Hash) -> bool:
        return transaction_id in self._waiting

    @property
    def size_bytes(self) -> int:
        """Bytes held."""
        return self._size_bytes

    def has_room(self, size_bytes: int) -> bool:
        """Tell whether one more transaction of this size has a place, whoever sends it."""
        return (
            self._size_bytes + size_bytes <= self._limits.size_bytes_max
            and len(self._waiting) < self._limits.transactions_max
        )

    def get(self, transaction_id: Hash) -> Transaction | None:
        """Give a waiting transaction, or None."""
        entry = self._waiting.get(transaction_id)
        return entry.transaction if entry else None

    def add(
        self, transaction: Transaction, organisation: OrganisationId, now_ms: UnixMillis
    ) -> None:
        """Take in a checked transaction of `organisation`.

        Raises: Refused: VT-2005 it is here already; Busy: VT-3001 the pool is full, VT-3002 the
        organisation's share is used up.
        """
        if transaction.id in self._waiting:
            raise Refused("VT-2005", id=transaction.id)
        self.check_room(transaction.size_bytes, organisation)
        self.put(transaction, organisation, now_ms)

    def put(
        self, transaction: Transaction, organisation: OrganisationId, now_ms: UnixMillis
    ) -> None:
        """Take in a transaction that is not here, right after `check_room` found a place for it."""
        assert transaction.id not in self._waiting, "it is not here"
        self._waiting[transaction.id] = Waiting(transaction, organisation, now_ms)
        size = transaction.size_bytes
        self._size_bytes += size
        held = self._held.get(organisation)
        if held is None:
            held = self._held[organisation] = _Held()
        held.size_bytes += size
        held.count += 1
        expiry = transaction.body.expiry_height
        if expiry < self._expiry_min:
            self._expiry_min = expiry

    def check_room(self, size_bytes: int, organisation: OrganisationId) -> None:
        """Check that one more transaction of `organisation` has a place.

        Raises: Busy: VT-3001 the pool is full, VT-3002 the organisation's share is used up.
        """
        if not self.has_room(size_bytes):
            raise Busy("VT-3001", waiting=len(self._waiting), size=self._size_bytes)
        held = self._held.get(organisation)
        used, count = (held.size_bytes, held.count) if held else (0, 0)
        if used + size_bytes > self._share_bytes or count >= self._share_places:
            raise Busy("VT-3002", organisation=organisation, size=used)

    def in_order(self) -> Iterator[Transaction]:
        """Give all waiting transactions, first come first."""
        for entry in self._waiting.values():
            yield entry.transaction

    def waiting_since(
        self, before_ms: UnixMillis, count: int, after_ms: UnixMillis = BEGINNING_MS
    ) -> tuple[Hash, ...]:
        """Name at most `count` transactions that arrived in a stretch of time, oldest first.

        Args: after_ms, before_ms: its first moment, and the first that is no longer in it.
        """
        found: list[Hash] = []
        for transaction_id, entry in self._waiting.items():
            if entry.since_ms >= before_ms or len(found) >= count:
                break
            if entry.since_ms >= after_ms:
                found.append(transaction_id)
        return tuple(found)

    def remove(self, transaction_ids: Iterable[Hash]) -> None:
        """Forget transactions, for a block has them; unknown ids are no matter."""
        for transaction_id in transaction_ids:
            entry = self._waiting.pop(transaction_id, None)
            if entry is None:
                continue
            size = entry.transaction.size_bytes
            self._size_bytes -= size
            held = self._held[entry.organisation]
            held.size_bytes -= size
            held.count -= 1
            if not held.count:
                del self._held[entry.organisation]

    def expire(self, next_height: Height) -> tuple[Hash, ...]:
        """Forget and name what no block from `next_height` on may hold."""
        if next_height <= self._expiry_min:
            return ()
        gone: list[Hash] = []
        first = Height(HEIGHT_MAX)
        for transaction_id, entry in self._waiting.items():
            expiry = entry.transaction.body.expiry_height
            if expiry < next_height:
                gone.append(transaction_id)
            elif expiry < first:
                first = expiry
        self.remove(gone)
        self._expiry_min = first
        return tuple(gone)
