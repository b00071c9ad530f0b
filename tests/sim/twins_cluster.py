"""The engines of one Twins scenario, the network that is cut under them, and what must hold.

`twins.py` says what a scenario is and why, and searches. Here one is played, at one height, round
by round: everything is handed over that the partition lets through, then time-outs run out.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Final, assert_never

from msgspec.structs import replace

from chain.certificate import QuorumCertificate, check_certificate
from chain.errors import ChainError
from chain.scalars import Height, Round
from chain.validators import ValidatorSet, compute_proposer
from consensus.bft.checks import kind_of, sender_of
from consensus.bft.core import BftEngine
from consensus.bft.messages import Message
from consensus.bft.state import Step
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
from consensus.value import Timer, TimerStep, Value
from tests.scenarios.bft_story import NOW_MS, BftStory
from tests.sim.signatures import Scheme, choose_scheme, real_key
from tests.unit.consensus.world import FOUR, GENESIS, START_MS, TIMING, make_value

KINDS: Final = ("proposal", "prevote", "precommit")
HEALED_ROUNDS_MAX: Final = 6
QUORUM: Final = 3
"""More than two thirds of four."""

Partition = tuple[int, ...]
"""The group of each engine; two engines hear each other when theirs is the same."""


class Violation(AssertionError):
    """The engines broke a promise; the text says which."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One round of a scenario.

    `partitions` has one for each of `KINDS`. The time-outs of the engines in `slow` do not run out.
    `late_percent` of what was lost before arrives at its beginning.
    """

    leader: int
    partitions: tuple[Partition, Partition, Partition]
    slow: frozenset[int] = frozenset()
    late_percent: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens to the engines; `name` is what `--replay` takes."""

    name: str
    turns: tuple[Turn, ...]
    twins: tuple[int, ...] = (0,)
    has_real_keys: bool = False
    shuffled_by: int | None = None
    """Seed of the order of messages; None hands them over in the order they were sent."""
    are_twins_silent: bool = False
    """Whether the twins say nothing any more when the network heals."""


# ---------------------------------------------------------------------- keys and values


VALIDATORS: Final = ValidatorSet(
    tuple(
        replace(member, vote_key=real_key(f"vote{index}").public_key)
        for index, member in enumerate(FOUR.members)
    )
)


@lru_cache(maxsize=2)
def _keys_of(has_real_keys: bool) -> tuple[Scheme, Chain]:
    """Give the keys and the chain; the seed of a scheme is one that has the kind of keys."""
    scheme = choose_scheme(0 if has_real_keys else 1)
    # The same messages come again in scenario after scenario, and a check depends on them alone.
    return scheme, Chain(GENESIS, TIMING, lru_cache(maxsize=200_000)(scheme.verify))


@lru_cache(maxsize=4096)
def _value_of(engine: str, round_: int) -> Value:
    return make_value(f"{engine}-{round_}")


# ---------------------------------------------------------------------- engines and network


@dataclass(slots=True)
class Instance:
    """One engine under the key of validator `key`."""

    number: int
    key: int
    name: str
    engine: BftEngine
    timers: set[Timer] = field(default_factory=set)
    decided: tuple[Value, QuorumCertificate] | None = None


class Cluster:
    """All engines of one scenario at one height, and what must hold of them."""

    def __init__(self, scenario: Scenario, trace: list[str] | None = None) -> None:
        self.scenario = scenario
        self.random = None if scenario.shuffled_by is None else Random(scenario.shuffled_by)
        self.scheme, self.chain = _keys_of(scenario.has_real_keys)
        # The leader of round 0 at this height is the first turn's.
        self.height = Height(len(FOUR) + scenario.turns[0].leader)
        self.trace = trace
        self.words = BftStory()
        owners = [*range(len(FOUR)), *scenario.twins]
        self.instances = [self._make(number, key) for number, key in enumerate(owners)]
        self.correct = [it for it in self.instances if it.key not in scenario.twins]
        self.turn = scenario.turns[0]
        self.waiting: deque[tuple[Instance, Message]] = deque()
        self.lost: list[tuple[Instance, Message]] = []
        self.is_healed = False
        self.is_empty_round = False
        self.said: dict[tuple[int, Round, str], Message] = {}
        """What each engine, by number, said at a position."""
        self.final: Value | None = None

    def _make(self, number: int, key: int) -> Instance:
        engine = BftEngine(
            self.chain,
            validators=VALIDATORS,
            signers=(self.scheme.key(f"vote{key}"),),
            height=self.height,
            previous_time_ms=START_MS,
        )
        return Instance(number, key, f"{key}" if number == key else f"{key}'", engine)

    def play(self) -> int:
        """Run the scenario, heal, and demand a decision; give the rounds that it took after.

        Raises: Violation: a promise was broken.
        """
        for it in self.instances:
            self.handle(it, Started(NOW_MS))
        self._tell("round 0", self.turn.partitions)
        for it in self.instances:
            self.handle(it, WorkAvailable(NOW_MS))
        self._run_round()
        for turn in self.scenario.turns[1:]:
            self._begin(turn)
            self._run_round()
        return self._heal()

    # ---------------------------------------------------------------- a round

    def _begin(self, turn: Turn) -> None:
        """Bring the engines that are not slow to the next round that `turn.leader` leads."""
        present = max((it.engine.state.round for it in self._undecided()), default=Round(0))
        target = Round(present + 1)
        while compute_proposer(VALIDATORS, self.height, target) != turn.leader:
            target = Round(target + 1)
        moving = [it for it in self._undecided() if it.number not in turn.slow]
        self.is_empty_round = True
        for it in moving:
            while it.engine.state.round < target - 1:
                self._leave_round(it)
        self.is_empty_round, self.turn = False, turn
        self._tell(f"round {target}", turn.partitions)
        self._bring_late(turn.late_percent)
        for it in moving:
            if it.engine.state.round == target - 1 and it.decided is None:
                self._leave_round(it)

    def _leave_round(self, it: Instance) -> None:
        """Move on though no time-out was set: from whatever step, that is always allowed."""
        present = it.engine.state.round
        self._fire(it, "precommit")
        if it.decided is None and it.engine.state.round == present:
            raise Violation(f"engine {it.name} does not leave round {present}")

    def _bring_late(self, percent: int) -> None:
        if self.random is None or not percent:
            return
        arriving = {i for i in range(len(self.lost)) if self.random.random() * 100 < percent}
        self.waiting += [self.lost[index] for index in sorted(arriving)]
        self.lost = [item for index, item in enumerate(self.lost) if index not in arriving]

    def _run_round(self) -> None:
        """Hand over what passes, then let the time-outs of proposal and prevotes run out."""
        self._settle()
        for step in (Step.PROPOSE, Step.PREVOTE):
            for it in self._undecided():
                if it.number not in self.turn.slow and it.engine.state.step == step:
                    self._fire_if_set(it, "propose" if step == Step.PROPOSE else "prevote")
            self._settle()

    def _settle(self) -> None:
        while self.waiting:
            if self.random is not None:
                self.waiting.rotate(self.random.randrange(len(self.waiting)))
            receiver, message = self.waiting.popleft()
            self._receive(receiver, message)

    def _receive(self, receiver: Instance, message: Message) -> None:
        if receiver.decided is None:
            self.handle(receiver, Received(message, NOW_MS))

    def _fire(self, it: Instance, step: TimerStep) -> None:
        timer = Timer(self.height, it.engine.state.round, step)
        it.timers.discard(timer)
        self.handle(it, TimerFired(timer, NOW_MS))

    def _fire_if_set(self, it: Instance, step: TimerStep) -> None:
        if Timer(self.height, it.engine.state.round, step) in it.timers:
            self._fire(it, step)

    def _undecided(self) -> list[Instance]:
        return [it for it in self.instances if it.decided is None]

    # ---------------------------------------------------------------- healing

    def _heal(self) -> int:
        """Let everything through and repair what was lost, until all correct engines decide."""
        self.is_healed, self.lost = True, []
        alive = self.correct if self.scenario.are_twins_silent else self.instances
        start = self._latest_round()
        self._tell("the network is whole")
        while not all(it.decided for it in self.correct):
            rounds = self._latest_round() - start
            before = [it.engine.state for it in alive]
            self._repair(alive)
            steps: tuple[TimerStep, ...] = ("propose", "prevote", "precommit")
            for step in steps:
                for it in alive:
                    if it.decided is None:
                        self._fire_if_set(it, step)
                self._settle()
                self._repair(alive)
            is_stuck = before == [it.engine.state for it in alive] and not self._follow(alive)
            if is_stuck or rounds > HEALED_ROUNDS_MAX:
                raise Violation(f"no decision {rounds} rounds after the network was whole")
        return max(0, self._latest_round() - start)

    def _follow(self, alive: Sequence[Instance]) -> bool:
        """Let those behind leave their round if the others did so by this scenario's fiat.

        An engine by itself leaves a round in which more than two thirds precommitted, and repair
        shows these precommits to those behind. A scenario moves engines on without them.
        """
        latest, moved = self._latest_round(), False
        for it in alive:
            present = it.engine.state.round
            voters = {other.key for other in alive if self._has_precommitted(other, present)}
            if it.decided is None and present < latest and len(voters) < QUORUM:
                self._leave_round(it)
                moved = True
        self._settle()
        return moved

    def _has_precommitted(self, it: Instance, round_: Round) -> bool:
        return (it.number, round_, "precommit") in self.said

    def _latest_round(self) -> int:
        return max(
            it.decided[1].round if it.decided else it.engine.state.round for it in self.instances
        )

    def _repair(self, alive: Sequence[Instance]) -> None:
        """Each tells each what it has, and gets what it lacks; then the block, if there is one."""
        for taker in alive:
            for giver in alive:
                if taker.decided is None and giver is not taker:
                    for message in giver.engine.messages_missing_in(taker.engine.summary()):
                        self.waiting.append((taker, message))
        self._settle()
        block = next((it.decided for it in alive if it.decided), None)
        for it in alive:
            if it.decided is None and block is not None:
                self._commit(it, *block)

    # ---------------------------------------------------------------- events and effects

    def handle(self, it: Instance, event: Event) -> None:
        """Give an engine an event and perform what it wants.

        Raises: Violation: a promise was broken.
        """
        if self.trace is not None and isinstance(event, Received):
            said = self.words.describe(event.message)
            self.trace.append(f"{it.name} gets {said} from {sender_of(event.message)}")
        try:
            effects = it.engine.handle(event)
        except (ChainError, AssertionError) as error:
            raise Violation(f"engine {it.name} stopped: {error!r}") from error
        for effect in effects:
            self._perform(it, effect)

    def _perform(self, it: Instance, effect: Effect) -> None:
        match effect:
            case Broadcast(message):
                self._broadcast(it, message)
            case SetTimer(timer):
                it.timers.add(timer)
            case BuildPayload(height, round_):
                if not self.is_empty_round:
                    value = _value_of(it.name, round_)
                    self.words.names[value.id] = value.payload.decode()
                    self.handle(it, PayloadBuilt(height, round_, value))
            case CheckPayload(height, _, value):
                self.handle(it, PayloadChecked(height, value, is_valid=True))
            case Decide(height, round_, value, certificate):
                self._tell(f"  {it.name} decides {value.payload.decode()} at {height}/{round_}")
                self._check_decision(value, certificate)
                self._commit(it, value, certificate)
            case Accuse(first, second):
                self._tell(f"  {it.name} accuses {sender_of(first)}")
                self._check_accusation(first, second)
            case Persist() | FellBehind():
                pass
            case _:
                assert_never(effect)

    def _broadcast(self, it: Instance, message: Message) -> None:
        if self.trace is not None:
            place = self.words.place(it.engine.state)
            self._tell(f"  {it.name} says {self.words.describe(message)}, at {place}")
        self._check_said(it, message)
        if self.is_healed and self.scenario.are_twins_silent and it not in self.correct:
            return
        groups = self.turn.partitions[KINDS.index(kind_of(message))]
        for other in self.instances:
            if other is it:
                continue
            if self.is_healed or (
                not self.is_empty_round and groups[it.number] == groups[other.number]
            ):
                self.waiting.append((other, message))
            else:
                self.lost.append((other, message))

    def _commit(self, it: Instance, value: Value, certificate: QuorumCertificate) -> None:
        it.decided = value, certificate
        self.handle(
            it,
            HeightCommitted(
                self.height, certificate, VALIDATORS, VALIDATORS, value.time_ms, False, NOW_MS
            ),
        )

    def _tell(self, text: str, partitions: Sequence[Partition] = ()) -> None:
        if self.trace is None:
            return
        for kind, groups in zip(KINDS, partitions, strict=False):
            names = [
                " ".join(it.name for it in self.instances if groups[it.number] == group)
                for group in sorted(set(groups))
            ]
            text += f"; {kind}s within {' | '.join(names)}"
        self.trace.append(text)

    # ---------------------------------------------------------------- what must hold

    def _check_said(self, it: Instance, message: Message) -> None:
        """No engine signs two different messages for one position, not even a twin by itself."""
        position = (it.number, message.round, kind_of(message))
        if self.said.setdefault(position, message) != message:
            raise Violation(f"engine {it.name} signed two messages at {position[1:]}")

    def _check_decision(self, value: Value, certificate: QuorumCertificate) -> None:
        """All decide one value, and the certificate proves it by itself."""
        if self.final is None:
            self.final = value
        if self.final != value:
            raise Violation(
                f"two values were decided: {self.final.payload.decode()} and "
                f"{value.payload.decode()}"
            )
        if (certificate.height, certificate.block) != (self.height, value.id):
            raise Violation("the certificate is for something else")
        try:
            check_certificate(certificate, GENESIS, VALIDATORS, verify=self.chain.verify)
        except ChainError as error:
            raise Violation(f"the certificate does not hold: {error}") from error
        if len({commit.validator for commit in certificate.signatures}) < QUORUM:
            raise Violation("two of four decided")

    def _check_accusation(self, first: Message, second: Message) -> None:
        """Only a twin is accused, and of two messages that no correct engine signs both."""
        if sender_of(first) not in self.scenario.twins:
            raise Violation(f"engine {sender_of(first)} is correct and was accused")
        places = {
            (sender_of(said), kind_of(said), said.height, said.round) for said in (first, second)
        }
        if len(places) != 1 or first == second:
            raise Violation("an accusation of what is no contradiction")
