"""The port between the ledger and the contract language: what goes in, what comes out.

`Executor` runs one handler of one contract. The ledger implements `Host`, the executor's only way
to state. Two executors give byte-identical results: `contracts.inprocess` (simulator, author's
kit, tests) and `contracts.sandbox` (a node). Nothing in `Execution` depends on the node, the
interpreter's version, memory or load; what does is raised as `HostFault` and is never a result.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Kind = Literal["call", "update", "initial", "upgrade"]
Status = Literal["ok", "contract_error", "error", "out_of_gas", "call_depth", "no_such_handler"]

GAS_LIMIT_MAX = 10_000_000
ERROR_TEXT_SIZE_MAX = 200


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one handler; everything that its result may depend on besides state.

    `arguments` is an encoded value (chain.values):
      call, initial, upgrade: a dict from parameter name to value;
      update: see `UPDATE_ARGUMENTS` below.
    `parameters` is the encoded dict given when the contract was deployed.
    `hints` are state keys that the handler will probably read. They change speed, never a result.
    """

    contract: str
    source_hash: bytes
    kind: Kind
    handler: str
    arguments: bytes
    sender: str
    transaction: str
    height: int
    time_ms: int
    gas_limit: int
    parameters: bytes
    hints: tuple[str, ...] = ()


UPDATE_ARGUMENTS = """An encoded dict: {"twin": str, "model": str, "readings": [[property, value,
time_ms, unit, quality, sequence], ...]} with the accepted readings of one transaction and twin, in
order; property, value (a decimal string, "" when missing) and unit are str, the rest int."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """What one invocation came to; equal bytes on every node.

    `value` is the handler's encoded return value, b"" unless `status` is ok.
    `error` is the contract's own text (status contract_error), the exception's class name only
    (status error), or empty.
    """

    status: Status
    value: bytes = b""
    error: str = ""
    gas_used: int = 0


class ActionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An action (for example a maintenance order) that a contract wants opened.

    `key` is the idempotency key within contract and twin; `details` is an encoded dict;
    `deadline_ms` is an absolute block time or None.
    """

    kind: str
    twin: str
    key: str
    title: str
    details: bytes
    addressee: str
    deadline_ms: int | None


class Host(Protocol):
    """What a running contract may ask of the ledger; one object per invocation.

    Keys are the contract's own (the host puts the contract's name in front). Writes and events
    reach the host once, after the handler has ended with status ok: `put` in key order, then
    `emit` in the order of the calls. `open_action` is asked while the handler runs, so a host
    must drop the actions of an invocation whose status is not ok. An exception that a host
    raises passes through `Executor.execute` unchanged.
    """

    def source(self, source_hash: bytes) -> str:
        """Give the contract's source; asked only while the executor does not know it."""
        ...

    def get(self, key: str) -> bytes | None:
        """Read one key; None when absent."""
        ...

    def put(self, key: str, value: bytes | None) -> None:
        """Write one key; None deletes."""
        ...

    def range(self, start: str, stop: str, limit: int) -> list[tuple[str, bytes]]:
        """Read up to `limit` pairs with start <= key < stop, in ascending order of key."""
        ...

    def twin(self, twin_id: str) -> bytes | None:
        """Give a twin as an encoded dict; None when unknown.

        {"id": str, "model": str, "owner": str, "properties": {name: {"value": str,
        "time_ms": int, "unit": str, "quality": int, "sequence": int}}}
        """
        ...

    def emit(self, name: str, payload: bytes) -> None:
        """Record an event; `payload` is an encoded value."""
        ...

    def open_action(self, request: ActionRequest) -> str | None:
        """Open an action and give its id; None when one with this key is open already."""
        ...


class HostFault(Exception):
    """This machine could not run a contract (worker died, stalled, no memory).

    Never a transaction result: the node retries, and stops rather than diverge.
    """


class Executor(Protocol):
    """Runs handlers of checked contracts."""

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        """Run one handler to its end.

        Raises: HostFault: a local fault, after the executor's own retry.
        """
        ...

    def close(self) -> None:
        """Release what the executor holds (processes); it cannot be used afterwards."""
        ...

    def fences(self) -> tuple[str, ...]:
        """Say in words which fences stand between a contract and this machine."""
        ...
