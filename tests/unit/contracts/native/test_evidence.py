from itertools import count

from chain.changes import RemoveValidator, SetWeight
from chain.evidence import Evidence, VoteSigned, compute_evidence_id, put_in_order
from chain.genesis import Governance
from chain.hashing import hash_tagged
from chain.operations import RegisterKey, ReportEvidence, RevokeKey
from chain.scalars import Hash, Height, NodeName, OrganisationId, Round, UnixMillis, Weight
from chain.votes import VoteKind, vote_hash
from contracts import state_keys
from contracts.governance_records import EvidenceRecord, StandingRecord
from contracts.native.committee import PLAN_LENGTH_MAX
from contracts.native.evidence import EVIDENCE_HEIGHTS, OFFENCES_MAX
from tests.unit.contracts.native.governance import (
    decide,
    make_ledger,
    newest,
    weights_at,
)
from tests.unit.contracts.support import (
    ORGANISATIONS,
    Ledger,
    check_refused,
    make_key,
    payload_of,
    result_of,
)

FIRST, SECOND, THIRD, FOURTH = ORGANISATIONS
A, B = hash_tagged("test", b"a"), hash_tagged("test", b"b")
LIAR = NodeName("node-4")
REPORTER = "vote node-1"


def offence(
    ledger: Ledger, height: int = 1, round_: int = 0, kind: VoteKind = "prevote", node: str = LIAR
) -> ReportEvidence:
    """Two votes that a node signed at one place."""
    key = make_key(f"vote {node}")
    place = Height(height), Round(round_)

    def vote(block: Hash) -> VoteSigned:
        time_ms = UnixMillis(0)
        signed = vote_hash(ledger.hash, kind, *place, block, time_ms)
        return VoteSigned(block, time_ms, key.sign(signed))

    return ReportEvidence(
        put_in_order(Evidence(key.public_key, *place, kind, vote(A), vote(B)), ledger.hash)
    )


def standing(ledger: Ledger, node: str = LIAR) -> StandingRecord:
    """What is on record against a node."""
    key = state_keys.standing_key(NodeName(node))
    return ledger.overlay.get_record(key, StandingRecord) or StandingRecord(NodeName(node), 0, None)


def restore(ledger: Ledger) -> None:
    """Members vote the liar back in, and it is in force."""
    decide(ledger, SetWeight(LIAR, Weight(1)))
    while ledger.height < newest(ledger).height:
        ledger.begin_block()


def test_an_offence_is_recorded_and_costs_the_vote():
    ledger = make_ledger()
    report = offence(ledger)
    receipt = ledger.apply(report, REPORTER)
    id_ = compute_evidence_id(report.evidence)
    assert result_of(receipt) == {
        "evidence": id_.hex(),
        "consequence": "suspended",
        "effective_height": 3,
    }
    assert [event.name for event in receipt.events] == ["committee_changed", "evidence_recorded"]
    assert payload_of(receipt.events[1]) == {
        "node": LIAR,
        "organisation": FOURTH,
        "kind": "prevote",
        "height": 1,
        "round": 0,
        "consequence": "suspended",
        "effective_height": 3,
    }
    assert weights_at(ledger, 2)[LIAR] == 1
    assert weights_at(ledger, 3)[LIAR] == 0
    record = ledger.overlay.get_record(state_keys.evidence_key(id_), EvidenceRecord)
    assert record == EvidenceRecord(
        id=id_,
        evidence=report.evidence,
        node=LIAR,
        organisation=OrganisationId(FOURTH),
        reporter=make_key(REPORTER).public_key,
        transaction=receipt.transaction,
        height=Height(1),
        time_ms=ledger.block.time_ms,
        consequence="suspended",
        effective_height=Height(3),
    )
    assert standing(ledger) == StandingRecord(LIAR, 1, Height(3))


def test_members_may_agree_only_to_record():
    ledger = make_ledger(governance=Governance("record"))
    receipt = ledger.apply(offence(ledger), REPORTER)
    assert result_of(receipt)["consequence"] == "recorded"
    assert weights_at(ledger, 100)[LIAR] == 1
    assert standing(ledger) == StandingRecord(LIAR, 1, None)


def test_an_offence_is_recorded_once_whoever_reports_it_and_however():
    ledger = make_ledger()
    ledger.apply_ok(offence(ledger), REPORTER)
    key = make_key(f"vote {LIAR}")
    other = hash_tagged("test", b"c")
    first = offence(ledger).evidence.first
    assert isinstance(first, VoteSigned)
    signed = vote_hash(ledger.hash, "prevote", Height(1), Round(0), other, UnixMillis(0))
    again = put_in_order(
        Evidence(
            key.public_key,
            Height(1),
            Round(0),
            "prevote",
            first,
            VoteSigned(other, UnixMillis(0), key.sign(signed)),
        ),
        ledger.hash,
    )
    for report in (offence(ledger), ReportEvidence(again)):
        check_refused(
            ledger,
            ledger.apply(report, "vote node-2"),
            "VT-2072",
            f"Offence {compute_evidence_id(again).hex()} was recorded at height 1.",
        )


def test_what_proves_nothing_is_refused():
    ledger = make_ledger()
    report = offence(ledger, height=1, node="nobody")
    check_refused(
        ledger,
        ledger.apply(report, REPORTER),
        "VT-2070",
        f"key {make_key('vote nobody').public_key.hex()} had no vote at height 1.",
    )


def test_only_heights_within_reach_are_judged():
    ledger = make_ledger()
    check_refused(
        ledger,
        ledger.apply(offence(ledger, height=2), REPORTER),
        "VT-2071",
        "It is of height 2; at height 1 heights 1 to 1 are judged.",
    )
    ledger.height = EVIDENCE_HEIGHTS + 1
    ledger.begin_block()
    assert ledger.apply(offence(ledger, height=1), REPORTER).code == "VT-2071"
    ledger.apply_ok(offence(ledger, height=2), REPORTER)


def test_the_committee_of_the_offence_judges_not_the_present_one():
    ledger = make_ledger()
    decide(ledger, RemoveValidator(LIAR))
    for _ in range(3):
        ledger.begin_block()
    receipt = ledger.apply(offence(ledger, height=2), REPORTER)
    assert result_of(receipt)["consequence"] == "recorded", "it has left"
    assert ledger.apply(offence(ledger, height=3), REPORTER).code == "VT-2070"


def test_one_suspension_answers_for_all_before_it():
    ledger = make_ledger()
    ledger.apply_ok(offence(ledger), REPORTER)
    for _ in range(2):
        ledger.begin_block()
    restore(ledger)
    assert weights_at(ledger, ledger.height)[LIAR] == 1
    kept_back = ledger.apply(offence(ledger, height=1, round_=7), REPORTER)
    assert result_of(kept_back)["consequence"] == "recorded"
    assert weights_at(ledger, 100)[LIAR] == 1
    new = ledger.apply(offence(ledger, height=ledger.height), REPORTER)
    assert result_of(new)["consequence"] == "suspended"
    assert standing(ledger).offences == 3


def test_nobody_is_suspended_who_alone_can_vote():
    ledger = make_ledger(1, 0, 0, 0)
    receipt = ledger.apply(offence(ledger, node="node-1"), REPORTER)
    assert result_of(receipt)["consequence"] == "recorded"
    assert weights_at(ledger, 100)["node-1"] == 1


def test_a_full_plan_does_not_protect_a_liar():
    ledger = make_ledger()
    weights = count()
    for _ in range(PLAN_LENGTH_MAX):
        decide(ledger, SetWeight(NodeName("node-3"), Weight(next(weights) % 2)))
    receipt = ledger.apply(offence(ledger), REPORTER)
    assert result_of(receipt)["effective_height"] == 3 + PLAN_LENGTH_MAX


def test_a_flood_of_proofs_is_refused_but_never_a_new_suspension():
    ledger = make_ledger()
    for round_ in range(OFFENCES_MAX):
        ledger.apply_ok(offence(ledger, round_=round_), REPORTER)
    check_refused(
        ledger,
        ledger.apply(offence(ledger, round_=99), REPORTER),
        "VT-2073",
        f"{OFFENCES_MAX} offences of key {make_key(f'vote {LIAR}').public_key.hex()} are recorded; "
        "more would change nothing.",
    )
    for _ in range(2):
        ledger.begin_block()
    restore(ledger)
    receipt = ledger.apply(offence(ledger, height=ledger.height), REPORTER)
    assert result_of(receipt)["consequence"] == "suspended"


def test_a_registered_key_may_report_too_but_a_vote_key_does_nothing_else():
    ledger = make_ledger()
    ledger.apply_ok(offence(ledger), FIRST)
    receipt = ledger.apply(offence(ledger, round_=1), "vote nobody")
    key = make_key("vote nobody").public_key.hex()
    check_refused(
        ledger,
        receipt,
        "VT-2010",
        f"Key {key} is not registered with any organisation of this chain.",
    )


def test_the_vote_key_of_a_member_without_weight_may_report():
    ledger = make_ledger(0, 1, 1, 1)
    ledger.apply_ok(offence(ledger), REPORTER)


def test_nobody_silences_a_reporter_by_registering_its_vote_key_and_revoking_it():
    ledger = make_ledger()
    key = make_key(REPORTER).public_key
    ledger.apply_ok(RegisterKey(key, "taken", ("gateway",)), FOURTH)
    ledger.apply_ok(RevokeKey(key, "so that it is silent"), FOURTH)
    ledger.apply_ok(offence(ledger), REPORTER)
    assert standing(ledger).offences == 1
