"""A chain that a node joins late: the same one for many tests, without making it anew."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from chain.changes import RemoveValidator, SetWeight
from chain.genesis import Limits
from chain.operations import AnyOperation, RegisterKey
from chain.scalars import NodeName, UnixMillis, Weight
from chain.transaction import Transaction
from node.replica.messages import AnyPeerMessage
from node.replica.ports import Column
from node.replica.sync import CatchUpSetting
from node.storage.check import check_all
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.governing import Consortium
from tests.unit.node.replica.network import key_of, make_genesis
from tests.unit.node.replica.test_replica import telemetry

WINDOW = 8
GENESIS = make_genesis((1, 1, 1, 1, 1), limits=Limits(expiry_window_blocks=WINDOW))
SETTING = CatchUpSetting(
    snapshot_interval_blocks=4, snapshot_behind_blocks=10, snapshot_behind_transactions=0
)
BLOCKS = 22
JOINER = 3
Rows = dict[Column, dict[bytes, bytes]]


@dataclass(frozen=True)
class Grown:
    """Nodes as they stand on disk: all have the chain, but the last one fell asleep early."""

    disks: tuple[Rows, ...]
    signed: tuple[bytes | None, ...]
    now_ms: UnixMillis


class ShortMemory(Consortium):
    """A chain whose transactions expire soon."""

    def transaction(
        self, index: int, operation: AnyOperation, salt: int = 0, expiry: int | None = None
    ) -> Transaction:
        """Sign an operation that expires as late as it may."""
        last = self.nodes[0].head.height + WINDOW
        return super().transaction(index, operation, salt, last if expiry is None else expiry)


class Joining(ShortMemory):
    """Nodes 0 to 2 have a chain; node 3 has nothing and is off. Node 4 was removed."""

    def __init__(self, setting: CatchUpSetting = SETTING, grown: Grown | None = None) -> None:
        super().__init__(GENESIS, catch_up=setting)
        grown = grown or grow()
        for node in self.nodes:
            self.stop(node.index)
        self.now_ms = grown.now_ms
        for index in range(JOINER):
            self.restore(index, grown)
            self.start(index)
        self.run(1_000)
        self.sent.clear()

    def restore(self, index: int, grown: Grown) -> None:
        """Give a node that is off the disk and the file that it had."""
        self.nodes[index].store.load(grown.disks[index])
        self.nodes[index].signed.payload = grown.signed[index]

    @property
    def joiner(self) -> int:
        """The height of the node that joins."""
        return self.nodes[JOINER].head.height

    def join(self, within_ms: int = 15_000) -> bool:
        """Let node 3 join; tell whether it came as far as the others in time."""
        self.start(JOINER)
        return self.catch_up_within(within_ms)

    def catch_up_within(self, within_ms: int) -> bool:
        """Tell whether node 3 comes as far as node 0."""
        return self.run(within_ms, lambda: self.joiner == self.nodes[0].head.height)

    def lie(self, index: int, change: Callable[[AnyPeerMessage], list[AnyPeerMessage]]) -> None:
        """Let a node go on as it was, but say something else to the one that joins."""
        honest = self._send
        liar = self.nodes[index]

        def send(node: object, peer: NodeName, message: AnyPeerMessage) -> None:
            is_lie = node is liar and peer == self.nodes[JOINER].name
            for said in change(message) if is_lie else [message]:
                honest(node, peer, said)  # type: ignore[arg-type]

        self._send = send  # type: ignore[method-assign]

    def codes(self) -> set[tuple[str, str]]:
        """Whom the joining node disconnected, and why."""
        return {(done.peer, done.error.code) for done in self.nodes[JOINER].disconnected}

    def said(self, kind: type[AnyPeerMessage], to: int = JOINER) -> list[tuple[str, object]]:
        """What was said to a node, with who said it."""
        receiver = self.nodes[to].name
        return [(s, m) for s, r, m in self.sent if r == receiver and isinstance(m, kind)]

    def check(self) -> None:
        """Everything on the joining node's disk fits together, and is what the others have."""
        self.run(2_000)
        store = self.nodes[JOINER].store
        head = check_all(store, GENESIS)
        assert head is not None
        other = check_all(self.nodes[0].store, GENESIS)
        assert other is not None
        assert abs(head.height - other.height) <= 1
        rows = store.dump()
        assert not [key for key in rows[Column.META] if key.startswith((b"snapshot", b"instal"))]
        if head.height == other.height:
            assert head.block == other.block
            assert rows[Column.STATE] == self.nodes[0].store.dump()[Column.STATE]


def silent(_: AnyPeerMessage) -> list[AnyPeerMessage]:
    """Say nothing at all."""
    return []


@cache
def grow() -> Grown:
    """Make the chain: a twin, readings, keys, and two changes of the validators on the way."""
    world = ShortMemory(GENESIS, catch_up=SETTING)
    world.submit(0, world.transaction(0, TWIN, salt=10_000))
    world.run(4_000)
    world.stop(JOINER)
    number = 0
    while world.nodes[0].head.height < BLOCKS:
        number += 1
        if number == 4:
            world.decide(SetWeight(NodeName("node4"), Weight(0)), voices=4)
        if number == 9:
            world.decide(RemoveValidator(NodeName("node4")), voices=4)
        key = key_of(f"gateway{number}").public_key
        for operation in (telemetry(number), RegisterKey(key, "k", ("gateway",))):
            world.salt += 1
            world.submit(0, world.transaction(0, operation, world.salt))
        world.run(600)
    world.run(2_000)
    nodes = world.nodes[: JOINER + 1]
    return Grown(
        tuple(node.store.dump() for node in nodes),
        tuple(node.signed.payload for node in nodes),
        world.now_ms,
    )
