"""Gas that runs out at every possible place of every handler.

Each handler of each standard contract, and of two contracts that try to swallow the stop, is run
with every gas limit from nothing up to what it needs. Below that, the run ends out of gas, all of
it counts as used, and the ledger is as before; from there on, the result is always the same.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from chain.values import encode_value
from contracts.compiler import check_contract
from contracts.executor import GAS_LIMIT_MAX, Execution, Executor, Invocation, Kind
from contracts.manifest import Manifest, Parameter
from tests.unit.contracts.memory_host import MemoryHost

STANDARD: Final = Path(__file__).resolve().parents[2] / "contracts" / "standard"
ROUNDS: Final = 3
"""How often a handler runs before the run that is tried at every limit: state is there then."""
TIME_MS: Final = 1_700_000_000_000

SWALLOWERS: Final = {
    "swallower": """
from contracts.author import Decimal, Map, Var, call, ctx, initial, on_update, record

LIST = [1, 2, 3]

@record
class Row:
    parts: list
    total: int = 0

rows = Map(Row)
count = Var(int, 0)

def inner(n: int) -> int:
    try:
        if n > 2:
            raise ValueError("deep")
        return inner(n + 1) + 1
    except KeyError:
        return 0

def order(x: int) -> int:
    return -x

@call
def everything() -> list:
    seen = []
    for i in range(3):
        try:
            row = rows.get(f"k{i}", Row([]))
            row.parts.append(i)
            row.total += inner(i)
        except ValueError:
            seen.append("caught")
        except Exception:
            seen.append("other")
        try:
            count.set(count.get() + 1)
            rows[f"k{i}"] = Row([x * 2 for x in LIST if x > i], i)
            ctx.emit("turn", {"i": i, "half": Decimal(i) / 2})
        except Exception:
            seen.append("never")
        else:
            seen.append(sorted(LIST, key=order))
    while len(seen) > 5:
        seen.pop()
    return [seen, [k for k, _ in rows.items()], {k: v for k, v in zip("ab", LIST)}]
""",
    "matcher": """
from contracts.author import Map, call, record

@record
class Row:
    parts: list
    total: int = 0

rows = Map(Row)

def costly(x: int) -> bool:
    return sum([x, x * 2]) > 9

@call
def sort_out() -> list:
    seen = []
    for x in [0, 5, "pump", [1, 2, 3], {"a": [1, 2], "b": 3}, Row([4], 5), None, range(4)]:
        try:
            match x:
                case 0 | -1 | None as y:
                    seen.append(y)
                case int(y) if costly(y):
                    rows["a"] = Row([y], len(seen))
                case str(y) if y[9]:
                    pass
                case [first, *rest] if rest and costly(first):
                    pass
                case [*_, 3] | {"a": [_, *_]} as y:
                    match y:
                        case {"a": y, **rest}:
                            seen.append([y, rest])
                        case _:
                            seen.append(len(y))
                case Row(parts=[y], total=5):
                    rows["b"] = x
                    return [seen[y]]
                case _:
                    raise ValueError("other")
        except Exception:
            seen.append("caught")
    return seen
""",
    "last-charge": """
from contracts.author import Map, on_update

kept = Map(list)

@on_update(model="m", properties=["p"])
def last(update) -> None:
    x = kept.get("a", [])
    for reading in update.readings:
        x.append(reading.time_ms)
    x.append(1)
""",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One handler, and the ledger before the run that is tried."""

    name: str
    source: str
    invocation: Invocation
    before: MemoryHost


@dataclass(frozen=True, slots=True)
class Run:
    """What one run came to, and what it left."""

    execution: Execution
    state: dict[str, bytes]
    events: tuple[Any, ...]


def find_subjects(executor: Executor) -> Iterator[Subject]:
    """Give every handler of the standard contracts and of the swallowers, with state."""
    sources = {path.stem: path.read_text() for path in sorted(STANDARD.glob("[!_]*.py"))}
    for name, source in {**sources, **SWALLOWERS}.items():
        manifest = check_contract(source).manifest
        assert manifest is not None, f"{name} is not a contract"
        for kind, handler, arguments in _handlers(source, manifest):
            yield _prepare(
                f"{name}.{handler}", source, manifest, executor, (kind, handler, arguments)
            )


def run_at(subject: Subject, gas_limit: int, executor: Executor) -> Run:
    """Run a subject's handler with a gas limit, on a copy of its ledger."""
    host = copy.deepcopy(subject.before)
    invocation = _with_gas(subject.invocation, gas_limit)
    execution = executor.execute(invocation, host)
    return Run(execution, host.state, tuple(host.events))


def find_broken_limits(
    subject: Subject, limits: Iterable[int], executor: Executor
) -> tuple[int, list[int]]:
    """Run with each limit; give how much gas is needed, and the limits that ended wrongly."""
    full = run_at(subject, GAS_LIMIT_MAX, executor)
    needed = full.execution.gas_used
    stopped = Run(
        Execution(status="out_of_gas"), subject.before.state, tuple(subject.before.events)
    )
    broken = []
    for limit in limits:
        found = run_at(subject, limit, executor)
        if limit < needed:
            execution = Execution(status="out_of_gas", gas_used=limit)
            wanted = Run(execution, stopped.state, stopped.events)
        else:
            wanted = full
        if found != wanted:
            broken.append(limit)
    return needed, broken


def _handlers(source: str, manifest: Manifest) -> Iterator[tuple[Kind, str, dict[str, Any]]]:
    for found in manifest.calls:
        yield "call", found.name, {one.name: _value(one) for one in found.parameters}
    for trigger in manifest.triggers:
        readings = [
            [name, value, TIME_MS + at * 60_000, "C62", 0, at]
            for at, value in enumerate(_numbers(source))
            for name in trigger.properties
        ]
        yield (
            "update",
            trigger.name,
            {"twin": "twin-1", "model": trigger.model, "readings": readings},
        )


def _numbers(source: str) -> list[str]:
    """Give values around the numbers that a contract names, so that its rules are met."""
    named = {
        abs(node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 10_000
    }
    return [str(number) for number in sorted(named)[-3:]] or ["1", "2"]


def _value(parameter: Parameter) -> Any:
    values: dict[str, Any] = {
        "int": 3,
        "str": "twin-1",
        "bool": True,
        "Decimal": Decimal("2.5"),
        "bytes": b"ab",
        "list": [],
        "dict": {},
    }
    return values.get(parameter.type.partition("[")[0].partition(" ")[0])


def _prepare(
    name: str,
    source: str,
    manifest: Manifest,
    executor: Executor,
    handler: tuple[Kind, str, dict[str, Any]],
) -> Subject:
    kind, method, arguments = handler
    host = MemoryHost(source)
    host.twins["twin-1"] = {
        "id": "twin-1",
        "model": "m",
        "owner": "borne-energie",
        "properties": {},
    }
    invocation = Invocation(
        contract="example",
        source_hash=manifest.source_hash,
        kind=kind,
        handler=method,
        arguments=encode_value(arguments),
        sender="borne-energie",
        transaction="ab" * 32,
        height=7,
        time_ms=TIME_MS,
        gas_limit=GAS_LIMIT_MAX,
        parameters=encode_value({}),
    )
    for _ in range(ROUNDS):
        executor.execute(invocation, host)
    return Subject(name, source, invocation, host)


def _with_gas(invocation: Invocation, gas_limit: int) -> Invocation:
    return msgspec.structs.replace(invocation, gas_limit=gas_limit)
