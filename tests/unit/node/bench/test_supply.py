"""What is signed when, and up to which height it is good."""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice

import pytest
from msgspec.structs import replace

from chain.genesis import Limits
from chain.scalars import Height, UnixMillis
from chain.transaction import Transaction, decode_transaction
from node.bench import supply as supply_module
from node.bench.supply import PROBES_ALONG, Demand, Supply, good_expiries
from node.bench.workloads import Workload
from tests.unit.node.chain_builder import make_genesis, seed_of

LOAD = Workload("single", 5, UnixMillis(1_700_000_000_000), "abcdef")
PROBED = Workload("single", 5, UnixMillis(1_700_000_000_000), "abcdef", first_twin=5)
RATE = 100.0


def make(demand: Demand, window: int = 8_000) -> Supply:
    genesis = replace(make_genesis(), limits=Limits(expiry_window_blocks=window))
    return Supply(demand, genesis, seed_of("gateway"), (LOAD, PROBED), Height(50))


def prepare(supply: Supply) -> list[tuple[int, float]]:
    told: list[tuple[int, float]] = []
    supply.prepare(lambda count, share: told.append((count, share)))
    return told


def expiries(given: Iterator[bytes], count: int) -> list[int]:
    return [expiry_of(decode_transaction(raw)) for raw in islice(given, count)]


def expiry_of(transaction: Transaction) -> int:
    return transaction.body.expiry_height


def test_a_short_run_is_signed_whole_with_an_eighth_of_the_window_to_spare() -> None:
    with closing(make(Demand(10.0, RATE, 400.0, in_flight=40))) as supply:
        told = prepare(supply)
        assert told[0] == (1_040, 0.0)
        assert told[-1] == (1_040, 1.0)
        assert set(expiries(iter(supply.load), 1_040)) == {50 + 7_000}
        assert set(expiries(iter(supply.probes), 500)) == {50 + 7_000}


def test_without_a_rate_as_much_is_signed_as_the_machine_could_take() -> None:
    with closing(make(Demand(100.0, None, 10.0, in_flight=40))) as supply:
        assert prepare(supply)[-1] == (1_040, 1.0)


def test_one_at_a_time_needs_no_load() -> None:
    with closing(make(Demand(10.0, None, 400.0, in_flight=40, is_lone=True))) as supply:
        assert prepare(supply) == [(0, 0.0)]


@pytest.fixture
def _short_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply_module, "LONG_SECONDS", 5.0)
    monkeypatch.setattr(supply_module, "PACE_SECONDS", 1.0)


@pytest.mark.usefixtures("_short_is_long")
def test_of_a_long_run_each_expires_half_a_window_after_its_turn() -> None:
    with closing(make(Demand(40.0, RATE, 400.0, in_flight=10))) as supply:
        assert prepare(supply)[-1] == (110, 1.0)
        load = iter(supply.load)
        assert set(expiries(load, 110)) == {50 + 7_000}
        supply.follow(20.0, Height(90))
        assert prepare(supply)[-1] == (4_010, 1.0)
        list(islice(load, 90))  # the rest of what was signed in one go
        later = expiries(load, 1_000)
    assert later[:10] == [4_090] * 5 + [4_091] * 5
    assert later[-1] == 4_090 + 199


@pytest.mark.usefixtures("_short_is_long")
def test_the_probes_of_a_long_run_expire_in_their_time_from_the_first_on() -> None:
    with closing(make(Demand(40.0, RATE, 400.0, in_flight=10))) as supply:
        prepare(supply)
        supply.follow(20.0, Height(90))
        prepare(supply)
        given = expiries(iter(supply.probes), PROBES_ALONG + 400)
    assert set(given[:PROBES_ALONG]) == {50 + 7_000}
    assert given[PROBES_ALONG:] == [4_090 + 2 * number for number in range(400)]


@pytest.mark.usefixtures("_short_is_long")
def test_what_the_pace_of_blocks_outran_is_signed_anew() -> None:
    with closing(make(Demand(40.0, RATE, 400.0, in_flight=10))) as supply:
        prepare(supply)
        load, probes = iter(supply.load), iter(supply.probes)
        list(islice(load, 200))
        list(islice(probes, PROBES_ALONG))
        supply.follow(20.0, Height(90))
        prepare(supply)
        supply.top_up(Height(1_000))
        assert expiries(load, 100) == [4_090 + number // 5 for number in range(100)]
        supply.top_up(Height(4_000))  # what expires at 4,110 is still good, but not for long
        assert expiries(load, 1) == expiries(probes, 1) == [4_000 + 7_000]
        assert set(expiries(load, 399)) == {4_000 + 7_000}, "of the next seconds, all"
        later = expiries(load, 1_000)
    assert max(later) < 5_000, "what comes later may still be good in its time"


def test_in_a_narrow_window_all_is_signed_as_it_goes() -> None:
    with closing(make(Demand(40.0, None, RATE, in_flight=10), window=100)) as supply:
        assert prepare(supply)[-1] == (1_510, 1.0)
        load, probes = iter(supply.load), iter(supply.probes)
        assert set(expiries(load, 1_995)) == {50 + 88}  # whole chunks
        assert set(expiries(probes, PROBES_ALONG)) == {50 + 88}
        supply.top_up(Height(300))
        assert expiries(load, 1) == expiries(probes, 1) == [300 + 88]


def test_probes_that_nobody_counted_on_are_good_as_well() -> None:
    lone = Demand(10.0, None, 400.0, in_flight=1, is_lone=True)
    with closing(make(lone, window=100)) as supply:
        prepare(supply)
        probes = iter(supply.probes)
        for height in range(2_000, 2_400, 10):
            supply.top_up(Height(height))
            given = expiries(probes, 90)
            assert height < min(given) <= max(given) <= height + 100


def test_all_that_is_signed_can_be_in_the_next_block_and_is_not_too_far() -> None:
    for window in (1, 8, 1_000):
        genesis = replace(make_genesis(), limits=Limits(expiry_window_blocks=window))
        good = good_expiries(genesis, Height(50))
        assert 51 <= good[0] <= good[-1] <= 51 + window


def test_at_the_end_of_a_run_nothing_more_is_signed() -> None:
    with closing(make(Demand(10.0, RATE, 400.0, in_flight=0))) as supply:
        prepare(supply)
        list(islice(supply.load, 900))
        supply.top_up(Height(60))
        left: list[int] = []
        supply.load.prepare(left.append)
    assert left == [100]
