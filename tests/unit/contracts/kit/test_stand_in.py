"""What is played again is what a real chain would have got under the tried source."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chain.operations import (
    Acknowledge,
    ApproveChange,
    Outcome,
    ProposeContract,
    RunTimers,
    Telemetry,
    TwinReadings,
)
from chain.scalars import Height
from chain.values import encode_value
from contracts.kit.chain import ORGANISATIONS, Chain, make_genesis
from contracts.kit.members import propose
from contracts.kit.twins import Twins
from contracts.packaging import make_package
from tests.unit.contracts.kit.stories import (
    NAME,
    TIMED,
    Beating,
    Story,
    beside,
    called,
    limited,
    titles,
)


def test_the_tried_source_stays_when_others_were_deployed_later():
    story = Story(limited(80))
    story.read(85, 95)
    story.contract.upgrade(limited(99))
    story.read(85, 95)
    upgraded = story.chain.height - 2
    story.contract.upgrade(limited(98))
    story.read(85, 95)
    assert story.titles() == ["85", "95"]
    found = story.try_source(limited(90))
    assert titles(found) == ["95"] * 3
    assert found.refusals == ()
    again = story.chain.height - 2
    assert found.notes[1:] == (
        f"at height {upgraded} version 2 was deployed; the tried source stays",
        f"at height {again} version 3 was deployed; the tried source stays",
    )


def test_the_tried_source_stays_when_the_recorded_one_was_rolled_back():
    story = Story(limited(80))
    story.contract.upgrade(limited(99))
    story.mark()
    story.read(95)
    story.contract.roll_back(1)
    story.read(95)
    assert story.titles() == ["95"]
    found = story.try_source(limited(90))
    assert titles(found) == ["95", "95"]
    (_, note) = found.notes
    assert note.endswith("version 3 was deployed; the tried source stays")


@pytest.mark.parametrize("is_planned_before", [False, True])
def test_a_version_that_waited_for_its_height_does_not_take_the_place_of_the_tried_one(
    is_planned_before,
):
    story = Story(limited(80))
    starts = story.chain.height + 10
    propose(story.chain, NAME, limited(99), {}, 1, starts)
    if is_planned_before:
        story.mark()
    story.read(*[95] * 10)
    assert len(story.titles()) < 10
    found = story.try_source(limited(90))
    assert titles(found) == ["95"] * 10
    assert found.notes[1:] == (
        f"at height {starts} version 2 was deployed; the tried source stays",
    )


def test_what_was_proposed_before_and_approved_later_is_not_applied_either():
    story = Story(limited(80))
    chain = story.chain
    package = make_package(NAME, limited(99))
    proposed = chain.apply(ProposeContract(package, encode_value({}), 1, Height(0)))
    story.mark()
    chain.apply(ApproveChange(proposed.transaction), "workshop")
    chain.apply(ApproveChange(proposed.transaction), "grid")
    story.read(95)
    assert story.titles() == []
    found = story.try_source(limited(90))
    assert (titles(found), found.refusals) == (["95"], ())


def test_a_pause_is_a_pause_whatever_is_in_force():
    story = Story(limited(80))
    story.read(95)
    story.contract.pause()
    story.read(95)
    story.contract.resume()
    story.read(95)
    assert titles(story.try_source(limited(90))) == ["95", "95"]


READINGS = [*range(10), 95, *range(10, 20)]


def test_timers_and_deadlines_ring_in_a_replay_as_in_a_real_deployment():
    story, real = Beating(limited(90)), Beating(TIMED)
    story.read(*READINGS)
    real.read(*READINGS)
    decided = real.try_source(TIMED).before.decisions
    assert {"0", "again"} < {one.title for one in decided}
    assert len(decided) == len(real.contract.actions())
    found = story.try_source(TIMED)
    assert found.after.decisions == decided
    assert found.refusals == ()


def test_recorded_timers_that_nobody_would_set_are_no_difference_by_themselves():
    story = Beating(TIMED)
    story.read(*READINGS)
    found = story.try_source(limited(90))
    assert titles(found) == ["95"]
    assert found.refusals == ()


@pytest.mark.parametrize("count", range(6, 12))
@pytest.mark.parametrize("lag", [0, 1, 2])
def test_the_same_source_rings_when_the_committee_did(lag, count):
    story = Beating(TIMED, lag)
    story.read(*READINGS[:count])
    found = story.try_source(TIMED)
    assert len(found.before.decisions) > 1
    assert (found.differences, found.refusals) == ((), ())
    assert found.before == found.after


def test_a_ring_that_found_nothing_due_is_no_difference_when_it_finds_something():
    story = Beating(limited(90))
    story.read(1, 2, 3)
    story.beat(RunTimers())
    assert story.chain.receipts[-1].code == "VT-2081"
    found = story.try_source(TIMED)
    assert (titles(found), found.refusals) == (["1"], ())


def test_what_the_committee_never_let_happen_happens_in_a_replay():
    story = Beating(TIMED, lag=100)
    story.read(*READINGS)
    assert story.titles() == []
    assert titles(story.try_source(TIMED))[:2] == ["0", "1"]


def test_time_rings_once_in_a_block_however_often_it_would_go_on():
    story = Beating(limited(90))
    story.read(1, 2, 3)
    endless = TIMED.replace("MINUTES = 3", "MINUTES = 0").replace(
        'name.split(".")',
        'name.split(".")\n    ctx.emit("rung", {})\n    ctx.set_timer("pump-7.b", 0)',
    )
    # The first reading sets a timer, and each of the two blocks after it lets ring what is due.
    assert story.try_source(endless).after.events == {"rung": 3}


def keyed(limit: int) -> str:
    """Give the source that asks for one look at a time."""
    return limited(limit).replace('f"at-{reading.time_ms}"', '"hot"')


def answer(story: Story, *outcomes: Outcome) -> None:
    """Let the addressee answer the newest order."""
    for outcome in outcomes:
        story.contract.answer(story.contract.actions()[-1], outcome)


def test_an_answer_goes_to_the_order_of_the_same_key_whenever_it_was_opened():
    story = Story(keyed(80))
    story.read(75, 85)
    answer(story, "acknowledged", "completed")
    story.read(95)
    found = story.try_source(keyed(70))
    assert titles(found) == ["75", "95"]
    assert [one.change for one in found.differences] == ["earlier", "changed"]
    assert found.refusals == ()
    assert len(found.notes) == 1


def test_who_completes_an_order_that_came_later_has_taken_it_on():
    story = Story(keyed(80))
    story.read(85)
    answer(story, "acknowledged")
    story.read(95)
    answer(story, "completed")
    story.read(96)
    found = story.try_source(keyed(90))
    assert titles(found) == ["95", "96"]
    assert found.refusals == ()
    assert found.notes[1:] == (
        "answers left out, for no such order was open: 1; what nobody answers stays open",
    )


def test_answers_to_orders_that_would_not_be_there_are_no_differences():
    story = Story(keyed(80))
    story.read(85)
    answer(story, "acknowledged", "declined")
    found = story.try_source(keyed(90))
    assert [one.change for one in found.differences] == ["not_opened"]
    assert found.refusals == ()
    assert found.notes[1].startswith("answers left out, for no such order was open: 2;")


def test_an_order_for_somebody_else_is_answered_by_them():
    story = Story(keyed(80))
    for value in (85, 86):
        story.read(value)
        answer(story, "acknowledged", "completed")
    found = story.try_source(keyed(80).replace('"workshop"', '"grid"'))
    assert titles(found) == ["85", "86"]
    assert [one.change for one in found.differences] == ["changed", "changed"]
    assert found.refusals == ()
    assert found.notes[1:] == ("answers taken as those of whom the order would be for: 4",)


def test_an_answer_that_was_refused_is_refused_again():
    story = Story(keyed(80))
    story.read(85)
    (action,) = story.contract.actions()
    assert story.chain.try_apply(Acknowledge(action.id, "completed"), "workshop").code == "VT-2052"
    assert story.chain.try_apply(Acknowledge(action.id, "declined"), "grid").code == "VT-2051"
    found = story.try_source(keyed(70))
    assert (found.differences, found.refusals, len(found.notes)) == ((), (), 1)
    found = story.try_source(keyed(90))
    assert (found.refusals, len(found.notes)) == ((), 1), "nobody answers what is not there"


def test_answers_to_orders_that_time_opened_are_given_again():
    story = Beating(TIMED)
    story.read(1, 2, 3, 4, 5)
    (first, *_) = story.contract.actions()
    answer = Acknowledge(first.id, "acknowledged")
    story.chain.apply(answer, "workshop")
    found = story.try_source(TIMED.replace("MINUTES = 3", "MINUTES = 2"))
    assert (found.refusals, len(found.notes)) == ((), 1)


def test_no_transaction_has_less_gas_because_of_those_before_it_in_its_block():
    genesis = make_genesis(ORGANISATIONS)
    limits = replace(genesis.limits, gas_per_block_max=6_000_000)
    story = Beating(keyed(90), chain=Chain(genesis=replace(genesis, limits=limits)))
    more = Twins(story.chain).add("pump-8", "pump", temperature="CEL")
    story.mark()
    batches = [TwinReadings(one.name, (story.reading(95),)) for one in (story.pump, more)]
    story.beat(*(Telemetry((one,)) for one in batches))
    burning = keyed(90).replace(
        "    for reading", "    for _ in range(1_900_000):\n        pass\n    for reading"
    )
    found = story.try_source(burning)
    assert found.after.gas > 2 * 3_800_000
    assert (found.differences, found.after.stopped) == ((), 0)


def test_other_contracts_that_decide_otherwise_are_told():
    story = beside()
    found = story.try_source(called(90))
    assert [(one.change, one.decision.contract) for one in found.differences] == [
        ("not_opened", "beside"),
        ("not_opened", "watch"),
    ]
    assert (len(found.before.decisions), found.after.others_stopped) == (1, 0)
    silent = story.try_source(limited(80))
    assert [one.decision.contract for one in silent.differences] == ["beside"]
    assert (silent.after.stopped, silent.after.others_stopped) == (0, 1)


STEPS = st.one_of(
    st.tuples(st.just("read"), st.integers(60, 99)),
    st.tuples(st.just("answer"), st.sampled_from(["acknowledged", "completed", "declined"])),
    st.tuples(st.just("answer of another"), st.just("acknowledged")),
    st.tuples(st.just("beat"), st.just(0)),
    st.tuples(st.just("pause"), st.just(0)),
)


def take(story: Beating, kind: str, value: Any) -> None:
    """Let something happen."""
    actions = story.chain.actions()
    match kind:
        case "read":
            story.read(value)
        case "beat":
            story.beat()
        case "pause":
            contract = story.contract
            _ = contract.pause() if contract.record.is_active else contract.resume()
        case _ if actions:
            who = actions[-1].addressee if kind == "answer" else "inspector"
            story.chain.try_apply(Acknowledge(actions[-1].id, value), who)


@settings(max_examples=20)
@given(
    st.sampled_from([keyed(80), TIMED, TIMED.replace("MINUTES = 3", "MINUTES = 0")]),
    st.integers(0, 2),
    st.lists(STEPS, min_size=5, max_size=25),
)
def test_the_same_source_changes_nothing_whatever_happened(source, lag, steps):
    story = Beating(source, lag)
    # A committee that was never seen to ring is taken to have been silent.
    for kind, value in [("read", 50), *[("beat", 0)] * 8, *steps]:
        take(story, kind, value)
    found = story.try_source(source)
    assert (found.differences, found.refusals, len(found.notes)) == ((), (), 1)
    assert found.after.decisions == found.before.decisions
    assert (found.after.gas, found.after.events) == (found.before.gas, found.before.events)
