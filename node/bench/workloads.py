"""What is sent: for each workload the twins, the contract and the updates.

Values are numbers that move a little, so that neither compression nor "nothing changed" flatters
the result. Each update of a twin is later than the one before; none is a repetition.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from chain.operations import (
    AnyOperation,
    DeployContract,
    PropertyDefinition,
    Reading,
    RegisterTwin,
    Telemetry,
    TwinReadings,
)
from chain.scalars import TwinId, UnixMillis
from chain.values import encode_value
from node.bench.options import WorkloadName

PROPERTIES: Final = ("active_power", "wind_speed", "rotor_speed", "oil_temperature")
UNITS: Final = ("KWT", "MTS", "RPM", "CEL")
MODEL: Final = "bench-turbine"
WOKEN_MODEL: Final = "bench-woken"
CONTRACT: Final = "bench_counts"
SOURCE: Final = '''"""Count the updates of each twin, and keep the highest value."""

from contracts.author import Decimal, Map, Update, on_update, record


@record
class Seen:
    """What is known of one twin."""

    updates: int = 0
    highest: Decimal = Decimal(0)


seen = Map(Seen)


@on_update(model="WOKEN_MODEL", properties=["active_power"])
def count(update: Update) -> None:
    """Take one transaction's readings of one twin."""
    known = seen.get(update.twin, Seen())
    known.updates += 1
    for sample in update.by_time():
        reading = sample.reading("active_power")
        if reading is not None and reading.value is not None:
            known.highest = max(known.highest, reading.value)
    seen[update.twin] = known
'''
STEP_MS: Final = 10
PER_REQUEST: Final[dict[WorkloadName, int]] = {"batch100": 20, "mixed": 50}
IN_FLIGHT: Final[dict[WorkloadName, int]] = {"single": 4_000, "batch100": 400, "mixed": 1_000}
MIXED_BATCH: Final = 20


@dataclass(frozen=True, slots=True)
class Workload:
    """The updates of one run: `operation(i)` is the i-th, the same on every machine.

    Args: begin_ms: when the first reading was taken; tag: part of all twins' names, six letters;
    first_twin: number of the first one, so that two workloads of one tag have twins of their own.
    """

    name: WorkloadName
    twins: int
    begin_ms: UnixMillis
    tag: str
    first_twin: int = 0

    def setup(self) -> list[AnyOperation]:
        """Give what has to be on the chain before the first update, in order."""
        operations: list[AnyOperation] = [self._register(index) for index in range(self.twins)]
        if self._wakes and not self.first_twin:
            source = SOURCE.replace("WOKEN_MODEL", self._model(is_woken=True))
            operations.append(DeployContract(f"{CONTRACT}_{self.tag}", source, encode_value({})))
        return operations

    def names(self) -> list[TwinId]:
        """Name all twins."""
        return [self._twin(index) for index in range(self.twins)]

    def operation(self, index: int) -> Telemetry:
        """Give one update."""
        twin = index % self.twins
        turn = index // self.twins
        if self.name == "batch100":
            return self._update(twin, turn, 100)
        if self.name == "mixed" and index % 5 == 0:
            return self._update(twin, turn, MIXED_BATCH)
        return self._update(twin, turn, 1)

    def readings(self, first: int, count: int) -> int:
        """Count the readings of `count` updates from `first` on."""
        each = {"batch100": 100}.get(self.name, 1)
        if self.name != "mixed":
            return each * count
        large = len([index for index in range(first, first + count) if index % 5 == 0])
        return large * MIXED_BATCH + count - large

    @property
    def per_request(self) -> int:
        """How many updates a gateway of this kind would put into one request."""
        return PER_REQUEST.get(self.name, 100)

    @property
    def in_flight(self) -> int:
        """How many updates under way keep a network busy, and its blocks well filled."""
        return IN_FLIGHT.get(self.name, 2_000)

    @property
    def _wakes(self) -> bool:
        return self.name in ("contract", "mixed")

    def _register(self, index: int) -> RegisterTwin:
        # In the mixed workload one twin in four wakes the contract.
        is_woken = self.name == "contract" or (self.name == "mixed" and index % 4 == 0)
        return RegisterTwin(
            self._twin(index),
            "component",
            self._model(is_woken=is_woken),
            None,
            tuple(map(PropertyDefinition, PROPERTIES, UNITS)),
            "Made for a measurement",
        )

    def _model(self, *, is_woken: bool) -> str:
        return f"{WOKEN_MODEL}-{self.tag}" if is_woken else MODEL

    def _twin(self, index: int) -> TwinId:
        # All names are of one length, so all updates are of one size.
        number = self.first_twin + index
        return TwinId(f"bench-{self.tag}.wind-farm-{number // 100:05d}.turbine-{number:07d}")

    def _update(self, twin: int, turn: int, count: int) -> Telemetry:
        """Give an update of `count` readings, all properties in turn."""
        longest = {"batch100": 100, "mixed": MIXED_BATCH}.get(self.name, 1)
        rows = -(-longest // len(PROPERTIES))
        begin = self.begin_ms + turn * rows * STEP_MS
        return Telemetry(
            (
                TwinReadings(
                    self._twin(twin),
                    tuple(
                        _reading(begin, turn * longest + number, number) for number in range(count)
                    ),
                ),
            )
        )


def _reading(begin_ms: int, sequence: int, number: int) -> Reading:
    kind = number % len(PROPERTIES)
    time_ms = UnixMillis(begin_ms + number // len(PROPERTIES) * STEP_MS)
    value = Decimal(1_000_000 + sequence * 7_919 % 1_000_003) / 1_000
    return Reading(PROPERTIES[kind], str(value), time_ms, UNITS[kind], sequence=sequence)
