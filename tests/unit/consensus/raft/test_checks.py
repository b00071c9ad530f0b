import pytest
from msgspec.structs import replace

from chain.errors import PeerFault
from chain.scalars import Height, Round
from consensus.raft.checks import check_decision, check_message, get_author
from consensus.raft.messages import NO_SIGNATURE, Append, AppendAnswer, Decided, Message, TimeoutNow
from tests.unit.consensus.raft.world import (
    THREE,
    make_acknowledgement,
    make_certificate,
    sign,
)
from tests.unit.consensus.world import GENESIS, hash_verify, make_value

V, W = make_value("v"), make_value("w")
STAMP = (Height(1), Round(3), 1, NO_SIGNATURE)
ANSWER = AppendAnswer(*STAMP, 9, True, make_acknowledgement(V, 1, term=3))


def check(message: Message) -> None:
    check_message(message, GENESIS, THREE, hash_verify)


def test_good_messages_pass() -> None:
    for message in (TimeoutNow(*STAMP), Append(*STAMP, 1, GENESIS, V.id, V), ANSWER):
        check(sign(message))


def test_an_author_that_does_not_exist() -> None:
    stranger = replace(TimeoutNow(*STAMP), author=3)
    with pytest.raises(PeerFault) as refused:
        get_author(stranger, THREE)
    assert str(refused.value) == (
        "VT-3020: The timeout-now of height 1 names validator 3; the set has 3 members."
    )


def test_a_message_that_another_key_signed() -> None:
    with pytest.raises(PeerFault, match="VT-3026"):
        check(sign(TimeoutNow(*STAMP), key=2))


def test_a_value_that_is_not_the_one_that_is_named() -> None:
    with pytest.raises(PeerFault, match="its value is not the one it names"):
        check(sign(Append(*STAMP, 1, GENESIS, W.id, V)))


@pytest.mark.parametrize(
    "given",
    [
        make_acknowledgement(V, 2, term=3),
        make_acknowledgement(V, 1, term=2),
        make_acknowledgement(V, 1, height=2, term=3),
        replace(make_acknowledgement(V, 1, term=3), block=W.id),
    ],
    ids=["another member", "another term", "another height", "another block"],
)
def test_a_precommit_that_is_not_the_authors_for_this_place(given: object) -> None:
    with pytest.raises(PeerFault, match="its precommit is not signed by it"):
        check(sign(replace(ANSWER, acknowledgement=given)))


def test_a_decision_needs_more_than_half() -> None:
    good = sign(Decided(*STAMP, make_certificate(V, (0, 2))))
    check_decision(good, GENESIS, THREE, hash_verify)
    poor = sign(Decided(*STAMP, make_certificate(V, (0,))))
    with pytest.raises(PeerFault, match=r"VT-3027.*weight 1 signed, 2 is needed"):
        check_decision(poor, GENESIS, THREE, hash_verify)
