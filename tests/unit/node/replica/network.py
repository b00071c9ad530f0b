"""Several whole replicas in memory, with virtual time and a network that tests can cut."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count

from chain.codec import decode
from chain.genesis import (
    ContractPolicy,
    Genesis,
    Governance,
    Limits,
    Organisation,
    Timing,
    compute_genesis_hash,
)
from chain.keys import SigningKey, Verifier, verify
from chain.operations import AnyOperation
from chain.scalars import Hash, Height, NodeName, OrganisationId, UnixMillis, Weight
from chain.transaction import Transaction, TransactionBody, sign
from chain.validators import EngineName, Validator, ValidatorSet
from consensus.bft.checks import kind_of, sender_of
from consensus.bft.messages import Proposal, Vote
from consensus.engine import make_engine
from consensus.last_signed import decode_last_signed
from consensus.state import decode_engine_state
from contracts.executor import Execution, Executor, Host, Invocation
from node.driver import Driver
from node.replica import effects, events, keys
from node.replica.commit import build_genesis_batch
from node.replica.head import Head
from node.replica.messages import AnyPeerMessage, ConsensusMessage, encode_frame
from node.replica.ordering import tip_of
from node.replica.payload import KeptTransactions
from node.replica.ports import Column, MemoryStore, WriteBatch
from node.replica.replica import Replica, Setting
from node.replica.snapshot_install import finish_install
from node.replica.sync import CatchUpSetting

START_MS = UnixMillis(1_700_000_000_000)
HOP_MS = 5
TICK_MS = 500


def key_of(name: str) -> SigningKey:
    """Give the same key for the same name, always."""
    return SigningKey(name.encode().ljust(32, b"."))


def make_member(index: int, weight: int = 1, organisation: int | None = None) -> Validator:
    """Give node<index> of org<index>, or of another organisation."""
    return Validator(
        NodeName(f"node{index}"),
        OrganisationId(f"org{index if organisation is None else organisation}"),
        key_of(f"vote{index}").public_key,
        Weight(weight),
        Hash(bytes(32)),
        Hash(bytes([index + 1]) * 32),
    )


def make_genesis(
    weights: Iterable[int] = (1, 1, 1, 1),
    limits: Limits | None = None,
    *,
    engine: EngineName = "bft",
    governance: Governance | None = None,
) -> Genesis:
    """Make a genesis of organisations org0, org1, .. with one node each, node0, node1, .."""
    members = tuple(make_member(index, weight) for index, weight in enumerate(weights))
    organisations = tuple(
        Organisation(member.organisation, f"Org {index}", key_of(f"admin{index}").public_key, b"x")
        for index, member in enumerate(members)
    )
    return Genesis(
        1, "test", START_MS, organisations, ValidatorSet(members, engine),
        limits=limits or Limits(), timing=Timing(heartbeat_ms=3_000),
        governance=governance or Governance(contracts=ContractPolicy(approvals=1)),
    )  # fmt: skip


class QuietExecutor:
    """Runs every handler without effect."""

    restarts = 0

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        """Do nothing, successfully."""
        return Execution(status="ok", gas_used=1)

    def close(self) -> None:
        """Nothing to release."""

    def fences(self) -> tuple[str, ...]:
        """Nothing runs here."""
        return ()


class PowerCut(Exception):
    """The node's power is gone; nothing that follows happens."""


@dataclass
class Power:
    """Counts what a node writes to disk, and goes off around one of these writes.

    `cut_at`: number of the write, from 1, or None; `is_after`: the write itself still happens.
    """

    writes: int = 0
    cut_at: int | None = None
    is_after: bool = False

    def draw(self, write: Callable[[], None]) -> None:
        """Write, if there is power."""
        self.writes += 1
        is_cut = self.writes == self.cut_at
        if is_cut and not self.is_after:
            raise PowerCut
        write()
        if is_cut:
            raise PowerCut


class Disk(MemoryStore):
    """A store whose power can fail."""

    def __init__(self, power: Power) -> None:
        super().__init__()
        self._power = power

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """Apply a batch, if there is power."""
        self._power.draw(lambda: super(Disk, self).write(batch, sync=sync))

    def dump(self) -> dict[Column, dict[bytes, bytes]]:
        """Give a copy of everything, as a backup would."""
        return {column: dict(pairs) for column, pairs in self._columns.items()}

    def load(self, copied: dict[Column, dict[bytes, bytes]]) -> None:
        """Go back to a copy."""
        self._columns = {column: dict(pairs) for column, pairs in copied.items()}


@dataclass
class Signed:
    """The last-signed file, in memory."""

    power: Power
    payload: bytes | None = None

    def store(self, payload: bytes) -> None:
        """Keep it, if there is power."""
        self.power.draw(lambda: setattr(self, "payload", payload))


Liar = Callable[[NodeName, AnyPeerMessage], list[AnyPeerMessage]]
"""Answers a message of a peer."""
RECONNECT_MS = 500


@dataclass
class Node:
    """One replica with its disk, and what it answered."""

    name: NodeName
    index: int
    key_names: tuple[str, ...] = ()
    """Vote keys in its home, by the names that `key_of` takes."""
    power: Power = field(default_factory=Power)
    store: Disk = field(init=False)
    signed: Signed = field(init=False)
    driver: Driver | None = None
    liar: Liar | None = None
    """What a dishonest program runs in the place of a replica."""
    is_unsure: bool = False
    """It lost the file of what it signed last."""
    incarnation: int = 0
    answers: dict[int, effects.Answer] = field(default_factory=dict)
    disconnected: list[effects.Disconnect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = Disk(self.power)
        self.signed = Signed(self.power)

    @property
    def is_up(self) -> bool:
        """Whether it runs."""
        return self.driver is not None

    @property
    def replica(self) -> Replica:
        """The running replica."""
        assert self.driver is not None
        return self.driver.replica

    @property
    def head(self) -> Head:
        """The head on disk."""
        data = self.store.get(Column.META, keys.HEAD)
        assert data is not None
        return decode(data, Head, 1 << 20)


class World:
    """Nodes, links between them, and one heap of what will happen."""

    def __init__(
        self,
        genesis: Genesis,
        links: Callable[[int, int], bool] | None = None,
        catch_up: CatchUpSetting | None = None,
    ) -> None:
        self.genesis = genesis
        self.genesis_hash = compute_genesis_hash(genesis)
        self.now_ms = START_MS
        self.executor: Executor = QuietExecutor()
        self.verify: Verifier = verify
        self.catch_up = catch_up or CatchUpSetting()
        self.sent: list[tuple[NodeName, NodeName, AnyPeerMessage]] = []
        self.lose: Callable[[NodeName, NodeName, AnyPeerMessage], bool] = lambda *_: False
        self.watch: Callable[[Node, effects.Effect], None] = lambda *_: None
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._tickets = count()
        self._linked = links or (lambda a, b: True)
        self.nodes: list[Node] = []
        for member in genesis.validators.members:
            self._make_node(member.node)
        for node in self.nodes:
            self.start(node.index)

    def add_node(self) -> int:
        """Start one more node, which genesis does not name; give its index."""
        index = len(self.nodes)
        self._make_node(NodeName(f"node{index}"))
        self.start(index)
        return index

    def _make_node(self, name: NodeName) -> None:
        index = len(self.nodes)
        node = Node(name, index, (f"vote{index}",))
        _, batch = build_genesis_batch(self.genesis)
        node.store.write(batch, sync=True)
        self.nodes.append(node)

    def start(self, index: int) -> None:
        """Start a node from its disk and connect it."""
        node = self.nodes[index]
        finish_install(node.store, self.genesis.limits)
        head = node.head
        stored = node.store.get(Column.META, keys.CONSENSUS)
        signed = node.signed.payload
        signers = tuple(key_of(name) for name in node.key_names)
        engine = make_engine(
            self.genesis,
            tip=tip_of(head),
            signers=() if node.is_unsure else signers,
            hard_state=decode_engine_state(stored) if stored else None,
            last_signed=decode_last_signed(signed) if signed else None,
        )
        stored = node.store.get(Column.META, keys.VALID)
        kept = decode(stored, KeptTransactions, 1 << 30).transactions if stored else ()
        setting = Setting(
            self.genesis,
            node.name,
            kept=kept,
            verify=self.verify,
            signers=signers,
            catch_up=self.catch_up,
            is_unsure=node.is_unsure,
        )
        replica = Replica(setting, engine, head, node.store, self.executor)
        node.driver = Driver(replica, node.store, node.signed, lambda: self.now_ms)
        node.incarnation += 1
        self._step(node, events.Started(self.now_ms))
        run = node.incarnation
        self._at(TICK_MS, lambda: self._tick(node, run))
        for other in self.nodes:
            self._connect(node, other)

    def stop(self, index: int) -> None:
        """Cut a node's power."""
        node = self.nodes[index]
        node.driver = None
        node.power.cut_at = None
        node.incarnation += 1
        for other in self.nodes:
            if other.is_up and self._linked(index, other.index):
                self._step(other, events.PeerDown(node.name, self.now_ms))

    def wipe(self, index: int) -> None:
        """Take a node that is off its disk, but for the file of what it signed last."""
        node = self.nodes[index]
        node.store = Disk(node.power)
        _, batch = build_genesis_batch(self.genesis)
        node.store.write(batch, sync=True)

    def replace(self, index: int, liar: Liar) -> None:
        """Put a dishonest program in a node's place; it answers, and says what `say` is told."""
        self.stop(index)
        self.nodes[index].liar = liar
        for other in self.nodes:
            self._connect(self.nodes[index], other)

    def transaction(
        self, index: int, operation: AnyOperation, salt: int = 0, expiry: int = 900
    ) -> Transaction:
        """Sign an operation as the administrator of organisation `index`."""
        key = key_of(f"admin{index}")
        body = TransactionBody(
            self.genesis_hash, key.public_key, operation, Height(expiry), salt.to_bytes(8, "big")
        )
        return sign(body, key)

    def submit(self, index: int, transaction: Transaction) -> int:
        """Hand a transaction to a node; give the ticket."""
        ticket = next(self._tickets)
        self._step(self.nodes[index], events.Submitted(ticket, transaction.raw, self.now_ms))
        return ticket

    def say(self, sender: int, receiver: int, message: AnyPeerMessage) -> None:
        """Let a node say something, as a dishonest program in its place would."""
        frame = encode_frame(message)
        event = events.FrameReceived(self.nodes[sender].name, frame, self.now_ms)
        self._step(self.nodes[receiver], event)

    def run(self, duration_ms: int, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass, at most `duration_ms`; tell whether `until` came true."""
        end = self.now_ms + duration_ms
        while self._heap and self._heap[0][0] <= end:
            if until():
                return True
            at_ms, _, happening = heapq.heappop(self._heap)
            self.now_ms = UnixMillis(max(self.now_ms, at_ms))
            happening()
        self.now_ms = UnixMillis(end)
        return until()

    def find_double_votes(self) -> list[tuple[Proposal | Vote, Proposal | Vote]]:
        """Give pairs of different messages that one key signed for one position."""
        first: dict[tuple[object, ...], Proposal | Vote] = {}
        said = [sent[2].message for sent in self.sent if isinstance(sent[2], ConsensusMessage)]
        pairs = []
        for message in dict.fromkeys(said):
            if not isinstance(message, Proposal | Vote):
                continue
            place = (kind_of(message), message.height, message.round, sender_of(message))
            before = first.setdefault(place, message)
            if before != message:
                pairs.append((before, message))
        return pairs

    def heights(self) -> list[int]:
        """Give all heads' heights."""
        return [node.head.height for node in self.nodes]

    def node(self, name: NodeName) -> Node:
        """Give the node of that name."""
        return next(node for node in self.nodes if node.name == name)

    def _connect(self, one: Node, other: Node) -> None:
        if one is other or not self._linked(one.index, other.index):
            return
        if all(node.is_up or node.liar for node in (one, other)):
            self._step(one, events.PeerUp(other.name, self.now_ms))
            self._step(other, events.PeerUp(one.name, self.now_ms))

    def _disconnect(self, one: Node, other: Node) -> None:
        self._step(one, events.PeerDown(other.name, self.now_ms))
        self._step(other, events.PeerDown(one.name, self.now_ms))
        self._at(RECONNECT_MS, lambda: self._connect(one, other))

    def _at(self, delay_ms: int, happening: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self.now_ms + delay_ms, next(self._order), happening))

    def _later(self, delay_ms: int, node: Node, make: Callable[[], events.Event]) -> None:
        """Let an event happen to a node, unless it was switched off meanwhile."""
        run = node.incarnation

        def happen() -> None:
            if node.incarnation == run:
                self._step(node, make())

        self._at(delay_ms, happen)

    def _tick(self, node: Node, incarnation: int) -> None:
        if node.incarnation == incarnation:
            self._step(node, events.Tick(self.now_ms))
            self._at(TICK_MS, lambda: self._tick(node, incarnation))

    def _step(self, node: Node, *happened: events.Event) -> None:
        if node.driver is None:
            return
        try:
            result = node.driver.step(happened)
        except PowerCut:
            self.stop(node.index)
            return
        for effect in result.effects:
            self.watch(node, effect)
            self._perform(node, effect)

    def _perform(self, node: Node, effect: effects.Effect) -> None:
        match effect:
            case effects.SendTo(peer, message):
                self._send(node, peer, message)
            case effects.SendToAll(peers, message):
                for peer in peers:
                    self._send(node, peer, message)
            case effects.Answer(ticket):
                node.answers[ticket] = effect
            case effects.SetTimer(timer, delay_ms):
                self._later(delay_ms, node, lambda: events.TimerFired(timer, self.now_ms))
            case effects.Disconnect(peer):
                node.disconnected.append(effect)
                self._disconnect(node, self.node(peer))
            case _:
                pass

    def _send(self, node: Node, peer: NodeName, message: AnyPeerMessage) -> None:
        self.sent.append((node.name, peer, message))
        if self.lose(node.name, peer, message):
            return
        receiver = self.node(peer)
        if receiver.liar is not None:
            liar = receiver.liar

            def answer() -> None:
                for reply in liar(node.name, message):
                    self.say(receiver.index, node.index, reply)

            self._at(HOP_MS, answer)
        frame = encode_frame(message)
        self._later(HOP_MS, receiver, lambda: events.FrameReceived(node.name, frame, self.now_ms))
