from msgspec.structs import replace

from chain.changes import (
    AddOrganisation,
    AddValidator,
    RemoveValidator,
    SetEngine,
    SetWeight,
    possession_hash,
)
from chain.operations import ApproveChange, ProposeChange, RotateVoteKey
from chain.scalars import Height, NodeName, OrganisationId, PublicKey, Signature, Weight
from contracts import state_keys
from contracts.governance_records import AddressRecord, VoteKeyRecord
from contracts.native.committee import PLAN_LENGTH_MAX
from contracts.records import KeyRecord
from tests.unit.contracts.native.governance import (
    committee_at,
    decide,
    make_ledger,
    newest,
    propose,
    weights_at,
)
from tests.unit.contracts.support import (
    ORGANISATIONS,
    Ledger,
    check_refused,
    make_committee,
    make_key,
    make_member,
    make_organisation,
    payload_of,
    result_of,
)

FIRST, SECOND, THIRD, FOURTH = ORGANISATIONS
NODE = NodeName("node-1")


def rotation(ledger: Ledger, name: str = "new", node: str = NODE, old: str = "") -> RotateVoteKey:
    """A rotation of a node's vote key to the key called `name`."""
    key = make_key(name)
    before = make_key(old or f"vote {node}").public_key
    signed = possession_hash(ledger.hash, NodeName(node), before, key.public_key)
    return RotateVoteKey(NodeName(node), key.public_key, key.sign(signed))


def refused_change(ledger: Ledger, change: object) -> str:
    """Why a change cannot even be proposed."""
    receipt = ledger.apply(ProposeChange(change))  # type: ignore[arg-type]
    assert receipt.code == "VT-2065", receipt
    return receipt.message


# ------------------------------------------------------------------ organisations


def test_a_new_organisation_has_an_administrator_and_a_voice():
    ledger = make_ledger()
    receipt = decide(ledger, AddOrganisation(make_organisation("acme")))
    assert payload_of(receipt.events[-1]) == {"name": "Acme"}
    assert result_of(receipt)["effective_height"] is None
    assert ledger.overlay.get(state_keys.authority_key(OrganisationId("acme"))) == b"CA of acme"
    key = make_key("acme").public_key
    record = ledger.overlay.get_record(state_keys.public_key_key(key), KeyRecord)
    assert record == KeyRecord(
        key, OrganisationId("acme"), "administrator", ("administrator",), Height(1)
    )
    ledger.begin_block()
    id_ = propose(ledger, RemoveValidator(NodeName("node-4")), "acme")
    for name in (FIRST, SECOND):
        ledger.apply_ok(ApproveChange(id_), name)
    assert newest(ledger).cause == "genesis", "three of five are not more than two thirds"
    ledger.apply_ok(ApproveChange(id_), THIRD)
    assert newest(ledger).cause == "remove_validator"


def test_an_organisation_or_its_key_joins_once():
    ledger = make_ledger()
    again = make_organisation(SECOND)
    assert refused_change(ledger, AddOrganisation(again)) == f"{SECOND} is a member already."
    taken = replace(again, id=OrganisationId("acme"))
    key = again.administrator.hex()
    assert refused_change(ledger, AddOrganisation(taken)) == (
        f"key {key} is registered for {SECOND}."
    )
    weak = replace(taken, administrator=PublicKey(bytes([1]) + bytes(31)))
    assert ledger.apply(ProposeChange(AddOrganisation(weak))).code == "VT-1301"


# ------------------------------------------------------------------ validators


def test_a_node_is_added_as_an_observer_and_votes_later():
    ledger = make_ledger()
    node = make_member("node-5", SECOND, weight=0)
    decide(ledger, AddValidator(node, "node5.example", 9000))
    assert weights_at(ledger, 3)["node-5"] == 0
    address = ledger.overlay.get_record(state_keys.address_key(node.node), AddressRecord)
    assert address == AddressRecord(node.node, "node5.example", 9000)
    assert ledger.overlay.get_record(
        state_keys.vote_key_key(node.vote_key), VoteKeyRecord
    ) == VoteKeyRecord(node.vote_key, node.node, OrganisationId(SECOND), Height(1))
    decide(ledger, SetWeight(node.node, Weight(1)))
    assert weights_at(ledger, 4)["node-5"] == 1
    decide(ledger, RemoveValidator(node.node))
    assert "node-5" not in weights_at(ledger, 5)
    assert ledger.overlay.get(state_keys.address_key(node.node)) is None


def test_names_and_keys_are_those_of_one_node():
    ledger = make_ledger()
    good = make_member("node-5", SECOND)
    other = make_member("node-2")
    for change, reason in (
        (replace(good, node=NodeName("node-2")), "the name node-2 is that of a validator already."),
        (replace(good, tls_key=other.tls_key), "the TLS key is that of a validator already."),
        (replace(good, vote_key=other.vote_key), "its vote key is or was that of node node-2."),
        (
            replace(good, organisation=OrganisationId("acme")),
            "acme is not a member organisation.",
        ),
    ):
        assert refused_change(ledger, AddValidator(change)) == reason
    weak = replace(good, vote_key=PublicKey(bytes([1]) + bytes(31)))
    assert ledger.apply(ProposeChange(AddValidator(weak))).code == "VT-1301"


def test_a_node_that_left_may_come_back_with_its_key_but_nobody_else_with_it():
    ledger = make_ledger()
    left = make_member("node-4", FOURTH)
    decide(ledger, RemoveValidator(left.node))
    stranger = replace(left, node=NodeName("node-9"))
    assert refused_change(ledger, AddValidator(stranger)) == (
        "its vote key is or was that of node node-4."
    )
    decide(ledger, AddValidator(left))
    assert weights_at(ledger, 4)["node-4"] == 1


def test_a_key_that_a_rotation_replaced_comes_back_by_no_card():
    ledger = make_ledger()
    first = make_member("node-4", FOURTH)
    ledger.apply_ok(rotation(ledger, node="node-4"), FOURTH)
    second = replace(first, vote_key=make_key("new").public_key)
    for _ in range(2):
        ledger.begin_block()
    ledger.apply_ok(rotation(ledger, "newer", node="node-4", old="new"), FOURTH)
    decide(ledger, RemoveValidator(first.node))
    for replaced, height in ((first, 3), (second, 5)):
        check_refused(
            ledger,
            ledger.apply(ProposeChange(AddValidator(replaced))),
            "VT-2089",
            f"Key {replaced.vote_key.hex()} is not that of node-4 any more: a newer one replaced "
            f"it from height {height} on.",
        )
    decide(ledger, AddValidator(replace(first, vote_key=make_key("newer").public_key)))
    assert newest(ledger).validators.members[-1].vote_key == make_key("newer").public_key


def test_a_key_from_before_a_node_came_back_with_another_comes_back_by_no_card():
    ledger = make_ledger()
    first = make_member("node-4", FOURTH)
    decide(ledger, RemoveValidator(first.node))
    decide(ledger, AddValidator(replace(first, vote_key=make_key("new").public_key)))
    decide(ledger, RemoveValidator(first.node))
    assert ledger.apply(ProposeChange(AddValidator(first))).code == "VT-2089"
    decide(ledger, AddValidator(replace(first, vote_key=make_key("new").public_key)))
    other = make_member("node-3", THIRD)
    decide(ledger, RemoveValidator(other.node))
    decide(ledger, AddValidator(other))


def test_a_card_that_was_proposed_before_a_rotation_does_not_bring_the_old_key_back():
    ledger = make_ledger()
    member = make_member("node-4", FOURTH)
    decide(ledger, RemoveValidator(member.node))
    early = propose(ledger, AddValidator(member))
    decide(ledger, AddValidator(member))
    ledger.apply_ok(rotation(ledger, node="node-4"), FOURTH)
    decide(ledger, RemoveValidator(member.node))
    ledger.apply_ok(ApproveChange(early), SECOND)
    assert ledger.apply(ApproveChange(early), THIRD).code == "VT-2089"
    assert newest(ledger).cause == "remove_validator"


def test_a_step_that_is_too_large_is_refused():
    ledger = make_ledger()
    heavy = make_member("node-5", SECOND, weight=2)
    assert refused_change(ledger, AddValidator(heavy)) == (
        "it moves a third of all weight or more, from 4 to 6; go in smaller steps."
    )


def test_what_is_not_there_cannot_be_changed():
    ledger = make_ledger()
    nobody = NodeName("nobody")
    for change in (RemoveValidator(nobody), SetWeight(nobody, Weight(1))):
        assert refused_change(ledger, change) == "there is no node nobody among the validators."


def test_a_chain_moves_from_raft_to_bft_and_never_back():
    ledger = Ledger(validators=make_committee(1, 1, 1, engine="raft"))
    decide(ledger, SetEngine("bft"))
    assert committee_at(ledger, 2).engine == "raft"
    assert committee_at(ledger, 3) == make_committee(1, 1, 1)
    assert refused_change(ledger, SetEngine("bft")) == "the committee agrees by bft already."


def test_the_plan_has_an_end():
    ledger = make_ledger()
    for step in range(PLAN_LENGTH_MAX):
        decide(ledger, SetWeight(NodeName("node-4"), Weight(step % 2)))
    last = 2 + PLAN_LENGTH_MAX
    check_refused(
        ledger,
        ledger.apply(ProposeChange(SetWeight(NodeName("node-4"), Weight(0)))),
        "VT-2066",
        f"{PLAN_LENGTH_MAX} changes are planned up to height {last}, one for each height.",
    )
    ledger.begin_block()
    decide(ledger, SetWeight(NodeName("node-4"), Weight(0)))
    assert newest(ledger).height == last + 1


# ------------------------------------------------------------------ vote keys


def test_an_organisation_gives_its_node_a_new_key_alone():
    ledger = make_ledger()
    receipt = ledger.apply(rotation(ledger), FIRST)
    assert result_of(receipt) == {"node": NODE, "effective_height": 3}
    old, new = make_key("vote node-1").public_key, make_key("new").public_key
    assert payload_of(receipt.events[-1]) == {
        "old": old.hex(),
        "new": new.hex(),
        "effective_height": 3,
    }
    assert committee_at(ledger, 2).members[0].vote_key == old
    assert committee_at(ledger, 3).members[0].vote_key == new
    assert newest(ledger).cause == "rotate_vote_key"


def test_nobody_rotates_the_key_of_another_organisation():
    ledger = make_ledger()
    for sender, node in ((SECOND, NODE), (FIRST, "nobody")):
        check_refused(
            ledger,
            ledger.apply(rotation(ledger, node=node), sender),
            "VT-2067",
            f"{sender} has no node {node} among the validators.",
        )


def test_the_new_key_must_sign_for_this_very_rotation():
    ledger = make_ledger()
    good = rotation(ledger)
    new, old = good.new_key.hex(), make_key("vote node-1").public_key.hex()
    for wrong in (
        replace(good, proof=Signature(bytes(64))),
        replace(good, proof=rotation(ledger, old="vote node-2").proof),
        replace(good, proof=rotation(ledger, "other").proof),
    ):
        check_refused(
            ledger,
            ledger.apply(wrong, FIRST),
            "VT-2068",
            f"The proof is not the signature of key {new} for node node-1 in the place of {old}.",
        )
    weak = replace(good, new_key=PublicKey(bytes([1]) + bytes(31)))
    assert ledger.apply(weak, FIRST).code == "VT-1301"


def test_a_key_that_ever_voted_is_not_taken_again():
    ledger = make_ledger()
    used = rotation(ledger, "vote node-2")
    check_refused(
        ledger,
        ledger.apply(used, FIRST),
        "VT-2065",
        f"key {used.new_key.hex()} is or was a vote key.",
    )
    ledger.apply_ok(rotation(ledger), FIRST)
    for _ in range(3):
        ledger.begin_block()
    back = rotation(ledger, "vote node-1", old="new")
    assert ledger.apply(back, FIRST).message == f"key {back.new_key.hex()} is or was a vote key."


def test_an_organisation_rotates_one_key_at_a_time():
    ledger = make_ledger()
    ledger.apply_ok(rotation(ledger), FIRST)
    newer = rotation(ledger, "newer", old="new")
    for _ in range(2):
        check_refused(
            ledger,
            ledger.apply(newer, FIRST),
            "VT-2065",
            f"{FIRST} has another rotation that is not in force yet.",
        )
        ledger.begin_block()
    ledger.apply_ok(newer, FIRST)
    assert newest(ledger).height == 5
