"""The way of a transaction from a client or peer into the mempool and on."""

import pytest

from chain.errors import InvalidInput
from chain.keys import Verifier, verify
from chain.scalars import Hash, NodeName, PublicKey, Signature, UnixMillis
from chain.transaction import decode_transaction
from node.replica.effects import Answer, Disconnect, SendTo, SendToAll
from node.replica.events import Submitted
from node.replica.mempool import MempoolLimits
from node.replica.messages import IDS_PER_MESSAGE_MAX, Have, Transactions, Want
from node.replica.transactions import ANNOUNCE_AFTER_MS, ANNOUNCE_AGAIN_MS, REPLY_BYTES_MAX
from tests.unit.node.replica.parts import NOW_MS, OWN, Parts

NOWHERE = Hash(bytes(32))
A, B = NodeName("a"), NodeName("b")


def connected(limits: MempoolLimits | None = None, verifier: Verifier = verify) -> Parts:
    parts = Parts(limits, verify=verifier)
    parts.neighbours.add(A)
    parts.neighbours.add(B)
    return parts


def test_a_client_gets_the_id_and_the_peers_the_transaction() -> None:
    parts = connected()
    transaction = parts.chain.power("1")
    done = parts.flow.submit(Submitted(7, transaction.raw, NOW_MS), parts.head, NOW_MS)
    gossip = SendToAll((A, B), Transactions(OWN, (transaction.raw,)))
    assert done == [Answer(7, transaction.id, None), gossip]
    assert transaction.id in parts.mempool


def test_a_client_gets_one_answer_when_it_is_refused_and_nobody_else_hears_of_it() -> None:
    parts = connected()
    (answer,) = parts.flow.submit(Submitted(7, b"junk", NOW_MS), parts.head, NOW_MS)
    assert isinstance(answer, Answer)
    assert (answer.ticket, answer.transaction) == (7, None)
    assert answer.error is not None
    assert answer.error.code == "VT-1001"
    assert len(parts.mempool) == 0


def receive(parts: Parts, *raws: bytes, origin: NodeName = A) -> list[object]:
    return list(parts.flow.receive(A, Transactions(origin, raws), parts.head, NOW_MS))


def test_what_a_peer_sends_goes_on_to_those_whom_its_origin_does_not_reach() -> None:
    parts = connected()
    transaction = parts.chain.power("1")
    assert receive(parts, transaction.raw) == [SendToAll((B,), Transactions(A, (transaction.raw,)))]
    assert receive(parts, transaction.raw) == [], "it is known now"
    parts.neighbours.learn(B, [A])
    other = parts.chain.power("2")
    assert receive(parts, other.raw) == []
    assert other.id in parts.mempool


def test_good_transactions_beside_refused_ones_are_taken() -> None:
    parts = connected()
    good = parts.chain.power("1")
    operation = good.body.operation
    late = parts.chain.transaction(operation, expiry=parts.head.height)
    early = parts.chain.transaction(operation, expiry=parts.head.height + 2_000)
    stranger = parts.chain.transaction(operation, key=parts.chain.signer("nobody"))
    sent = receive(parts, late.raw, early.raw, parts.registered.raw, stranger.raw, good.raw)
    assert sent == [SendToAll((B,), Transactions(A, (good.raw,)))]
    assert [t.id for t in parts.mempool.in_order()] == [good.id]


def test_a_peer_that_sends_what_no_correct_node_accepts_is_disconnected() -> None:
    parts = connected()
    good = parts.chain.power("1")
    for bad in (b"junk", good.raw[:-1] + b"\0"):
        (effect,) = receive(parts, bad, good.raw)
        assert isinstance(effect, Disconnect)
        assert (effect.peer, effect.error.code) == (A, "VT-3031")
    assert len(parts.mempool) == 0


def test_a_full_mempool_refuses_without_blaming_the_peer() -> None:
    parts = connected(MempoolLimits(size_bytes_max=1))
    assert receive(parts, parts.chain.power("1").raw) == []


class Counting:
    """Checks signatures and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, key: PublicKey, message: bytes, signature: Signature) -> bool:
        self.count += 1
        return verify(key, message, signature)


def test_a_full_mempool_checks_no_signature() -> None:
    counting = Counting()
    parts = connected(MempoolLimits(size_bytes_max=1), counting)
    receive(parts, parts.chain.power("1").raw)
    assert counting.count == 0


def test_what_a_proposal_waits_for_is_checked_even_if_the_mempool_is_full() -> None:
    parts = connected(MempoolLimits(size_bytes_max=1))
    wanted = parts.chain.power("1")
    parts.check(parts.propose(wanted))
    forged = wanted.raw[:-1] + bytes([wanted.raw[-1] ^ 1])
    (effect,) = receive(parts, forged)
    assert isinstance(effect, Disconnect)
    assert effect.error.code == "VT-3031"
    assert parts.proposals.find(wanted.id) is None


def test_what_waits_already_is_no_matter_of_room() -> None:
    parts = connected(MempoolLimits(transactions_max=2))
    waiting = parts.chain.power("1")
    receive(parts, waiting.raw)
    (answer,) = parts.flow.submit(Submitted(7, waiting.raw, NOW_MS), parts.head, NOW_MS)
    assert isinstance(answer, Answer)
    assert answer.error is not None
    assert answer.error.code == "VT-2005"


def test_a_share_that_is_used_up_costs_no_signature_check() -> None:
    counting = Counting()
    parts = connected(MempoolLimits(transactions_max=2), counting)
    receive(parts, parts.chain.power("1").raw, parts.chain.power("2").raw)
    assert len(parts.mempool) == counting.count == 1


def test_a_transaction_of_a_fetched_block_is_not_checked_twice() -> None:
    counting = Counting()
    parts = connected(verifier=counting)
    waiting = parts.chain.power("1")
    receive(parts, waiting.raw)
    assert parts.flow.decode(waiting.raw) == waiting
    assert counting.count == 1
    parts.flow.decode(parts.chain.power("2").raw)
    assert counting.count == 2


def test_another_signature_of_a_transaction_that_waits_is_checked() -> None:
    parts = connected()
    waiting = parts.chain.power("1")
    receive(parts, waiting.raw)
    forged = waiting.raw[:-1] + bytes([waiting.raw[-1] ^ 1])
    assert decode_transaction(forged).id == waiting.id
    with pytest.raises(InvalidInput, match=r"^VT-2002"):
        parts.flow.decode(forged)


def test_a_full_mempool_still_takes_what_a_proposal_waits_for() -> None:
    parts = connected(MempoolLimits(size_bytes_max=1))
    wanted, other = parts.chain.power("1"), parts.chain.power("2")
    parts.check(parts.propose(wanted))
    receive(parts, wanted.raw, other.raw)
    assert parts.proposals.find(wanted.id) == wanted
    assert parts.proposals.find(other.id) is None


def test_what_found_a_place_in_the_mempool_is_not_held_twice() -> None:
    parts = connected()
    wanted = parts.chain.power("1")
    parts.check(parts.propose(wanted))
    receive(parts, wanted.raw)
    assert parts.proposals.find(wanted.id) == wanted
    assert len(parts.proposals._fetched) == 0


def test_only_what_is_missing_is_asked_for() -> None:
    parts = connected()
    waiting = parts.chain.power("1")
    parts.wait(waiting)
    have = Have((waiting.id, parts.registered.id, NOWHERE))
    assert parts.flow.have(A, have, parts.head) == [SendTo(A, Want((NOWHERE,)))]
    assert parts.flow.have(A, Have((waiting.id, parts.registered.id)), parts.head) == []


def test_the_store_is_not_asked_for_what_memory_knows_to_be_in_no_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = connected()
    parts.admission.begin(parts.head.height)
    newest = parts.chain.power("2")
    parts.chain.add_block(newest)
    parts.admission.follow(parts.head.height, [newest.id])
    asked: list[Hash] = []
    look = parts.admission.is_committed

    def is_committed(id_: Hash) -> bool:
        asked.append(id_)
        return look(id_)

    monkeypatch.setattr(parts.admission, "is_committed", is_committed)
    named = Have((newest.id, NOWHERE, parts.registered.id))
    assert parts.flow.have(A, named, parts.head) == [SendTo(A, Want((NOWHERE,)))]
    assert asked == [newest.id, parts.registered.id]


def test_a_full_mempool_asks_for_nothing() -> None:
    size = Parts().admission.size_bytes_max
    parts = connected(MempoolLimits(size_bytes_max=size, share_percent=100))
    assert parts.flow.have(A, Have((NOWHERE,)), parts.head) != []
    parts.wait(parts.chain.power("1"))
    assert parts.flow.have(A, Have((NOWHERE,)), parts.head) == []


def test_a_peer_gets_what_it_wants_once_and_only_what_is_here() -> None:
    parts = connected()
    one, other = parts.chain.power("1"), parts.chain.power("2")
    parts.wait(one, other)
    want = Want((other.id, NOWHERE, one.id) * 3)
    assert parts.flow.want(A, want) == [SendTo(A, Transactions(OWN, (other.raw, one.raw)))]
    assert parts.flow.want(A, Want((NOWHERE,))) == []


def test_an_answer_to_a_peer_is_bounded() -> None:
    parts = connected()
    big = [parts.chain.power(*[str(10**20)] * 1000) for _ in range(60)]
    parts.wait(*big)
    (answer,) = parts.flow.want(A, Want(tuple(t.id for t in big)))
    assert isinstance(answer, SendTo)
    assert isinstance(answer.message, Transactions)
    size = sum(len(raw) for raw in answer.message.transactions)
    assert REPLY_BYTES_MAX - big[0].size_bytes < size <= REPLY_BYTES_MAX


def test_what_waits_long_is_announced() -> None:
    parts = connected()
    transaction = parts.chain.power("1")
    parts.wait(transaction)
    assert parts.flow.announce(UnixMillis(NOW_MS + ANNOUNCE_AFTER_MS)) == []
    after = UnixMillis(NOW_MS + ANNOUNCE_AFTER_MS + 1)
    assert parts.flow.announce(after) == [SendToAll((A, B), Have((transaction.id,)))]


def test_what_was_announced_is_announced_again_after_a_while() -> None:
    parts = connected()
    transaction = parts.chain.power("1")
    parts.wait(transaction)
    begin = NOW_MS + ANNOUNCE_AFTER_MS + 1
    passed = (0, 500, 1_000, ANNOUNCE_AGAIN_MS - 1, ANNOUNCE_AGAIN_MS)
    announced = [bool(parts.flow.announce(UnixMillis(begin + one))) for one in passed]
    assert announced == [True, False, False, False, True]


def test_a_question_to_peers_fits_one_message() -> None:
    parts = connected()
    ids = [Hash(number.to_bytes(32, "big")) for number in range(IDS_PER_MESSAGE_MAX + 5)]
    assert parts.flow.ask_for(ids, (A,)) == [SendToAll((A,), Want(tuple(ids[:-5])))]
    assert parts.flow.ask_for([], (A,)) == []
    assert parts.flow.ask_for(ids, ()) == []
