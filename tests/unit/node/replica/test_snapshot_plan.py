"""From the own head to a snapshot that can be trusted."""

import pytest
from msgspec.structs import replace

from chain.block import compute_block_hash
from chain.codec import encode
from chain.committee_steps import CommitteeStep
from chain.errors import Corruption, InvalidInput
from chain.keys import verify
from chain.merkle import Frontier
from chain.scalars import Height
from chain.validators import ValidatorSet
from node.replica import keys
from node.replica.head import Head, head_of_genesis
from node.replica.messages import Offer, StepsRequest
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.replica.snapshot_plan import CommitteePath, Plan, load_plan
from tests.unit.chain.test_committee_steps import (
    CHAIN,
    GENESIS,
    SETS,
    STEPS,
    certify,
    header_at,
)

HEAD = head_of_genesis(GENESIS, CHAIN)


def offer_at(height: int, first: int, second: int, third: int) -> Offer:
    """An offer whose height, the next and the one after it are decided by these of `SETS`."""
    header = header_at(height, SETS[first], SETS[second])
    following = replace(
        header_at(height + 1, SETS[second], SETS[third]), previous=compute_block_hash(header)
    )
    return Offer(
        header,
        certify(header, SETS[first]),
        following,
        certify(following, SETS[second]),
    )


def path_to(offer: Offer, head: Head = HEAD) -> CommitteePath:
    return CommitteePath(head, offer, CHAIN, verify)


def test_an_offer_of_the_founders_needs_no_step_but_changes_between_are_asked_for() -> None:
    offer = offer_at(4, 0, 0, 0)
    path = path_to(offer)
    assert path.request() == StepsRequest(Height(0), Height(5))
    assert path.take(()) == []
    assert path.request() is None
    assert path.check() == Plan(offer.header, offer.certificate, SETS[0], SETS[0], SETS[0])


def test_steps_are_asked_for_until_they_lead_to_the_offer() -> None:
    offer = offer_at(20, 3, 3, 3)
    path = path_to(offer)
    assert path.request() == StepsRequest(Height(0), Height(21))
    puts = path.take(STEPS[:2]) or []
    assert path.request() == StepsRequest(Height(9), Height(21))
    puts += path.take(STEPS[2:]) or []
    assert path.request() is None
    assert [put.key for put in puts] == [keys.committee_step(step.height) for step in STEPS]
    assert [put.value for put in puts] == [encode(step) for step in STEPS]
    assert path.check().validators == SETS[3]


def test_the_three_sets_around_the_offer_may_all_differ() -> None:
    offer = offer_at(9, 1, 2, 3)
    path = path_to(offer)
    following = CommitteeStep(offer.next_header, offer.next_certificate, SETS[3])
    first = CommitteeStep(offer.header, offer.certificate, SETS[2])
    path.take((STEPS[0], first, following))
    plan = path.check()
    assert (plan.validators, plan.next_validators, plan.last_validators) == SETS[1:4]


def test_the_path_begins_at_the_own_head() -> None:
    head = replace(HEAD, height=Height(7), validators=SETS[1], next_validators=SETS[1])
    path = path_to(offer_at(20, 3, 3, 3), head)
    assert path.request() == StepsRequest(Height(7), Height(21))
    path.take(STEPS[1:])
    assert path.request() is None


def refused_by(path: CommitteePath, *steps: CommitteeStep) -> str:
    with pytest.raises(InvalidInput) as caught:
        path.take(steps)
    return f"{caught.value.code}: {caught.value.why}"


def test_steps_that_do_not_follow_are_refused() -> None:
    path = path_to(offer_at(20, 3, 3, 3))
    assert "other validators decide its height" in refused_by(path, STEPS[1])
    assert "a step to its validators is missing" in refused_by(path)
    path = path_to(offer_at(5, 0, 1, 1))
    path.take(STEPS[:1])
    assert "nobody asked for it" in refused_by(path, STEPS[1])


def test_a_list_that_passes_over_the_set_of_the_head_is_nobodys_fault() -> None:
    """From 0 to 1 and back: who joined later by a snapshot has neither step, and all is well from
    genesis; from a head between the two it leads nowhere."""
    back = certified_step(9, SETS[1], SETS[0])
    between = replace(HEAD, height=Height(7), validators=SETS[1], next_validators=SETS[1])
    for offer, steps in ((offer_at(20, 0, 0, 0), ()), (offer_at(20, 2, 2, 2), (later_step(),))):
        path = path_to(offer)
        assert path.take(steps) is not None
        path = path_to(offer, between)
        assert path.take(steps) is None
        path = path_to(offer, between)
        assert path.take((back, *steps)) is not None
        assert path.request() is None


def certified_step(height: int, before: ValidatorSet, after: ValidatorSet) -> CommitteeStep:
    header = header_at(height, before, after)
    return CommitteeStep(header, certify(header, before), after)


def later_step() -> CommitteeStep:
    """From set 0 to set 2, after the committee went back to 0."""
    return certified_step(15, SETS[0], SETS[2])


def test_a_gap_in_the_middle_is_refused_wherever_one_begins() -> None:
    for head in (HEAD, replace(HEAD, height=Height(1))):
        path = path_to(offer_at(20, 3, 3, 3), head)
        assert "other validators decide its height" in refused_by(path, STEPS[0], STEPS[2])
        path = path_to(offer_at(20, 3, 3, 3), head)
        assert path.take(STEPS[:2])
        assert "a step to its validators is missing" in refused_by(path)


def test_a_list_that_may_have_been_cut_is_asked_for_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_plan.STEPS_PER_MESSAGE_MAX", len(STEPS))
    path = path_to(offer_at(20, 3, 3, 3))
    assert path.take(STEPS)
    assert path.request() == StepsRequest(STEPS[-1].height, Height(21))
    assert path.take(()) == []
    assert path.request() is None


def refused(offer: Offer, *steps: CommitteeStep) -> str:
    path = path_to(offer)
    if steps:
        path.take(steps)
    with pytest.raises(InvalidInput) as caught:
        path.check()
    return f"{caught.value.code}: {caught.value.why}"


def test_an_offer_is_checked_to_its_last_signature() -> None:
    offer = offer_at(4, 0, 0, 0)
    thin = certify(offer.header, SETS[0], 2)
    assert refused(replace(offer, certificate=thin)) == "VT-1306: weight 2 signed, 3 is needed."
    thin = certify(offer.next_header, SETS[0], 1)
    assert refused(replace(offer, next_certificate=thin)) == (
        "VT-1306: weight 1 signed, 3 is needed."
    )
    strangers = certify(offer.header, SETS[3])
    assert refused(replace(offer, certificate=strangers)).startswith("VT-1306: ")


def test_the_next_header_follows_the_first() -> None:
    offer, other = offer_at(4, 0, 0, 0), offer_at(5, 0, 0, 0)
    mixed = replace(offer, next_header=other.header, next_certificate=other.certificate)
    assert refused(mixed) == (
        "VT-1311: The header of height 5 does not follow: it does not follow the snapshot."
    )


def test_a_plan_gives_the_head_to_go_on_from() -> None:
    offer = offer_at(4, 0, 0, 0)
    plan = path_to(offer).check()
    log = Frontier(1, (CHAIN,))
    head = plan.head(log)
    assert (head.height, head.block) == (4, compute_block_hash(offer.header))
    assert (head.log, head.certificate) == (log, offer.certificate)
    assert head.state_root == offer.header.state_root
    assert (head.last_validators, head.validators, head.next_validators) == (SETS[0],) * 3


def test_a_plan_is_read_back_and_a_damaged_one_is_damage_of_this_disk() -> None:
    store = MemoryStore()
    assert load_plan(store) is None
    plan = path_to(offer_at(4, 0, 0, 0)).check()
    store.write(WriteBatch((Put(Column.META, keys.SNAPSHOT, encode(plan)),)), sync=True)
    assert load_plan(store) == plan
    store.write(WriteBatch((Put(Column.META, keys.SNAPSHOT, b"\xc1"),)), sync=True)
    with pytest.raises(Corruption, match="the snapshot's plan does not decode"):
        load_plan(store)
