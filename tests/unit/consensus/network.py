"""A deterministic network of engines on one heap of happenings, with faults drawn from a seed.

Loss, copies, reordering, partitions, power cuts between any two effects, and one validator that
runs twice with the same key, builds invalid blocks or loses its database. The whole node is
simulated elsewhere; here the payload is fake, and everything else is the real engine.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from chain.certificate import QuorumCertificate, check_certificate, compute_median_time
from chain.errors import PeerFault
from chain.scalars import Height, UnixMillis
from consensus.bft.checks import kind_of, sender_of
from consensus.bft.core import BftEngine
from consensus.bft.messages import Message
from consensus.bft.repair import RoundSummary
from consensus.bft.state import LastSigned
from consensus.chain import Chain
from consensus.effects import (
    Accuse,
    Broadcast,
    BuildPayload,
    CheckPayload,
    Decide,
    Effect,
    FellBehind,
    Persist,
    SetTimer,
)
from consensus.events import (
    Event,
    HeightCommitted,
    PayloadBuilt,
    PayloadChecked,
    Received,
    Started,
    TimerFired,
    WorkAvailable,
)
from consensus.messages import decode_message, encode_message
from consensus.state import encode_engine_state
from consensus.value import Value
from tests.unit.consensus.world import (
    GENESIS,
    START_MS,
    TIMING,
    HashSigner,
    decode_hard_state,
    hash_verify,
    make_validators,
    make_value,
)

BAD = b"bad"
Block = tuple[Value, QuorumCertificate]


class Violation(AssertionError):
    """The engines broke a promise; the text says which and at what seed."""


@dataclass
class Disk:
    """What survives a power cut: bytes of the engine's state, the guard's file, the chain."""

    hard_state: bytes | None = None
    last_signed: LastSigned | None = None
    chain: list[Block] = field(default_factory=list)


class Node:
    """One validator: a disk, and an engine while the power is on."""

    def __init__(self, network: "Network", index: int, key: int) -> None:
        self.network = network
        self.index = index
        self.key = key
        self.disk = Disk()
        self.life = 0
        self.engine: BftEngine | None = None
        self.skew_ms = network.random.randint(-200, 200)

    @property
    def time_ms(self) -> UnixMillis:
        """Time of the last block, or of genesis."""
        chain = self.disk.chain
        return chain[-1][0].time_ms if chain else START_MS

    def start(self) -> None:
        """Power on: an engine from what the disk holds."""
        raw = self.disk.hard_state
        self.engine = BftEngine(
            Chain(GENESIS, TIMING, hash_verify),
            validators=self.network.validators,
            signers=(HashSigner(self.key),),
            height=Height(len(self.disk.chain) + 1),
            previous_time_ms=self.time_ms,
            hard_state=None if raw is None else decode_hard_state(raw),
            last_signed=self.disk.last_signed,
        )
        self.handle(Started(self.now_ms))

    def crash(self) -> None:
        """Power off; sometimes the database is gone too, but not the guard's file."""
        self.life += 1
        self.engine = None
        random = self.network.random
        if self.index in self.network.forgetful and random.random() < 0.5:
            self.disk.hard_state = None
        self.network.later(random.randint(10, 4_000), self.start)

    @property
    def now_ms(self) -> UnixMillis:
        return UnixMillis(START_MS + self.network.now_ms + self.skew_ms)

    def handle(self, event: Event) -> None:
        """Give the engine an event and perform what it wants, unless the power fails."""
        if self.engine is None:
            return
        try:
            effects = self.engine.handle(event)
        except PeerFault as fault:
            raise self.network.violation(f"a correct message was refused: {fault}") from fault
        for effect in effects:
            if self.network.random.random() < self.network.crash_rate:
                self.crash()
                return
            self.perform(effect)

    def perform(self, effect: Effect) -> None:
        network, random = self.network, self.network.random
        match effect:
            case Persist(state):
                self.disk.hard_state = encode_engine_state(state)
                self.disk.last_signed = state.last_signed
            case Broadcast(message):
                network.note_said(self, message)
                network.broadcast(self, message)
            case SetTimer(timer, delay_ms):
                self.later(delay_ms, lambda: self.handle(TimerFired(timer, self.now_ms)))
            case BuildPayload(height, round_):
                self.later(random.randint(0, 30), lambda: self.build(height, round_))
            case CheckPayload(height, _, value):
                is_valid = not value.payload.startswith(BAD)
                answer = PayloadChecked(height, value, is_valid)
                self.later(random.randint(0, 30), lambda: self.handle(answer))
            case Decide(height, _, value, certificate):
                network.note_decided(self, height, value, certificate)
                self.later(random.randint(0, 5), lambda: self.commit((value, certificate)))
            case FellBehind():
                network.ask_for_blocks(self)
            case Accuse(first, _):
                network.note_accused(first)

    def build(self, height: int, round_: int) -> None:
        """Make a new value on top of this node's chain; a broken builder makes bad ones."""
        if height != len(self.disk.chain) + 1:
            return
        previous = self.disk.chain[-1][1] if self.disk.chain else None
        time_ms = UnixMillis(self.time_ms + 1)
        if previous is not None:
            time_ms = max(time_ms, compute_median_time(previous, self.network.validators))
        is_bad = self.index in self.network.broken and self.network.random.random() < 0.5
        name = f"{'bad' if is_bad else 'ok'} {height} {round_} {self.index} {self.life}"
        self.handle(PayloadBuilt(Height(height), round_, make_value(name, time_ms)))  # type: ignore[arg-type]

    def commit(self, block: Block) -> None:
        """Append a block of the next height and tell the engine."""
        value, certificate = block
        if certificate.height != len(self.disk.chain) + 1:
            return
        if value.time_ms <= self.time_ms:
            raise self.network.violation("block time went back")
        self.disk.chain.append(block)
        self.handle(
            HeightCommitted(
                certificate.height,
                certificate,
                self.network.validators,
                self.network.validators,
                value.time_ms,
                self.network.random.random() < 0.7,
                self.now_ms,
            )
        )

    def later(self, delay_ms: int, happening: Callable[[], None]) -> None:
        """Do something later, unless the power failed in between."""
        life = self.life
        self.network.later(delay_ms, lambda: happening() if self.life == life else None)


class Network:
    """Nodes, a heap of what happens next, and the checks of what must never happen."""

    def __init__(self, seed: int, *, calm: bool = False) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.now_ms = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = 0
        self._said: dict[tuple[int, int, int, str], bytes] = {}
        self._decided: dict[int, bytes] = {}
        self._draw_faults(calm)
        weights = self.random.choice([(1, 1, 1, 1)] * 5 + [(3, 2, 2, 2, 1), (2, 2, 1, 1), (1,) * 7])
        self.validators = make_validators(*weights)
        self.nodes = [Node(self, index, index) for index in range(len(weights))]
        self.twins: set[int] = set()
        self.broken: set[int] = set()
        self.forgetful: set[int] = set()
        self._draw_liars(weights, calm)
        self._side = [0] * len(self.nodes)

    def _draw_faults(self, calm: bool) -> None:
        random = self.random
        kinds = ("proposal", "prevote", "precommit", "other")
        # Each kind of its own: where only precommits get lost, locks are put to the test.
        self.loss = {kind: 0.0 if calm else random.choice([0, 0.1, 0.3, 0.7]) for kind in kinds}
        self.copies = 0.0 if calm else random.choice([0, 0.1, 0.3])
        self.delay_ms = 10 if calm else random.choice([5, 200, 700, 1_500])
        self.repair_ms = 400 if calm else random.choice([400, 2_000, 6_000])
        self.crash_rate = 0.0 if calm else random.choice([0, 0.002, 0.02, 0.06])
        self.partition_rate = 0.0 if calm else random.choice([0, 0.2, 0.5])
        self.work_rate = 1.0 if calm else 0.5
        self.blackout_rate = 0.0 if calm else random.choice([0, 0.1, 0.4])

    def _draw_liars(self, weights: tuple[int, ...], calm: bool) -> None:
        """Let less than a third of the weight be worse than slow."""
        liar = self.random.choice([i for i, w in enumerate(weights) if 3 * w < sum(weights)])
        kind = "none" if calm else self.random.choice(["none", "twin", "broken", "forgetful"])
        if kind == "twin":
            self.twins.add(liar)
            self.nodes.append(Node(self, len(self.nodes), liar))
        elif kind == "broken":
            self.broken.add(liar)
        elif kind == "forgetful":
            self.forgetful.add(liar)

    # ---------------------------------------------------------------- running

    def later(self, delay_ms: int, happening: Callable[[], None]) -> None:
        self._sequence += 1
        heapq.heappush(self._heap, (self.now_ms + delay_ms, self._sequence, happening))

    def run(self, until_ms: int, is_done: Callable[[], bool] = lambda: False) -> None:
        """Let things happen until a time, or until `is_done`."""
        while self._heap and self._heap[0][0] <= until_ms and not is_done():
            self.now_ms, _, happening = heapq.heappop(self._heap)
            happening()

    def play(self, faulty_ms: int = 12_000, heights: int = 2, limit_ms: int = 240_000) -> None:
        """Run with faults, then heal everything and demand `heights` more of every honest node."""
        for node in self.nodes:
            self.later(self.random.randint(0, 100), node.start)
        self._repeat(lambda: self.repair_ms, self._repair)
        self._repeat(lambda: 700, self._bring_work)
        self._repeat(lambda: 1_000, self._partition)
        self.run(faulty_ms)
        self.loss = dict.fromkeys(self.loss, 0.0)
        self.copies = self.crash_rate = self.partition_rate = self.blackout_rate = 0.0
        self.delay_ms, self.repair_ms = min(self.delay_ms, 30), 400
        self._side = [0] * len(self.nodes)
        goal = max(len(node.disk.chain) for node in self.nodes) + heights
        self.run(faulty_ms + limit_ms, lambda: self.lowest() >= goal)
        if self.lowest() < goal:
            raise self.violation(f"no progress after healing: {self.lowest()} of {goal}")

    def lowest(self) -> int:
        """Give the lowest height of an honest node."""
        return min(len(n.disk.chain) for n in self.nodes if n.key not in self.twins)

    def _repeat(self, every_ms: Callable[[], int], happening: Callable[[], None]) -> None:
        happening()
        self.later(every_ms(), lambda: self._repeat(every_ms, happening))

    def _bring_work(self) -> None:
        for node in self.nodes:
            if self.random.random() < self.work_rate:
                node.handle(WorkAvailable(node.now_ms))

    def _partition(self) -> None:
        if self.random.random() < self.partition_rate:
            self._side = [self.random.randrange(2) for _ in self.nodes]
        if self.random.random() < self.blackout_rate:
            for node in self.nodes:
                if node.engine is not None:
                    node.crash()

    # ---------------------------------------------------------------- messages

    def broadcast(self, sender: Node, message: Message) -> None:
        for node in self.nodes:
            if node is not sender:
                self._send_message(sender, node, message)

    def send(
        self, sender: Node, receiver: Node, happening: Callable[[], None], kind: str = "other"
    ) -> None:
        """Deliver after a while, or not, or twice."""
        if self._side[sender.index] != self._side[receiver.index]:
            return
        if self.random.random() < self.loss[kind]:
            return
        for _ in range(2 if self.random.random() < self.copies else 1):
            self.later(self.random.randint(1, self.delay_ms), happening)

    def _send_message(self, sender: Node, receiver: Node, message: Message) -> None:
        data = encode_message(message)
        self.send(sender, receiver, lambda: self._deliver(receiver, data), kind_of(message))

    def _deliver(self, node: Node, data: bytes) -> None:
        if node.engine is not None:
            node.handle(Received(decode_message(data), node.now_ms))

    def _repair(self) -> None:
        """Each node tells one other what it has, which answers with what is missing."""
        for node in self.nodes:
            if node.engine is not None:
                peer = self.random.choice([n for n in self.nodes if n is not node])
                summary = node.engine.summary()
                self.send(
                    node,
                    peer,
                    lambda p=peer, n=node, s=summary: self._answer(p, n, s),  # type: ignore[misc]
                )

    def _answer(self, peer: Node, asker: Node, summary: RoundSummary) -> None:
        if peer.engine is None:
            return
        for message in peer.engine.messages_missing_in(summary):
            self._send_message(peer, asker, message)
        if summary.height <= len(peer.disk.chain):
            block = peer.disk.chain[summary.height - 1]
            self.send(peer, asker, lambda: self._bring_block(asker, block))

    def ask_for_blocks(self, node: Node) -> None:
        assert node.engine is not None
        for peer in self.nodes:
            if peer is not node:
                self._answer(peer, node, node.engine.summary())

    def _bring_block(self, node: Node, block: Block) -> None:
        if node.engine is not None:
            node.commit(block)

    # ---------------------------------------------------------------- what must hold

    def violation(self, text: str) -> Violation:
        return Violation(f"seed {self.seed}: {text}")

    def note_said(self, node: Node, message: Message) -> None:
        """No honest validator says two different things at one position, in all its lives."""
        if node.key in self.twins:
            return
        position = (node.key, message.height, message.round, kind_of(message))
        if self._said.setdefault(position, encode_message(message)) != encode_message(message):
            raise self.violation(f"node {node.key} signed two messages at {position[1:]}")

    def note_decided(
        self, node: Node, height: int, value: Value, certificate: QuorumCertificate
    ) -> None:
        """All decide the same valid value, and the certificate proves it."""
        if value.payload.startswith(BAD):
            raise self.violation("an invalid value was decided")
        if self._decided.setdefault(height, value.id) != value.id:
            raise self.violation(f"two values were decided at height {height}")
        if (certificate.height, certificate.block) != (height, value.id):
            raise self.violation("the certificate is for something else")
        check_certificate(certificate, GENESIS, self.validators, verify=hash_verify)
        heaviest = [self.validators.members[c.validator].weight for c in certificate.signatures]
        if 3 * sum(heaviest) <= 2 * sum(member.weight for member in self.validators.members):
            raise self.violation("two thirds of the weight or less decided")

    def note_accused(self, message: Message) -> None:
        """Nobody honest is accused."""
        if sender_of(message) not in self.twins:
            raise self.violation(f"node {sender_of(message)} is honest and was accused")
