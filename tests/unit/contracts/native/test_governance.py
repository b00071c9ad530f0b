from chain.changes import RemoveValidator, SetWeight
from chain.operations import ApproveChange, ProposeChange, RegisterKey, WithdrawChange
from chain.scalars import NodeName, Weight
from contracts import state_keys
from contracts.native.governance import PROPOSAL_BLOCKS, PROPOSALS_OPEN_MAX
from tests.unit.contracts.native.governance import (
    committee_at,
    decide,
    make_ledger,
    newest,
    proposal_of,
    propose,
    weights_at,
)
from tests.unit.contracts.support import (
    ORGANISATIONS,
    check_refused,
    make_hash,
    make_key,
    payload_of,
    result_of,
)

REMOVE = RemoveValidator(NodeName("node-4"))
OBSERVE = SetWeight(NodeName("node-4"), Weight(0))
FIRST, SECOND, THIRD, FOURTH = ORGANISATIONS


def test_more_than_two_thirds_of_the_members_make_a_change():
    ledger = make_ledger()
    proposed = ledger.apply(ProposeChange(REMOVE, "it is old"), FIRST)
    id_ = proposed.transaction
    assert result_of(proposed) == {
        "proposal": id_.hex(),
        "status": "open",
        "effective_height": None,
    }
    assert payload_of(proposed.events[0]) == {
        "organisation": FIRST,
        "change": "remove node node-4",
    }
    second = ledger.apply_ok(ApproveChange(id_), SECOND)
    assert [event.name for event in second.events] == ["change_approved"]
    assert len(committee_at(ledger, 100)) == 4, "two of four are not enough"
    third = ledger.apply(ApproveChange(id_), THIRD)
    assert result_of(third) == {
        "proposal": id_.hex(),
        "status": "approved",
        "effective_height": 3,
    }
    assert [event.name for event in third.events] == ["change_approved", "committee_changed"]
    assert payload_of(third.events[1]) == {
        "cause": "remove_validator",
        "organisation": FOURTH,
        "effective_height": 3,
        "validators": 3,
        "total_weight": 3,
        "engine": "bft",
    }
    record = proposal_of(ledger, id_)
    assert (record.status, record.closed_height, record.effective_height) == ("approved", 1, 3)
    assert [one.organisation for one in record.approvals] == [FIRST, SECOND, THIRD]
    assert newest(ledger).transaction == third.transaction


def test_a_change_is_in_force_two_heights_later():
    ledger = make_ledger()
    decide(ledger, OBSERVE)
    assert weights_at(ledger, 2)["node-4"] == 1
    assert weights_at(ledger, 3)["node-4"] == 0


def test_each_organisation_counts_once_whichever_key_signs():
    ledger = make_ledger()
    id_ = propose(ledger, REMOVE)
    ledger.apply_ok(RegisterKey(make_key("other").public_key, "other", ("administrator",)), FIRST)
    check_refused(
        ledger,
        ledger.apply(ApproveChange(id_), "other"),
        "VT-2063",
        f"{FIRST} approved proposal {id_.hex()} at height 1; each member counts once.",
    )


def test_only_administrators_govern():
    ledger = make_ledger()
    id_ = propose(ledger, REMOVE)
    ledger.register_key("crew", SECOND, "operator", "partner", "gateway")
    for operation in (ApproveChange(id_), ProposeChange(REMOVE), WithdrawChange(id_)):
        assert ledger.apply(operation, "crew").code == "VT-2012"


def test_several_changes_of_one_block_take_a_height_each_in_their_order():
    ledger = make_ledger(1, 1, 1, 1)
    for node in ("node-3", "node-4"):
        decide(ledger, SetWeight(NodeName(node), Weight(0)))
    ledger.begin_block()
    decide(ledger, SetWeight(NodeName("node-3"), Weight(1)))
    assert weights_at(ledger, 3) == {"node-1": 1, "node-2": 1, "node-3": 0, "node-4": 1}
    assert weights_at(ledger, 4) == {"node-1": 1, "node-2": 1, "node-3": 0, "node-4": 0}
    assert weights_at(ledger, 5) == {"node-1": 1, "node-2": 1, "node-3": 1, "node-4": 0}


def test_a_change_that_became_impossible_is_refused_and_nothing_changes():
    ledger = make_ledger()
    first, second = propose(ledger, REMOVE), propose(ledger, OBSERVE)
    for id_ in (first, second):
        ledger.apply_ok(ApproveChange(id_), SECOND)
    ledger.apply_ok(ApproveChange(first), THIRD)
    before = proposal_of(ledger, second)
    check_refused(
        ledger,
        ledger.apply(ApproveChange(second), THIRD),
        "VT-2065",
        "there is no node node-4 among the validators.",
    )
    assert proposal_of(ledger, second) == before
    assert newest(ledger).height == 3


def test_a_change_that_is_impossible_is_not_even_proposed():
    ledger = make_ledger()
    check_refused(
        ledger,
        ledger.apply(ProposeChange(SetWeight(NodeName("node-4"), Weight(1)))),
        "VT-2065",
        "node-4 has weight 1 already.",
    )
    nothing = state_keys.prefix_range(state_keys.proposals_in_order_prefix())
    assert ledger.overlay.range(*nothing, 1) == []


def test_a_proposal_that_nobody_made_cannot_be_approved():
    ledger = make_ledger()
    id_ = make_hash(9)
    for operation in (ApproveChange(id_), WithdrawChange(id_)):
        check_refused(
            ledger,
            ledger.apply(operation),
            "VT-2060",
            f"No change was proposed by transaction {id_.hex()}.",
        )


def test_what_is_decided_stays_decided():
    ledger = make_ledger()
    id_ = result_of(decide(ledger, REMOVE))["proposal"]
    id_ = bytes.fromhex(id_)
    ledger.begin_block()
    for operation in (ApproveChange(id_), WithdrawChange(id_)):
        check_refused(
            ledger,
            ledger.apply(operation, FIRST),
            "VT-2061",
            f"Proposal {id_.hex()} was approved at height 1.",
        )


def test_its_own_organisation_takes_a_proposal_back():
    ledger = make_ledger()
    id_ = propose(ledger, REMOVE)
    check_refused(
        ledger,
        ledger.apply(WithdrawChange(id_), SECOND),
        "VT-2069",
        f"Proposal {id_.hex()} was made by {FIRST}, not by {SECOND}.",
    )
    withdrawn = ledger.apply(WithdrawChange(id_), FIRST)
    assert result_of(withdrawn) == {
        "proposal": id_.hex(),
        "status": "withdrawn",
        "effective_height": None,
    }
    assert ledger.apply(ApproveChange(id_), SECOND).code == "VT-2061"


def test_a_proposal_expires():
    ledger = make_ledger()
    id_ = propose(ledger, REMOVE)
    ledger.height = PROPOSAL_BLOCKS
    ledger.begin_block()
    ledger.apply_ok(ApproveChange(id_), SECOND)
    ledger.begin_block()
    check_refused(
        ledger,
        ledger.apply(ApproveChange(id_), THIRD),
        "VT-2062",
        f"Proposal {id_.hex()} could be approved up to height {PROPOSAL_BLOCKS + 1}; "
        f"this is height {PROPOSAL_BLOCKS + 2}.",
    )


def test_the_open_proposals_of_an_organisation_are_bounded():
    ledger = make_ledger()
    ids = [propose(ledger, REMOVE) for _ in range(PROPOSALS_OPEN_MAX)]
    check_refused(
        ledger,
        ledger.apply(ProposeChange(REMOVE)),
        "VT-2064",
        f"{FIRST} has {PROPOSALS_OPEN_MAX} proposals that are not decided.",
    )
    propose(ledger, REMOVE, SECOND)
    ledger.apply_ok(WithdrawChange(ids[0]))
    propose(ledger, REMOVE)
    ledger.height = PROPOSAL_BLOCKS + 1
    ledger.begin_block()
    propose(ledger, REMOVE)


def test_two_of_three_are_not_more_than_two_thirds():
    ledger = make_ledger()
    ledger.overlay.delete(state_keys.organisation_key(FOURTH))
    id_ = propose(ledger, REMOVE)
    assert result_of(ledger.apply(ApproveChange(id_), SECOND))["status"] == "open"
    assert result_of(ledger.apply(ApproveChange(id_), THIRD))["status"] == "approved"


def test_a_chain_of_one_organisation_needs_nobody_else():
    ledger = make_ledger()
    for name in ORGANISATIONS[1:]:
        ledger.overlay.delete(state_keys.organisation_key(name))
    receipt = ledger.apply(ProposeChange(REMOVE))
    assert result_of(receipt) == {
        "proposal": receipt.transaction.hex(),
        "status": "approved",
        "effective_height": 3,
    }
