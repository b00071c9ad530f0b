"""What one node remembers of the others: since when, which round, whose votes, whose clock."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from chain.certificate import CommitSignature, QuorumCertificate
from chain.scalars import Hash, Height, NodeName, Round, Signature, UnixMillis
from consensus.bft.messages import Vote
from consensus.bft.repair import RoundSummary
from consensus.bft.state import Step
from consensus.raft.member import Role
from consensus.raft.summary import RaftSummary
from node.attendance import (
    ACCUSATIONS_MAX,
    CLOCK_SAMPLES_MIN,
    REFUSALS_MAX,
    Attendance,
    Contact,
    Refusal,
    SeenVote,
    Start,
    compute_offsets,
    read_votes,
)
from node.replica.commit import build_commit
from node.replica.effects import Commit
from node.replica.setting import ReplicaView
from tests.unit.node.chain_builder import ChainBuilder, build_demo

NOW_MS = UnixMillis(1_700_000_000_000)
PEER = NodeName("gridlink-1")
NOBODY = b"\0"


def at(ms: int) -> UnixMillis:
    return UnixMillis(NOW_MS + ms)


def summary(round_: int = 0, prevotes: bytes = NOBODY, precommits: bytes = NOBODY) -> RoundSummary:
    return RoundSummary(Height(8), Round(round_), Step.PROPOSE, prevotes, precommits, False)


@pytest.fixture
def view() -> ReplicaView:
    """A replica at height 7."""
    head = build_demo().head
    values: dict[str, Any] = {
        "head": head,
        "summary": summary(),
        "waiting": 0,
        "waiting_bytes": 0,
        "peer_heights": (),
        "is_catching_up": False,
    }
    return ReplicaView(**values)


@pytest.fixture
def attendance(view: ReplicaView) -> Attendance:
    return Attendance(view, NOW_MS)


# Peers


def test_a_peer_that_never_came_is_missing_since_the_start(attendance: Attendance) -> None:
    assert attendance.contact(PEER) == Contact(False, NOW_MS)
    assert attendance.connected == frozenset()
    assert attendance.heard_ms(PEER) is None


def test_peers_come_speak_and_go(attendance: Attendance) -> None:
    attendance.up(PEER, at(5))
    attendance.heard(PEER, at(7))
    assert attendance.contact(PEER) == Contact(True, at(5), at(7))
    assert attendance.connected == {PEER}
    attendance.down(PEER, "it left", at(9))
    assert attendance.contact(PEER) == Contact(False, at(9), at(7), "it left")
    assert attendance.connected == frozenset()
    attendance.up(PEER, at(11))
    assert attendance.contact(PEER) == Contact(True, at(11), at(7))


# Rounds and votes


def test_a_round_lasts_since_it_was_first_seen(attendance: Attendance, view: ReplicaView) -> None:
    attendance.observe(view, at(1))
    assert attendance.position.since_ms == NOW_MS
    attendance.observe(replace(view, summary=summary(1)), at(20))
    attendance.observe(replace(view, summary=summary(1, b"\1")), at(30))
    assert attendance.position.round == 1
    assert attendance.position.since_ms == at(20)


def test_votes_are_noted_when_they_are_first_counted(
    attendance: Attendance, view: ReplicaView
) -> None:
    attendance.observe(replace(view, summary=summary(0, prevotes=b"\2")), at(1))
    attendance.observe(replace(view, summary=summary(0, prevotes=b"\3")), at(9))
    assert attendance.vote(PEER) == SeenVote("prevote", Height(8), Round(0), at(1))
    attendance.observe(replace(view, summary=summary(0, b"\3", precommits=b"\2")), at(12))
    assert attendance.vote(PEER) == SeenVote("precommit", Height(8), Round(0), at(12))
    attendance.observe(replace(view, summary=summary(1, prevotes=b"\2")), at(15))
    assert attendance.vote(PEER) == SeenVote("prevote", Height(8), Round(1), at(15))
    assert attendance.vote(NodeName("certis-1")) is None


def test_a_summary_for_another_committee_tells_nothing(view: ReplicaView) -> None:
    assert read_votes(summary(0, b"\xff\xff", b"\xff\xff"), view.head.validators) == {}


def test_raft_has_no_prevotes(view: ReplicaView) -> None:
    known = RaftSummary(Height(8), Round(3), Role.LEADER, 0, True, b"\5")
    assert read_votes(known, view.head.validators) == {
        "precommit": {"borne-energie-1", "windcare-1"}
    }


# Blocks


def commit_of(chain: ChainBuilder, signers: Sequence[int], *, is_catch_up: bool = False) -> Commit:
    executed = chain.add_block(signers=signers)
    return build_commit(executed, chain.certificates[-1], is_catch_up=is_catch_up)


def with_times(commit: Commit, *times_ms: int) -> Commit:
    """The same decision with other times of its votes, counted from the first one's."""
    signatures = commit.certificate.signatures
    changed = tuple(
        CommitSignature(one.validator, at(ms), one.signature)
        for one, ms in zip(signatures, times_ms, strict=True)
    )
    certificate = QuorumCertificate(
        commit.height, commit.certificate.round, commit.certificate.block, changed
    )
    return replace(commit, certificate=certificate)


def test_a_decision_tells_who_voted(attendance: Attendance) -> None:
    attendance.committed(commit_of(build_demo(), (0, 1, 3)), at(40))
    assert attendance.vote(PEER) == SeenVote("precommit", Height(8), Round(0), at(40))
    assert attendance.vote(NodeName("windcare-1")) is None


def test_a_clock_is_judged_by_the_times_of_several_votes(attendance: Attendance) -> None:
    chain = build_demo()
    for number in range(CLOCK_SAMPLES_MIN):
        assert attendance.clock_offset_ms(PEER) is None
        late = 5_000 + number
        attendance.committed(with_times(commit_of(chain, (0, 1, 2)), 10, late, 0), at(number))
    assert attendance.clock_offset_ms(PEER) == 4_991
    assert attendance.clock_offset_ms(NodeName("borne-energie-1")) == 0
    assert attendance.clock_offset_ms(NodeName("certis-1")) is None


def test_old_blocks_tell_nothing_about_clocks_of_today(attendance: Attendance) -> None:
    chain = build_demo()
    for _ in range(CLOCK_SAMPLES_MIN):
        attendance.committed(commit_of(chain, (0, 1, 2), is_catch_up=True), NOW_MS)
    assert attendance.clock_offset_ms(PEER) is None


def test_one_voter_alone_is_the_middle_of_all(view: ReplicaView) -> None:
    one = CommitSignature(1, NOW_MS, Signature(bytes(64)))
    alone = QuorumCertificate(Height(8), Round(0), Hash(bytes(32)), (one,))
    assert compute_offsets(alone, view.head.validators) == {PEER: 0}


def test_catching_up_has_a_beginning_and_an_end(attendance: Attendance, view: ReplicaView) -> None:
    behind = replace(view, is_catching_up=True)
    attendance.observe(behind, at(3))
    attendance.observe(behind, at(9))
    began = attendance.catch_up
    attendance.observe(view, at(12))
    assert (began, attendance.catch_up) == (Start(Height(7), at(3)), None)
    assert attendance.first_height == 7


def test_accusations_are_kept_the_newest_of_them(attendance: Attendance, view: ReplicaView) -> None:
    for number in range(ACCUSATIONS_MAX + 1):
        vote = Vote(
            "prevote", Height(number), Round(2), None, UnixMillis(0), 1, Signature(bytes(64))
        )
        assert attendance.accused(vote, view.head.validators, at(number)) == PEER
    kept = list(attendance.accusations)
    assert len(kept) == ACCUSATIONS_MAX
    last = kept[-1]
    assert (last.node, last.kind, last.height, last.round, last.seen_ms) == (
        PEER,
        "prevote",
        ACCUSATIONS_MAX,
        2,
        at(ACCUSATIONS_MAX),
    )


def test_refused_blocks_are_kept_the_newest_of_them(attendance: Attendance) -> None:
    for number in range(REFUSALS_MAX + 1):
        attendance.refused(Hash(bytes([number]) * 32), "it is wrong", at(number))
    assert len(attendance.refusals) == REFUSALS_MAX
    last = Refusal(Height(8), Hash(bytes([REFUSALS_MAX]) * 32), "it is wrong", at(REFUSALS_MAX))
    assert attendance.refusals[-1] == last
