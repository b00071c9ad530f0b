"""What contracts import. Under mypy, an editor or pytest this is plain Python with types.

On the ledger the import is only a declaration: the executor puts its own objects in place. So
functions that compute something can be tested by calling them; what needs the ledger (`ctx`, state)
raises here and is tested through `contracts.inprocess`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Generic, NoReturn, TypeVar, dataclass_transform, overload

from chain.values import Value
from contracts.runtime.happenings import ActionChange, Attestation, Timer
from contracts.runtime.objects import Reading, Sample, Twin, Update

__all__ = [
    "ActionChange",
    "Attestation",
    "Decimal",
    "Map",
    "Reading",
    "Sample",
    "Timer",
    "Twin",
    "Update",
    "Value",
    "Var",
    "call",
    "ctx",
    "fail",
    "initial",
    "on_action",
    "on_attestation",
    "on_timer",
    "on_update",
    "record",
    "upgrade",
]

T = TypeVar("T")
D = TypeVar("D")
Function = TypeVar("Function", bound=Callable[..., object])


class OnlyOnTheLedger(RuntimeError):
    """Something was used that exists only while a contract runs."""

    def __init__(self) -> None:
        super().__init__("run the contract through contracts.inprocess.InProcessExecutor")


class ContractFailed(Exception):
    """What `fail` raises outside the ledger."""


def fail(reason: str) -> NoReturn:
    """End the transaction: nothing of it stays, and the receipt shows the reason."""
    raise ContractFailed(reason)


def call(function: Function) -> Function:
    """Let the operation `call` invoke this function, with named arguments."""
    return function


def initial(function: Function) -> Function:
    """Run this function once, when the contract is deployed."""
    return function


def on_update(
    *, model: str, properties: list[str], when: str = "", history: int = 0
) -> Callable[[Function], Function]:
    """Run the function when a twin of `model` gets readings of one of `properties`.

    It runs once per transaction and twin, with all accepted readings in order. With `when`, only if
    one of them passes a test: "temperature > 80 or crosses(flow, LIMIT) or is_bad(flow)".
    With `history`, so many of the last readings of each property are kept for `ctx.history`.
    """

    def mark(function: Function) -> Function:
        return function

    return mark


def on_attestation(*, type: str) -> Callable[[Function], Function]:
    """Run the function when a statement of this predicate type about a twin is put on record."""

    def mark(function: Function) -> Function:
        return function

    return mark


def upgrade(*, from_version: int) -> Callable[[Function], Function]:
    """Run the function once, when this source takes the place of version `from_version`.

    It finds the state as that version left it. If it fails, that version stays in force.
    """

    def mark(function: Function) -> Function:
        return function

    return mark


def on_action(function: Function) -> Function:
    """Run the function when an action of this contract is answered or overdue."""
    return function


def on_timer(function: Function) -> Function:
    """Run the function when a timer of this contract is due; see `ctx.set_timer`."""
    return function


@dataclass_transform()
def record(kind: type[T]) -> type[T]:
    """Make a class of annotated fields a record: a value with named, typed parts."""
    return dataclasses.dataclass(kind)


class Var(Generic[T]):
    """One value in the contract's state."""

    def __init__(self, kind: type[T], default: T) -> None:
        self.kind = kind
        self.default = default

    def get(self) -> T:
        """Read the value, or the default before the first `set`."""
        raise OnlyOnTheLedger

    def set(self, value: T) -> None:
        """Write the value."""
        raise OnlyOnTheLedger


class Map(Generic[T]):
    """A table in the contract's state, from texts to values of one type, ordered by key."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind

    @overload
    def get(self, key: str) -> T | None: ...

    @overload
    def get(self, key: str, default: D) -> T | D: ...

    def get(self, key: str, default: D | None = None) -> T | D | None:
        """Read the value of a key, or `default`."""
        raise OnlyOnTheLedger

    @overload
    def pop(self, key: str) -> T | None: ...

    @overload
    def pop(self, key: str, default: D) -> T | D: ...

    def pop(self, key: str, default: D | None = None) -> T | D | None:
        """Read and delete a key; `default` when there is none."""
        raise OnlyOnTheLedger

    def items(self, start: str = "", limit: int = 100) -> list[tuple[str, T]]:
        """Read up to `limit` (at most 1000) pairs from key `start` on."""
        raise OnlyOnTheLedger

    def keys(self, start: str = "", limit: int = 100) -> list[str]:
        """Read up to `limit` keys from key `start` on."""
        raise OnlyOnTheLedger

    def __getitem__(self, key: str) -> T:
        raise OnlyOnTheLedger

    def __setitem__(self, key: str, value: T) -> None:
        raise OnlyOnTheLedger

    def __delitem__(self, key: str) -> None:
        raise OnlyOnTheLedger

    def __contains__(self, key: str) -> bool:
        raise OnlyOnTheLedger


class Context:
    """The block around the transaction, the contract's parameters, and its ways to act."""

    @property
    def contract(self) -> str:
        """The name under which this contract is deployed."""
        raise OnlyOnTheLedger

    @property
    def height(self) -> int:
        """The height of the block."""
        raise OnlyOnTheLedger

    @property
    def time_ms(self) -> int:
        """The block's time, in milliseconds of UTC since 1970; it never runs backwards."""
        raise OnlyOnTheLedger

    @property
    def sender(self) -> str:
        """The organisation that sent the transaction."""
        raise OnlyOnTheLedger

    @property
    def transaction(self) -> str:
        """The id of the transaction."""
        raise OnlyOnTheLedger

    def parameter(self, name: str, default: T) -> T:
        """Give a parameter of the deployment, or `default`; lists in it are tuples."""
        raise OnlyOnTheLedger

    def twin(self, twin: str) -> Twin | None:
        """Read a twin as it is before this transaction's writes; None when it is unknown."""
        raise OnlyOnTheLedger

    def attestations(self, twin: str, since: int = 0, limit: int = 10) -> list[Attestation]:
        """Read up to `limit` (at most 100) statements about a twin, from height `since` on."""
        raise OnlyOnTheLedger

    def history(self, twin: str, property: str, limit: int = 256) -> list[Reading]:
        """Read the last accepted readings of a property, this transaction's last, oldest first.

        They are kept from the deployment of an `@on_update(..., history=N)` on.
        """
        raise OnlyOnTheLedger

    def call(self, contract: str, method: str, /, **arguments: Any) -> Any:
        """Call a method of another contract and give what it returned.

        It sees `contract:` and this contract's name as its sender. If it does not end well, neither
        does this contract; none can be called that is running already.
        """
        raise OnlyOnTheLedger

    def emit(self, name: str, payload: object) -> None:
        """Record an event: a value, or a record."""
        raise OnlyOnTheLedger

    def set_timer(self, name: str, at_ms: int) -> None:
        """Run `@on_timer` once when the block time is `at_ms` or later.

        It replaces a timer of the same name.
        """
        raise OnlyOnTheLedger

    def cancel_timer(self, name: str) -> None:
        """Cancel a timer; nothing happens when it is not set."""
        raise OnlyOnTheLedger

    def open_action(
        self,
        *,
        kind: str,
        twin: str,
        key: str,
        title: str,
        addressee: str,
        details: Mapping[str, Any] | None = None,
        deadline_ms: int | None = None,
        escalate_to: str | None = None,
    ) -> str | None:
        """Open an action for an organisation and give its id; None when `key` is open already.

        When it is not finished at its deadline, `@on_action` is told, and `escalate_to` may answer.
        """
        raise OnlyOnTheLedger


ctx: Final = Context()
