"""The contract engine's id, and that an executor on this machine is that engine."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from chain.errors import Corruption, InvalidInput
from contracts import conformance, language
from contracts.conformance import check_engine, compute_engine_id, compute_gas_table, run_programs
from contracts.conformance_results import RESULTS
from contracts.executor import Execution, Executor, Host, Invocation
from contracts.inprocess import InProcessExecutor
from contracts.sandbox import SandboxExecutor
from tests.unit.contracts.support import make_hash


@pytest.fixture(params=[InProcessExecutor, SandboxExecutor])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    made: Executor = request.param()
    yield made
    made.close()


def test_every_program_comes_to_what_is_written(executor: Executor) -> None:
    assert run_programs(executor) == RESULTS


def test_a_second_run_finds_no_trace_of_the_first(executor: Executor) -> None:
    assert run_programs(executor) == run_programs(executor)


def test_the_programs_end_in_every_way_that_there_is() -> None:
    statuses = {result.split(" ")[0] for result in RESULTS.values()}
    assert statuses == {
        "ok", "contract_error", "error", "out_of_gas", "call_depth", "no_such_handler"
    }  # fmt: skip


def test_the_own_engine_is_accepted_and_so_is_a_chain_without_a_pin() -> None:
    check_engine(compute_engine_id(), InProcessExecutor())
    check_engine(None, InProcessExecutor())


def test_another_engine_is_refused_by_its_id() -> None:
    with pytest.raises(InvalidInput) as caught:
        check_engine(make_hash(7), InProcessExecutor())
    assert caught.value.code == "VT-4010"
    assert caught.value.why == (
        f"Genesis names contract engine {'07' * 32}; this program is {compute_engine_id().hex()}."
    )


class OneGasMore(InProcessExecutor):
    """A machine that counts a little differently, in one kind of run."""

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        execution = super().execute(invocation, host)
        if invocation.handler != "caught":
            return execution
        return replace(execution, gas_used=execution.gas_used + 1)


def test_a_machine_that_gets_another_result_is_refused_with_the_program() -> None:
    with pytest.raises(
        Corruption, match=r"^VT-4011: Conformance program ends/5 came to 'ok - 1102"
    ):
        check_engine(None, OneGasMore())


def test_a_change_of_a_price_a_method_or_a_result_is_another_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = {compute_engine_id()}
    with monkeypatch.context() as changed:
        changed.setitem(language.GAS, "Call", 6)
        seen.add(compute_engine_id())
    with monkeypatch.context() as changed:
        changed.setattr(language, "CALL_DEPTH_MAX", 49)
        seen.add(compute_engine_id())
    with monkeypatch.context() as changed:
        changed.setitem(language.METHODS, "int", ("bit_length", "bit_count"))
        seen.add(compute_engine_id())
    with monkeypatch.context() as changed:
        changed.setattr(conformance, "RESULTS", RESULTS | {"ends/1": "ok - 1 00"})
        seen.add(compute_engine_id())
    assert len(seen) == 5


def test_the_table_holds_the_prices_of_state_and_of_values() -> None:
    table = compute_gas_table()
    for name in (b"session.READ_GAS", b"objects._PLAIN_GAS", b"language.ENTRY_GAS", b"BinOp"):
        assert name in table
