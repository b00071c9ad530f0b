"""Run one hostile source through the checker and, if it is accepted, through both executors."""

from __future__ import annotations

from typing import NamedTuple

from contracts.compiler import check_contract
from contracts.executor import GAS_LIMIT_MAX, Execution, Executor
from contracts.inprocess import InProcessExecutor
from tests.unit.contracts.memory_host import Deployed

PREFIX = """\
from contracts.author import Decimal, Map, Var, call, ctx, fail, record
state = Map(int)
def get(key):
    return state.get(key)
def put(key, value):
    state[key] = value
def emit(name, payload):
    ctx.emit(name, payload)
"""


class Result(NamedTuple):
    """The first finding of a refused source, or how its run ended."""

    refused: str
    execution: Execution | None


def attack(source: str, sandbox: Executor, gas_limit: int = GAS_LIMIT_MAX) -> Result:
    """Run `attack()` of a source; the two executors must agree in every byte."""
    text = PREFIX + source.replace("def attack()", "@call\ndef attack()")
    verdict = check_contract(text)
    if not verdict.accepted:
        return Result(verdict.findings[0].rule, None)
    executions = []
    for executor in (InProcessExecutor(), sandbox):
        deployed = Deployed(text, executor)
        deployed.gas_limit = gas_limit
        execution = deployed.call("attack")
        executions.append((execution, deployed.host.state, deployed.host.events))
    assert executions[0] == executions[1]
    return Result("", executions[0][0])
