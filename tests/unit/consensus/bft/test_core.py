"""From height to height: waiting for work, catching up, starting again."""

import pytest
from msgspec.structs import replace

from chain.errors import Corruption
from chain.genesis import Genesis, Timing, compute_genesis_hash
from chain.scalars import Height, Round, UnixMillis
from chain.validators import ValidatorSet
from consensus.bft.checks import check_message
from consensus.bft.messages import Vote
from consensus.bft.state import HardState, Step
from consensus.effects import (
    Accuse,
    Broadcast,
    BuildPayload,
    CheckPayload,
    Decide,
    FellBehind,
    Persist,
    SetTimer,
)
from consensus.engine import Tip, make_engine
from consensus.events import HeightCommitted, PayloadBuilt, Started, WorkAvailable
from consensus.last_signed import LastSigned, SignedStep
from consensus.state import encode_engine_state
from consensus.value import Timer
from tests.unit.consensus.world import (
    FOUR,
    GENESIS,
    START_MS,
    Bench,
    HashSigner,
    decode_hard_state,
    hash_verify,
    make_block,
    make_proposal,
    make_validators,
    make_value,
    make_vote,
)

V, W = make_value("v"), make_value("w")


def waiting(index: int | None = 0) -> Bench:
    """An engine that committed height 1 and has nothing to order."""
    bench = Bench(index).start()
    bench.commit(V, make_block(V), has_work=False)
    return bench


def committed(height: int, validators: ValidatorSet, *, has_work: bool) -> HeightCommitted:
    """V is on disk at `height`; the heights after it are decided by `validators`."""
    return HeightCommitted(
        Height(height),
        make_block(V, height=height),
        validators,
        validators,
        V.time_ms,
        has_work,
        UnixMillis(START_MS + 10),
    )


# ------------------------------------------------------------------ waiting for work


def test_the_first_height_starts_at_once() -> None:
    assert Bench(1).start().of(BuildPayload) == [BuildPayload(Height(1), Round(0))]


def test_with_nothing_to_order_nothing_is_said_until_the_heartbeat() -> None:
    bench = waiting(2)
    assert bench.timers() == [("heartbeat", 0, 10_000)]
    assert len(bench.effects) == 1
    assert bench.state.step == Step.WAIT
    bench.fire("heartbeat")
    assert bench.of(BuildPayload) == [BuildPayload(Height(2), Round(0))]


def test_a_lone_transaction_is_proposed_at_once() -> None:
    bench = waiting(2)
    bench.handle(WorkAvailable(bench.now_ms))
    assert bench.of(BuildPayload) == [BuildPayload(Height(2), Round(0))]


def test_the_others_start_too_so_a_dead_proposer_is_replaced() -> None:
    bench = waiting(0)
    bench.handle(WorkAvailable(bench.now_ms))
    assert bench.timers() == [("propose", 0, 1_000)]


def test_work_that_is_left_starts_the_next_height_without_waiting() -> None:
    bench = Bench(2).start()
    bench.commit(V, make_block(V), has_work=True)
    assert bench.of(BuildPayload) == [BuildPayload(Height(2), Round(0))]
    assert ("heartbeat", 0, 10_000) not in bench.timers()


def test_the_proposal_of_the_height_ends_the_wait() -> None:
    bench = waiting(0)
    bench.receive(make_proposal(W, height=2))
    assert bench.state.step == Step.PROPOSE


def test_what_one_member_says_does_not_end_the_wait_but_a_third_of_the_weight_does() -> None:
    bench = waiting(0)
    for round_ in (0, 1, 2):
        bench.receive(make_vote("prevote", 3, None, height=2, round_=round_))
        bench.receive(make_vote("precommit", 3, None, height=2, round_=round_))
    assert bench.state.step == Step.WAIT
    bench.receive(make_vote("prevote", 2, V.id, height=2))
    assert bench.state.step == Step.PROPOSE


def test_work_in_the_middle_of_a_round_changes_nothing() -> None:
    bench = Bench().start()
    bench.handle(WorkAvailable(bench.now_ms))
    assert bench.effects == []


def test_an_old_heartbeat_changes_nothing() -> None:
    bench = waiting(0)
    bench.handle(WorkAvailable(bench.now_ms))
    bench.fire("heartbeat")
    assert bench.effects == []


# ------------------------------------------------------------------ other heights


def test_a_block_brought_by_a_peer_ends_the_height_without_a_decision() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.commit(V, make_block(V), has_work=False)
    assert bench.state.height == 2
    assert bench.of(Decide) == []
    bench.votes("precommit", V.id, 1, 2, 3)
    assert bench.effects == [], "votes of a past height"


def test_a_commit_of_a_past_height_changes_nothing() -> None:
    bench = waiting(0)
    bench.commit(V, make_block(V), has_work=True)
    assert bench.effects == []
    assert bench.state.step == Step.WAIT


def test_what_came_early_for_the_next_height_is_not_lost() -> None:
    bench = Bench().start()
    bench.receive(make_proposal(W, height=2), make_vote("prevote", 1, W.id, height=2))
    assert bench.of(FellBehind) == [FellBehind(Height(2))]
    bench.commit(V, make_block(V), has_work=False)
    assert bench.of(CheckPayload) == [CheckPayload(Height(2), Round(0), W)]
    bench.check(W)
    bench.receive(make_vote("prevote", 2, W.id, height=2))
    assert bench.voted() == [("precommit", W.id)]


def test_between_decision_and_commit_the_next_height_is_no_sign_of_falling_behind() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("precommit", V.id, 1, 2, 3)
    bench.receive(make_proposal(W, height=2))
    assert bench.effects == []
    bench.receive(make_proposal(W, height=3))
    assert bench.of(FellBehind) == [FellBehind(Height(3))]


def test_more_than_a_third_at_a_later_height_is_a_sign_of_falling_behind() -> None:
    bench = Bench().start()
    bench.receive(make_vote("precommit", 1, None, height=9))
    assert bench.effects == []
    bench.receive(make_vote("prevote", 3, None, height=8))
    assert bench.effects == [FellBehind(Height(8))]


def test_a_message_of_a_later_height_with_a_bad_signature_counts_for_nothing() -> None:
    bench = Bench().start()
    signature = make_vote("prevote", 1, V.id).signature
    bench.receive(
        replace(make_vote("prevote", 1, None, height=9), signature=signature),
        replace(make_vote("prevote", 2, None, height=9), signature=signature),
        replace(make_vote("prevote", 2, None, height=9), validator=77),
    )
    assert bench.effects == []


def test_early_messages_of_members_that_left_the_set_are_dropped() -> None:
    bench = Bench().start()
    bench.receive(make_vote("prevote", 3, None, height=2))
    fewer = make_validators(1, 1, 1)
    bench.handle(committed(1, fewer, has_work=False))
    assert bench.state.step == Step.WAIT
    assert bench.timers() == [("heartbeat", 0, 10_000)]


def test_early_messages_are_read_with_the_set_of_their_own_height() -> None:
    """Member 0 leaves: the others' indexes shift at height 2, and they are faster than this one."""
    rest = ValidatorSet(FOUR.members[1:])
    bench = Bench(1, next_validators=rest).start()
    early = replace(make_vote("prevote", 2, None, height=2), validator=1)
    wrong = make_vote("prevote", 3, None, height=2)
    bench.receive(early, wrong)
    bench.handle(committed(1, rest, has_work=False))
    assert bench.engine.summary().prevotes == bytes([0b010])


def test_a_signer_of_the_certificate_that_told_this_node_otherwise_is_accused() -> None:
    bench = Bench().start()
    bench.votes("precommit", W.id, 2)
    bench.handle(committed(1, FOUR, has_work=False))
    said, certified = make_vote("precommit", 2, W.id), make_vote("precommit", 2, V.id)
    assert bench.of(Accuse) == [Accuse(said, certified)]


def test_a_member_votes_with_its_new_key_from_the_height_that_names_it() -> None:
    bench = Bench(1, signers=(HashSigner(1), HashSigner(9))).start()
    members = list(FOUR.members)
    members[1] = replace(members[1], vote_key=HashSigner(9).public_key)
    rotated = ValidatorSet(tuple(members))
    bench.handle(committed(1, rotated, has_work=True))
    bench.fire("propose")
    (vote,) = [said for said in bench.said() if isinstance(said, Vote)]
    check_message(vote, GENESIS, rotated, hash_verify)


def test_a_member_stops_and_begins_to_vote_as_the_sets_say() -> None:
    bench = Bench(1).start()
    bench.fire("propose")
    assert bench.voted() == [("prevote", None)]
    without, with_it = make_validators(1, 0, 1, 1), FOUR
    bench.handle(committed(1, without, has_work=True))
    bench.fire("propose")
    assert bench.voted() == []
    bench.handle(committed(2, with_it, has_work=True))
    bench.fire("propose")
    assert bench.voted() == [("prevote", None)]


def test_a_network_of_one_decides_alone() -> None:
    bench = Bench(0, validators=make_validators(1)).start()
    bench.build(V)
    assert [len(bench.of(kind)) for kind in (Persist, Broadcast, Decide)] == [3, 3, 1]


# ------------------------------------------------------------------ starting again


def restarted(bench: Bench, **options: object) -> Bench:
    """Build an engine from what an earlier one persisted last, through bytes."""
    state = bench.of(Persist)[-1].state
    raw = decode_hard_state(encode_engine_state(state))
    return Bench(
        state.proposal.proposer if state.proposal else 0,
        **({"hard_state": raw, "last_signed": state.last_signed} | options),
    )


def test_a_restarted_node_says_its_last_messages_again_and_nothing_new() -> None:
    before = Bench(1).start()
    before.build(V)
    after = restarted(before).start()
    assert after.said() == before.said()
    assert [effect.state for effect in after.of(Persist)] == [before.of(Persist)[-1].state]


def test_a_restarted_node_writes_its_state_again_before_it_says_anything() -> None:
    """Power may fail between the state and the last-signed file, and the database be lost later."""
    before = Bench(1).start()
    before.build(V)
    after = restarted(before).start()
    kinds = [type(effect) for effect in after.effects]
    assert kinds.index(Persist) < kinds.index(Broadcast)


def test_a_restarted_node_keeps_its_lock() -> None:
    before = Bench().start()
    before.propose(V)
    before.votes("prevote", V.id, 1, 2)
    after = restarted(before).start()
    assert after.voted() == [("prevote", V.id), ("precommit", V.id)]
    after.fire("precommit")
    after.propose(W, round_=1)
    assert after.voted() == [("prevote", None)]


def test_a_restarted_node_can_justify_its_valid_value_alone() -> None:
    before = Bench().start()
    before.propose(V)
    before.votes("prevote", V.id, 1, 2)
    after = restarted(before).start()
    for round_ in range(3):
        after.fire("precommit", round_)
    proposal = after.said()[0]
    assert proposal == make_proposal(V, round_=3, valid_round=0)
    peer = Bench(3).start(round_=3)
    peer.receive(*after.engine.messages_missing_in(peer.engine.summary()))
    peer.check(V)
    assert peer.voted() == [("prevote", V.id)]


def test_a_restarted_node_does_not_vote_twice() -> None:
    before = Bench().start()
    before.propose(V)
    after = restarted(before).start()
    after.receive(make_proposal(W))
    after.check(W)
    after.fire("propose")
    assert after.voted() == []


def test_a_restarted_proposer_checks_its_own_value_before_it_votes() -> None:
    before = Bench(1).start()
    before.build(V)
    first = replace(before.of(Persist)[0].state)
    after = Bench(1, hard_state=first, last_signed=first.last_signed).start()
    assert after.state.step == Step.PROPOSE
    assert after.of(CheckPayload) == [CheckPayload(Height(1), Round(0), V)]
    assert after.timers() == [("propose", 0, 1_000)]
    after.check(V)
    assert after.voted() == [("prevote", V.id)]


def test_a_state_of_a_committed_height_is_put_aside_but_its_guard_stays() -> None:
    before = Bench().start()
    before.propose(V)
    after = restarted(before, height=Height(2)).start()
    assert (after.state.height, after.state.step) == (2, Step.WAIT)
    assert after.state.last_signed == before.state.last_signed


def test_a_state_that_is_ahead_of_the_chain_stops_the_node() -> None:
    state = replace(Bench().state, height=Height(7))
    with pytest.raises(Corruption) as stopped:
        Bench(hard_state=state)
    assert str(stopped.value) == (
        "VT-3023: The engine's state is of height 7, but the next height to decide is 1."
    )


@pytest.mark.parametrize("hard_state", [None, Bench().state])
def test_a_node_that_lost_its_state_is_mute_until_the_height_is_past(
    hard_state: HardState | None,
) -> None:
    guard = LastSigned(Height(1), Round(0), SignedStep.PREVOTE, V.id)
    bench = Bench(hard_state=hard_state, last_signed=guard).start()
    bench.propose(V)
    bench.votes("prevote", V.id, 1, 2, 3)
    assert bench.state.locked_round == 0, "it follows"
    bench.fire("precommit")
    bench.propose(W, round_=1)
    assert bench.voted() == [], "it does not know what it locked on in its earlier life"
    bench.commit(V, make_block(V), has_work=True)
    bench.receive(make_proposal(W, height=2))
    bench.check(W)
    assert bench.voted() == [("prevote", W.id)]


def test_the_engine_of_a_chain_signs_for_its_genesis() -> None:
    genesis = Genesis(1, "test", START_MS, (), FOUR, timing=Timing(propose_ms=77))
    engine = make_engine(
        genesis,
        tip=Tip(Height(1), None, START_MS, FOUR, FOUR),
        signers=(HashSigner(1),),
        verify=hash_verify,
    )
    assert SetTimer(Timer(Height(1), Round(0), "propose"), 77) in engine.handle(Started(START_MS))
    persist, broadcast, *_ = engine.handle(PayloadBuilt(Height(1), Round(0), V))
    assert isinstance(persist, Persist)
    assert isinstance(broadcast, Broadcast)
    check_message(broadcast.message, compute_genesis_hash(genesis), FOUR, hash_verify)
