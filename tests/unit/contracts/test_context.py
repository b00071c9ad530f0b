import pytest

from chain.genesis import Limits
from chain.receipt import Event
from chain.scalars import Height, UnixMillis
from chain.values import encode_value
from contracts import state_keys
from contracts.context import REPORTS_SIZE_MAX, BlockContext, GasMeter, TransactionContext
from contracts.executor import GAS_LIMIT_MAX
from contracts.records import KeyRecord
from tests.unit.contracts.support import (
    FakeExecutor,
    Ledger,
    make_hash,
    make_key,
    make_transaction,
    make_turbine,
)


def make_context(limits: Limits) -> TransactionContext:
    ledger = Ledger(limits)
    key = make_key("borne-energie").public_key
    sender = ledger.overlay.get_record(state_keys.public_key_key(key), KeyRecord)
    assert sender is not None
    transaction = make_transaction(ledger.hash, make_turbine(), "borne-energie")
    return TransactionContext(ledger.block, transaction, sender, FakeExecutor())


def test_a_meter_counts_down_and_is_never_overdrawn():
    meter = GasMeter(100)
    meter.charge(60)
    assert meter.left == 40
    for gas in (41, -1):
        with pytest.raises(AssertionError, match="more gas than it was given"):
            meter.charge(gas)


def test_a_block_begins_with_all_its_gas():
    limits = Limits(gas_per_block_max=5_000)
    block = BlockContext.create(Height(3), UnixMillis(7), make_hash(1), limits)
    assert (block.height, block.time_ms, block.genesis_hash) == (3, 7, make_hash(1))
    assert block.gas.left == 5_000


def test_a_transaction_may_use_what_it_and_its_block_have_left():
    context = make_context(Limits(gas_per_transaction_max=2_000, gas_per_block_max=2_500))
    assert context.gas_left == 2_000
    context.charge(700)
    assert (context.gas_used, context.gas_left, context.block.gas.left) == (700, 1_300, 1_800)
    context.block.gas.charge(1_000)
    assert context.gas_left == 800


def test_no_transaction_may_use_more_than_an_executor_allows():
    context = make_context(Limits(gas_per_transaction_max=1_000_000_000))
    assert context.gas_left == GAS_LIMIT_MAX


def test_events_of_the_ledger_itself_are_marked_as_native():
    context = make_context(Limits())
    context.emit("twin_updated", "R80711", {"b": 1, "a": None})
    assert context.events == [
        Event("native", "twin_updated", "R80711", encode_value({"a": None, "b": 1}))
    ]


def test_reports_of_one_transaction_have_a_bound_of_their_own():
    """A contract that fails with a long text on a thousand twins, in each of 64 handlers."""
    context = make_context(Limits())
    payload = {"contract": "watch", "message": "\u6f22" * 100}
    for number in range(10_000):
        context.report("contract_failed", f"T{number}", payload)
    assert 2_000 < len(context.events) < 10_000
    size = sum(len(event.payload) + len(event.subject) for event in context.events)
    assert REPORTS_SIZE_MAX * 3 // 4 < size <= REPORTS_SIZE_MAX
    context.emit("readings_recorded", "T1", {"accepted": 1})
    assert context.events[-1].name == "readings_recorded"
    context.add_events([Event("watch", "e", "", b"\x80" * 1000)])
    assert context.contract_events_size == 1000
