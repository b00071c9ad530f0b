"""Run a program by the engine, and note what its helpers raised on the way."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from chain.errors import InvalidInput
from chain.values import encode_value
from contracts.compiler import load_contract
from contracts.executor import Execution, Invocation
from contracts.manifest import compute_source_hash
from contracts.runtime.namespace import HELPERS
from contracts.runtime.run import run
from tests.fuzz.program import HEIGHT, PARAMETERS, SENDER, TIME_MS, Ending, Outcome, Program
from tests.unit.contracts.memory_host import MemoryHost

GAS_LIMIT: Final = 400_000


class NotAContract(Exception):
    """The checker refused a generated program: a mistake of the generator."""


def run_engine(program: Program) -> tuple[Outcome, list[str]]:
    """Run a program by the engine.

    Returns: the outcome, and the texts of what helpers raised, whether it was caught or not.
    Raises: NotAContract: the source is refused.
    """
    notes: list[str] = []
    with _watched(notes):
        try:
            loaded = load_contract(program.source)
        except InvalidInput as error:
            raise NotAContract(str(error)) from error
        host = _EventHost(program.source)
        endings = []
        for name, arguments in program.calls:
            invocation = _invoke(program.source, name, arguments)
            outcome = run(loaded, invocation, host, lambda _: loaded)
            execution = outcome.execution
            if execution.status == "ok":
                outcome.session.results().hand_over(host)
            endings.append(_to_ending(execution))
            if execution.status in ("out_of_gas", "call_depth"):
                notes.append(execution.status)
    return Outcome(tuple(endings), host.state, tuple(host.raw_events)), notes


class _EventHost(MemoryHost):
    """Keeps events as they were encoded."""

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.raw_events: list[tuple[str, bytes]] = []

    def emit(self, name: str, payload: bytes) -> None:
        self.raw_events.append((name, payload))


def _to_ending(execution: Execution) -> Ending:
    detail = execution.value.hex() if execution.status == "ok" else execution.error
    return Ending(execution.status, detail)


def _invoke(source: str, name: str, arguments: dict[str, Any]) -> Invocation:
    return Invocation(
        contract="fuzz",
        source_hash=compute_source_hash(source),
        kind="call",
        handler=name,
        arguments=encode_value(arguments),
        sender=SENDER,
        transaction="ab" * 32,
        height=HEIGHT,
        time_ms=TIME_MS,
        gas_limit=GAS_LIMIT,
        parameters=encode_value(PARAMETERS),
    )


@contextmanager
def _watched(notes: list[str]) -> Iterator[None]:
    """Let contracts that are loaded inside call helpers that note what they raise."""
    originals = dict(HELPERS)
    HELPERS.update({name: _watch(helper, notes) for name, helper in originals.items()})
    try:
        yield
    finally:
        HELPERS.update(originals)


def _watch(helper: Callable[..., Any], notes: list[str]) -> Callable[..., Any]:
    if inspect.isgeneratorfunction(helper):

        @functools.wraps(helper)
        def watched(*given: Any, **named: Any) -> Any:
            try:
                yield from helper(*given, **named)
            except Exception as error:
                notes.append(str(error))
                raise
    else:

        @functools.wraps(helper)
        def watched(*given: Any, **named: Any) -> Any:
            try:
                return helper(*given, **named)
            except Exception as error:
                notes.append(str(error))
                raise

    return watched
