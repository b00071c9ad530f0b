"""Run hostile contracts: check, then call `attack` twice on one ledger, and note all that shows."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from contracts.compiler import check_contract
from contracts.executor import Execution, Executor, HostFault
from tests.attacks.corpus import Attack
from tests.unit.contracts.memory_host import Deployed

PREFIX: Final = """\
from contracts.author import Decimal, Map, Var, call, ctx, fail, record
state = Map(int)
def get(key):
    return state.get(key)
def put(key, value):
    state[key] = value
def emit(name, payload):
    ctx.emit(name, payload)
"""
CALLS: Final = 2
SHOWN_SIZE_MAX: Final = 40

Row = list[Any]
"""What an attack came to: how it is refused, or for each call [ending, gas, value, ledger]."""


def prepare(source: str) -> str:
    """Give the contract of an attack: with short names for state, and `attack` as its call."""
    return PREFIX + source.replace("def attack()", "@call\ndef attack()")


def run_attack(attack: Attack, executor: Executor) -> Row:
    """Run an attack; the row is the same in every run, on every machine.

    A local fault is noted as one. It must not occur, but where it does it is no result.
    """
    text = prepare(attack.source)
    verdict = check_contract(text)
    if not verdict.accepted:
        return [f"refused:{verdict.findings[0].rule}"]
    deployed = Deployed(text, executor)
    deployed.gas_limit = attack.gas_limit
    try:
        return [_note(deployed, deployed.call("attack")) for _ in range(CALLS)]
    except HostFault:
        return ["host_fault"]


def ending_of(row: Row) -> str:
    """Say in one word how an attack ended: the refusal, or the end of its first call."""
    first = row[0]
    return first if isinstance(first, str) else str(first[0])


def _note(deployed: Deployed, execution: Execution) -> list[Any]:
    status = execution.status
    ending = f"error:{execution.error}" if status == "error" else status
    host = deployed.host
    ledger = [sorted(host.state.items()), host.events, [str(action) for action in host.actions]]
    kept = repr(ledger).encode() if any(ledger) else b""
    value = execution.error.encode() if status == "contract_error" else execution.value
    return [ending, execution.gas_used, _show(value), _show(kept)]


def _show(data: bytes) -> str:
    if len(data) <= SHOWN_SIZE_MAX // 2:
        return data.hex()
    return f"{len(data)} bytes {hashlib.sha256(data).hexdigest()[:16]}"
