"""A committee leaves Raft for the Byzantine engine, at a height of its own choice."""

import pytest

from chain.genesis import Genesis
from chain.scalars import Height, Round, UnixMillis
from chain.validators import ValidatorSet
from consensus.bft.core import BftEngine
from consensus.bft.state import HardState
from consensus.chain import Tip
from consensus.effects import (
    Broadcast,
    BuildPayload,
    Effect,
    Persist,
    ReadRefused,
    Send,
    SetTimer,
)
from consensus.engine import make_engine
from consensus.events import (
    HeightCommitted,
    ReadRequested,
    Received,
    Started,
    TimerFired,
)
from consensus.last_signed import ROUND_LAST
from consensus.raft.core import RaftEngine
from consensus.raft.messages import NO_SIGNATURE, ReadRequest, TimeoutNow
from consensus.raft.state import RaftState
from consensus.state import EngineState, decode_engine_state, encode_engine_state
from consensus.switch import CommitteeEngine, is_move
from consensus.value import Timer
from tests.unit.consensus.raft.world import Bench as RaftBench
from tests.unit.consensus.raft.world import make_certificate, make_committee, make_tip, sign
from tests.unit.consensus.world import (
    CHAIN,
    FOUR,
    START_MS,
    HashSigner,
    hash_verify,
    make_value,
    make_vote,
)

V, W = make_value("v"), make_value("w", START_MS + 2)
RAFT = make_committee((1, 1, 1, 1))
NOW_MS = UnixMillis(START_MS + 10)


def make(tip: Tip, hard_state: EngineState | None = None) -> CommitteeEngine:
    return CommitteeEngine(CHAIN, signers=(HashSigner(0),), tip=tip, hard_state=hard_state)


def committed(height: int, validators: ValidatorSet, *, has_work: bool = False) -> HeightCommitted:
    certificate = make_certificate(V, (0, 1, 2), height=height)
    return HeightCommitted(
        Height(height), certificate, validators, validators, V.time_ms, has_work, NOW_MS
    )


def saved(effects: list[Effect]) -> EngineState:
    """Give the last state that was persisted, as it comes back from the disk."""
    state = [effect.state for effect in effects if isinstance(effect, Persist)][-1]
    return decode_engine_state(encode_engine_state(state))


def test_the_committee_names_its_engine() -> None:
    assert make(make_tip(committee=RAFT)).name == "raft"
    assert make(make_tip(committee=FOUR)).name == "bft"
    genesis = Genesis(1, "test", START_MS, (), RAFT)
    engine = make_engine(
        genesis, tip=make_tip(committee=RAFT), signers=(HashSigner(1),), verify=hash_verify
    )
    assert isinstance(engine, CommitteeEngine)
    assert isinstance(engine.state, RaftState)


def test_raft_goes_on_from_height_to_height() -> None:
    engine = make(make_tip(committee=RAFT))
    engine.handle(Started(NOW_MS))
    engine.handle(committed(1, RAFT))
    assert (engine.name, engine.state.height) == ("raft", 2)


def test_a_block_that_names_the_other_engine_is_the_last_one_of_raft() -> None:
    engine = make(make_tip(height=2, committee=RAFT))
    engine.handle(Started(NOW_MS))
    effects = engine.handle(committed(2, FOUR))
    assert (engine.name, engine.state.height) == ("bft", 3)
    timers = [effect.timer for effect in effects if isinstance(effect, SetTimer)]
    assert timers == [Timer(Height(3), Round(0), "heartbeat")]


def test_waiting_work_begins_the_first_round_of_the_new_engine() -> None:
    engine = make(make_tip(height=3, committee=RAFT))
    engine.handle(Started(NOW_MS))
    effects = engine.handle(committed(3, FOUR, has_work=True))
    assert BuildPayload(Height(4), Round(0)) in effects, "member 0 proposes at height 4"


def test_late_messages_and_ticks_of_raft_are_ignored() -> None:
    engine = make(make_tip(height=2, committee=RAFT))
    engine.handle(Started(NOW_MS))
    late = sign(TimeoutNow(Height(2), Round(9), 1, NO_SIGNATURE))
    vote = make_vote("prevote", 1, None, height=2)
    assert engine.handle(Received(vote, NOW_MS)) == []
    engine.handle(committed(2, FOUR))
    assert engine.handle(Received(late, NOW_MS)) == []
    assert engine.handle(TimerFired(Timer(Height(3), Round(0), "tick"), NOW_MS)) == []


def test_reads_that_waited_are_refused_once() -> None:
    bench = RaftBench(0, make_tip(height=2, committee=RAFT)).lead()
    engine = make(make_tip(height=2, committee=RAFT))
    engine._engine = bench.engine
    engine.handle(ReadRequested(7))
    effects = engine.handle(committed(2, FOUR))
    assert [effect.ticket for effect in effects if isinstance(effect, ReadRefused)] == [7]
    (refused,) = engine.handle(ReadRequested(8))
    assert isinstance(refused, ReadRefused)
    assert refused.error.code == "VT-3051"


def test_readers_elsewhere_are_not_told_by_their_old_places() -> None:
    """A leader that a snapshot takes over the change may find a smaller committee there."""
    bench = RaftBench(2, make_tip(height=2, committee=RAFT)).lead()
    bench.receive(ReadRequest(*bench.stamp(3, bench.state.term), read=5))
    engine = make(make_tip(height=2, committee=RAFT))
    engine._engine = bench.engine
    effects = engine.handle(committed(50, ValidatorSet(FOUR.members[:1])))
    assert [effect for effect in effects if isinstance(effect, Send)] == []


def test_the_guard_goes_along() -> None:
    """What Raft signed lies below everything that the other engine signs."""
    bench = RaftBench(0, make_tip(height=2, committee=RAFT)).lead()
    bench.build(V)
    signed = bench.state.last_signed
    assert (signed.height, signed.round) == (2, 2)
    engine = make(make_tip(height=2, committee=RAFT))
    engine._engine = bench.engine
    engine.handle(committed(2, FOUR))
    assert isinstance(engine.state, HardState)
    assert engine.state.last_signed.position >= signed.position
    effects = engine.handle(TimerFired(Timer(Height(3), Round(0), "heartbeat"), NOW_MS))
    effects += engine.handle(TimerFired(Timer(Height(3), Round(0), "propose"), NOW_MS))
    said = [effect.message for effect in effects if isinstance(effect, Broadcast)]
    assert [(message.height, message.round) for message in said] == [(3, 0)]


def test_a_restart_after_the_change_takes_the_guard_and_nothing_else() -> None:
    bench = RaftBench(0, make_tip(height=2, committee=RAFT))
    bench.hold(V, term=2)
    stored = saved(bench.effects)
    tip = make_tip(height=3, committee=FOUR, previous_term=2)
    engine = make(tip, stored)
    assert (engine.name, engine.state.height) == ("bft", 3)
    assert engine.state.last_signed.height == 2
    assert engine.state.last_signed.round in (2, ROUND_LAST)


def test_a_restart_in_the_middle_of_raft_goes_on() -> None:
    bench = RaftBench(0, make_tip(height=2, committee=RAFT))
    bench.hold(V, term=2)
    engine = make(make_tip(height=2, committee=RAFT), saved(bench.effects))
    assert isinstance(engine.state, RaftState)
    assert engine.state.entry == bench.state.entry


def test_summaries_of_the_other_engine_get_no_answer() -> None:
    of_raft, of_bft = make(make_tip(2, RAFT)), make(make_tip(2, FOUR))
    below_raft, below_bft = make(make_tip(1, RAFT)), make(make_tip(1, FOUR))
    assert len(of_raft.messages_missing_in(below_raft.summary())) == 1
    assert of_raft.messages_missing_in(below_bft.summary()) == []
    assert of_bft.messages_missing_in(below_raft.summary()) == []
    assert isinstance(of_raft._engine, RaftEngine)
    assert isinstance(of_bft._engine, BftEngine)


def test_there_is_one_move() -> None:
    assert is_move("raft", FOUR)
    assert not is_move("bft", RAFT)
    engine = make(make_tip(height=2, committee=FOUR))
    engine.handle(Started(NOW_MS))
    with pytest.raises(AssertionError, match="nobody go back"):
        engine.handle(committed(2, RAFT))
    assert engine.name == "bft"


def test_an_old_block_changes_no_engine() -> None:
    engine = make(make_tip(height=5, committee=RAFT))
    engine.handle(Started(NOW_MS))
    engine.handle(committed(2, FOUR))
    assert (engine.name, engine.state.height) == ("raft", 5)
