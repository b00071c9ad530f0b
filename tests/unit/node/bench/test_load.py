"""Signing ahead: in order, without end, each transaction good and another one."""

from contextlib import closing
from dataclasses import replace
from itertools import islice

from chain.keys import SigningKey
from chain.scalars import Hash, Height, UnixMillis
from chain.transaction import check_stateless, decode_transaction
from node.bench.load import CHUNK, Load, Signing, sign_chunk
from node.bench.workloads import Workload
from tests.unit.node.chain_builder import seed_of

GENESIS = Hash(b"g" * 32)
WORKLOAD = Workload("single", 5, UnixMillis(1_700_000_000_000), "abcdef")
SIGNING = Signing(WORKLOAD, GENESIS, seed_of("gateway"), Height(77))


def test_signed_updates_are_good_and_all_different() -> None:
    raws = sign_chunk(SIGNING, 3, 20)
    transactions = [decode_transaction(raw) for raw in raws]
    assert len({transaction.id for transaction in transactions}) == 20
    for transaction in transactions:
        check_stateless(transaction, GENESIS)
        assert transaction.body.sender == SigningKey(seed_of("gateway")).public_key
        assert transaction.body.expiry_height == 77
    assert transactions[0].body.operation == WORKLOAD.operation(3)


def test_what_was_signed_ahead_comes_first_and_more_follows() -> None:
    done: list[int] = []
    with closing(Load(SIGNING, CHUNK + 1)) as load:
        load.prepare(done.append)
        load.top_up(3 * CHUNK)
        given = list(islice(load, 2 * CHUNK + 5))
    assert done == [CHUNK, 2 * CHUNK]
    assert given[:3] == sign_chunk(SIGNING, 0, 3)
    assert given[2 * CHUNK :] == sign_chunk(SIGNING, 2 * CHUNK, 5)
    assert len(set(given)) == len(given)


def test_a_long_run_is_signed_so_that_each_expires_in_its_time() -> None:
    with closing(Load(SIGNING, CHUNK)) as load:
        load.prepare(lambda _: None)
        load.plan(replace(SIGNING, expiry_height=Height(500), blocks_each=0.25), CHUNK)
        load.prepare(lambda _: None)
        given = [decode_transaction(raw) for raw in islice(load, 2 * CHUNK)]
    expiries = [transaction.body.expiry_height for transaction in given]
    assert expiries[:CHUNK] == [77] * CHUNK
    assert expiries[CHUNK : CHUNK + 8] == [500] * 4 + [501] * 4
    assert expiries[-1] == 500 + (CHUNK - 1) // 4
