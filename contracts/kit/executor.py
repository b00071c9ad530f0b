"""The in-process executor with an author's eyes: which file a contract is, and what runs cost."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.executor import Execution, Host, Invocation, Kind
from contracts.inprocess import InProcessExecutor


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a handler: what it was, how it ended and what it cost."""

    contract: str
    kind: Kind
    handler: str
    status: str
    gas: int


class KitExecutor(InProcessExecutor):
    """Runs contracts as `InProcessExecutor` does, and remembers every run in `runs`."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        """Run one handler to its end."""
        execution = super().execute(invocation, host)
        self.runs.append(
            Run(
                invocation.contract,
                invocation.kind,
                invocation.handler,
                execution.status,
                execution.gas_used,
            )
        )
        return execution
