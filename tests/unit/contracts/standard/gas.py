"""What a typical invocation of each standard contract costs, as docs/standard-contracts.md says.

Run `python -m tests.unit.contracts.standard.gas` to write the table in the docs anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol

from tests.unit.contracts.standard.bench import DAY, HOUR, MINUTE, Bench, Row

PAGE: Final = Path(__file__).parents[4] / "docs" / "standard-contracts.md"
BEGIN: Final = "<!-- gas: written by python -m tests.unit.contracts.standard.gas -->"
END: Final = "<!-- end of gas -->"
START: Final = 1_650_000_000_000


class Stage(Protocol):
    """Where invocations happen: a bench, or a chain."""

    def feed_once(self, twin: str, rows: Iterable[Row], model: str = "") -> None:
        """Send readings of a twin in one transaction."""
        ...

    def by(self, sender: str, method: str, /, **arguments: Any) -> object:
        """Call a method for an organisation; it must end well."""
        ...

    def register(self, twin: str, model: str, owner: str) -> None:
        """Let a twin exist, without readings."""
        ...


Invocation = Callable[[Stage], None]


def rows_of(count: int, step_ms: int = 10 * MINUTE, **values: str) -> list[Row]:
    """Give readings of properties with constant values at `count` times."""
    return [
        (name, value, START + at * step_ms) for at in range(count) for name, value in values.items()
    ]


def wake(twin: str, rows: Iterable[Row], model: str = "") -> Invocation:
    """Make an invocation that hands over readings."""
    return lambda stage: stage.feed_once(twin, rows, model)


def call(sender: str, method: str, /, **arguments: object) -> Invocation:
    """Make an invocation of a method."""

    def invoke(stage: Stage) -> None:
        stage.by(sender, method, **arguments)

    return invoke


def twin(name: str, owner: str) -> Invocation:
    """Make a step that registers a twin."""
    return lambda stage: stage.register(name, "any", owner)


ENGINE: Final = {
    "t50": "1400", "p30": "554", "ps30": "47.3", "phi": "522", "bpr": "8.4", "w32": "23.4"
}  # fmt: skip
OFFER: Final = {"consignment": "sscc-1", "receiver": "carrier", "place": "Dock 3", "seal": "S-77"}
RECALL: Final = {
    "campaign": "R-1",
    "first": "WVW0000000A000010",
    "last": "WVW0000000A000030",
    "fault": "the airbag may burst",
    "remedy": "Replace the airbag",
}

TYPICAL: Final[tuple[tuple[str, str, tuple[Invocation, ...]], ...]] = (
    (
        "maintenance_by_power_curve",
        "an hour of ten-minute means",
        (wake("R80790", rows_of(6, active_power="850", wind_speed="8")),),
    ),
    (
        "maintenance_by_health_trend",
        "one cycle, with thirty known",
        (
            wake("engine-1", rows_of(30, HOUR, **ENGINE)),
            wake("engine-1", rows_of(31, HOUR, **ENGINE)[-6:]),
        ),
    ),
    (
        "anomaly_of_one_signal",
        "an hour of five-minute values",
        (
            wake("press-4", [("temperature", "80", START - 8 * DAY)]),
            wake("press-4", rows_of(12, 5 * MINUTE, temperature="80")),
        ),
    ),
    (
        "custody_transfer",
        "`offer`",
        (twin("sscc-1", "shipper"), call("shipper", "offer", **OFFER)),
    ),
    (
        "custody_transfer",
        "`accept`",
        (
            twin("sscc-1", "shipper"),
            call("shipper", "offer", **OFFER),
            call("carrier", "accept", consignment="sscc-1", seal="S-77", condition="dry"),
        ),
    ),
    (
        "cold_chain_excursion",
        "an hour of five-minute values",
        (wake("box-9", rows_of(12, 5 * MINUTE, temperature="5")),),
    ),
    (
        "quality_hold",
        "two values of a batch",
        (wake("batch-12", rows_of(1, assay="99.1", ph="7.0")),),
    ),
    (
        "quality_hold",
        "`release`, the second signature",
        (
            twin("batch-12", "maker"),
            wake("batch-12", rows_of(1, assay="99.1", ph="7.0")),
            call("customer", "hold", batch="batch-12", reason="a smell"),
            call("quality", "release", batch="batch-12", report="QR-1"),
            call("maker", "release", batch="batch-12", report="QR-1"),
        ),
    ),
    (
        "energy_settlement",
        "an hour of one turbine",
        (wake("R80711", rows_of(6, active_power="900"), "wind-turbine"),),
    ),
    (
        "warranty_and_service_level",
        "an hour of ten-minute values",
        (wake("meter-1", rows_of(6, made_energy="900", lost_energy="10")),),
    ),
    (
        "warranty_and_service_level",
        "`claim`",
        (
            twin("gearbox-1", "operator"),
            call("maker", "give", twin="gearbox-1", until_ms=2**50),
            call("operator", "claim", twin="gearbox-1", fault="a tooth is broken"),
        ),
    ),
    (
        "calibration_with_consent",
        "one self-test",
        (wake("pump-301", rows_of(1, flow_error="0.4")),),
    ),
    (
        "calibration_with_consent",
        "`calibrated`",
        (
            twin("pump-301", "hospital"),
            call("patient-office", "consent", device="pump-301", until_ms=2**50),
            call(
                "workshop",
                "calibrated",
                device="pump-301",
                before=Decimal("6.2"),
                after=Decimal("0.3"),
                certificate="C-1",
            ),
        ),
    ),
    (
        "building_comfort",
        "an hour of ten-minute values of a zone",
        (wake("office-2", rows_of(6, temperature="22"), "building-zone"),),
    ),
    (
        "bridge_inspection",
        "ten minutes of values once in a minute",
        (wake("girder-3", rows_of(10, MINUTE, strain="90", temperature="10")),),
    ),
    (
        "traffic_signal_maintenance",
        "ten reports",
        (wake("head-1", rows_of(10, MINUTE, aspect="1", red="12", amber="0.4", green="0.4")),),
    ),
    (
        "vehicle_recall",
        "`enrol`",
        (
            twin("airbag-1", "fleet"),
            call("fleet", "enrol", twin="airbag-1", serial="WVW0000000A000010"),
        ),
    ),
    (
        "vehicle_recall",
        "`notify` of ten owners",
        (
            *(
                step
                for number in range(10, 20)
                for step in (
                    twin(f"airbag-{number}", "fleet"),
                    call(
                        "fleet", "enrol", twin=f"airbag-{number}", serial=f"WVW0000000A{number:06d}"
                    ),
                )
            ),
            call("maker", "announce", **RECALL),
            call("maker", "notify", campaign="R-1", without=[]),
        ),
    ),
)
"""Contract, what is measured, and the steps that lead to it; the last one is measured."""


def measure(contract: str, steps: Iterable[Invocation]) -> int:
    """Give the gas that the last step used."""
    bench = Bench(contract)
    for step in steps:
        step(bench)
    return bench.gas


def make_table() -> str:
    """Write the table of the docs."""
    lines = ["| contract | invocation | gas |", "| --- | --- | ---: |"]
    for contract, what, steps in TYPICAL:
        lines.append(f"| {contract} | {what} | {measure(contract, steps):,} |")
    return "\n".join(lines)


def put_table(text: str) -> str:
    """Put the table where the page has its place."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{make_table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(put_table(PAGE.read_text()))
