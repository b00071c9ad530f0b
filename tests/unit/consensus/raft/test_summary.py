from chain.codec import decode, encode
from consensus.bitmap import decode_bitmap
from consensus.raft.member import Role
from consensus.raft.summary import RaftSummary
from tests.unit.consensus.raft.world import Bench, make_tip
from tests.unit.consensus.world import make_value

V = make_value("v")


def test_a_leader_tells_who_holds_its_entry() -> None:
    bench = Bench(0, make_tip(height=2)).lead()
    bench.build(V)
    bench.answer(2, holds=V)
    summary = bench.engine.summary()
    assert (summary.height, summary.round, summary.role, summary.leader) == (2, 2, Role.LEADER, 0)
    assert (summary.step_name, summary.has_proposal, summary.prevotes) == ("leader", True, b"")
    assert decode_bitmap(summary.precommits, 3, "precommit") == {0, 2}
    assert decode(encode(summary), RaftSummary, 100) == summary


def test_a_follower_tells_of_itself() -> None:
    bench = Bench(1)
    assert bench.engine.summary().step_name == "follower"
    bench.hold(V, author=0)
    summary = bench.engine.summary()
    assert (summary.leader, summary.has_proposal) == (0, True)
    assert decode_bitmap(summary.precommits, 3, "precommit") == {1}
    bench.append(term=2, author=2)
    later = bench.engine.summary()
    assert (later.has_proposal, decode_bitmap(later.precommits, 3, "precommit")) == (True, set())


def test_candidates_are_told_apart() -> None:
    bench = Bench().wait_for_campaign()
    assert bench.engine.summary().step_name == "pre-candidate"
    bench.grant(1, is_pre_vote=True)
    assert (bench.engine.summary().step_name, bench.engine.summary().leader) == ("candidate", None)
