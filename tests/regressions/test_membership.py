"""Changing who decides: one step at a time, in its own height, and never under a new leader."""

from itertools import combinations

import pytest

from chain.changes import RemoveValidator
from chain.errors import PeerFault
from chain.scalars import Height, NodeName, Round
from chain.validators import ValidatorSet
from consensus.effects import BuildPayload, Decide
from tests.unit.consensus.raft.world import FIVE, Bench, make_committee, make_tip
from tests.unit.consensus.world import make_value
from tests.unit.contracts.native.governance import decide, make_ledger, weights_at

V, W = make_value("v"), make_value("w")


def test_bug_19_a_new_leader_orders_nothing_before_what_it_found() -> None:
    """Ongaro 2015, on single-server changes in Raft: a new leader began a change of members before
    an entry of its own term was committed, and two majorities did not meet. Changes here stand in
    blocks, so a leader that builds none makes none."""
    bench = Bench(0, make_tip(committee=FIVE))
    bench.hold(V, author=1, term=1)
    bench.lead()
    effects = [*bench.effects, *bench.work(), *bench.tick(3), *bench.fire_heartbeat()]
    assert [one for one in effects if isinstance(one, BuildPayload)] == []
    bench.answer(1, holds=V)
    bench.answer(2, holds=V)
    assert bench.of(Decide)
    assert bench.state.term > Round(1)
    bench.commit(V, has_work=True)
    assert bench.of(BuildPayload) == [BuildPayload(Height(2), bench.state.term)]


def quorums(committee: ValidatorSet) -> list[set[str]]:
    """All sets of members that may decide, by name."""
    members = committee.members
    return [
        {member.node for member in some}
        for count in range(1, len(members) + 1)
        for some in combinations(members, count)
        if sum(member.weight for member in some) >= committee.quorum_weight
    ]


@pytest.mark.parametrize("count", range(1, 8))
def test_bug_19_majorities_before_and_after_one_change_have_a_member_in_common(count: int) -> None:
    """Ongaro 2015: what a change of one member at a time rests on."""
    before, after = make_committee([1] * count), make_committee([1] * (count + 1))
    for one in quorums(before):
        assert all(one & other for other in quorums(after))


def test_bug_19_two_changes_of_one_block_come_into_force_one_after_the_other() -> None:
    """Ongaro 2015: two changes at once are the case in which majorities do not meet."""
    ledger = make_ledger()
    for node in ("node-3", "node-4"):
        assert decide(ledger, RemoveValidator(NodeName(node))).is_ok
    sizes = [len(weights_at(ledger, ledger.height + ahead)) for ahead in range(5)]
    assert sizes == [4, 4, 3, 2, 2]


def test_bug_19_what_a_removed_member_says_late_counts_no_more() -> None:
    """CCF: late answers of a node that had been removed still counted for the commit index."""
    bench = Bench(0, make_tip(committee=FIVE)).lead()
    bench.work()
    bench.build(V)
    bench.answer(1, holds=V)
    bench.answer(3, holds=V)
    assert bench.of(Decide)
    without_two = ValidatorSet((*FIVE.members[:2], *FIVE.members[3:]), "raft")
    bench.commit(V, committee=without_two, has_work=True)
    bench.build(W)
    assert without_two.quorum_weight == 3
    bench.answer(1, holds=W)
    with pytest.raises(PeerFault, match=r"^VT-3026"):
        bench.answer(2, holds=W)  # Its old place is another's now.
    bench.answer(2, holds=V, height=1)
    assert bench.of(Decide) == []
    assert bench.state.height == 2
