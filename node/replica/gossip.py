"""Who has seen what, and who still needs it.

A message goes from its origin to all of the origin's neighbours. A node passes it on only to peers
that the origin does not reach itself, so on a full mesh nothing is sent twice and on a ring it
still gets round. What is lost is repaired by pulling: peers tell where they stand, and ask.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Final

from chain.scalars import Hash, NodeName
from node.replica.messages import Muteness

SEEN_COUNT_MAX: Final = 65_536
QUESTIONS_PER_TICK_MAX: Final = 16
"""A correct peer asks for votes, blocks and transactions a few times between two ticks."""


class SeenSet:
    """Remembers the last ids that passed, at most `count_max` of them."""

    def __init__(self, count_max: int = SEEN_COUNT_MAX) -> None:
        self._count_max = count_max
        self._seen: OrderedDict[Hash, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def __contains__(self, id_: Hash) -> bool:
        return id_ in self._seen

    def add(self, id_: Hash) -> bool:
        """Remember `id_`; tell whether it is new."""
        if id_ in self._seen:
            return False
        self._seen[id_] = None
        if len(self._seen) > self._count_max:
            self._seen.popitem(last=False)
        return True


class Questions:
    """Bounds how often each peer is answered between two ticks: a question is short, an answer
    may take a megabyte and the time to read it.
    """

    def __init__(self, count_max: int = QUESTIONS_PER_TICK_MAX) -> None:
        self._count_max = count_max
        self._asked: Counter[NodeName] = Counter()

    def take(self, peer: NodeName) -> bool:
        """Count a question; tell whether it is to be answered."""
        self._asked[peer] += 1
        return self._asked[peer] <= self._count_max

    def renew(self) -> None:
        """A tick has passed."""
        self._asked.clear()


class Ration:
    """Bounds how much goes to or comes from each peer between two ticks.

    What is begun within the bound may end beyond it.
    """

    def __init__(self, size_bytes_max: int) -> None:
        self._size_bytes_max = size_bytes_max
        self._used: Counter[NodeName] = Counter()

    def is_left(self, peer: NodeName) -> bool:
        """Tell whether a peer has any left."""
        return self._used[peer] < self._size_bytes_max

    def use(self, peer: NodeName, size_bytes: int) -> None:
        """Count what went or came."""
        self._used[peer] += size_bytes

    def renew(self) -> None:
        """A tick has passed."""
        self._used.clear()


class Neighbours:
    """The peers of this node, and what each last said of its own."""

    def __init__(self, own_name: NodeName) -> None:
        self._own_name = own_name
        self._connected_to: dict[NodeName, frozenset[NodeName]] = {}
        self._mute: dict[NodeName, Muteness] = {}
        self._names: tuple[NodeName, ...] = ()

    @property
    def names(self) -> tuple[NodeName, ...]:
        """Connected peers, in order of name."""
        return self._names

    def __contains__(self, peer: NodeName) -> bool:
        return peer in self._connected_to

    def add(self, peer: NodeName) -> None:
        """A peer is connected."""
        self._connected_to[peer] = frozenset()
        self._names = tuple(sorted(self._connected_to))

    def remove(self, peer: NodeName) -> None:
        """A peer is gone."""
        self._connected_to.pop(peer, None)
        self._mute.pop(peer, None)
        self._names = tuple(sorted(self._connected_to))

    def learn(self, peer: NodeName, connected: Iterable[NodeName], mute: Muteness = "") -> None:
        """A peer told which nodes it is connected to, and why it cannot vote."""
        if peer in self._connected_to:
            self._connected_to[peer] = frozenset(connected)
            self._mute[peer] = mute

    @property
    def mute(self) -> tuple[tuple[NodeName, Muteness], ...]:
        """Connected peers that say that they cannot vote, and why."""
        return tuple((peer, why) for peer, why in self._mute.items() if why)

    def to_pass_on(self, origin: NodeName, came_from: NodeName) -> tuple[NodeName, ...]:
        """Name the peers that need a message of `origin` from us."""
        return tuple(
            peer
            for peer in self.names
            if peer not in (origin, came_from) and origin not in self._connected_to[peer]
        )
