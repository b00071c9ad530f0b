"""What peers say of themselves, and which blocks to ask of whom."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from chain.errors import PeerFault
from chain.scalars import HEIGHT_MAX, Height, NodeName, UnixMillis
from node.replica.messages import BLOCKS_PER_MESSAGE_MAX, Blocks, BlocksRequest, DecidedBlock
from node.replica.sync import (
    CLAIM_SLACK_BLOCKS,
    OWED_COUNT_MAX,
    REFUSED_MS,
    REQUEST_TIMEOUT_MS,
    Catchup,
    Claim,
    Claims,
)
from tests.unit.node.chain_builder import ChainBuilder, make_genesis

A, B, C = (NodeName(name) for name in "abc")
NEXT = Height(5)


@pytest.fixture(scope="module")
def block() -> DecidedBlock:
    chain = ChainBuilder()
    executed = chain.add_block()
    return DecidedBlock(executed.block, chain.certificates[0])


def at(ms: int) -> UnixMillis:
    return UnixMillis(1_000_000 + ms)


def claim(height: int, base: int = 0, transactions: int = 0) -> Claim:
    return Claim(Height(height), Height(base), transactions)


def blocks(one: DecidedBlock, *heights: int, head: int = 9, base: int = 0) -> Blocks:
    header = one.block.header
    given = tuple(
        replace(one, block=replace(one.block, header=replace(header, height=Height(height))))
        for height in heights
    )
    return Blocks(Height(head), given, Height(base))


class Peers:
    """Claims and requests together."""

    def __init__(self, **heights: int) -> None:
        self.claims = Claims()
        self.catchup = Catchup(self.claims)
        for peer, height in heights.items():
            self.claims.learn(NodeName(peer), claim(height))

    def asked(self, ms: int, height: int = NEXT) -> str | None:
        request = self.catchup.next_request(Height(height), at(ms))
        return request[0] if request else None

    def takes(self, peer: NodeName, answer: Blocks, ms: int = 1, height: int = NEXT) -> bool:
        return self.catchup.take_answer(peer, answer, Height(height), at(ms))


def test_nobody_is_asked_when_nobody_has_more() -> None:
    peers = Peers()
    assert (peers.claims.highest, peers.asked(0)) == (0, None)
    peers.claims.learn(A, claim(4))
    assert peers.asked(0) is None


def test_a_peer_that_has_more_is_asked_for_what_is_missing() -> None:
    peers = Peers(a=9)
    request = (A, BlocksRequest(NEXT, BLOCKS_PER_MESSAGE_MAX))
    assert peers.catchup.next_request(NEXT, at(0)) == request
    claims = peers.claims
    assert (claims.highest, claims.height_of(A), claims.height_of(B)) == (9, 9, None)


def test_one_request_is_under_way_at_a_time() -> None:
    peers = Peers(a=9, b=9)
    assert peers.asked(0) == A
    assert peers.asked(REQUEST_TIMEOUT_MS - 1) is None
    assert peers.asked(REQUEST_TIMEOUT_MS) == B


def test_peers_are_asked_in_turn_and_not_who_claims_most(block: DecidedBlock) -> None:
    peers = Peers(a=10**15, b=9, c=9)
    order = []
    for turn in range(6):
        peer = peers.asked(turn)
        assert peer is not None
        order.append(peer)
        assert peers.takes(NodeName(peer), blocks(block, 5), turn)
    assert sorted(order[:3]) == [A, B, C]
    assert order[3:] == order[:3]


def test_a_useless_answer_costs_the_turn_for_a_while(block: DecidedBlock) -> None:
    peers = Peers(a=9)
    assert peers.asked(0) == A
    assert not peers.takes(A, blocks(block, 6))
    assert peers.asked(2) is None
    assert peers.asked(REFUSED_MS) is None
    assert peers.asked(REFUSED_MS + 1) == A


def test_silence_counts_as_a_useless_answer() -> None:
    peers = Peers(a=9)
    assert peers.asked(0) == A
    assert peers.asked(REQUEST_TIMEOUT_MS) is None
    assert peers.asked(REQUEST_TIMEOUT_MS + REFUSED_MS - 1) is None
    assert peers.asked(REQUEST_TIMEOUT_MS + REFUSED_MS) == A


LATE = REQUEST_TIMEOUT_MS + 1_000


def test_a_late_answer_is_of_use_and_nobody_else_need_give_it(block: DecidedBlock) -> None:
    peers = Peers(a=999, b=999, c=999)
    assert (peers.asked(0), peers.asked(REQUEST_TIMEOUT_MS)) == (A, B)
    assert peers.takes(A, blocks(block, 5, 6), LATE)
    assert peers.asked(LATE, 7) == C, "what B gives is here by now"
    assert not peers.takes(B, blocks(block, 5, 6), LATE + 1, 7), "nothing new"
    assert peers.takes(C, blocks(block, 7), LATE + 2, 7)
    assert peers.asked(LATE + 2, 8) == B, "it did nothing wrong"


def test_what_a_peer_gives_late_may_begin_below_what_is_missing(block: DecidedBlock) -> None:
    peers = Peers(a=999, b=999)
    assert (peers.asked(0), peers.asked(REQUEST_TIMEOUT_MS)) == (A, B)
    assert peers.takes(B, blocks(block, 5), REQUEST_TIMEOUT_MS + 1)
    assert peers.takes(A, blocks(block, 5, 6), LATE, 6)


def test_who_was_late_is_asked_when_nobody_else_is_left(block: DecidedBlock) -> None:
    peers = Peers(a=999)
    assert (peers.asked(0), peers.asked(REQUEST_TIMEOUT_MS)) == (A, None)
    assert peers.takes(A, blocks(block, 5), LATE)
    assert peers.asked(LATE, 6) == A, "waiting out its rest would help nobody"
    assert peers.takes(A, blocks(block, 6), LATE + 1, 6)
    peers.claims.learn(B, claim(999))
    assert peers.asked(LATE + 2, 7) == B


def test_who_was_late_waits_for_its_turn_behind_all_others(block: DecidedBlock) -> None:
    peers = Peers(a=999, b=999)
    assert (peers.asked(0), peers.asked(REQUEST_TIMEOUT_MS)) == (A, B)
    assert peers.takes(A, blocks(block, 5), LATE)
    for number in range(6, 9):
        assert peers.asked(LATE + number, number) == B
        assert peers.takes(B, blocks(block, number), LATE + number, number)
    over = REQUEST_TIMEOUT_MS + REFUSED_MS
    assert peers.asked(over, 9) == A


def test_of_a_peer_that_is_asked_again_and_again_a_few_answers_count(block: DecidedBlock) -> None:
    peers = Peers(a=999)
    turn = REQUEST_TIMEOUT_MS + REFUSED_MS
    for number in range(OWED_COUNT_MAX + 1):
        assert peers.asked(number * turn, 5 + number) == A
        assert peers.asked(number * turn + REQUEST_TIMEOUT_MS, 5 + number) is None
    newest = range(6, 6 + OWED_COUNT_MAX)
    assert [peers.takes(A, blocks(block, one), height=one) for one in newest] == [
        True for _ in newest
    ]
    assert not peers.takes(A, blocks(block, 5)), "forgotten"


def test_the_same_answer_twice_is_one_that_nobody_asked_for(block: DecidedBlock) -> None:
    peers = Peers(a=999, b=999)
    assert peers.asked(0) == A
    assert peers.takes(A, blocks(block, 5))
    assert not peers.takes(A, blocks(block, 5), 2)
    assert peers.asked(2, 6) == B
    assert peers.takes(B, blocks(block, 6), 3, 6)
    assert peers.asked(4, 7) == B, "A rests"


def test_a_peer_that_is_gone_owes_nothing() -> None:
    peers = Peers(a=9, b=7)
    first = peers.asked(0)
    assert first is not None
    peers.claims.forget(NodeName(first))
    peers.catchup.forget(NodeName(first))
    second = peers.asked(1)
    assert {first, second} == {A, B}
    peers.catchup.forget(C)


def test_an_answer_begins_where_it_was_asked_and_has_no_gap(block: DecidedBlock) -> None:
    assert not Peers(a=9).takes(A, blocks(block, 5)), "nothing was asked"
    for wrong in ([4], [1, 2, 3, 4, 5], [6, 7], [5, 7], [6, 5], [5, 5]):
        peers = Peers(a=9)
        assert peers.asked(0) == A
        assert not peers.takes(A, blocks(block, *wrong)), wrong
    for right in ([5], [5, 6, 7]):
        peers = Peers(a=9)
        assert peers.asked(0) == A
        assert not peers.takes(B, blocks(block, *right)), "another was asked"
        assert peers.takes(A, blocks(block, *right))


def test_an_answer_of_somebody_else_does_not_end_the_request(block: DecidedBlock) -> None:
    peers = Peers(a=9, b=9)
    assert peers.asked(0) == A
    assert not peers.takes(B, blocks(block, 5))
    assert peers.takes(A, blocks(block, 5), 2)
    assert peers.asked(2) == A


def fault_of(happening: Callable[[], object]) -> str:
    with pytest.raises(PeerFault) as caught:
        happening()
    assert caught.value.code == "VT-3033"
    return caught.value.why


def test_a_peer_that_does_not_give_what_it_says_it_has_lies(block: DecidedBlock) -> None:
    peers = Peers(a=9)
    assert peers.asked(0) == A
    assert fault_of(lambda: peers.takes(A, blocks(block))) == (
        "a contradicts itself: it says it has block 5 and does not give it."
    )


def owing_two_answers() -> Peers:
    peers = Peers(a=9)
    assert (peers.asked(0), peers.asked(REQUEST_TIMEOUT_MS)) == (A, None)
    assert peers.asked(REQUEST_TIMEOUT_MS + REFUSED_MS, 7) == A
    return peers


def test_a_peer_that_has_all_that_it_owes_and_gives_nothing_lies(block: DecidedBlock) -> None:
    assert fault_of(lambda: owing_two_answers().takes(A, blocks(block))) == (
        "a contradicts itself: it says it has block 5 and does not give it."
    )
    assert not owing_two_answers().takes(A, blocks(block, head=6)), "it may mean block 7"


def test_a_peer_that_says_it_no_longer_has_a_block_does_not_lie(block: DecidedBlock) -> None:
    peers = Peers(a=9)
    assert peers.asked(0) == A
    assert not peers.takes(A, blocks(block, base=5))


def test_a_height_that_sinks_is_a_contradiction() -> None:
    """Peers that said 2000 and then 1001 stopped a node's sync (CometBFT ASA-2025-001)."""
    peers = Peers(a=2_000)
    assert fault_of(lambda: peers.claims.learn(A, claim(1_001))) == (
        "a contradicts itself: it was at height 2000 and now says 1001."
    )


def test_an_older_claim_that_arrives_late_is_passed_over() -> None:
    peers = Peers(a=2_000)
    peers.claims.learn(A, claim(2_000 - CLAIM_SLACK_BLOCKS))
    assert peers.claims.height_of(A) == 2_000
    peers.claims.learn(A, claim(2_000, base=7))
    assert peers.claims.get(A) == claim(2_000, base=7)


def test_a_base_above_the_height_cannot_be() -> None:
    """Such a peer made others wait for blocks that nobody has (CometBFT 5801, 5803)."""
    peers = Peers()
    assert fault_of(lambda: peers.claims.learn(A, claim(9, base=10))) == (
        "a contradicts itself: its blocks begin above 10 and end at 9."
    )
    assert peers.claims.get(A) is None


def test_a_peer_whose_blocks_begin_later_is_not_asked() -> None:
    peers = Peers()
    peers.claims.learn(A, claim(9, base=5))
    assert peers.asked(0) is None
    assert peers.asked(1, Height(6)) == A


def test_a_block_is_pruned_when_everybody_who_is_beyond_it_says_so() -> None:
    peers = Peers(c=3)
    assert not peers.claims.is_pruned(NEXT)
    peers.claims.learn(A, claim(9, base=5))
    assert peers.claims.is_pruned(NEXT)
    peers.claims.learn(B, claim(7, base=4))
    assert not peers.claims.is_pruned(NEXT)


def test_the_state_of_a_height_can_be_had_from_whoever_kept_it() -> None:
    peers = Peers(a=9)
    peers.claims.learn(B, claim(9, base=6))
    assert peers.claims.can_give_state(Height(6)) == [A, B]
    assert peers.claims.can_give_state(Height(5)) == [A]
    assert peers.claims.can_give_state(Height(9)) == [], "the block after it is needed too"


def test_a_message_from_a_later_height_is_a_hint_and_no_claim(block: DecidedBlock) -> None:
    peers = Peers(a=4)
    peers.claims.hint(A, Height(9))
    assert (peers.claims.highest, peers.claims.height_of(A)) == (9, 9)
    assert peers.claims.get(A) == claim(4)
    assert peers.asked(0) == A
    assert not peers.takes(A, blocks(block, head=4)), "no fault either"
    assert peers.claims.highest == 4, "it led to nothing"
    peers.claims.hint(B, Height(7))
    peers.claims.learn(B, claim(8))
    peers.claims.hint(B, Height(6))
    assert peers.claims.height_of(B) == 8


def test_one_liar_makes_nobody_believe_that_the_chain_is_long() -> None:
    claims = Claims()
    validators = make_genesis().validators
    one, other, third, _ = (member.node for member in validators.members)
    claims.learn(one, claim(HEIGHT_MAX, transactions=HEIGHT_MAX))
    assert claims.supported(validators) == claim(0)
    assert claims.weight_heard(validators) == 1
    claims.learn(other, claim(50, transactions=900))
    claims.learn(third, claim(40, transactions=800))
    assert claims.supported(validators) == claim(50, transactions=900)
    claims.learn(NodeName("stranger"), claim(HEIGHT_MAX))
    assert claims.weight_heard(validators) == 3
    assert claims.supported(validators) == claim(50, transactions=900)
