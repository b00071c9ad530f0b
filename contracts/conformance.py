"""The engine's id, and whether an executor on this machine is that engine.

Nodes of one chain must get the same result and the same gas for every run. What they have to agree
on is the gas table, which is read from the modules that charge by it, and the results of the
conformance programs. The hash of both is the engine's id: genesis names it, and a node whose id is
another, or whose worker does not get these results, must not take part.
"""

from __future__ import annotations

from types import ModuleType
from typing import Final

from chain.errors import Corruption, InvalidInput
from chain.hashing import hash_tagged
from chain.scalars import Hash
from chain.values import Value, encode_value
from contracts import language
from contracts.compiler import check_contract
from contracts.conformance_programs import PROGRAMS, Program, Run
from contracts.conformance_results import RESULTS
from contracts.executor import ActionRequest, Executor, Invocation
from contracts.manifest import Manifest
from contracts.runtime import objects, session

_PRICED: Final = (language, session, objects)
_PARAMETERS: Final[dict[str, Value]] = {"begin": 40}


def compute_gas_table() -> bytes:
    """Give all that is allowed and its price, encoded: what a change of makes another engine."""
    numbers: dict[str, Value] = {
        f"{module.__name__}.{name}": number
        for module in _PRICED
        for name, number in _numbers_of(module).items()
    }
    names: dict[str, Value] = {
        "builtins": [entry.name for entry in language.BUILTINS],
        "exceptions": list(language.EXCEPTIONS),
        "methods": {owner: list(found) for owner, found in language.METHODS.items()},
        "fields": {owner: list(found) for owner, found in language.FIELDS.items()},
    }
    return encode_value(
        {"engine": language.ENGINE, "gas": dict(language.GAS), "numbers": numbers, "names": names}
    )


def compute_engine_id() -> Hash:
    """Name this program's contract engine.

    Returns: hash of the gas table, the conformance programs and their results.
    """
    programs = [encode_value(_to_value(program)) for program in PROGRAMS]
    results = [f"{name} {result}".encode() for name, result in sorted(RESULTS.items())]
    return hash_tagged("contract-engine", compute_gas_table(), *programs, *results)


def check_engine(wanted: Hash | None, executor: Executor) -> None:
    """Check that this node runs the contract engine that its chain was founded with.

    Args: wanted: what genesis names, None for a chain that is pinned to no engine.
    Raises: InvalidInput: VT-4010, the chain has another engine; Corruption: VT-4011, this machine
    gets another result for a conformance program; HostFault: it cannot run contracts.
    """
    own = compute_engine_id()
    if wanted is not None and wanted != own:
        raise InvalidInput("VT-4010", wanted=wanted, own=own)
    results = run_programs(executor)
    for name, result in RESULTS.items():
        if results.get(name) != result:
            raise Corruption("VT-4011", program=name, wanted=result, own=results.get(name, "none"))


def run_programs(executor: Executor) -> dict[str, str]:
    """Run all programs; give what each run comes to, under the program's name and its number."""
    found: dict[str, str] = {}
    for program in PROGRAMS:
        manifest = check_contract(program.source).manifest
        assert manifest is not None, f"{program.name} is a contract"
        host = _MemoryHost(program.source)
        for number, run in enumerate(program.runs, 1):
            found[f"{program.name}/{number}"] = _run(program, manifest, run, host, executor)
    return found


def _run(
    program: Program, manifest: Manifest, run: Run, host: _MemoryHost, executor: Executor
) -> str:
    host.begin()
    execution = executor.execute(
        Invocation(
            contract=program.name,
            source_hash=manifest.source_hash,
            kind=run.kind,
            handler=run.handler,
            arguments=encode_value(dict(run.arguments)),
            sender="borne-energie",
            transaction="ab" * 32,
            height=7,
            time_ms=1_700_000_000_000,
            gas_limit=run.gas_limit,
            parameters=encode_value(_PARAMETERS),
        ),
        host,
    )
    done = hash_tagged("conformance-result", execution.value, *host.done()).hex()
    return f"{execution.status} {execution.error or '-'} {execution.gas_used} {done[:32]}"


def _to_value(program: Program) -> Value:
    runs: list[Value] = [
        [run.handler, dict(run.arguments), run.kind, run.gas_limit] for run in program.runs
    ]
    return [program.name, program.source, runs]


def _numbers_of(module: ModuleType) -> dict[str, int]:
    return {
        name: number
        for name, number in sorted(vars(module).items())
        if name.isupper() and type(number) is int
    }


class _MemoryHost:
    """State in a dict, for programs that run alone; see `contracts.executor.Host`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._state: dict[str, bytes] = {}
        self._done: list[bytes] = []

    def begin(self) -> None:
        """Forget what the last run did, but for the state."""
        self._done = []

    def done(self) -> tuple[bytes, ...]:
        """Give what this run wrote, emitted and asked for, each as bytes."""
        return tuple(self._done)

    def source(self, source_hash: bytes) -> str:
        """Give the program's source."""
        return self._source

    def get(self, key: str) -> bytes | None:
        """Read one key."""
        return self._state.get(key)

    def put(self, key: str, value: bytes | None) -> None:
        """Write one key."""
        self._done.append(encode_value(["put", key, value]))
        if value is None:
            self._state.pop(key, None)
        else:
            self._state[key] = value

    def range(self, start: str, stop: str, limit: int) -> list[tuple[str, bytes]]:
        """Read pairs in order of key."""
        keys = sorted(key for key in self._state if start <= key < stop)
        return [(key, self._state[key]) for key in keys[:limit]]

    def twin(self, twin_id: str) -> bytes | None:
        """There are no twins."""
        return None

    def emit(self, name: str, payload: bytes) -> None:
        """Note an event."""
        self._done.append(encode_value(["emit", name, payload]))

    def set_timer(self, name: str, due_ms: int | None) -> None:
        """Note a timer."""
        self._done.append(encode_value(["timer", name, due_ms]))

    def history(self, twin_id: str, name: str, limit: int) -> bytes:
        """There are no readings."""
        return encode_value([])

    def attestations(self, twin_id: str, since: int, limit: int) -> bytes:
        """There are no statements."""
        return encode_value([])

    def begin_call(
        self, contract: str, method: str, arguments: bytes, gas_left: int
    ) -> Invocation | None:
        """There is no other contract."""
        self._done.append(encode_value(["call", contract, method, arguments, gas_left]))
        return None

    def end_call(self) -> None:
        """No call was begun."""

    def restart(self) -> None:
        """The run begins again."""
        self.begin()

    def open_action(self, request: ActionRequest) -> str | None:
        """Note an action."""
        given: list[Value] = [getattr(request, name) for name in request.__struct_fields__]
        self._done.append(encode_value(given))
        return "01" * 32
