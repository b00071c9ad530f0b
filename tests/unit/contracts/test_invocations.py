import pytest

from chain.operations import Call
from chain.values import encode_value
from contracts.context import EVENTS_SIZE_MAX
from contracts.executor import Execution, HostFault
from contracts.native.prices import BASE_GAS
from tests.unit.contracts.contract_support import CONTRACT, deploy_watcher
from tests.unit.contracts.support import Ledger, check_refused, result_of

CALL = Call(CONTRACT, "check", encode_value({}))


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    deploy_watcher(ledger)
    ledger.begin_block()
    return ledger


def write_and_end(execution: Execution):
    def run(invocation, host):
        host.put("k", b"\x01")
        host.emit("e", b"\xc0")
        return execution

    return run


@pytest.mark.parametrize(
    ("execution", "code", "message"),
    [
        (
            Execution(status="contract_error", error="too late", gas_used=7),
            "VT-4101",
            "watcher.check ended with: too late",
        ),
        (
            Execution(status="error", error="KeyError", gas_used=7),
            "VT-4102",
            "watcher.check raised KeyError.",
        ),
        (
            Execution(status="out_of_gas", gas_used=7),
            "VT-4103",
            "watcher.check was stopped after 7 units of gas.",
        ),
        (
            Execution(status="call_depth", gas_used=7),
            "VT-4104",
            "watcher.check called functions in functions without end.",
        ),
        (
            Execution(status="no_such_handler", gas_used=7),
            "VT-4105",
            "watcher cannot run check with the arguments given.",
        ),
    ],
)
def test_a_handler_that_stops_fails_the_call_and_costs_its_gas(ledger, execution, code, message):
    ledger.executor.run = write_and_end(execution)
    receipt = ledger.apply(CALL)
    check_refused(ledger, receipt, code, message)
    assert receipt.gas_used == BASE_GAS + 7
    assert ledger.overlay.writes() == {}


def test_a_handler_that_ends_well_keeps_what_it_did(ledger):
    ledger.executor.run = write_and_end(Execution(status="ok", value=b"\x2a", gas_used=7))
    receipt = ledger.apply(CALL)
    assert (result_of(receipt), receipt.gas_used) == (42, BASE_GAS + 7)
    assert [(event.source, event.name) for event in receipt.events] == [(CONTRACT, "e")]
    assert ledger.overlay.writes() == {b"contract-state/watcher/k": b"\x01"}


def test_the_gas_of_earlier_transactions_is_missing_in_the_block(ledger):
    ledger.executor.run = lambda invocation, host: Execution(
        status="out_of_gas", gas_used=invocation.gas_limit
    )
    limits = ledger.limits
    ledger.block.gas.charge(limits.gas_per_block_max - limits.gas_per_transaction_max - BASE_GAS)
    assert ledger.apply(CALL).code == "VT-4103"
    receipt = ledger.apply(CALL)
    check_refused(
        ledger,
        receipt,
        "VT-2042",
        "Contract watcher cannot run: the transaction or the block has used up its gas.",
    )
    assert receipt.gas_used == BASE_GAS
    receipt = ledger.apply(CALL)
    check_refused(ledger, receipt, "VT-2047", "Its next step costs 2000 units of gas; 0 are left.")
    assert receipt.gas_used == 0


def test_an_executor_that_overdraws_is_our_own_bug(ledger):
    ledger.executor.run = lambda invocation, host: Execution(
        status="ok", gas_used=invocation.gas_limit + 1
    )
    with pytest.raises(AssertionError, match="more gas than it was given"):
        ledger.apply(CALL)


def test_a_fault_of_this_machine_leaves_no_trace(ledger):
    def run(invocation, host):
        host.put("k", b"\x01")
        raise HostFault("no memory")

    ledger.executor.run = run
    with pytest.raises(HostFault):
        ledger.apply(CALL)
    assert ledger.overlay.depth == 0
    assert ledger.overlay.writes() == {}


def test_events_of_one_transaction_are_bounded(ledger):
    """A receipt has to fit into a proof, however many handlers it reports on."""
    payload = encode_value("x" * 16_000)

    def run(invocation, host):
        for _ in range(EVENTS_SIZE_MAX // 16_000 + 1):
            host.emit("e", payload)
        return Execution(status="ok", value=b"\xc0")

    ledger.executor.run = run
    receipt = ledger.apply(CALL)
    assert (receipt.code, receipt.events) == ("VT-1203", ())
    assert receipt.message.endswith(f"at most {EVENTS_SIZE_MAX} are allowed here.")
