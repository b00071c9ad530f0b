"""Signing ahead: in order, without end, each transaction good and another one."""

import tempfile
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from time import monotonic, sleep

import pytest

from chain.keys import SigningKey
from chain.scalars import Hash, Height, UnixMillis
from chain.transaction import check_stateless, decode_transaction
from node.bench.load import CHUNK, RENEWED_CHUNKS, Load, Signing, sign_chunk
from node.bench.workloads import Workload
from tests.unit.node.chain_builder import seed_of

GENESIS = Hash(b"g" * 32)
WORKLOAD = Workload("single", 5, UnixMillis(1_700_000_000_000), "abcdef")
SIGNING = Signing(WORKLOAD, GENESIS, seed_of("gateway"), Height(77))
GOOD = range(70, 78)


def test_signed_updates_are_good_and_all_different() -> None:
    raws = sign_chunk(SIGNING, 3, 20)
    transactions = [decode_transaction(raw) for raw in raws]
    assert len({transaction.id for transaction in transactions}) == 20
    for transaction in transactions:
        check_stateless(transaction, GENESIS)
        assert transaction.body.sender == SigningKey(seed_of("gateway")).public_key
        assert transaction.body.expiry_height == 77
    assert transactions[0].body.operation == WORKLOAD.operation(3)


def expiries_of(raws: list[bytes]) -> list[int]:
    return [decode_transaction(raw).body.expiry_height for raw in raws]


def test_what_was_signed_ahead_comes_first_and_more_follows() -> None:
    done: list[int] = []
    with closing(Load(SIGNING, CHUNK + 1, 3 * CHUNK)) as load:
        load.prepare(done.append)
        load.top_up(GOOD, 3 * CHUNK)
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
        given = list(islice(load, 2 * CHUNK))
    expiries = expiries_of(given)
    assert expiries[:CHUNK] == [77] * CHUNK
    assert expiries[CHUNK : CHUNK + 8] == [500] * 4 + [501] * 4
    assert expiries[-1] == 500 + (CHUNK - 1) // 4


def test_no_more_is_signed_than_is_needed() -> None:
    done: list[int] = []
    with closing(Load(SIGNING, CHUNK, CHUNK + 1)) as load:
        load.top_up(GOOD, 10 * CHUNK)
        load.prepare(done.append)
    assert done == [CHUNK, 2 * CHUNK]


def test_what_comes_next_is_signed_anew_where_its_expiry_will_not_do() -> None:
    with closing(Load(SIGNING, (RENEWED_CHUNKS + 1) * CHUNK)) as load:
        load.prepare(lambda _: None)
        load.top_up(range(100, 200), CHUNK)
        given = list(islice(load, (RENEWED_CHUNKS + 1) * CHUNK))
    assert expiries_of(given[::CHUNK]) == [199] * RENEWED_CHUNKS + [77]
    numbers = [int.from_bytes(decode_transaction(raw).body.salt, "big") for raw in given]
    assert numbers == list(range(len(given))), "each update once, in order"


def test_what_is_signed_anew_before_it_was_ready_comes_once_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with closing(Load(SIGNING, 0)) as load:
        for height in range(100, 200, 10):
            load.top_up(range(height, height + 5), 3 * CHUNK)
        given = list(islice(load, 3 * CHUNK))
        (folder,) = tmp_path.glob("veritwin-load-*")
        load.top_up(range(190, 195), 1)
        load.prepare(lambda _: None)
        assert expiries_of(given[::CHUNK]) == [194] * 3
        assert [decode_transaction(raw).body.salt[-2:] for raw in given[::CHUNK]] == [
            number.to_bytes(2, "big") for number in (0, CHUNK, 2 * CHUNK)
        ]
        # Others that were being signed are deleted as soon as they are ready.
        deadline = monotonic() + 10
        while len(list(folder.iterdir())) > 1 and monotonic() < deadline:
            sleep(0.01)
        assert len(list(folder.iterdir())) == 1, "of the one that was not asked for"
    assert not folder.exists()


def renew_slow_chunk(will_do: range) -> list[int]:
    """Sign a chunk for 500 to 749, see to its expiry, and give what its transactions have."""
    slowly = replace(SIGNING, expiry_height=Height(500), blocks_each=0.25)
    with closing(Load(slowly, CHUNK)) as load:
        load.prepare(lambda _: None)
        load.top_up(will_do, CHUNK)
        return expiries_of(list(islice(load, CHUNK)))


def test_a_chunk_has_to_do_from_its_first_to_its_last() -> None:
    assert set(renew_slow_chunk(range(500, 700))) == {699}


def test_what_will_do_is_left_as_it_is() -> None:
    assert renew_slow_chunk(range(500, 750)) == [500 + number // 4 for number in range(CHUNK)]


def test_what_comes_at_once_is_left_as_long_as_it_can_be() -> None:
    with closing(Load(SIGNING, 2 * CHUNK)) as load:
        load.prepare(lambda _: None)
        load.top_up(range(80, 140), CHUNK)
        given = list(islice(load, 2 * CHUNK))
    assert expiries_of(given[::CHUNK]) == [77, 139]
