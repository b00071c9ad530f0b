"""Joining the gossip of a step: fewer messages, in the same order, none too large."""

from chain.scalars import Hash, NodeName
from node.batching import JOINED_BYTES_MAX, JOINED_COUNT_MAX, join_transactions
from node.replica.effects import Effect, SendTo, SendToAll
from node.replica.messages import (
    IDS_PER_MESSAGE_MAX,
    AnyPeerMessage,
    Have,
    Transactions,
)

A, B, C = (NodeName(name) for name in "abc")
OTHER = SendTo(A, Have((Hash(bytes(32)),)))


def gossip(*raws: bytes, origin: NodeName = A, peers: tuple[NodeName, ...] = (B,)) -> SendToAll:
    return SendToAll(peers, Transactions(origin, raws))


def counts(done: list[Effect]) -> list[int]:
    messages: list[AnyPeerMessage] = [e.message for e in done if isinstance(e, SendToAll)]
    return [len(message.transactions) for message in messages if isinstance(message, Transactions)]


def test_transactions_of_one_origin_to_the_same_peers_travel_together() -> None:
    assert join_transactions([gossip(b"1"), gossip(b"2"), gossip(b"3")]) == [
        gossip(b"1", b"2", b"3")
    ]


def test_what_is_alone_stays_as_it_is() -> None:
    alone = gossip(b"1", b"2")
    assert join_transactions([OTHER, alone])[1] is alone


def test_other_origins_and_other_peers_stay_apart() -> None:
    done = [gossip(b"1"), gossip(b"2", origin=C), gossip(b"3", peers=(B, C)), gossip(b"4")]
    assert join_transactions(done) == [
        gossip(b"1", b"4"),
        gossip(b"2", origin=C),
        gossip(b"3", peers=(B, C)),
    ]


def test_transactions_never_leave_later_and_nothing_else_changes_its_place() -> None:
    done: list[Effect] = [OTHER, gossip(b"1"), OTHER, gossip(b"2"), OTHER]
    assert join_transactions(done) == [OTHER, gossip(b"1", b"2"), OTHER, OTHER]
    assert join_transactions([]) == []


def test_a_joined_message_is_bounded_in_bytes() -> None:
    quarter = bytes(JOINED_BYTES_MAX // 4)
    joined = join_transactions([gossip(quarter) for _ in range(9)])
    assert counts(joined) == [4, 4, 1]
    whole = bytes(JOINED_BYTES_MAX)
    assert counts(join_transactions([gossip(whole), gossip(b"1"), gossip(b"2")])) == [1, 2]


def test_a_joined_message_is_bounded_in_number() -> None:
    joined = join_transactions([gossip(b"1") for _ in range(JOINED_COUNT_MAX + 2)])
    assert counts(joined) == [JOINED_COUNT_MAX, 2]


def test_a_large_message_joined_to_a_small_one_does_not_outgrow_what_peers_accept() -> None:
    large = gossip(*[b"1"] * IDS_PER_MESSAGE_MAX)
    assert counts(join_transactions([gossip(b"0"), large, gossip(b"2")])) == [
        1,
        IDS_PER_MESSAGE_MAX,
        1,
    ]


def test_nothing_is_lost_or_doubled() -> None:
    raws = [str(number).encode() for number in range(3_000)]
    joined = join_transactions([gossip(*raws[at : at + 7]) for at in range(0, 3_000, 7)])
    sent: list[bytes] = []
    for effect in joined:
        assert isinstance(effect, SendToAll)
        assert isinstance(effect.message, Transactions)
        sent.extend(effect.message.transactions)
    assert sent == raws
