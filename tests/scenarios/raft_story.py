"""A story on a few Raft engines: what can be told to them, and what they do.

Commands:

    raft WEIGHT ...              the committee; always the first command
    start [NODE ...]             power on, from the disk if there was a life before
    crash NODE [forget]          power off; `forget` loses the engine's state, not the guard
    work NODE ...                tell nodes that there is something to order
    build NODE NAME              answer the node's BuildPayload with a value of that name
    deliver [FILTER ...]         hand over the messages that wait now
    settle                       hand over messages until none waits
    drop [FILTER ...]            lose the messages that wait now
    tick NODE ...                one tick passes at the nodes
    timeout NODE                 ticks pass at the node until it acts on silence
    commit NODE ...              the decided block is on disk; nothing is left to order
    catchup FROM TO              TO commits the next block that FROM has
    transfer NODE [TO]           ask the node to hand its lead over
    read NODE TICKET             want to read what is final at the node

Filters: a kind of message (append, vote-request and so on), `tN` for a term, `from:N,N`, `to:N,N`.
Checks of values are answered at once, all are valid. A tick's own timer is not told of.
"""

from collections.abc import Callable, Iterator
from typing import assert_never

from chain.certificate import QuorumCertificate
from chain.scalars import Hash, Height, Round, UnixMillis
from chain.validators import ValidatorSet
from consensus.chain import Tip
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
from consensus.raft.core import RaftEngine
from consensus.raft.member import Role
from consensus.raft.messages import (
    Append,
    AppendAnswer,
    Decided,
    Message,
    ReadAnswer,
    ReadRequest,
    TimeoutNow,
    VoteAnswer,
    VoteRequest,
    kind_of,
)
from consensus.raft.state import RaftState
from consensus.state import EngineState, decode_engine_state, encode_engine_state
from consensus.value import Timer, Value
from tests.unit.consensus.raft.world import TICKS_MAX, make_committee
from tests.unit.consensus.world import CHAIN, START_MS, HashSigner, make_value

NOW_MS = UnixMillis(START_MS + 10)
KINDS = {
    "vote-request", "vote-answer", "append", "append-answer", "decided", "timeout-now",
    "read-request", "read-answer",
}  # fmt: skip


class Member:
    """One engine and its disk."""

    def __init__(self) -> None:
        self.engine: RaftEngine | None = None
        self.state: bytes | None = None
        self.guard: LastSigned | None = None
        self.chain: list[tuple[Value, QuorumCertificate]] = []
        self.decided: tuple[Value, QuorumCertificate] | None = None


class RaftStory:
    """The members of a Raft committee and the messages between them."""

    def __init__(self) -> None:
        self.committee: ValidatorSet = make_committee(())
        self.members: list[Member] = []
        self.waiting: list[tuple[int, Message]] = []
        self.names: dict[Hash, str] = {}
        self.trace: list[str] = []

    def run(self, command: str) -> list[str]:
        """Perform one command and give its trace."""
        self.trace = []
        name, *arguments = command.split()
        perform: Callable[..., None] | None = getattr(self, f"do_{name}", None)
        if perform is None:
            raise ValueError(f"unknown command: {name}")
        perform(*arguments)
        return self.trace

    # ---------------------------------------------------------------- commands

    def do_raft(self, *weights: str) -> None:
        self.committee = make_committee(map(int, weights))
        self.members = [Member() for _ in weights]

    def do_start(self, *nodes: str) -> None:
        for index in map(int, nodes or map(str, range(len(self.members)))):
            member = self.members[index]
            stored = None if member.state is None else decode_engine_state(member.state)
            assert stored is None or isinstance(stored, RaftState)
            member.engine = RaftEngine(
                CHAIN,
                signers=(HashSigner(index),),
                tip=Tip(
                    Height(len(member.chain) + 1),
                    member.chain[-1][1] if member.chain else None,
                    member.chain[-1][0].time_ms if member.chain else START_MS,
                    self.committee,
                    self.committee,
                ),
                hard_state=stored,
                last_signed=member.guard,
            )
            self.handle(index, Started(NOW_MS))

    def do_crash(self, node: str, forget: str = "") -> None:
        member = self.members[int(node)]
        member.engine = None
        if forget:
            member.state = None

    def do_work(self, *nodes: str) -> None:
        for index in map(int, nodes):
            self.handle(index, WorkAvailable(NOW_MS))

    def do_build(self, node: str, name: str) -> None:
        state = self.engine(int(node)).state
        value = make_value(name, START_MS + state.height)
        self.names[value.id] = name
        self.handle(int(node), PayloadBuilt(state.height, state.term, value))

    def do_deliver(self, *filters: str) -> None:
        for to, message in list(self.take(filters)):
            if self.members[to].engine is not None:
                self.receive(to, message)

    def do_settle(self) -> None:
        while self.waiting:
            self.do_deliver()

    def do_drop(self, *filters: str) -> None:
        for to, message in self.take(filters):
            self.trace.append(f"lost: {self.describe(message)} to {to}")

    def do_tick(self, *nodes: str) -> None:
        for index in map(int, nodes):
            self.handle(index, TimerFired(self.tick_of(index), NOW_MS))

    def do_timeout(self, node: str) -> None:
        engine = self.engine(int(node))
        attempt = engine._member.attempt
        for ticks in range(1, TICKS_MAX + 1):
            self.do_tick(node)
            if engine._member.attempt != attempt:
                self.trace.insert(0, f"{node} heard nobody for {ticks} ticks")
                return
        raise ValueError(f"{node} acts on no silence")

    def do_commit(self, *nodes: str) -> None:
        for index in map(int, nodes):
            decided = self.members[index].decided
            assert decided is not None
            self.commit(index, *decided)

    def do_catchup(self, giver: str, taker: str) -> None:
        height = len(self.members[int(taker)].chain)
        self.commit(int(taker), *self.members[int(giver)].chain[height])

    def do_transfer(self, node: str, to: str = "") -> None:
        self.handle(int(node), TransferLeadership(int(to) if to else None, NOW_MS))

    def do_read(self, node: str, ticket: str) -> None:
        self.handle(int(node), ReadRequested(int(ticket)))

    # ---------------------------------------------------------------- playing

    def engine(self, index: int) -> RaftEngine:
        engine = self.members[index].engine
        assert engine is not None
        return engine

    def tick_of(self, index: int) -> Timer:
        return Timer(self.engine(index).state.height, Round(0), "tick")

    def take(self, filters: tuple[str, ...]) -> Iterator[tuple[int, Message]]:
        """Take the waiting messages that pass all filters."""
        taken = [item for item in self.waiting if all(_passes(item, word) for word in filters)]
        self.waiting = [item for item in self.waiting if item not in taken]
        return iter(taken)

    def receive(self, to: int, message: Message) -> None:
        self.trace.append(f"{to} gets {self.describe(message)} from {message.author}")
        self.handle(to, Received(message, NOW_MS))

    def commit(self, index: int, value: Value, certificate: QuorumCertificate) -> None:
        self.members[index].chain.append((value, certificate))
        self.handle(
            index,
            HeightCommitted(
                certificate.height,
                certificate,
                self.committee,
                self.committee,
                value.time_ms,
                False,
                NOW_MS,
            ),
        )

    def handle(self, index: int, event: Event) -> None:
        engine = self.engine(index)
        before = self.place(engine)
        effects = engine.handle(event)
        for effect in effects:
            said = self.tell(index, effect)
            if said and self.trace and self.trace[-1].startswith(f"  {index} {said} to "):
                assert isinstance(effect, Send)
                self.trace[-1] += f",{effect.to}"
            elif said:
                to = f" to {effect.to}" if isinstance(effect, Send) else ""
                self.trace.append(f"  {index} {said}{to}")
        after = self.place(engine)
        if after != before:
            self.trace.append(f"  {index} is {after}")
        for effect in effects:
            if isinstance(effect, CheckPayload):
                self.handle(index, PayloadChecked(effect.height, effect.value, is_valid=True))

    def tell(self, index: int, effect: Effect) -> str:
        """Perform an effect and give it in words; a tick is not worth any."""
        member = self.members[index]
        match effect:
            case Persist(state):
                member.state, member.guard = encode_engine_state(state), state.last_signed
                return f"persists {self.durable(state)}"
            case Send(to, message):
                self.waiting.append((to, message))
                return f"says {self.describe(message)}"
            case SetTimer(timer, delay_ms):
                if timer.step == "tick":
                    return ""
                return f"waits {delay_ms} ms in {timer.step} of {timer.height}"
            case BuildPayload(height, term):
                return f"builds for {height}/{term}"
            case CheckPayload(_, _, value):
                return f"checks {self.name(value.id)}"
            case Decide(height, term, value, certificate):
                member.decided = (value, certificate)
                signers = ",".join(str(commit.validator) for commit in certificate.signatures)
                return f"decides {self.name(value.id)} at {height}/{term} signed by {signers}"
            case FellBehind(height):
                return f"fell behind {height}"
            case ReadReady(ticket, height):
                return f"answers read {ticket} with height {height}"
            case ReadRefused(ticket, _):
                return f"refuses read {ticket}"
            case Broadcast() | Accuse():
                raise AssertionError("Raft does not do that")
            case _:
                assert_never(effect)

    # ---------------------------------------------------------------- words

    def name(self, block: Hash) -> str:
        return self.names[block]

    def describe(self, message: Message) -> str:
        place = f"{message.height}/{message.term}"
        match message:
            case VoteRequest():
                log = f"{message.last_height}/{message.last_term}"
                return f"{message.kind} request for {message.asked_term}, log ends {log}"
            case VoteAnswer():
                word = "yes" if message.is_granted else "no"
                kind = "pre-vote" if message.is_pre_vote else "vote"
                return f"{word} to {kind} {message.asked_term} in {place}"
            case Append():
                whole = " in full" if message.value is not None else ""
                named = "" if message.block is None else f" {self.name(message.block)}"
                return f"append {place}{named}{whole}"
            case AppendAnswer():
                held = message.acknowledgement
                knows = "follows" if message.has_value else "lacks the entry"
                return f"answer {place} " + (f"holds {self.name(held.block)}" if held else knows)
            case Decided():
                certificate = message.certificate
                at = f"{certificate.height}/{certificate.round}"
                return f"decided {at} {self.name(certificate.block)}"
            case TimeoutNow():
                return f"timeout-now {place}"
            case ReadRequest():
                return f"read-request {place}"
            case ReadAnswer():
                return f"read-answer {place} with {message.committed}"

    def durable(self, state: EngineState) -> str:
        assert isinstance(state, RaftState)
        vote = self.vote_of(state)
        return f"{state.height}/{state.term}{vote}{self.entry_of(state)}"

    def place(self, engine: RaftEngine) -> str:
        state, leader = engine.state, engine.leader
        role = engine.role.name.lower().replace("_", "-")
        of = f" of {leader}" if leader is not None and engine.role is Role.FOLLOWER else ""
        return f"{state.height}/{state.term} {role}{of}{self.vote_of(state)}{self.entry_of(state)}"

    def vote_of(self, state: RaftState) -> str:
        if state.voted_for is None:
            return ""
        keys = [member.vote_key for member in self.committee.members]
        index = keys.index(state.voted_for) if state.voted_for in keys else "nobody"
        return f" voted for {index}"

    def entry_of(self, state: RaftState) -> str:
        entry = state.entry
        return f" holds {self.name(entry.value.id)} of {entry.term}" if entry else ""


def _passes(item: tuple[int, Message], word: str) -> bool:
    to, message = item
    if word.startswith("to:"):
        return str(to) in word[3:].split(",")
    if word.startswith("from:"):
        return str(message.author) in word[5:].split(",")
    if word[0] == "t" and word[1:].isdigit():
        return message.term == Round(int(word[1:]))
    if word not in KINDS:
        raise ValueError(f"unknown filter: {word}")
    return kind_of(message) == word
