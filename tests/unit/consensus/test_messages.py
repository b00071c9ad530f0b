import pytest

from chain.errors import PeerFault
from chain.scalars import Height, Round
from consensus.messages import (
    Message,
    check_message,
    decode_message,
    encode_message,
    get_sender,
    is_relayed,
    kind_of,
    sender_of,
)
from consensus.raft.messages import NO_SIGNATURE, TimeoutNow
from tests.unit.consensus.raft.world import sign
from tests.unit.consensus.world import (
    FOUR,
    GENESIS,
    hash_verify,
    make_proposal,
    make_value,
    make_vote,
)

V = make_value("v")
OF_BFT: tuple[Message, ...] = (make_vote("precommit", 2, V.id), make_proposal(V))
OF_RAFT = sign(TimeoutNow(Height(1), Round(1), 3, NO_SIGNATURE))


@pytest.mark.parametrize(
    ("message", "kind", "sender"),
    [(OF_BFT[0], "precommit", 2), (OF_BFT[1], "proposal", 1), (OF_RAFT, "timeout-now", 3)],
)
def test_a_message_says_of_which_kind_it_is_and_whose(
    message: Message, kind: str, sender: int
) -> None:
    assert decode_message(encode_message(message)) == message
    assert (kind_of(message), sender_of(message)) == (kind, sender)
    assert get_sender(message, FOUR) == FOUR.members[sender]
    check_message(message, GENESIS, FOUR, hash_verify)
    with pytest.raises(PeerFault, match="VT-3026"):
        check_message(message, V.id, FOUR, hash_verify)


def test_votes_are_for_everyone_and_rafts_messages_for_one() -> None:
    assert [is_relayed(message) for message in OF_BFT] == [True, True]
    assert not is_relayed(OF_RAFT)
