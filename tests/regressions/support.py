"""What several of these tests need: a network at rest, and a proposer that says what it likes."""

from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from chain.genesis import Limits
from chain.scalars import Hash, NodeName, Round, UnixMillis
from chain.transaction import Transaction
from chain.validators import compute_proposer
from consensus.bft.checks import hash_of
from consensus.bft.messages import Proposal, Vote
from node.replica.effects import Effect
from node.replica.messages import (
    AnyPeerMessage,
    Blocks,
    BlocksRequest,
    ConsensusMessage,
    Transactions,
)
from node.replica.payload import Payload, from_value, to_value
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import Node, World, key_of, make_genesis
from tests.unit.node.replica.test_replica import committed_everywhere

EffectT = TypeVar("EffectT")
Signable = TypeVar("Signable", Proposal, Vote)

NOWHERE = Hash(bytes(32))
YEAR_2100_MS = UnixMillis(4_102_444_800_000)


def at_rest(limits: Limits | None = None) -> World:
    """Give four replicas that committed the first block and have nothing to order."""
    world = World(make_genesis(limits=limits))
    world.run(1_000)
    return world


def goes_on(world: World, within_ms: int = 20_000) -> bool:
    """Tell whether all nodes that run commit one more transaction in time."""
    up = next(node for node in world.nodes if node.is_up)
    expiry = up.head.height + world.genesis.limits.expiry_window_blocks
    transaction = world.transaction(0, TWIN, salt=world.now_ms, expiry=expiry)
    world.submit(up.index, transaction)
    return world.run(within_ms, lambda: committed_everywhere(world, transaction.id))


def sign_as(world: World, index: int, message: Signable) -> Signable:
    """Give the message with the signature of validator `index`, whomever it names."""
    signature = key_of(f"vote{index}").sign(hash_of(message, world.genesis_hash))
    return replace(message, signature=signature)


def watch_for(world: World, kind: type[EffectT]) -> list[tuple[str, EffectT]]:
    """Collect the effects of one kind from now on, each with its node's name."""
    seen: list[tuple[str, EffectT]] = []

    def watch(node: Node, effect: Effect) -> None:
        if isinstance(effect, kind):
            seen.append((node.name, effect))

    world.watch = watch
    return seen


def hand_out(world: World, *transactions: Transaction) -> None:
    """Bring transactions to all nodes that run, so that one block holds them all."""
    up = [node for node in world.nodes if node.is_up]
    for node in up:
        sender = up[0] if node is not up[0] else up[1]
        known = Transactions(sender.name, tuple(t.raw for t in transactions))
        world.say(sender.index, node.index, known)


def start_hungry(world: World, index: int) -> int:
    """Start a node that slept, but let no block reach it; give the index of the peer it asked."""
    name = world.nodes[index].name
    world.lose = lambda sender, receiver, message: receiver == name and isinstance(message, Blocks)
    asked: list[str] = []
    world.sent.clear()
    world.start(index)

    def has_asked() -> bool:
        asked.extend(
            peer
            for sender, peer, message in world.sent
            if sender == name and isinstance(message, BlocksRequest)
        )
        return bool(asked)

    assert world.run(3_000, has_asked)
    return world.node(NodeName(asked[-1])).index


class DishonestProposer:
    """It builds a block of `transactions` as it should, but nobody hears of it: only of its lies.

    prepare: what is done to its replica before it builds.
    """

    def __init__(
        self,
        world: World,
        *transactions: Transaction,
        prepare: Callable[[Node], None] = lambda _: None,
    ) -> None:
        self.world = world
        self.height = world.nodes[0].head.next_height
        self.index = compute_proposer(world.genesis.validators, self.height, Round(0))
        self.node = world.nodes[self.index]
        self.honest = [index for index in range(4) if index != self.index]
        prepare(self.node)
        held: list[Proposal] = []

        def hold_back(sender: str, receiver: str, message: AnyPeerMessage) -> bool:
            if sender != self.node.name or not isinstance(message, ConsensusMessage):
                return False
            if isinstance(message.message, Proposal):
                held.append(message.message)
            return True

        world.lose = hold_back
        hand_out(world, *transactions)
        world.run(40)
        self.proposal = held[0]
        world.replace(self.index, lambda peer, message: [])
        world.lose = lambda *_: False

    @property
    def payload(self) -> Payload:
        """The block that it built, as validators vote on it."""
        return from_value(self.proposal.value, Limits())

    def tell(self, payload: Payload) -> None:
        """Propose this to all others, well signed."""
        unsigned = replace(self.proposal, value=to_value(payload))
        proposal = sign_as(self.world, self.index, unsigned)
        for receiver in self.honest:
            self.world.say(self.index, receiver, ConsensusMessage(proposal))
