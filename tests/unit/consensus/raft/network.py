"""A deterministic network of Raft engines on one heap of happenings, with faults from a seed.

Loss, copies, reordering, delay, partitions (also in one direction), power cuts between any two
effects, a disk that loses the engine's state, members that come, go and lose their weight, reads
and hand-overs all the time. The payload is fake, everything else is the real engine.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from chain.certificate import QuorumCertificate, check_certificate, compute_median_time
from chain.errors import PeerFault
from chain.genesis import Timing
from chain.scalars import Height, NodeName, UnixMillis
from chain.validators import ValidatorSet
from consensus.chain import Chain, Tip
from consensus.effects import (
    Accuse,
    Broadcast,
    BuildPayload,
    CheckPayload,
    Decide,
    Effect,
    FellBehind,
    Persist,
    ReadReady,
    ReadRefused,
    Send,
    SetTimer,
)
from consensus.events import (
    Event,
    HeightCommitted,
    PayloadBuilt,
    PayloadChecked,
    ReadRequested,
    Received,
    Started,
    TimerFired,
    TransferLeadership,
    WorkAvailable,
)
from consensus.last_signed import LastSigned
from consensus.messages import decode_message, encode_message
from consensus.raft.core import RaftEngine
from consensus.raft.member import Role
from consensus.raft.messages import Append, AppendAnswer, Decided, Message, kind_of
from consensus.raft.state import RaftState
from consensus.raft.summary import RaftSummary
from consensus.state import decode_engine_state, encode_engine_state
from consensus.value import Value
from tests.unit.consensus.raft.world import make_committee
from tests.unit.consensus.world import GENESIS, START_MS, HashSigner, hash_verify, make_value

BAD = b"bad"
Block = tuple[Value, QuorumCertificate]


class Violation(AssertionError):
    """The engines broke a promise; the text says which and at what seed."""


@dataclass
class Disk:
    """What survives a power cut: bytes of the engine's state, the guard's file, the chain."""

    state: bytes | None = None
    last_signed: LastSigned | None = None
    chain: list[Block] = field(default_factory=list)


class Node:
    """One member: a disk, and an engine while the power is on."""

    def __init__(self, network: "Network", index: int) -> None:
        self.network = network
        self.index = index
        self.disk = Disk()
        self.life = 0
        self.engine: RaftEngine | None = None
        self.skew_ms = network.random.randint(-200, 200)
        self.reads: dict[int, int] = {}
        self.asleep_until_ms = 0

    @property
    def tip(self) -> Tip:
        """What this node's chain leaves to its engine."""
        chain, network = self.disk.chain, self.network
        height = Height(len(chain) + 1)
        return Tip(
            height,
            chain[-1][1] if chain else None,
            chain[-1][0].time_ms if chain else START_MS,
            network.committee(chain, height),
            network.committee(chain, height + 1),
        )

    @property
    def is_spare(self) -> bool:
        """Whether the others can decide this height without this node."""
        return sum(member.weight for member in self.tip.validators.members) >= 3

    @property
    def now_ms(self) -> UnixMillis:
        return UnixMillis(START_MS + self.network.now_ms + self.skew_ms)

    def start(self) -> None:
        """Power on: an engine from what the disk holds."""
        stored = None if self.disk.state is None else decode_engine_state(self.disk.state)
        assert stored is None or isinstance(stored, RaftState)
        self.engine = RaftEngine(
            Chain(GENESIS, self.network.timing, hash_verify),
            signers=(HashSigner(self.index),),
            tip=self.tip,
            hard_state=stored,
            last_signed=self.disk.last_signed,
        )
        self.handle(Started(self.now_ms))

    def crash(self) -> None:
        """Power off; sometimes the engine's state is gone too, but not the guard's file."""
        self.life += 1
        self.engine = None
        self.reads = {}
        self.asleep_until_ms = 0
        random = self.network.random
        if self.index == self.network.forgetful and self.is_spare and random.random() < 0.5:
            self.disk.state = None
        self.network.later(random.randint(10, 4_000), self.start)

    def handle(self, event: Event) -> None:
        """Give the engine an event and perform what it wants, unless the power fails."""
        if self.engine is None:
            return
        if self.is_asleep:
            self.on_waking(lambda: self.handle(event))
            return
        try:
            effects = self.engine.handle(event)
        except PeerFault as fault:
            raise self.network.violation(f"a correct message was refused: {fault}") from fault
        self.network.note_role(self)
        for effect in effects:
            if self.network.random.random() < self.network.crash_rate:
                self.crash()
                return
            self.perform(effect)

    def perform(self, effect: Effect) -> None:
        network, random = self.network, self.network.random
        match effect:
            case Persist(state):
                self.disk.state = encode_engine_state(state)
                self.disk.last_signed = state.last_signed
            case Send(to, message):
                network.note_said(self, message)
                network.send_message(self, self.tip.validators.members[to].node, message)
            case SetTimer(timer, delay_ms):
                self.later(delay_ms, lambda: self.handle(TimerFired(timer, self.now_ms)))
            case BuildPayload(height, round_):
                self.later(random.randint(0, 30), lambda: self.build(height, round_))
            case CheckPayload(height, _, value):
                answer = PayloadChecked(height, value, not value.payload.startswith(BAD))
                self.later(random.randint(0, 30), lambda: self.handle(answer))
            case Decide(height, _, value, certificate):
                network.note_decided(self, height, value, certificate)
                self.later(random.randint(0, 5), lambda: self.commit((value, certificate)))
            case FellBehind():
                network.ask_for_blocks(self)
            case ReadReady(ticket, height):
                network.note_read(self, ticket, height)
            case ReadRefused(ticket, _):
                network.reads_refused += 1
                del self.reads[ticket]
            case Accuse() | Broadcast():
                raise network.violation("Raft neither accuses nor broadcasts")

    def build(self, height: int, term: int) -> None:
        """Make a new value on top of this node's chain; a broken builder makes bad ones."""
        if height != len(self.disk.chain) + 1:
            return
        previous = self.disk.chain[-1][1] if self.disk.chain else None
        time_ms = UnixMillis(self.tip.previous_time_ms + 1)
        if previous is not None:
            signers = self.network.committee(self.disk.chain, previous.height)
            time_ms = max(time_ms, compute_median_time(previous, signers))
        is_broken = self.index == self.network.broken and self.is_spare
        is_bad = is_broken and self.network.random.random() < 0.5
        change = self.network.draw_change(self.disk.chain, height)
        name = f"{'bad' if is_bad else 'ok'} {height} {term} {self.index} {self.life} {change}"
        self.handle(PayloadBuilt(Height(height), term, make_value(name, time_ms)))  # type: ignore[arg-type]

    def commit(self, block: Block) -> None:
        """Append a block of the next height and tell the engine."""
        value, certificate = block
        if self.is_asleep:
            self.on_waking(lambda: self.commit(block))
            return
        if certificate.height != len(self.disk.chain) + 1:
            return
        if value.time_ms <= self.tip.previous_time_ms:
            raise self.network.violation("block time went back")
        self.disk.chain.append(block)
        tip = self.tip
        self.handle(
            HeightCommitted(
                certificate.height,
                certificate,
                tip.validators,
                tip.next_validators,
                value.time_ms,
                self.network.random.random() < 0.7,
                self.now_ms,
            )
        )

    @property
    def is_asleep(self) -> bool:
        return self.network.now_ms < self.asleep_until_ms

    def on_waking(self, happening: Callable[[], None]) -> None:
        self.later(self.asleep_until_ms - self.network.now_ms, happening)

    def sleep(self, duration_ms: int) -> None:
        """Stand still, as a process that is stopped; a client is waiting when it goes on."""
        self.asleep_until_ms = self.network.now_ms + duration_ms
        self.later(duration_ms, lambda: self.read(self.network.draw_ticket()))

    def read(self, ticket: int) -> None:
        """Want to read what is final now."""
        if self.engine is not None:
            self.reads[ticket] = self.network.final_height()
            self.handle(ReadRequested(ticket))

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
        self.reads_answered = self.reads_refused = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = 0
        self._signed: dict[tuple[int, int, int], bytes] = {}
        self._leaders: dict[int, int] = {}
        self._decided: dict[int, bytes] = {}
        self._draw_faults(calm)
        weights = self.random.choice([(1, 1, 1), (1, 1, 1, 1), (1,) * 5, (1, 1, 1, 0), (1, 0)])
        self.weights = (1, 1, 1) if calm else weights
        count = len(self.weights) if calm else 5
        self.nodes = [Node(self, index) for index in range(count)]
        self._blocked: set[tuple[int, int]] = set()

    def _draw_faults(self, calm: bool) -> None:
        random = self.random
        self.loss = 0.0 if calm else random.choice([0, 0.05, 0.2, 0.5])
        # Each kind of its own: where entries reach few members, elections are put to the test.
        self.answer_loss = 0.0 if calm else random.choice([0, 0, 0.5, 0.8])
        self.entry_loss = 0.0 if calm else random.choice([0, 0, 0.6, 0.9])
        self.block_loss = 0.0 if calm else random.choice([0, 0, 0.8, 0.95])
        self.timing = Timing() if calm else Timing(propose_ms=random.choice([250, 1_000]))
        self.copies = 0.0 if calm else random.choice([0, 0.1, 0.3])
        self.delay_ms = 10 if calm else random.choice([5, 100, 400, 1_500])
        self.repair_ms = 400 if calm else random.choice([400, 2_000, 6_000])
        self.crash_rate = 0.0 if calm else random.choice([0, 0.001, 0.01, 0.04])
        self.partition_rate = 0.0 if calm else random.choice([0, 0.2, 0.5])
        self.change_rate = 0.0 if calm else random.choice([0, 0.3, 0.8])
        self.transfer_rate = 0.0 if calm else random.choice([0, 0, 0.2])
        self.blackout_rate = 0.0 if calm else random.choice([0, 0, 0.1])
        # One member at most is worse than slow, or three would not be enough.
        self.coup_rate = 0.0 if calm else random.choice([0, 0.1, 0.4])
        self.sleep_rate = 0.0 if calm else random.choice([0, 0, 0.05])
        self.disturb_ms = random.choice([250, 1_000])
        self.forgetful, self.broken = random.choice([(-1, -1), (0, -1), (1, -1), (-1, 2)])
        if calm:
            self.forgetful = self.broken = -1

    # ---------------------------------------------------------------- committees

    def committee(self, chain: list[Block], height: int) -> ValidatorSet:
        """Give the committee of a height: changes are in force two heights after their block."""
        weights: dict[int, int | None] = dict(enumerate(self.weights))
        for value, certificate in chain:
            change = value.payload.decode().split()[5:]
            if change and certificate.height + 2 <= height:
                weights[int(change[0])] = None if change[1] == "-" else int(change[1])
        present = sorted((index, w) for index, w in weights.items() if w is not None)
        members = tuple(
            member for index, w in present for member in make_committee((w,), first=index).members
        )
        return ValidatorSet(members, "raft")

    def draw_change(self, chain: list[Block], height: int) -> str:
        """Say how this block changes the committee: `INDEX WEIGHT`, `INDEX -` or nothing."""
        if self.random.random() >= self.change_rate:
            return ""
        now = {m.node: m.weight for m in self.committee(chain, height + 1).members}
        index = self.random.randrange(len(self.nodes))
        weight = now.get(NodeName(f"node{index}"))
        voters = sum(now.values())
        if weight is None:
            return f"{index} {self.random.randrange(2)}"
        if weight == 0:
            return f"{index} {self.random.choice(['1', '-'])}"
        return "" if voters == 1 else f"{index} {self.random.choice(['0', '-'])}"

    def draw_ticket(self) -> int:
        """Give a number that no read had."""
        self._sequence += 1
        return self._sequence

    def final_height(self) -> int:
        """Give the height up to which some client may have been told that it is final."""
        return max(len(node.disk.chain) for node in self.nodes)

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
        """Run with faults, then heal everything and demand `heights` more of every node."""
        for node in self.nodes:
            self.later(self.random.randint(0, 100), node.start)
        self._repeat(lambda: self.repair_ms, self._repair)
        self._repeat(lambda: 700, self._bring_work)
        self._repeat(lambda: self.disturb_ms, self._disturb)
        self.run(faulty_ms)
        self.loss = self.answer_loss = self.entry_loss = self.block_loss = self.copies = (
            self.crash_rate
        ) = 0.0
        self.partition_rate = self.blackout_rate = self.coup_rate = 0.0
        self.transfer_rate = self.change_rate = self.sleep_rate = 0.0
        self.delay_ms, self.repair_ms, self.broken = min(self.delay_ms, 30), 400, -1
        self._blocked = set()
        goal = self.final_height() + heights
        self.run(faulty_ms + limit_ms, lambda: self.lowest() >= goal)
        if self.lowest() < goal:
            raise self.violation(f"no progress after healing: {self.lowest()} of {goal}")

    def lowest(self) -> int:
        """Give the lowest height of all nodes."""
        return min(len(node.disk.chain) for node in self.nodes)

    def _repeat(self, every_ms: Callable[[], int], happening: Callable[[], None]) -> None:
        happening()
        self.later(every_ms(), lambda: self._repeat(every_ms, happening))

    def _bring_work(self) -> None:
        for node in self.nodes:
            if self.random.random() < 0.5:
                node.handle(WorkAvailable(node.now_ms))

    def _disturb(self) -> None:
        random, count = self.random, len(self.nodes)
        if random.random() < self.partition_rate:
            side = [random.randrange(2) for _ in self.nodes]
            pairs = {(a, b) for a in range(count) for b in range(count) if side[a] != side[b]}
            one_way = random.random() < 0.3
            self._blocked = {(a, b) for a, b in pairs if not one_way or side[a] == 0}
        for node in self.nodes:
            if random.random() < self.sleep_rate:
                node.sleep(random.randint(100, 6_000))
            elif not node.is_asleep:
                node.read(self.draw_ticket())
            if random.random() < self.transfer_rate:
                node.handle(TransferLeadership(random.choice([None, 0, 1, 9]), node.now_ms))
        for node in self.nodes:
            is_leader = node.engine is not None and node.engine.role is Role.LEADER
            if is_leader and random.random() < self.coup_rate:
                node.crash()
        if random.random() < self.blackout_rate:
            for node in self.nodes:
                if node.engine is not None:
                    node.crash()

    # ---------------------------------------------------------------- messages

    def send(self, sender: Node, receiver: Node, happening: Callable[[], None]) -> None:
        """Deliver after a while, or not, or twice."""
        if (sender.index, receiver.index) in self._blocked or self.random.random() < self.loss:
            return
        for _ in range(2 if self.random.random() < self.copies else 1):
            self.later(self.random.randint(1, self.delay_ms), happening)

    def send_message(self, sender: Node, to: NodeName, message: Message) -> None:
        data = encode_message(message)
        receiver = self.nodes[int(to.removeprefix("node"))]
        if isinstance(message, AppendAnswer) and self.random.random() < self.answer_loss:
            return
        is_entry = isinstance(message, Append) and message.value is not None
        if is_entry and self.random.random() < self.entry_loss:
            return
        if isinstance(message, Decided) and self.random.random() < self.block_loss:
            return
        self.send(sender, receiver, lambda: self._deliver(receiver, data))

    def _deliver(self, node: Node, data: bytes) -> None:
        node.handle(Received(decode_message(data), node.now_ms))

    def _repair(self) -> None:
        """Each node tells one other how far it is, which answers with what is missing."""
        for node in self.nodes:
            if node.engine is not None and not node.is_asleep:
                peer = self.random.choice([n for n in self.nodes if n is not node])
                self._ask(node, peer)

    def _ask(self, node: Node, peer: Node) -> None:
        assert node.engine is not None
        summary = node.engine.summary()
        self.send(node, peer, lambda: self._answer(peer, node, summary))

    def _answer(self, peer: Node, asker: Node, summary: RaftSummary) -> None:
        if peer.engine is None or peer.is_asleep:
            return
        for message in peer.engine.messages_missing_in(summary):
            self.send_message(peer, NodeName(f"node{asker.index}"), message)
        if summary.height <= len(peer.disk.chain) and self.random.random() >= self.block_loss:
            block = peer.disk.chain[summary.height - 1]
            self.send(peer, asker, lambda: asker.commit(block) if asker.engine else None)

    def ask_for_blocks(self, node: Node) -> None:
        for peer in self.nodes:
            if peer is not node:
                self._ask(node, peer)

    # ---------------------------------------------------------------- what must hold

    def violation(self, text: str) -> Violation:
        return Violation(f"seed {self.seed}: {text}")

    def note_role(self, node: Node) -> None:
        """A term has one leader at most, which is a voter."""
        engine = node.engine
        if engine is None or engine.role is not Role.LEADER:
            return
        if self._leaders.setdefault(engine.state.term, node.index) != node.index:
            raise self.violation(f"term {engine.state.term} has two leaders")

    def note_said(self, node: Node, message: Message) -> None:
        """No member precommits two entries at one position, in all its lives."""
        if not isinstance(message, AppendAnswer) or message.acknowledgement is None:
            return
        position = (node.index, message.height, message.term)
        block = message.acknowledgement.block
        if self._signed.setdefault(position, block) != block:
            raise self.violation(f"node {node.index} signed two {kind_of(message)}s at {position}")

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
        committee = self.committee(node.disk.chain, height)
        check_certificate(certificate, GENESIS, committee, verify=hash_verify)
        weights = [committee.members[one.validator].weight for one in certificate.signatures]
        if 2 * sum(weights) <= sum(member.weight for member in committee.members):
            raise self.violation("half of the weight or less decided")

    def note_read(self, node: Node, ticket: int, height: int) -> None:
        """A read sees all that was final when it was asked for, and this node has it."""
        self.reads_answered += 1
        floor = node.reads.pop(ticket)
        if height < floor:
            raise self.violation(f"a stale read: {height} where {floor} was final")
        if height > len(node.disk.chain):
            raise self.violation("a read was answered before its block was on disk")
