"""Joining what leaves a step, so that many small messages travel as few large ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from chain.scalars import NodeName
from node.replica import effects
from node.replica.messages import Transactions

JOINED_BYTES_MAX: Final = 1 << 20
JOINED_COUNT_MAX: Final = 1024


def join_transactions(done: Sequence[effects.Effect]) -> list[effects.Effect]:
    """Join the gossip of a step: transactions of one origin to the same peers in one message.

    The joined message stands where the first of them stood, so transactions never leave later
    than a proposal that names them. Each message is kept under half a frame.
    """
    joined: list[effects.Effect] = []
    groups: list[_Group] = []
    open_groups: dict[tuple[NodeName, tuple[NodeName, ...]], _Group] = {}
    for effect in done:
        if not (isinstance(effect, effects.SendToAll) and isinstance(effect.message, Transactions)):
            joined.append(effect)
            continue
        origin, raws = effect.message.origin, effect.message.transactions
        size = sum(map(len, raws))
        group = open_groups.get((origin, effect.peers))
        if group is None or group.is_full_with(len(raws), size):
            group = open_groups[origin, effect.peers] = _Group(len(joined), origin, effect.peers)
            groups.append(group)
            joined.append(effect)
        group.raws.append(raws)
        group.count += len(raws)
        group.size_bytes += size
    for group in groups:
        if len(group.raws) > 1:
            joined[group.place] = group.join()
    return joined


@dataclass(slots=True)
class _Group:
    """Gossip that goes out as one message, at the place of the first of it."""

    place: int
    origin: NodeName
    peers: tuple[NodeName, ...]
    raws: list[tuple[bytes, ...]] = field(default_factory=list)
    count: int = 0
    size_bytes: int = 0

    def is_full_with(self, count: int, size_bytes: int) -> bool:
        """Tell whether a message with so much more would be too large."""
        is_heavy = self.size_bytes + size_bytes > JOINED_BYTES_MAX
        return is_heavy or self.count + count > JOINED_COUNT_MAX

    def join(self) -> effects.SendToAll:
        """Make the one message."""
        whole = tuple(chain.from_iterable(self.raws))
        return effects.SendToAll(self.peers, Transactions(self.origin, whole))
