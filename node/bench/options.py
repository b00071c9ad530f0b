"""What to measure."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from chain.validators import EngineName

WorkloadName = Literal["single", "batch100", "contract", "mixed", "lone"]
WORKLOADS: Final[tuple[WorkloadName, ...]] = get_args(WorkloadName)


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement of a run.

    Args: validators: nodes to start, 0 for a network that runs already; rate: transactions per
    second to offer (open loop), None to keep a number of them under way (closed loop).
    """

    workload: WorkloadName
    validators: int = 4
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What to measure, and how long.

    Args: rates: transactions per second to offer, a measurement for each; without any, `in_flight`
    are kept under way; in_flight, per_request: None for what suits the workload; history:
    updates of one reading committed before the measurement begins; nodes: addresses of a running
    network instead of one of our own, with `genesis` and `identity`, the key file of an
    administrator of one of its members.
    """

    workloads: tuple[WorkloadName, ...] = ("single", "batch100", "lone")
    validators: tuple[int, ...] = (4,)
    engine: EngineName = "bft"
    seconds: float = 15.0
    warm_up_seconds: float = 3.0
    rates: tuple[float, ...] = ()
    in_flight: int | None = None
    per_request: int | None = None
    twins: int = 1_000
    history: int = 0
    nodes: tuple[str, ...] = ()
    genesis: Path | None = None
    identity: Path | None = None
    plot: Path | None = None
    as_json: bool = False

    def cases(self) -> list[Case]:
        """Give the measurements in their order; one at a time is no matter of a rate."""
        return [
            Case(name, validators, rate)
            for validators in ((0,) if self.nodes else self.validators)
            for name in self.workloads
            for rate in (self.rates if self.rates and name != "lone" else (None,))
        ]
