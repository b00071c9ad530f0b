"""Which blocks to ask of whom."""

from chain.scalars import Height, NodeName, UnixMillis
from node.replica.messages import BLOCKS_PER_MESSAGE_MAX, BlocksRequest
from node.replica.sync import REFUSED_MS, REQUEST_TIMEOUT_MS, Catchup

A, B, C = (NodeName(name) for name in "abc")
NEXT = Height(5)


def at(ms: int) -> UnixMillis:
    return UnixMillis(1_000_000 + ms)


def asked(catchup: Catchup, ms: int, height: Height = NEXT) -> str | None:
    request = catchup.next_request(height, at(ms))
    return request[0] if request else None


def test_nobody_is_asked_when_nobody_has_more() -> None:
    catchup = Catchup()
    assert (catchup.target, catchup.next_request(NEXT, at(0))) == (0, None)
    catchup.learn(A, Height(4))
    assert catchup.next_request(NEXT, at(0)) is None


def test_a_peer_that_has_more_is_asked_for_what_is_missing() -> None:
    catchup = Catchup()
    catchup.learn(A, Height(9))
    assert catchup.next_request(NEXT, at(0)) == (A, BlocksRequest(NEXT, BLOCKS_PER_MESSAGE_MAX))
    assert (catchup.target, catchup.height_of(A), catchup.height_of(B)) == (9, 9, None)


def test_one_request_is_under_way_at_a_time() -> None:
    catchup = Catchup()
    for peer in (A, B):
        catchup.learn(peer, Height(9))
    assert asked(catchup, 0) == A
    assert asked(catchup, REQUEST_TIMEOUT_MS - 1) is None
    assert asked(catchup, REQUEST_TIMEOUT_MS) == B


def test_peers_are_asked_in_turn_and_not_who_claims_most() -> None:
    catchup = Catchup()
    catchup.learn(A, Height(10**15))
    catchup.learn(B, Height(9))
    catchup.learn(C, Height(9))
    order = []
    for turn in range(6):
        peer = catchup.next_request(NEXT, at(turn))
        assert peer is not None
        order.append(peer[0])
        catchup.answered(peer[0], is_useful=True, now_ms=at(turn))
    assert sorted(order[:3]) == [A, B, C]
    assert order[3:] == order[:3]


def test_a_useless_answer_costs_the_turn_for_a_while() -> None:
    catchup = Catchup()
    catchup.learn(A, Height(9))
    assert asked(catchup, 0) == A
    catchup.answered(A, is_useful=False, now_ms=at(1))
    assert asked(catchup, 2) is None
    assert asked(catchup, REFUSED_MS) is None
    assert asked(catchup, REFUSED_MS + 1) == A


def test_silence_counts_as_a_useless_answer() -> None:
    catchup = Catchup()
    catchup.learn(A, Height(9))
    assert asked(catchup, 0) == A
    assert asked(catchup, REQUEST_TIMEOUT_MS) is None
    assert asked(catchup, REQUEST_TIMEOUT_MS + REFUSED_MS) == A


def test_a_lower_claim_later_counts() -> None:
    catchup = Catchup()
    catchup.learn(A, Height(10**15))
    catchup.learn(A, Height(3))
    assert catchup.target == 3
    assert catchup.next_request(NEXT, at(0)) is None


def test_a_peer_that_is_gone_owes_nothing() -> None:
    catchup = Catchup()
    catchup.learn(A, Height(9))
    catchup.learn(B, Height(7))
    first = asked(catchup, 0)
    assert first is not None
    catchup.forget(NodeName(first))
    second = asked(catchup, 1)
    assert {first, second} == {A, B}
    catchup.forget(C)


def test_an_answer_begins_where_it_was_asked_and_has_no_gap() -> None:
    catchup = Catchup()
    assert not catchup.is_answer(A, [NEXT])
    catchup.learn(A, Height(9))
    assert asked(catchup, 0) == A
    assert catchup.is_answer(A, [NEXT])
    assert catchup.is_answer(A, [Height(5), Height(6), Height(7)])
    for wrong in ([], [4], [1, 2, 3, 4, 5], [6, 7], [5, 7], [6, 5], [5, 5]):
        assert not catchup.is_answer(A, [Height(height) for height in wrong]), wrong
    assert not catchup.is_answer(B, [NEXT]), "another one was asked"


def test_an_answer_of_somebody_else_does_not_end_the_request() -> None:
    catchup = Catchup()
    for peer in (A, B):
        catchup.learn(peer, Height(9))
    assert asked(catchup, 0) == A
    catchup.answered(B, is_useful=False, now_ms=at(1))
    assert catchup.is_answer(A, [NEXT])
    assert asked(catchup, 2) is None
