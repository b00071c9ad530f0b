"""The engine's questions and their answers, with a scripted engine in its place."""

from collections.abc import Callable

from msgspec.structs import replace

from chain.codec import encode
from chain.errors import Refused
from chain.scalars import Hash, Height, NodeName, Round
from consensus import effects as engine_effects
from consensus import events as engine_events
from consensus.bft.messages import Vote
from consensus.bft.repair import RoundSummary
from consensus.bft.state import Step, initial_state
from consensus.engine import Message, Summary
from consensus.last_signed import NEVER_SIGNED
from consensus.raft.messages import TimeoutNow
from consensus.raft.state import Entry
from consensus.raft.state import initial_state as initial_raft_state
from consensus.value import Timer, Value
from node.replica import effects
from node.replica.messages import ConsensusMessage, Want
from node.replica.ordering import Ordering
from node.replica.payload import from_value, to_value
from tests.unit.node.chain_builder import seed_of
from tests.unit.node.replica.parts import NOW_MS, Parts

A = NodeName("a")
NOWHERE = Hash(bytes(32))
START = engine_events.Started(NOW_MS)
Script = Callable[[engine_events.Event], list[engine_effects.Effect]]


class ScriptedEngine:
    """Answers events by a script and remembers them."""

    def __init__(self, script: Script) -> None:
        self.heard: list[engine_events.Event] = []
        self._script = script

    def handle(self, event: engine_events.Event) -> list[engine_effects.Effect]:
        self.heard.append(event)
        return self._script(event)

    def summary(self) -> RoundSummary:
        return RoundSummary(Height(3), Round(0), Step.WAIT, b"\0", b"\0", False)

    def messages_missing_in(self, summary: Summary) -> list[Message]:
        return [vote()]


def vote() -> Vote:
    signature = seed_of("a") + seed_of("b")
    return Vote("prevote", Height(3), Round(0), None, NOW_MS, 0, signature)  # type: ignore[arg-type]


class Setting:
    """An `Ordering` whose engine does `first` when it starts, and nothing later."""

    def __init__(self, *first: engine_effects.Effect, parts: Parts | None = None) -> None:
        self.parts = parts or Parts()
        self.parts.neighbours.add(A)
        self.engine = ScriptedEngine(lambda event: list(first) if event == START else [])
        self.ordering = Ordering(
            self.engine,
            self.parts.genesis.validators.members[0].node,
            self.parts.proposals,
            self.parts.flow,
            self.parts.neighbours,
        )

    def start(self) -> list[effects.Effect]:
        return self.ordering.handle(START, self.parts.head)

    def answers(self) -> list[engine_events.Event]:
        return self.engine.heard[1:]


def test_effects_leave_in_the_order_the_engine_gave_them() -> None:
    state = initial_state(Height(3), NEVER_SIGNED)
    timer = Timer(Height(3), Round(0), "propose")
    setting = Setting(
        engine_effects.SetTimer(timer, 5),
        engine_effects.Persist(state),
        engine_effects.Broadcast(vote()),
        engine_effects.Accuse(vote(), vote()),
        engine_effects.FellBehind(Height(9)),
    )
    assert setting.start() == [
        effects.SetTimer(timer, 5),
        effects.Persist(state),
        effects.SendToAll((A,), ConsensusMessage(vote())),
        effects.Accuse(vote(), vote()),
        effects.FellBehind(Height(9)),
    ]


def test_a_lock_is_persisted_with_the_transactions_it_names() -> None:
    parts = Parts()
    transaction = parts.chain.power("1")
    parts.wait(transaction)
    value = parts.propose(transaction)
    parts.check(value)
    state = replace(initial_state(Height(3), NEVER_SIGNED), valid_value=value)
    setting = Setting(engine_effects.Persist(state), parts=parts)
    assert setting.start() == [effects.Persist(state, (transaction.raw,))]


def test_a_block_is_built_of_what_waits_and_handed_to_the_engine() -> None:
    parts = Parts()
    transaction = parts.chain.power("1")
    parts.wait(transaction)
    setting = Setting(engine_effects.BuildPayload(Height(3), Round(2)), parts=parts)
    assert setting.start() == []
    (built,) = setting.answers()
    assert isinstance(built, engine_events.PayloadBuilt)
    assert (built.height, built.round) == (3, 2)
    assert parts.names_in(built.value) == (transaction.id,)


def check_of(value: Value) -> engine_effects.CheckPayload:
    return engine_effects.CheckPayload(Height(3), Round(0), value)


def is_valid_answer(setting: Setting) -> list[tuple[bool, bool]]:
    answers = setting.answers()
    assert all(isinstance(answer, engine_events.PayloadChecked) for answer in answers)
    return [
        (answer.is_valid, answer.is_mismatched)
        for answer in answers
        if isinstance(answer, engine_events.PayloadChecked)
    ]


def test_a_good_proposal_is_valid() -> None:
    parts = Parts()
    transaction = parts.chain.power("1")
    parts.wait(transaction)
    setting = Setting(check_of(parts.propose(transaction)), parts=parts)
    assert setting.start() == []
    assert is_valid_answer(setting) == [(True, False)]


def test_a_refused_proposal_is_told_to_the_engine_and_to_the_operator() -> None:
    parts = Parts()
    value = parts.propose()
    for false, is_mismatched in (
        (Value(value.id, b"junk", value.time_ms), True),
        (wrong_result(parts, value), False),
    ):
        setting = Setting(check_of(false), parts=parts)
        (refused,) = setting.start()
        assert isinstance(refused, effects.ProposalRefused)
        assert refused.block == false.id
        assert is_valid_answer(setting) == [(False, is_mismatched)]


def wrong_result(parts: Parts, value: Value) -> Value:
    payload = from_value(value, parts.genesis.limits)
    return to_value(replace(payload, header=replace(payload.header, state_root=NOWHERE)))


def test_missing_transactions_are_asked_for_and_the_answer_follows_when_they_come() -> None:
    parts = Parts()
    transaction = parts.chain.power("1")
    setting = Setting(check_of(parts.propose(transaction)), parts=parts)
    assert setting.start() == [effects.SendToAll((A,), Want((transaction.id,)))]
    assert setting.answers() == []
    assert setting.ordering.check_again(parts.head) == []
    assert setting.answers() == []
    parts.wait(transaction)
    assert setting.ordering.check_again(parts.head) == []
    assert is_valid_answer(setting) == [(True, False)]


def decision(parts: Parts, value: Value) -> engine_effects.Decide:
    certificate = parts.head.certificate
    assert certificate is not None
    return engine_effects.Decide(Height(3), Round(0), value, certificate)


def test_a_decision_becomes_the_commit_of_what_was_executed() -> None:
    parts = Parts()
    transaction = parts.chain.power("1")
    parts.wait(transaction)
    value = parts.propose(transaction)
    parts.check(value)
    (commit,) = Setting(decision(parts, value), parts=parts).start()
    assert isinstance(commit, effects.Commit)
    assert (commit.height, commit.block, commit.is_catch_up) == (3, value.id, False)
    assert commit.transactions == (transaction,)


def test_a_decided_block_that_is_not_here_any_more_is_left_to_catch_up() -> None:
    parts = Parts()
    value = parts.propose(parts.chain.power("1"))
    assert Setting(decision(parts, value), parts=parts).start() == [effects.FellBehind(Height(4))]


def test_what_a_peer_lacks_is_the_engines_business() -> None:
    setting = Setting()
    assert setting.ordering.messages_missing_in(setting.ordering.summary()) == [vote()]
    assert encode(setting.ordering.summary())


def test_a_message_for_one_member_goes_to_its_node_if_that_is_connected() -> None:
    parts = Parts()
    near, far = (member.node for member in parts.genesis.validators.members[:2])
    parts.neighbours.add(near)
    message = TimeoutNow(Height(3), Round(1), 0, seed_of("a") + seed_of("b"))  # type: ignore[arg-type]
    sends = (engine_effects.Send(0, message), engine_effects.Send(1, message))
    assert Setting(*sends, parts=parts).start() == [effects.SendTo(near, ConsensusMessage(message))]
    assert far not in parts.neighbours


def test_the_transactions_of_an_entry_are_persisted_with_it() -> None:
    parts = Parts()
    transaction = parts.chain.power("1")
    parts.wait(transaction)
    value = parts.propose(transaction)
    parts.check(value)
    signature = seed_of("a") + seed_of("b")
    entry = Entry(Round(1), value, NOW_MS, signature)  # type: ignore[arg-type]
    state = replace(initial_raft_state(Height(3)), entry=entry)
    setting = Setting(engine_effects.Persist(state), parts=parts)
    assert setting.start() == [effects.Persist(state, (transaction.raw,))]


def test_answers_to_reads_are_passed_on() -> None:
    refused = Refused("VT-3050")
    setting = Setting(
        engine_effects.ReadReady(1, Height(2)), engine_effects.ReadRefused(2, refused)
    )
    assert setting.start() == [effects.ReadReady(1, Height(2)), effects.ReadRefused(2, refused)]
