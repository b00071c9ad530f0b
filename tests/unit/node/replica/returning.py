"""A node that comes back to a chain that went on: its work takes time, and so do answers.

Everything else of these worlds takes no time, so how long a return takes is known to the
millisecond.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from chain.scalars import NodeName, UnixMillis
from chain.transaction import Transaction
from node.replica import effects, events
from node.replica.head import Head
from node.replica.messages import AnyPeerMessage, BlocksRequest
from node.replica.ports import Column
from node.replica.transition import ExecutedBlock
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import Node, World, make_genesis

RETURNER = 3
MISSED = 200
Rows = dict[Column, dict[bytes, bytes]]
Ways = Callable[[NodeName, AnyPeerMessage], tuple[int, ...]]


@dataclass(frozen=True)
class Missed:
    """What nodes have on disk: all but the last one a chain of `MISSED` blocks."""

    disks: tuple[Rows, ...]
    signed: tuple[bytes | None, ...]
    now_ms: UnixMillis


class Returning(World):
    """Nodes 0 to 2 have a chain; node 3 fell asleep at its beginning and is off.

    What node 3 executes takes `block_ms` and `transaction_ms`; meanwhile events wait for it, and
    what it has to say waits for the end of its step, as in `node/runtime.py`. `ways`: how much
    later than else each copy of a message to node 3 arrives; none: it is lost.
    """

    def __init__(
        self, *, block_ms: int = 0, transaction_ms: int = 0, ways: Ways = lambda *_: (0,)
    ) -> None:
        self.block_ms = block_ms
        self.transaction_ms = transaction_ms
        self.ways = ways
        self.built: list[int] = []
        """Heights for which node 3 built a block."""
        self._waiting: list[events.Event] = []
        self._is_busy = False
        super().__init__(make_genesis())
        missed = miss()
        for node in self.nodes:
            self.stop(node.index)
            node.store.load(missed.disks[node.index])
            node.signed.payload = missed.signed[node.index]
        self.now_ms = missed.now_ms
        for index in range(RETURNER):
            self.start(index)
        self.run(1_000)
        self.sent.clear()

    @property
    def lag(self) -> int:
        """How many blocks node 3 is behind node 0."""
        return self.nodes[0].head.height - self.nodes[RETURNER].head.height

    @property
    def asked(self) -> list[tuple[NodeName, BlocksRequest]]:
        """What node 3 asked for, and of whom."""
        name = self.nodes[RETURNER].name
        said = [(peer, message) for sender, peer, message in self.sent if sender == name]
        return [(peer, message) for peer, message in said if isinstance(message, BlocksRequest)]

    def come_back(self, within_ms: int) -> bool:
        """Start node 3; tell whether it is as far as the others in time."""
        self.start(RETURNER)
        ledger = self.nodes[RETURNER].replica._ledger
        execute = ledger.execute_block

        def execute_block(
            head: Head,
            proposer: int,
            transactions: tuple[Transaction, ...],
            *rest: object,
            **more: bool,
        ) -> ExecutedBlock:
            if "may_cut" in more:
                self.built.append(head.next_height)
            executed = execute(head, proposer, transactions, *rest, **more)  # type: ignore[arg-type]
            spent = self.block_ms + self.transaction_ms * len(executed.transactions)
            self.now_ms = UnixMillis(self.now_ms + spent)
            return executed

        ledger.execute_block = execute_block  # type: ignore[method-assign,assignment]
        return self.run(within_ms, lambda: self.lag <= 1)

    def _step(self, node: Node, *happened: events.Event) -> None:
        if node.index != RETURNER or node.driver is None:
            super()._step(node, *happened)
            return
        self._waiting.extend(happened)
        if not self._is_busy:
            self._work(node)

    def _work(self, node: Node) -> None:
        """Handle what waits; the others' time stands still, and what is said comes at the end."""
        taken, self._waiting = self._waiting, []
        self._is_busy = False
        if not taken or node.driver is None:
            return
        began = self.now_ms
        done = node.driver.step(taken).effects
        spent, self.now_ms = self.now_ms - began, began
        if spent == 0:
            self._say(node, done)
            return
        self._is_busy = True
        self._at(spent, lambda: self._finish(node, done))

    def _finish(self, node: Node, done: tuple[effects.Effect, ...]) -> None:
        self._say(node, done)
        self._work(node)

    def _say(self, node: Node, done: tuple[effects.Effect, ...]) -> None:
        for effect in done:
            self._perform(node, effect)

    def _send(self, node: Node, peer: NodeName, message: AnyPeerMessage) -> None:
        to_returner = peer == self.nodes[RETURNER].name
        for extra_ms in self.ways(node.name, message) if to_returner else (0,):
            if extra_ms == 0:
                super()._send(node, peer, message)
            else:
                self._at(extra_ms, partial(super()._send, node, peer, message))


@cache
def miss() -> Missed:
    """Make the chain."""
    world = World(make_genesis())
    world.run(1_000)
    world.stop(RETURNER)
    number = 0
    while world.nodes[0].head.height < MISSED:
        number += 1
        world.submit(0, world.transaction(0, TWIN, salt=number))
        world.run(1_200)
    return Missed(
        tuple(node.store.dump() for node in world.nodes),
        tuple(node.signed.payload for node in world.nodes),
        world.now_ms,
    )
