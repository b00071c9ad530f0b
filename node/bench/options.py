"""What to measure."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, get_args

from chain.validators import EngineName

WorkloadName = Literal["single", "batch100", "contract", "mixed", "lone"]
WORKLOADS: Final[tuple[WorkloadName, ...]] = get_args(WorkloadName)


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What to measure, and how long.

    Args: rate: transactions per second to offer (open loop), None to keep `in_flight` of them under
    way (closed loop); in_flight, per_request: None for what suits the workload; history:
    transactions committed before the measurement begins; nodes: addresses of a running network
    instead of one of our own, with `genesis` and `identity`, the key file of an administrator of
    one of its members.
    """

    workloads: tuple[WorkloadName, ...] = ("single", "batch100", "lone")
    validators: tuple[int, ...] = (4,)
    engine: EngineName = "bft"
    seconds: float = 15.0
    warm_up_seconds: float = 3.0
    rate: float | None = None
    in_flight: int | None = None
    per_request: int | None = None
    twins: int = 1_000
    history: int = 0
    nodes: tuple[str, ...] = field(default=())
    genesis: Path | None = None
    identity: Path | None = None
    plot: Path | None = None
    as_json: bool = False
