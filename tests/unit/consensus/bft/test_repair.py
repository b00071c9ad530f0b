import pytest
from msgspec.structs import replace

from chain.codec import decode, encode
from chain.errors import PeerFault
from chain.scalars import Height, Round
from consensus.bft.messages import Message
from consensus.bft.repair import RoundSummary
from consensus.bft.state import Step
from consensus.effects import Decide
from tests.unit.consensus.world import (
    Bench,
    make_block,
    make_proposal,
    make_value,
    make_vote,
)

V, W = make_value("v"), make_value("w")


def missing(giver: Bench, taker: Bench) -> list[Message]:
    return giver.engine.messages_missing_in(taker.engine.summary())


@pytest.mark.parametrize("data", [b"", b"\0\0", bytes(1024), b"\x10", b"\xff"])
@pytest.mark.parametrize("kind", ["prevotes", "precommits"])
def test_a_bitmap_that_does_not_fit_the_set_is_refused(data: bytes, kind: str) -> None:
    bench = Bench().start()
    with pytest.raises(PeerFault) as refused:
        bench.engine.messages_missing_in(replace(bench.engine.summary(), **{kind: data}))
    assert str(refused.value) == (
        f"VT-3024: The {kind[:-1]} bitmap has {len(data)} bytes, or a bit for nobody; "
        "4 validators vote."
    )


def test_a_summary_says_what_is_there_and_reads_back() -> None:
    bench = Bench().start()
    bench.propose(V)
    bench.votes("prevote", V.id, 2)
    bench.votes("precommit", None, 3)
    summary = bench.engine.summary()
    assert summary == RoundSummary(
        Height(1), Round(0), Step.PREVOTE, b"\x05", b"\x08", has_proposal=True
    )
    assert decode(encode(summary), RoundSummary, 4096) == summary


def test_a_peer_gets_exactly_what_it_lacks_of_its_round() -> None:
    giver, taker = Bench(0).start(), Bench(3).start()
    giver.propose(V)
    giver.votes("prevote", V.id, 1)
    taker.votes("prevote", V.id, 1)
    assert missing(giver, taker) == [make_proposal(V), make_vote("prevote", 0, V.id)]
    taker.receive(*missing(giver, taker))
    assert missing(giver, taker) == []


def test_a_peer_in_an_older_round_gets_all_that_draws_it_into_this_one() -> None:
    giver, taker = Bench(0).start(round_=2), Bench(3).start()
    giver.votes("prevote", None, 1, 2, round_=2)
    assert giver.state.round == 2
    taker.receive(*missing(giver, taker))
    assert taker.state.round == 2


def test_a_peer_in_a_newer_round_gets_what_was_kept_of_it() -> None:
    giver, taker = Bench(0).start(), Bench(3).start(round_=4)
    giver.votes("prevote", None, 1, round_=4)
    assert missing(giver, taker) == [make_vote("prevote", 1, None, round_=4)]


def test_the_proof_of_an_old_value_comes_with_its_proposal() -> None:
    giver, taker = Bench(0).start(round_=2), Bench(1).start(round_=2)
    giver.votes("prevote", V.id, 1, 2, 3, round_=0)
    giver.propose(V, round_=2, valid_round=0)
    taker.receive(*missing(giver, taker))
    taker.check(V)
    assert taker.voted() == [("prevote", V.id)]


def test_a_peer_in_a_later_round_that_knows_the_value_gets_the_quorum_of_a_past_one() -> None:
    giver, taker = Bench(0).start(), Bench(3).start()
    giver.votes("precommit", V.id, 0, 1, 2)
    taker.propose(V)
    taker.fire("precommit", 0)
    assert giver.of(Decide) == []
    taker.receive(*missing(giver, taker))
    assert len(taker.of(Decide)) == 1


def test_a_peer_one_height_behind_gets_the_precommits_of_the_certificate() -> None:
    giver, taker = Bench(0).start(), Bench(3).start()
    giver.commit(V, make_block(V), has_work=False)
    taker.propose(V)
    assert missing(giver, taker) == [make_vote("precommit", index, V.id) for index in range(3)]
    taker.receive(*missing(giver, taker))
    assert len(taker.of(Decide)) == 1


def test_after_a_restart_there_is_no_certificate_to_give() -> None:
    giver = Bench(0, height=2)
    assert missing(giver, Bench(3).start()) == []


def test_a_peer_at_another_height_gets_nothing_whatever_its_bitmaps() -> None:
    giver = Bench().start()
    for height in (0, 2, 3, 2**50):
        summary = replace(giver.engine.summary(), height=Height(height), prevotes=bytes(77))
        assert giver.engine.messages_missing_in(summary) == []


def test_two_nodes_that_each_lost_half_end_up_with_the_same() -> None:
    one, other = Bench(0).start(), Bench(3).start()
    one.propose(V)
    one.votes("prevote", V.id, 1)
    other.receive(make_proposal(V))
    other.check(V)
    other.votes("prevote", V.id, 2)
    for _ in range(2):
        other.receive(*missing(one, other))
        one.receive(*missing(other, one))
    assert one.engine.summary() == other.engine.summary()
    assert one.state.locked_round == other.state.locked_round == 0


def test_no_message_is_given_twice() -> None:
    giver, taker = Bench(0).start(round_=1), Bench(3).start()
    giver.votes("precommit", V.id, 1, 2, 3, round_=1)
    found = missing(giver, taker)
    assert len(found) == len(set(found)) == 3
