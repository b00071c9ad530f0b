"""A real chain with every standard contract, each with data that it decides on; one is upgraded."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from chain.genesis import ContractPolicy, Genesis, Organisation
from chain.keys import SigningKey
from chain.operations import (
    Acknowledge,
    AnyOperation,
    Call,
    Consent,
    PropertyDefinition,
    Reading,
    RegisterTwin,
    Telemetry,
    TwinReadings,
)
from chain.scalars import Hash, OrganisationId, TwinId, UnixMillis
from chain.transaction import Transaction
from chain.values import encode_value
from contracts.compiler import check_contract
from contracts.executor import Executor
from contracts.inprocess import InProcessExecutor
from contracts.manifest import UpdateTrigger
from node.reader import Reader
from node.reader.paging import PageRequest
from tests.unit.contracts.standard.bench import DAY, HOUR, MINUTE, Row, read_standard
from tests.unit.contracts.standard.gas import (
    ENGINE,
    OFFER,
    RECALL,
    START,
    Invocation,
    call,
    rows_of,
    twin,
    wake,
)
from tests.unit.node.chain_builder import ChainBuilder, make_genesis, seed_of
from tests.unit.node.contract_chain import OWNER, install

PARTIES: Final = (
    "caretaker", "carrier", "city", "customer", "fleet", "hospital", "inspector", "maker",
    "operator", "patient-office", "quality", "road-operator", "shipper", "workshop",
)  # fmt: skip
"""Whom the standard contracts speak of, besides the four that have a validator."""
UNIT: Final = "C62"
FOR_EVER: Final = 2**50
GIRDER: Final = "girder-3"
UPGRADED: Final = "bridge_inspection"
MIGRATION: Final = '''

@upgrade(from_version=1)
def forget_warnings() -> None:
    """What was a warning under other limits is none."""
    for twin, girder in girders.items("", 100):
        girder.warnings = []
        girders[twin] = girder
'''
DONE: Final = {"before": Decimal("6.2"), "after": Decimal("0.3"), "certificate": "C-1"}

STORIES: Final[Mapping[str, tuple[Invocation, ...]]] = {
    "maintenance_by_power_curve": (
        wake("R80790", rows_of(24, active_power="1", wind_speed="8")),
    ),
    "maintenance_by_health_trend": (
        wake("engine-1", rows_of(30, HOUR, **ENGINE)),
        wake("engine-1", rows_of(36, HOUR, **ENGINE)[-36:]),
    ),
    "anomaly_of_one_signal": (wake("press-4", rows_of(12, 5 * MINUTE, temperature="80")),),
    "custody_transfer": (
        twin("sscc-1", "shipper"),
        call("shipper", "offer", **OFFER),
        call("carrier", "accept", consignment="sscc-1", seal="S-77", condition="dry"),
    ),
    "cold_chain_excursion": (wake("box-9", rows_of(12, 5 * MINUTE, temperature="12")),),
    "quality_hold": (
        twin("batch-12", "maker"),
        wake("batch-12", rows_of(1, assay="80", ph="7.0")),
        call("customer", "hold", batch="batch-12", reason="a smell"),
    ),
    "energy_settlement": (
        wake("R80711", rows_of(6, active_power="900"), "wind-turbine"),
        wake("farm-meter", rows_of(6, net_energy="150"), "energy-meter"),
    ),
    "warranty_and_service_level": (
        wake("meter-1", rows_of(6, made_energy="900", lost_energy="10")),
        twin("gearbox-1", "operator"),
        call("maker", "give", twin="gearbox-1", until_ms=FOR_EVER),
        call("operator", "claim", twin="gearbox-1", fault="a tooth is broken"),
    ),
    "calibration_with_consent": (
        twin("pump-301", "hospital"),
        call("patient-office", "consent", device="pump-301", until_ms=FOR_EVER),
        wake("pump-301", rows_of(6, flow_error="7.5")),
        call("workshop", "calibrated", device="pump-301", **DONE),
    ),
    "building_comfort": (
        wake("office-2", rows_of(24, temperature="15"), "building-zone"),
        wake("house-1", rows_of(6, energy="50"), "building-meter"),
    ),
    UPGRADED: (wake(GIRDER, rows_of(10, MINUTE, strain="220", temperature="10")),),
    "traffic_signal_maintenance": (
        wake("head-1", rows_of(10, MINUTE, aspect="1", red="0", amber="0", green="0")),
    ),
    "vehicle_recall": (
        twin("airbag-1", "fleet"),
        call("fleet", "enrol", twin="airbag-1", serial="WVW0000000A000010"),
        call("maker", "announce", **RECALL),
        call("maker", "notify", campaign="R-1", without=[]),
    ),
}  # fmt: skip
"""What happens to each standard contract."""


class StandardChain(ChainBuilder):
    """A chain of eighteen organisations, two of which approve contracts, as a stage of stories."""

    def __init__(self, executor: Executor | None = None, genesis: Genesis | None = None) -> None:
        super().__init__(None, executor or InProcessExecutor(), genesis or _make_genesis())
        self._contract = ""
        self._source_hash = Hash(b"")
        self._triggers: tuple[UpdateTrigger, ...] = ()
        self._owners: dict[str, str] = {}
        self._measured: dict[str, list[Row]] = {}

    def tell(self, contract: str) -> None:
        """Install a standard contract, and let its story happen."""
        source = read_standard(contract)
        manifest = check_contract(source).manifest
        assert manifest is not None
        self._contract, self._triggers = contract, manifest.triggers
        self._source_hash = Hash(manifest.source_hash)
        install(self, source, 0, contract)
        for step in STORIES[contract]:
            step(self)

    def answer(self) -> None:
        """Let the addressee of each action acknowledge it, all in one block."""
        answers = [
            self.transaction(Acknowledge(id_, "acknowledged", "we come"), addressee)
            for id_, addressee in self.find_actions()
        ]
        self.put(*answers)

    def find_actions(self) -> list[tuple[Hash, str]]:
        """Give all actions and whom each is addressed to."""
        actions = Reader(self.store, self.genesis).records.actions(PageRequest(500)).items
        return [(one.id, one.addressee) for one in actions]

    def upgrade(self) -> None:
        """Lower the limits of a bridge, with a migration, and strain it more than they allow."""
        source = read_standard(UPGRADED).replace("on_update, record", "on_update, record, upgrade")
        source = source.replace("ALARM = Decimal(300)", "ALARM = Decimal(250)")
        install(self, source + MIGRATION, 1, UPGRADED)
        strained = [("strain", "280", START + HOUR), ("temperature", "10", START + HOUR)]
        self.put(self._readings(GIRDER, strained))

    def measure_again(self, days: int) -> None:
        """Send what was measured, so many days later, that of all twins in one block."""
        self.put(
            *(
                self._readings(name, [(one, value, at + days * DAY) for one, value, at in rows])
                for name, rows in self._measured.items()
            )
        )

    # ---------------------------------------------------------------- what stories consist of

    def register(self, twin: str, model: str, owner: str) -> None:
        """Register a twin, of the model that the contract waits for if it waits for one."""
        found = self._triggers[0] if self._triggers else None
        self._register(twin, found.model if found else model, owner, found)

    def feed_once(self, twin: str, rows: Iterable[Row], model: str = "") -> None:
        """Send readings of a twin in one transaction; one that is unknown is registered."""
        if twin not in self._owners:
            [trigger] = [one for one in self._triggers if model in ("", one.model)]
            self._register(twin, trigger.model, OWNER, trigger)
        self._measured[twin] = list(rows)
        self.put(self._readings(twin, self._measured[twin]))

    def by(self, sender: str, method: str, /, **arguments: Any) -> None:
        """Call a method of the contract for an organisation."""
        self._do(Call(self._contract, method, encode_value(arguments)), sender)

    def _register(self, twin: str, model: str, owner: str, trigger: UpdateTrigger | None) -> None:
        """Register a twin, and let the contract act on it."""
        self._owners[twin] = owner
        names = trigger.properties if trigger else ()
        properties = tuple(PropertyDefinition(name, UNIT) for name in names)
        self._do(RegisterTwin(TwinId(twin), "component", model, None, properties), owner)
        self._do(Consent(self._contract, self._source_hash), owner)

    def _do(self, operation: AnyOperation, by: str) -> None:
        self.put(self.transaction(operation, by))

    def _readings(self, twin: str, rows: Iterable[Row]) -> Transaction:
        readings = tuple(Reading(name, value, UnixMillis(at), UNIT) for name, value, at in rows)
        batch = TwinReadings(TwinId(twin), readings)
        return self.transaction(Telemetry((batch,)), self._owners[twin])


def _make_genesis() -> Genesis:
    """Let the parties in, a year after the first reading."""
    genesis = replace(make_genesis(), created_ms=UnixMillis(START + 365 * DAY))
    return let_in(genesis, PARTIES)


def let_in(genesis: Genesis, names: Sequence[str]) -> Genesis:
    """Add organisations without a validator; any two organisations approve contracts then."""
    certificate = genesis.organisations[0].certificate  # Of no use to who runs no node.
    added = tuple(
        Organisation(
            OrganisationId(name), name.title(), SigningKey(seed_of(name)).public_key, certificate
        )
        for name in names
    )
    return replace(
        genesis,
        organisations=(*genesis.organisations, *added),
        governance=replace(genesis.governance, contracts=ContractPolicy(approvals=2)),
    )


def play(chain: StandardChain) -> None:
    """Let all stories happen; all actions are answered, and one contract is upgraded."""
    for contract in STORIES:
        chain.tell(contract)
    chain.answer()
    chain.upgrade()


def build_standard_chain(executor: Executor | None = None) -> StandardChain:
    """Build a chain on which all stories have happened."""
    chain = StandardChain(executor)
    play(chain)
    return chain
