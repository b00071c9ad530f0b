"""Transactions that wait: bounds, shares, order, expiry."""

from random import Random

import pytest

from chain.errors import Busy, Refused
from chain.scalars import Hash, Height, OrganisationId, UnixMillis
from chain.transaction import Transaction
from node.replica.mempool import Mempool, MempoolLimits
from tests.unit.node.chain_builder import ChainBuilder

ONE, OTHER = OrganisationId("one"), OrganisationId("other")
NOW_MS = UnixMillis(1_000)
chain = ChainBuilder()


def make(expiry: int = 500) -> Transaction:
    return chain.transaction(chain.power("1").body.operation, expiry=expiry)


SIZE = make().size_bytes


def test_transactions_leave_in_the_order_they_came() -> None:
    pool = Mempool(MempoolLimits())
    transactions = [make() for _ in range(5)]
    for transaction in transactions:
        pool.add(transaction, ONE, NOW_MS)
    assert list(pool.in_order()) == transactions
    assert (len(pool), pool.size_bytes) == (5, 5 * SIZE)
    assert pool.get(transactions[2].id) == transactions[2]
    assert transactions[2].id in pool


def test_a_second_copy_is_refused_and_changes_nothing() -> None:
    pool = Mempool(MempoolLimits())
    transaction = make()
    pool.add(transaction, ONE, NOW_MS)
    with pytest.raises(Refused, match=rf"^VT-2005: Transaction {transaction.id.hex()} was already"):
        pool.add(transaction, OTHER, NOW_MS)
    assert (len(pool), pool.size_bytes) == (1, SIZE)


def test_bytes_are_bounded_exactly() -> None:
    pool = Mempool(MempoolLimits(size_bytes_max=2 * SIZE, share_percent=100))
    pool.add(make(), ONE, NOW_MS)
    pool.add(make(), OTHER, NOW_MS)
    assert not pool.has_room(1)
    with pytest.raises(Busy, match=rf"^VT-3001: 2 transactions with {2 * SIZE} bytes wait"):
        pool.add(make(), ONE, NOW_MS)
    assert pool.size_bytes == 2 * SIZE


def test_places_are_bounded() -> None:
    pool = Mempool(MempoolLimits(transactions_max=2, share_percent=100))
    for _ in range(2):
        pool.add(make(), ONE, NOW_MS)
    assert not pool.has_room(0)
    with pytest.raises(Busy, match=r"^VT-3001: 2 transactions"):
        pool.add(make(), OTHER, NOW_MS)


def test_one_organisation_gets_its_share_of_the_bytes_and_no_more() -> None:
    pool = Mempool(MempoolLimits(size_bytes_max=4 * SIZE, share_percent=50))
    for _ in range(2):
        pool.add(make(), ONE, NOW_MS)
    with pytest.raises(Busy, match=rf"^VT-3002: Transactions of one already wait with {2 * SIZE}"):
        pool.add(make(), ONE, NOW_MS)
    pool.add(make(), OTHER, NOW_MS)
    assert len(pool) == 3


def test_one_organisation_cannot_take_all_places_with_small_transactions() -> None:
    pool = Mempool(MempoolLimits(transactions_max=4, share_percent=50))
    for _ in range(2):
        pool.add(make(), ONE, NOW_MS)
    with pytest.raises(Busy, match=r"^VT-3002"):
        pool.add(make(), ONE, NOW_MS)
    pool.add(make(), OTHER, NOW_MS)


def test_what_leaves_gives_its_share_back() -> None:
    pool = Mempool(MempoolLimits(size_bytes_max=4 * SIZE, transactions_max=4, share_percent=50))
    for _ in range(3):
        transactions = [make(), make()]
        for transaction in transactions:
            pool.add(transaction, ONE, NOW_MS)
        pool.remove(transaction.id for transaction in transactions)
        assert (len(pool), pool.size_bytes) == (0, 0)
    assert pool._held == {}


def test_removing_what_is_not_there_is_no_matter() -> None:
    pool = Mempool(MempoolLimits())
    pool.add(make(), ONE, NOW_MS)
    pool.remove([make().id])
    assert len(pool) == 1


def test_a_transaction_expires_when_no_block_may_hold_it_any_more() -> None:
    pool = Mempool(MempoolLimits())
    early, late = make(expiry=4), make(expiry=5)
    for transaction in (early, late):
        pool.add(transaction, ONE, NOW_MS)
    assert pool.expire(Height(4)) == ()
    assert pool.expire(Height(5)) == (early.id,)
    assert list(pool.in_order()) == [late]
    assert pool.size_bytes == late.size_bytes
    assert pool.expire(Height(5)) == ()
    assert pool.expire(Height(6)) == (late.id,)
    again = make(expiry=7)
    pool.add(again, ONE, NOW_MS)
    assert pool.expire(Height(9)) == (again.id,)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_and_goes_only_what_expired_is_forgotten(seed: int) -> None:
    pool, random = Mempool(MempoolLimits()), Random(seed)
    waiting: dict[Hash, Transaction] = {}
    for height in range(1, 60):
        for _ in range(random.randrange(4)):
            transaction = make(expiry=height + random.randrange(12))
            pool.add(transaction, ONE, NOW_MS)
            waiting[transaction.id] = transaction
        for id_ in random.sample(list(waiting), random.randrange(len(waiting) + 1) // 2):
            pool.remove([id_])
            del waiting[id_]
        gone = [id_ for id_, one in waiting.items() if one.body.expiry_height < height]
        assert pool.expire(Height(height)) == tuple(gone)
        for id_ in gone:
            del waiting[id_]
        assert list(pool.in_order()) == list(waiting.values())
        assert pool.size_bytes == sum(one.size_bytes for one in waiting.values())


def test_the_oldest_that_wait_long_are_named_first_and_not_too_many() -> None:
    pool = Mempool(MempoolLimits())
    transactions = [make() for _ in range(4)]
    for number, transaction in enumerate(transactions):
        pool.add(transaction, ONE, UnixMillis(1_000 + number))
    assert pool.waiting_since(UnixMillis(1_002), 10) == tuple(t.id for t in transactions[:2])
    assert pool.waiting_since(UnixMillis(9_000), 3) == tuple(t.id for t in transactions[:3])
    assert pool.waiting_since(UnixMillis(1_000), 10) == ()
    assert pool.waiting_since(UnixMillis(9_000), 9, UnixMillis(1_001)) == tuple(
        t.id for t in transactions[1:]
    )
