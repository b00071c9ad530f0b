"""The executor for the simulator, the author's kit and tests: no process, no clock, pure.

It has the language's fences and not the worker's. A node runs `contracts.sandbox` instead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from chain.errors import InvalidInput
from contracts.compiler import CONTRACT_FILE, Loaded, load_contract
from contracts.executor import Execution, Host, HostFault, Invocation
from contracts.runtime.run import run

LOADED_MAX: Final = 64


class ContractCache:
    """Keeps compiled contracts by source hash, the most recently used ones."""

    def __init__(
        self, size_max: int = LOADED_MAX, files: Mapping[bytes, str] | None = None
    ) -> None:
        self._files = files if files is not None else {}
        self._size_max = size_max
        self._loaded: OrderedDict[bytes, Loaded] = OrderedDict()

    def get(self, source_hash: bytes) -> Loaded | None:
        """Give a contract that has been loaded, or None."""
        loaded = self._loaded.get(source_hash)
        if loaded is not None:
            self._loaded.move_to_end(source_hash)
        return loaded

    def loader(self, host: Host) -> Callable[[bytes], Loaded]:
        """Give what loads contracts for a run: from here, else from the host's source."""

        def load(source_hash: bytes) -> Loaded:
            loaded = self.get(source_hash)
            # One source may be deployed under two names, and one of these call the other.
            if loaded is None or loaded.meter.is_running:
                loaded = self.load(source_hash, host.source(source_hash))
            return loaded

        return load

    def load(self, source_hash: bytes, source: str) -> Loaded:
        """Compile a source and keep it.

        Raises: HostFault: the stored source is not a contract for this engine.
        """
        try:
            loaded = load_contract(source, self._files.get(source_hash, CONTRACT_FILE))
        except InvalidInput as error:
            raise HostFault(f"a stored contract does not load: {error}") from error
        assert loaded.manifest.source_hash == source_hash, "the host gave another source"
        self._loaded[source_hash] = loaded
        while len(self._loaded) > self._size_max:
            self._loaded.popitem(last=False)
        return loaded


class InProcessExecutor:
    """Runs contracts in this process.

    `last_failure` is the exception behind the last execution with status error: for the author's
    eyes (its traceback has the contract's line), never for the ledger. `files` names the file of a
    source, by its hash, before it is compiled.
    """

    def __init__(self) -> None:
        self.files: dict[bytes, str] = {}
        self._cache = ContractCache(files=self.files)
        self.last_failure: BaseException | None = None

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        """Run one handler to its end; see `contracts.executor.Executor`."""
        load = self._cache.loader(host)
        outcome = run(load(invocation.source_hash), invocation, host, load)
        self.last_failure = outcome.failure
        if outcome.execution.status == "ok":
            outcome.session.results().hand_over(host)
        return outcome.execution

    def close(self) -> None:
        """Forget the compiled contracts."""
        self._cache = ContractCache(files=self.files)

    def fences(self) -> tuple[str, ...]:
        """Say which fences are up."""
        return ("language: allow-list, metering, output check",)
