"""Contracts that call contracts: one run, one meter, and each with a state of its own.

Whatever stops the one that is called stops the caller, too: a transaction is all or nothing. No
contract runs twice at a time; the host sees to it, for it knows their names.
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.compiler import Loaded
from contracts.executor import Host, Invocation
from contracts.runtime.meter import (
    CalleeStopped,
    ContractFailure,
    Meter,
    NoSuchHandler,
    name_error,
)
from contracts.runtime.session import Results, Session, ask

Load = Callable[[bytes], Loaded]
"""Gives a contract by the hash of its source, one that is not running."""
Handle = Callable[[Loaded, Invocation], bytes]


class Calls:
    """The calls of one invocation.

    Args: handle: runs a handler of a loaded contract whose meter has a session.
    """

    def __init__(self, load: Load, host: Host, handle: Handle) -> None:
        self._load = load
        self._host = host
        self._handle = handle

    def run(self, loaded: Loaded, invocation: Invocation, gas: int, depth: int) -> bytes:
        """Run a handler with so much gas, `depth` functions deep already."""
        meter = loaded.meter
        meter.left, meter.depth = gas, depth
        meter.session = Session(meter, self._host, self.call)
        meter.is_running = True
        try:
            return self._handle(loaded, invocation)
        finally:
            meter.is_running = False

    def call(self, caller: Meter, contract: str, method: str, arguments: bytes) -> bytes:
        """Run a method of another contract; see `contracts.runtime.session.Caller`."""
        left = caller.left
        started = ask(lambda: self._host.begin_call(contract, method, arguments, left))
        if started is None:
            raise CalleeStopped(f"{contract} cannot be called")
        loaded = self._load(started.source_hash)
        try:
            value = self.run(loaded, started, left, caller.depth)
        except ContractFailure as stopped:
            raise CalleeStopped(f"{contract}.{method}: {stopped}") from None
        except NoSuchHandler:
            raise CalleeStopped(f"{contract} has no method {method}") from None
        except (RecursionError, MemoryError):
            raise
        except Exception as error:
            raise CalleeStopped(f"{contract}.{method}: {name_error(error)}") from error
        finally:
            caller.left = loaded.meter.left
        results = loaded.meter.session.results()
        ask(lambda: self._end(results))
        return value

    def _end(self, results: Results) -> None:
        results.hand_over(self._host)
        self._host.end_call()
