"""A story on four Tendermint engines: what can be told to them, and what they do.

Commands:

    start [NODE ...]             power on, from the disk if there was a life before
    crash NODE [forget]          power off; `forget` loses the engine's state, not the guard
    work NODE ...                tell nodes that there is something to order
    build NODE NAME              answer the node's BuildPayload with a value of that name
    deliver [FILTER ...]         hand over the messages that wait now
    settle                       hand over messages until none waits
    drop [FILTER ...]            lose the messages that wait now
    fire NODE STEP               let the timer of the present round run out
    repair FROM TO               FROM sends what TO lacks
    commit NODE ...              the decided block is on disk; nothing is left to order
    catchup FROM TO              TO commits the next block that FROM has
    lie NODE prevote|precommit NAME|nil TO   NODE signs another vote and sends it to TO only

Filters: a kind (proposal, prevote, precommit), `rN`, `from:N,N`, `to:N,N`. Checks of values are
answered at once, all are valid.
"""

from collections.abc import Callable, Iterator
from typing import assert_never

from chain.certificate import QuorumCertificate
from chain.scalars import Hash, Height, Round, UnixMillis
from consensus.bft.checks import kind_of, sender_of
from consensus.bft.core import BftEngine
from consensus.bft.messages import Message, Proposal, Vote, VoteKind
from consensus.bft.state import (
    HardState,
    LastSigned,
    Step,
)
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
    Received,
    Started,
    TimerFired,
    WorkAvailable,
)
from consensus.state import encode_engine_state
from consensus.value import Timer, TimerStep, Value, ValueId
from tests.unit.consensus.world import (
    CHAIN,
    FOUR,
    START_MS,
    HashSigner,
    decode_hard_state,
    make_value,
    make_vote,
)

NOW_MS = UnixMillis(START_MS + 10)
KINDS: dict[str, VoteKind] = {"prevote": "prevote", "precommit": "precommit"}
STEPS: dict[str, TimerStep] = {
    "propose": "propose",
    "prevote": "prevote",
    "precommit": "precommit",
    "heartbeat": "heartbeat",
}


class Member:
    """One engine and its disk."""

    def __init__(self) -> None:
        self.engine: BftEngine | None = None
        self.state: bytes | None = None
        self.guard: LastSigned | None = None
        self.chain: list[tuple[Value, QuorumCertificate]] = []
        self.decided: tuple[Value, QuorumCertificate] | None = None


class BftStory:
    """Four members and the messages between them."""

    def __init__(self) -> None:
        self.members = [Member() for _ in range(4)]
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

    def do_start(self, *nodes: str) -> None:
        for index in map(int, nodes or "0123"):
            member = self.members[index]
            member.engine = BftEngine(
                CHAIN,
                validators=FOUR,
                signers=(HashSigner(index),),
                height=Height(len(member.chain) + 1),
                previous_time_ms=member.chain[-1][0].time_ms if member.chain else START_MS,
                hard_state=None if member.state is None else decode_hard_state(member.state),
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
        state = self.state_of(int(node))
        value = make_value(name, START_MS + state.height)
        self.names[value.id] = name
        self.handle(int(node), PayloadBuilt(state.height, state.round, value))

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

    def do_fire(self, node: str, step: str) -> None:
        state = self.state_of(int(node))
        timer = Timer(state.height, state.round, STEPS[step])
        self.handle(int(node), TimerFired(timer, NOW_MS))

    def do_repair(self, giver: str, taker: str) -> None:
        give, take = (self.members[int(node)].engine for node in (giver, taker))
        assert give is not None
        assert take is not None
        for message in give.messages_missing_in(take.summary()):
            self.receive(int(taker), message)

    def do_commit(self, *nodes: str) -> None:
        for index in map(int, nodes):
            decided = self.members[index].decided
            assert decided is not None
            self.commit(index, *decided)

    def do_catchup(self, giver: str, taker: str) -> None:
        height = len(self.members[int(taker)].chain)
        self.commit(int(taker), *self.members[int(giver)].chain[height])

    def do_lie(self, node: str, kind: str, name: str, to: str) -> None:
        state = self.state_of(int(node))
        block = None if name == "nil" else make_value(name, START_MS + state.height).id
        vote = make_vote(KINDS[kind], int(node), block, height=state.height, round_=state.round)
        self.receive(int(to), vote)

    # ---------------------------------------------------------------- playing

    def state_of(self, index: int) -> HardState:
        engine = self.members[index].engine
        assert engine is not None
        return engine.state

    def take(self, filters: tuple[str, ...]) -> Iterator[tuple[int, Message]]:
        """Take the waiting messages that pass all filters."""
        taken = [item for item in self.waiting if all(_passes(item, word) for word in filters)]
        self.waiting = [item for item in self.waiting if item not in taken]
        return iter(taken)

    def receive(self, to: int, message: Message) -> None:
        self.trace.append(f"{to} gets {self.describe(message)} from {sender_of(message)}")
        self.handle(to, Received(message, NOW_MS))

    def commit(self, index: int, value: Value, certificate: QuorumCertificate) -> None:
        self.members[index].chain.append((value, certificate))
        self.handle(
            index,
            HeightCommitted(
                certificate.height, certificate, FOUR, FOUR, value.time_ms, False, NOW_MS
            ),
        )

    def handle(self, index: int, event: Event) -> None:
        engine = self.members[index].engine
        assert engine is not None
        before = self.place(engine.state)
        checks: list[CheckPayload] = []
        for effect in engine.handle(event):
            self.trace.append(f"  {index} {self.tell(index, effect)}")
            if isinstance(effect, CheckPayload):
                checks.append(effect)
        after = self.place(engine.state)
        if after != before:
            self.trace.append(f"  {index} is at {after}")
        for check in checks:
            self.handle(index, PayloadChecked(check.height, check.value, is_valid=True))

    def tell(self, index: int, effect: Effect) -> str:
        """Perform an effect and give it in words."""
        member = self.members[index]
        match effect:
            case Persist(state):
                assert isinstance(state, HardState)
                member.state, member.guard = encode_engine_state(state), state.last_signed
                return f"persists {self.place(state)}"
            case Broadcast(message):
                others = (to for to in range(4) if to != index)
                self.waiting += [(to, message) for to in others]
                return f"says {self.describe(message)}"
            case SetTimer(timer, delay_ms):
                return f"waits {delay_ms} ms in {timer.step} {timer.height}/{timer.round}"
            case BuildPayload(height, round_):
                return f"builds for {height}/{round_}"
            case CheckPayload(_, _, value):
                return f"checks {self.name(value.id)}"
            case Decide(height, round_, value, certificate):
                member.decided = (value, certificate)
                signers = ",".join(str(commit.validator) for commit in certificate.signatures)
                return f"decides {self.name(value.id)} at {height}/{round_} signed by {signers}"
            case Accuse(first, second):
                said = f"{self.describe(first)} and {self.describe(second)}"
                return f"accuses {sender_of(first)} of {said}"
            case FellBehind(height):
                return f"fell behind {height}"
            case Send() | ReadReady() | ReadRefused():
                raise AssertionError("Tendermint does not do that")
            case _:
                assert_never(effect)

    # ---------------------------------------------------------------- words

    def name(self, value_id: ValueId) -> str:
        return "nil" if value_id is None else self.names[value_id]

    def describe(self, message: Message) -> str:
        place = f"{message.height}/{message.round}"
        match message:
            case Proposal():
                valid = f" valid in {message.valid_round}" if message.valid_round >= 0 else ""
                return f"proposal {place} {self.name(message.value.id)}{valid}"
            case Vote():
                return f"{message.kind} {place} {self.name(message.block)}"

    def place(self, state: HardState) -> str:
        lock = ""
        if state.locked_round >= 0:
            lock = f" locked on {self.name(state.locked_value_id)} in {state.locked_round}"
        valid = ""
        if state.valid_value is not None and state.valid_round != state.locked_round:
            valid = f" valid {self.name(state.valid_value.id)} in {state.valid_round}"
        return f"{state.height}/{state.round} {Step(state.step).name.lower()}{lock}{valid}"


def _passes(item: tuple[int, Message], word: str) -> bool:
    to, message = item
    if word.startswith("to:"):
        return str(to) in word[3:].split(",")
    if word.startswith("from:"):
        return str(sender_of(message)) in word[5:].split(",")
    if word[0] == "r" and word[1:].isdigit():
        return message.round == Round(int(word[1:]))
    if word not in ("proposal", "prevote", "precommit"):
        raise ValueError(f"unknown filter: {word}")
    return kind_of(message) == word
