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
from node.bench.supply import PROBES_ALONG, Demand, Supply
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
    with closing(make(Demand(10.0, RATE, 400.0, history=20, in_flight=40))) as supply:
        told = prepare(supply)
        assert told[0] == (1_060, 0.0)
        assert told[-1] == (1_060, 1.0)
        assert set(expiries(iter(supply.load), 1_060)) == {50 + 7_000}
        assert set(expiries(iter(supply.probes), 500)) == {50 + 7_000}


def test_without_a_rate_as_much_is_signed_as_the_machine_could_take() -> None:
    with closing(make(Demand(100.0, None, 10.0, history=0, in_flight=40))) as supply:
        assert prepare(supply)[-1] == (1_040, 1.0)


def test_one_at_a_time_needs_a_load_for_its_history_only() -> None:
    with closing(make(Demand(10.0, None, 400.0, history=20, in_flight=40, is_lone=True))) as supply:
        assert prepare(supply)[-1] == (20, 1.0)


@pytest.fixture
def _short_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply_module, "LONG_SECONDS", 5.0)
    monkeypatch.setattr(supply_module, "PACE_SECONDS", 1.0)


@pytest.mark.usefixtures("_short_is_long")
def test_of_a_long_run_each_expires_half_a_window_after_its_turn() -> None:
    with closing(make(Demand(40.0, RATE, 400.0, history=30, in_flight=10))) as supply:
        assert prepare(supply)[-1] == (140, 1.0)
        load = iter(supply.load)
        assert set(expiries(load, 140)) == {50 + 7_000}
        supply.follow(20.0, Height(90))
        assert prepare(supply)[-1] == (4_010, 1.0)
        list(islice(load, 860))  # the rest of what was signed in one go
        later = expiries(load, 1_000)
    assert later[:10] == [4_090] * 5 + [4_091] * 5
    assert later[-1] == 4_090 + 199


@pytest.mark.usefixtures("_short_is_long")
def test_the_probes_of_a_long_run_expire_in_their_time_from_the_first_on() -> None:
    with closing(make(Demand(40.0, RATE, 400.0, history=0, in_flight=10))) as supply:
        prepare(supply)
        supply.follow(20.0, Height(90))
        prepare(supply)
        given = expiries(iter(supply.probes), PROBES_ALONG + 400)
    assert set(given[:PROBES_ALONG]) == {50 + 7_000}
    assert given[PROBES_ALONG:] == [4_090 + 2 * number for number in range(400)]


@pytest.mark.usefixtures("_short_is_long")
def test_what_blocks_would_outrun_is_signed_as_it_goes() -> None:
    with closing(make(Demand(40.0, RATE, 400.0, history=0, in_flight=10))) as supply:
        prepare(supply)
        list(islice(supply.load, 1_000))
        list(islice(supply.probes, PROBES_ALONG))
        supply.follow(601.0, Height(90))  # an eighth more or less would be over 3,000 blocks
        assert prepare(supply)[-1] == (1_510, 1.0)
        assert expiries(iter(supply.probes), 1) == [90 + 7_000]


def test_in_a_narrow_window_all_is_signed_as_it_goes() -> None:
    with closing(make(Demand(40.0, None, RATE, history=0, in_flight=10), window=100)) as supply:
        assert prepare(supply)[-1] == (1_510, 1.0)
        load, probes = iter(supply.load), iter(supply.probes)
        assert set(expiries(load, 2_000)) == {50 + 88}
        assert set(expiries(probes, PROBES_ALONG)) == {50 + 88}
        supply.top_up(Height(300))
        assert expiries(load, 1) == expiries(probes, 1) == [300 + 88]
