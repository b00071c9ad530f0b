"""A ledger in a dict, for tests of the contract language and of contracts."""

from __future__ import annotations

from typing import Any

from chain.values import Value, decode_value, encode_value
from contracts.compiler import check_contract
from contracts.executor import ActionRequest, Execution, Executor, Invocation
from contracts.manifest import Manifest, read_hints


class MemoryHost:
    """Implements `contracts.executor.Host`; `asked` counts the questions by kind."""

    def __init__(self, source: str) -> None:
        self.text = source
        self.state: dict[str, bytes] = {}
        self.twins: dict[str, Value] = {}
        self.events: list[tuple[str, Value]] = []
        self.actions: list[ActionRequest] = []
        self.open_keys: set[tuple[str, str]] = set()
        self.asked: dict[str, int] = {}
        self.histories: dict[tuple[str, str], list[Value]] = {}
        self.statements: dict[str, list[dict[str, Any]]] = {}
        self.timers: dict[str, int] = {}

    def _count(self, what: str) -> None:
        self.asked[what] = self.asked.get(what, 0) + 1

    def source(self, source_hash: bytes) -> str:
        self._count("source")
        return self.text

    def get(self, key: str) -> bytes | None:
        self._count("get")
        return self.state.get(key)

    def put(self, key: str, value: bytes | None) -> None:
        self._count("put")
        if value is None:
            self.state.pop(key, None)
        else:
            self.state[key] = value

    def range(self, start: str, stop: str, limit: int) -> list[tuple[str, bytes]]:
        self._count("range")
        keys = sorted(key for key in self.state if start <= key < stop)
        return [(key, self.state[key]) for key in keys[:limit]]

    def twin(self, twin_id: str) -> bytes | None:
        self._count("twin")
        found = self.twins.get(twin_id)
        return None if found is None else encode_value(found)

    def emit(self, name: str, payload: bytes) -> None:
        self.events.append((name, decode_value(payload)))

    def set_timer(self, name: str, due_ms: int | None) -> None:
        if due_ms is None:
            self.timers.pop(name, None)
        else:
            self.timers[name] = due_ms

    def history(self, twin_id: str, name: str, limit: int) -> bytes:
        return encode_value(self.histories.get((twin_id, name), [])[-limit:])

    def attestations(self, twin_id: str, since: int, limit: int) -> bytes:
        found = self.statements.get(twin_id, [])
        return encode_value([one for one in found if one["height"] >= since][:limit])

    def begin_call(
        self, contract: str, method: str, arguments: bytes, gas_left: int
    ) -> Invocation | None:
        return None

    def end_call(self) -> None:
        raise AssertionError("no call was begun")

    def restart(self) -> None:
        self._count("restart")
        self.actions.clear()
        self.open_keys.clear()

    def open_action(self, request: ActionRequest) -> str | None:
        self._count("open_action")
        if (request.twin, request.key) in self.open_keys:
            return None
        self.open_keys.add((request.twin, request.key))
        self.actions.append(request)
        return f"action-{len(self.actions)}"


class Deployed:
    """A contract on a `MemoryHost`, with an executor."""

    def __init__(
        self, source: str, executor: Executor, parameters: dict[str, Any] | None = None
    ) -> None:
        verdict = check_contract(source)
        assert verdict.manifest is not None, "\n".join(map(str, verdict.findings))
        self.manifest: Manifest = verdict.manifest
        self.host = MemoryHost(source)
        self.executor = executor
        self.parameters = encode_value(parameters or {})
        self.gas_limit = 1_000_000
        self.time_ms = 1_700_000_000_000
        self.sender = "borne-energie"

    def call(self, name: str, /, **arguments: Any) -> Execution:
        """Invoke a call handler."""
        return self.executor.execute(self._invocation("call", name, arguments), self.host)

    def value(self, name: str, /, **arguments: Any) -> Value:
        """Invoke a call handler that must end well, and give what it returned."""
        execution = self.call(name, **arguments)
        assert execution.status == "ok", execution
        return decode_value(execution.value)

    def initial(self, name: str) -> Execution:
        """Invoke the initial handler."""
        return self.executor.execute(self._invocation("initial", name, {}), self.host)

    def update(self, twin: str, *readings: tuple[Any, ...], model: str = "") -> Execution:
        """Wake the trigger of a model, or the only one, with readings.

        Args: readings: (property, value, time_ms[, quality]).
        """
        rows = [
            [name, value, time_ms, "C62", rest[0] if rest else 0, 0]
            for name, value, time_ms, *rest in readings
        ]
        [trigger] = [one for one in self.manifest.triggers if model in ("", one.model)]
        arguments = {"twin": twin, "model": trigger.model, "readings": rows}
        hints = read_hints(self.manifest, twin)
        invocation = self._invocation("update", trigger.name, arguments, hints)
        return self.executor.execute(invocation, self.host)

    def _invocation(
        self, kind: Any, handler: str, arguments: dict[str, Any], hints: tuple[str, ...] = ()
    ) -> Invocation:
        return Invocation(
            contract="example",
            source_hash=self.manifest.source_hash,
            kind=kind,
            handler=handler,
            arguments=encode_value(arguments),
            sender=self.sender,
            transaction="ab" * 32,
            height=7,
            time_ms=self.time_ms,
            gas_limit=self.gas_limit,
            parameters=self.parameters,
            hints=hints,
        )
