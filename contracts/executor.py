"""The port between the ledger and the contract language: what goes in, what comes out.

`Executor` runs one handler of one contract. The ledger implements `Host`, the executor's only way
to state. Two executors give byte-identical results: `contracts.inprocess` (simulator, author's
kit, tests) and `contracts.sandbox` (a node). Nothing in `Execution` depends on the node, the
interpreter's version, memory or load; what does is raised as `HostFault` and is never a result.
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

Kind = Literal["call", "update", "initial", "upgrade", "attestation", "action", "timer"]
Status = Literal["ok", "contract_error", "error", "out_of_gas", "call_depth", "no_such_handler"]

WITHOUT_VALUE = frozenset(("update", "attestation", "action", "timer"))
"""Kinds of handlers that return nothing."""
GAS_LIMIT_MAX = 10_000_000
ERROR_TEXT_SIZE_MAX = 200


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one handler; everything that its result may depend on besides state.

    `arguments` is an encoded value (chain.values):
      call, initial, upgrade: a dict from parameter name to value;
      update: see `UPDATE_ARGUMENTS` below;
      attestation, action, timer: the fields of `contracts.runtime.happenings`, as a dict.
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
    `deadline_ms` is an absolute block time or None; `escalate_to` may answer when it has passed.
    """

    kind: str
    twin: str
    key: str
    title: str
    details: bytes
    addressee: str
    deadline_ms: int | None
    escalate_to: str | None = None


class Host(Protocol):
    """What a running contract may ask of the ledger; one object per invocation.

    Keys are the contract's own (the host puts the contract's name in front). Writes and events
    reach the host once, after the handler has ended with status ok: `put` in key order, then
    `emit` in the order of the calls. `open_action` is asked while the handler runs, so a host
    must drop the actions of an invocation whose status is not ok. The same holds for what called
    contracts leave behind. An exception that a host
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

    def history(self, twin_id: str, name: str, limit: int) -> bytes:
        """Give the last readings of a property, oldest first: an encoded list of rows.

        A row is as in `UPDATE_ARGUMENTS`; the list is empty for what nobody asked to be kept.
        """
        ...

    def attestations(self, twin_id: str, since: int, limit: int) -> bytes:
        """Give statements about a twin from height `since` on: an encoded list of dicts.

        Each has the fields of `contracts.runtime.happenings.Attestation`.
        """
        ...

    def emit(self, name: str, payload: bytes) -> None:
        """Record an event; `payload` is an encoded value."""
        ...

    def set_timer(self, name: str, due_ms: int | None) -> None:
        """Set a timer of the contract, or cancel it; after the writes, in order of the names."""
        ...

    def open_action(self, request: ActionRequest) -> str | None:
        """Open an action and give its id; None when one with this key is open already."""
        ...

    def begin_call(
        self, contract: str, method: str, arguments: bytes, gas_left: int
    ) -> Invocation | None:
        """Begin a call of another contract; until `end_call` the host answers for that one.

        Returns: what to run; None when it cannot be called, and then the whole invocation fails.
        """
        ...

    def end_call(self) -> None:
        """End the call that was begun last, well; its writes and events came just before."""
        ...

    def restart(self) -> None:
        """Forget all that this invocation did: it runs again, from its beginning."""
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
