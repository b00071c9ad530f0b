"""Building blocks and checking proposed ones."""

from msgspec.structs import replace

from chain.codec import encode
from chain.genesis import Limits
from chain.keys import SigningKey, verify
from chain.scalars import Hash
from chain.transaction import Transaction
from consensus.value import Value
from node.replica.mempool import MempoolLimits
from node.replica.payload import Payload, from_value, to_value
from node.replica.proposals import (
    EXECUTED_COUNT_MAX,
    PENDING_COUNT_MAX,
    Incomplete,
    Invalid,
    Proposals,
    Valid,
    Verdict,
)
from tests.unit.node.chain_builder import seed_of
from tests.unit.node.replica.parts import Parts

NOWHERE = Hash(bytes(32))


def build(parts: Parts, proposer: int = 0) -> Value:
    return parts.proposals.build(parts.head, proposer)


def reason_of(verdict: Verdict) -> str:
    assert isinstance(verdict, Invalid)
    return str(verdict.error)


def read(parts: Parts, value: Value) -> Payload:
    return from_value(value, parts.genesis.limits)


def lie(parts: Parts, value: Value, transactions: tuple[Hash, ...]) -> Value:
    """The name of a block over a payload that names something else."""
    false = replace(read(parts, value), transactions=transactions)
    return replace(value, payload=encode(false))


def test_a_block_takes_what_waits_in_order() -> None:
    parts = Parts()
    transactions = [parts.chain.power(str(number)) for number in range(3)]
    parts.wait(*transactions)
    assert parts.names_in(build(parts)) == tuple(t.id for t in transactions)


def test_a_block_holds_no_more_transactions_than_genesis_allows() -> None:
    parts = Parts(limits=Limits(block_transactions_max=2))
    parts.wait(*(parts.chain.power(str(number)) for number in range(3)))
    assert len(parts.names_in(build(parts))) == 2


def test_a_block_holds_no_more_bytes_than_genesis_allows() -> None:
    sizes = Parts().chain.power("1").size_bytes
    for room, count in ((5 * sizes - 1, 4), (5 * sizes, 5)):
        parts = Parts(limits=Limits(block_size_bytes_max=room))
        parts.wait(*(parts.chain.power("1") for _ in range(6)))
        assert len(parts.names_in(build(parts))) == count


def test_what_expired_while_it_waited_is_left_out() -> None:
    parts = Parts()
    operation = parts.chain.power("1").body.operation
    late = parts.chain.transaction(operation, expiry=parts.head.height)
    last = parts.chain.transaction(operation, expiry=parts.head.next_height)
    parts.wait(late, last)
    assert parts.names_in(build(parts)) == (last.id,)


def test_an_own_block_is_valid_and_can_be_committed() -> None:
    parts = Parts()
    parts.wait(parts.chain.power("1"))
    value = build(parts)
    assert parts.check(value) == Valid()
    executed = parts.proposals.executed(value, parts.head)
    assert executed is not None
    assert executed.hash == value.id


def test_a_block_of_known_transactions_is_valid_at_once() -> None:
    parts = Parts()
    transaction = parts.chain.power("1")
    value = parts.propose(transaction)
    parts.wait(transaction)
    assert parts.check(value) == Valid()
    assert parts.proposals.holds(transaction.id)
    assert not parts.proposals.holds(NOWHERE)


def test_two_mempools_with_different_transactions_agree_on_a_block() -> None:
    parts = Parts()
    parts.wait(*(parts.chain.power("7") for _ in range(3)))
    proposed = parts.chain.power("1")
    value = parts.propose(proposed)
    assert parts.check(value) == Incomplete((proposed.id,))
    parts.wait(proposed)
    again = parts.proposals.check_again(parts.head)
    assert again == [(value, Valid())]
    assert parts.proposals.check_again(parts.head) == []


def test_a_block_waits_for_each_missing_transaction() -> None:
    parts = Parts()
    transactions = [parts.chain.power(str(number)) for number in range(4)]
    value = parts.propose(*transactions)
    assert parts.check(value) == Incomplete(tuple(t.id for t in transactions))
    for known in (2, 0, 3):
        parts.wait(transactions[known])
        assert parts.proposals.check_again(parts.head) == []
    assert parts.proposals.missing() == (transactions[1].id,)
    assert parts.proposals.is_wanted(transactions[1].id)
    parts.proposals.take(transactions[1])
    again = parts.proposals.check_again(parts.head)
    assert again == [(value, Valid())]
    assert not parts.proposals.is_wanted(transactions[1].id)


def test_a_false_payload_under_a_known_name_is_not_taken_for_the_block() -> None:
    parts = Parts()
    transactions = [parts.chain.power(str(number)) for number in range(2)]
    value = parts.propose(*transactions)
    parts.wait(*transactions)
    assert parts.check(value) == Valid()
    for names in ((NOWHERE, NOWHERE[:31] + b"1"), (), tuple(t.id for t in reversed(transactions))):
        verdict = parts.check(lie(parts, value, tuple(Hash(name) for name in names)))
        assert isinstance(verdict, Invalid)
        assert verdict.is_mismatched
    assert parts.check(value) == Valid()


def test_a_wrong_number_of_transactions_is_not_waited_for() -> None:
    parts = Parts()
    transactions = [parts.chain.power(str(number)) for number in range(2)]
    value = parts.propose(*transactions)
    for names in ((NOWHERE,), (*(t.id for t in transactions), NOWHERE)):
        verdict = parts.check(lie(parts, value, names))
        assert isinstance(verdict, Invalid)
        assert verdict.is_mismatched
    assert parts.proposals.missing() == ()


def test_transactions_that_are_not_the_headers_are_a_mismatch() -> None:
    parts = Parts()
    real, other = parts.chain.power("1"), parts.chain.power("2")
    parts.wait(real, other)
    value = parts.propose(real)
    verdict = parts.check(lie(parts, value, (other.id,)))
    assert isinstance(verdict, Invalid)
    assert verdict.is_mismatched
    assert "its transactions are not the ones its header commits to" in reason_of(verdict)
    assert parts.check(value) == Valid()


def renamed(parts: Parts, value: Value, **changes: object) -> Value:
    payload = read(parts, value)
    return to_value(replace(payload, header=replace(payload.header, **changes)))


def test_a_header_with_another_result_is_invalid_and_says_which() -> None:
    parts = Parts()
    transaction = parts.chain.power("1")
    parts.wait(transaction)
    value = parts.propose(transaction)
    false = renamed(parts, value, state_root=NOWHERE, receipts_root=NOWHERE)
    verdict = parts.check(false)
    assert reason_of(verdict).startswith(
        "VT-3010: The block cannot be voted for: this node gets another state_root, receipts_root"
    )
    assert isinstance(verdict, Invalid)
    assert not verdict.is_mismatched


def test_a_header_that_does_not_follow_is_invalid_before_anything_is_fetched() -> None:
    parts = Parts()
    value = renamed(parts, parts.propose(parts.chain.power("1")), previous=NOWHERE)
    assert "it does not follow the last block" in reason_of(parts.check(value))
    assert parts.proposals.missing() == ()


def test_a_transaction_of_an_earlier_block_cannot_be_ordered_again() -> None:
    parts = Parts()
    value = parts.propose(parts.registered)
    assert parts.check(value) == Incomplete((parts.registered.id,))
    parts.proposals.take(parts.registered)
    ((_, verdict),) = parts.proposals.check_again(parts.head)
    assert reason_of(verdict).startswith("VT-2005: ")


def test_an_expired_transaction_makes_a_block_invalid() -> None:
    parts = Parts()
    operation = parts.chain.power("1").body.operation
    late = parts.chain.transaction(operation, expiry=parts.head.height)
    far = parts.chain.transaction(operation, expiry=parts.head.next_height + 1_001)
    parts.wait(late, far)
    assert reason_of(parts.check(_unchecked(parts, late))).startswith("VT-2003")
    assert reason_of(parts.check(_unchecked(parts, far))).startswith("VT-2004")


def _unchecked(parts: Parts, *transactions: Transaction) -> Value:
    """A block by somebody who does not look at what may be ordered."""
    executed = parts.ledger.execute_block(parts.head, 1, transactions, parts.head.certificate)
    names = tuple(transaction.id for transaction in executed.transactions)
    return to_value(Payload(executed.header, names, parts.head.certificate))


def test_a_block_with_too_many_bytes_is_invalid() -> None:
    parts = Parts(limits=Limits(block_size_bytes_max=1024))
    transactions = [parts.chain.power("1") for _ in range(8)]
    parts.wait(*transactions)
    assert "its transactions have" in reason_of(parts.check(_unchecked(parts, *transactions)))


def test_unknown_proposals_are_bounded_and_the_newest_is_served_first() -> None:
    parts = Parts()
    values = []
    for number in range(PENDING_COUNT_MAX + 3):
        values.append(parts.propose(parts.chain.power(str(number))))
        assert isinstance(parts.check(values[-1]), Incomplete)
    missing = parts.proposals.missing()
    newest_first = [parts.names_in(value)[0] for value in reversed(values)]
    assert list(missing) == newest_first[:PENDING_COUNT_MAX]


def test_fetched_transactions_without_a_place_in_the_mempool_are_bounded() -> None:
    parts = Parts(limits=Limits(block_size_bytes_max=1024))
    for number in range(50):
        parts.proposals.take(parts.chain.power(str(number)))
    held = parts.proposals._fetched
    assert 0 < sum(transaction.size_bytes for transaction in held.values()) <= 2 * 1024
    assert parts.proposals._fetched_bytes == sum(t.size_bytes for t in held.values())
    newest = parts.chain.power("51")
    for _ in range(2):
        parts.proposals.take(newest)
    assert parts.proposals.find(newest.id) == newest
    assert parts.proposals._fetched_bytes == sum(t.size_bytes for t in held.values())


def test_a_block_that_was_dropped_in_a_long_height_is_executed_again() -> None:
    parts = Parts()
    transactions = [parts.chain.power(str(number)) for number in range(EXECUTED_COUNT_MAX + 1)]
    parts.wait(*transactions)
    values = [parts.propose(transaction) for transaction in transactions]
    assert [parts.check(value) for value in values] == [Valid()] * len(values)
    first = parts.proposals.executed(values[0], parts.head)
    assert first is not None
    assert first.hash == values[0].id
    assert len(parts.proposals._executed) == EXECUTED_COUNT_MAX


def test_a_dropped_block_whose_transactions_are_gone_is_left_to_catch_up() -> None:
    parts = Parts()
    transaction = parts.chain.power("1")
    value = parts.propose(transaction)
    assert parts.proposals.executed(value, parts.head) is None


def test_what_the_engine_is_locked_on_outlives_the_mempool_and_a_restart() -> None:
    parts = Parts()
    transactions = [parts.chain.power(str(number)) for number in range(2)]
    value = parts.propose(*transactions)
    parts.wait(*transactions)
    assert parts.check(value) == Valid()
    kept = parts.proposals.keep(value)
    assert kept == tuple(transaction.raw for transaction in transactions)
    parts.mempool.remove(transaction.id for transaction in transactions)
    assert parts.proposals.find(transactions[0].id) == transactions[0]
    later = Proposals(parts.ledger, parts.admission, parts.mempool, verify)
    later.restore(kept)
    assert later.check(value, parts.head) == Valid()


def test_after_a_restart_the_kept_transactions_are_kept_again_before_the_block_is_executed() -> (
    None
):
    parts = Parts()
    transaction = parts.chain.power("1")
    value = parts.propose(transaction)
    assert parts.proposals.keep(value) == (), "half of them would be worse than none"
    parts.proposals.restore((transaction.raw,))
    assert parts.proposals.keep(value) == (transaction.raw,)


def test_a_new_height_forgets_everything() -> None:
    parts = Parts()
    own, other, third = (parts.chain.power(str(number)) for number in range(3))
    parts.wait(own)
    value = build(parts)
    parts.proposals.keep(value)
    parts.mempool.remove([own.id])
    parts.check(parts.propose(other))
    parts.proposals.take(third)
    parts.proposals.start_height()
    assert parts.proposals.missing() == ()
    assert [parts.proposals.find(t.id) for t in (own, other, third)] == [None] * 3
    assert not parts.proposals.holds(own.id)


def test_a_full_mempool_does_not_keep_a_block_from_being_checked() -> None:
    parts = Parts(MempoolLimits(size_bytes_max=1))
    transaction = parts.chain.power("1")
    value = parts.propose(transaction)
    parts.check(value)
    parts.proposals.take(transaction)
    again = parts.proposals.check_again(parts.head)
    assert again == [(value, Valid())]


def test_the_key_of_a_stranger_in_a_block_is_a_matter_of_its_receipt() -> None:
    parts = Parts()
    stranger = SigningKey(seed_of("nobody"))
    operation = parts.chain.power("1").body.operation
    transaction = parts.chain.transaction(operation, key=stranger)
    value = parts.propose(transaction)
    parts.check(value)
    parts.proposals.take(transaction)
    ((_, verdict),) = parts.proposals.check_again(parts.head)
    assert verdict == Valid()
    executed = parts.proposals.executed(value, parts.head)
    assert executed is not None
    assert [receipt.code for receipt in executed.receipts] == ["VT-2010"]
