"""What if: another threshold on recorded wind, against what a real deployment does on it."""

from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files

import pytest

from chain.errors import InvalidInput
from chain.operations import Reading, Telemetry, TwinReadings
from chain.values import encode_value
from contracts.kit.chain import Chain
from contracts.kit.decisions import Decision, compare
from contracts.kit.installation import Tried
from contracts.kit.members import KitContract, propose
from contracts.kit.rehearsal import RecordedBlock, Rehearsal, rehearse
from contracts.kit.state import GrowingState
from contracts.kit.twins import Twins
from node.ingest.source import open_data
from tests.unit.contracts.native.lifecycle import FIRST, NAME, SECOND

CURVE = "maintenance_by_power_curve"
SOURCE = files("contracts.standard").joinpath(f"{CURVE}.py").read_text(encoding="utf-8")
STRICTER = SOURCE.replace('SHARE = Decimal("0.5")', 'SHARE = Decimal("0.9")').replace(
    "POOR_MINUTES = 180", "POOR_MINUTES = 60"
)
READINGS_OF_ONE_BLOCK = 24


TURBINES = ("R80711", "R80721", "R80736", "R80790")


@dataclass
class Farm:
    """A chain with the wind farm and a contract, and the state before the first reading."""

    chain: Chain
    before: GrowingState
    first: int

    @property
    def recorded(self) -> list[RecordedBlock]:
        return self.chain.blocks[self.first :]

    def decisions(self) -> list[Decision]:
        """What the contract really decided, from the state of the chain."""
        return [
            Decision(CURVE, one.kind, one.twin, one.key, one.title, one.record.opened_height,
                     one.opened_time_ms, one.addressee, one.escalate_to, one.deadline_ms,
                     one.details)
            for one in KitContract(self.chain, CURVE).actions()
        ]  # fmt: skip


def play_wind(source: str) -> Farm:
    """Deploy a source and send it the wind farm's own data, a block for two hours of a turbine."""
    chain = Chain()
    twins = Twins(chain)
    for name in TURBINES:
        twins.add(name, "wind-turbine", active_power="KWT", wind_speed="MTS")
    propose(chain, CURVE, source, {"addressee": "workshop"})
    farm = Farm(chain, chain.state.copy(), len(chain.blocks))
    feed = open_data("wind")
    assert feed is not None
    waiting: dict[str, list[Reading]] = {name: [] for name in TURBINES}
    for record in feed.records:
        rows = waiting[record.twin]
        rows += [
            one
            for batch in record.batches
            for one in batch.readings
            if one.property in ("active_power", "wind_speed")
        ]
        if len(rows) >= READINGS_OF_ONE_BLOCK:
            chain.apply(Telemetry((TwinReadings(record.twin, tuple(rows)),)))
            rows.clear()
    return farm


@pytest.fixture(scope="module")
def farm() -> Farm:
    return play_wind(SOURCE)


def test_a_changed_threshold_lists_exactly_the_orders_that_a_real_deployment_opens(
    farm: Farm,
) -> None:
    real = play_wind(STRICTER)
    found = rehearse(farm.chain.genesis, farm.before, farm.recorded, CURVE, STRICTER)
    assert list(found.after.decisions) == real.decisions()
    assert list(found.before.decisions) == farm.decisions()
    assert list(found.differences) == compare(farm.decisions(), real.decisions())
    assert {one.change for one in found.differences} >= {"opened"}
    assert found.refusals == ()
    assert found.after.gas != found.before.gas


def test_a_shorter_wait_opens_the_same_order_earlier(farm: Farm) -> None:
    hasty = SOURCE.replace("POOR_MINUTES = 180", "POOR_MINUTES = 60")
    found = rehearse(farm.chain.genesis, farm.before, farm.recorded, CURVE, hasty)
    assert {one.change for one in found.differences} >= {"earlier"}
    assert list(found.differences) == compare(farm.decisions(), play_wind(hasty).decisions())


def test_the_same_source_changes_nothing(farm: Farm) -> None:
    found = rehearse(farm.chain.genesis, farm.before, farm.recorded, CURVE, SOURCE)
    assert (found.differences, found.refusals) == ((), ())
    assert found.before.gas == found.after.gas


def test_parameters_are_tried_without_another_source(farm: Farm) -> None:
    strict = encode_value({"addressee": "workshop", "share": Decimal("0.9"), "poor_minutes": 60})
    found = rehearse(farm.chain.genesis, farm.before, farm.recorded, CURVE, SOURCE, strict)
    changed = rehearse(farm.chain.genesis, farm.before, farm.recorded, CURVE, STRICTER)
    assert [one.identity for one in found.after.decisions] == [
        one.identity for one in changed.after.decisions
    ]


def test_calls_that_end_in_another_way_are_named() -> None:
    chain = Chain()
    propose(chain, NAME, FIRST, {})
    before, start = chain.state.copy(), len(chain.blocks)
    KitContract(chain, NAME).call("add", amount=5)
    refusing = FIRST.replace("    return", "    total.set(1 // (total.get() - 5))\n    return")
    found = rehearse(chain.genesis, before, chain.blocks[start:], NAME, refusing)
    (other,) = found.refusals
    assert (other.before, other.after) == ("ok", "VT-4102")


def test_a_migration_runs_before_the_first_block() -> None:
    chain = Chain()
    propose(chain, NAME, FIRST, {})
    contract = KitContract(chain, NAME)
    contract.call("add", amount=5)
    before, start = chain.state.copy(), len(chain.blocks)
    contract.call("add", amount=1)
    tried = Rehearsal(chain.genesis, before.copy())
    tried.install(Tried(NAME, SECOND), chain.blocks[start])
    tried.play(chain.blocks[start:])
    assert tried.state.get(b"contract-state/tally/total") == encode_value(11)
    assert before.get(b"contract-state/tally/total") == encode_value(5)


WATCH = '''"""Warn of warmth."""

from contracts.author import Update, ctx, on_update


@on_update(model="room", properties=["temperature"])
def watch(update: Update) -> None:
    """Warn."""
    for reading in update.readings:
        if reading.value > ctx.parameter("limit", 8):
            ctx.emit("warm", {})
'''


def test_events_and_runs_that_stop_are_counted() -> None:
    chain = Chain()
    propose(chain, "watch", WATCH, {})
    room = Twins(chain).add("room-1", "room", temperature="CEL")
    before, start = chain.state.copy(), len(chain.blocks)
    for value in ("7", "9", "12"):
        chain.forward(1000)
        room.read(temperature=value)
    stopping = WATCH.replace('("warm", {})', '("hot", {"over": 1 // (reading.value - 12)})')
    recorded = chain.blocks[start:]
    found = rehearse(chain.genesis, before, recorded, "watch", stopping)
    assert (found.before.events, found.before.stopped) == ({"warm": 2}, 0)
    assert (found.after.events, found.after.stopped) == ({"hot": 1}, 1)
    other = rehearse(chain.genesis, before, recorded, "watch", WATCH, encode_value({"limit": 10}))
    assert other.after.events == {"warm": 1}


def test_what_is_no_contract_is_refused() -> None:
    chain = Chain()
    propose(chain, NAME, FIRST, {})
    with pytest.raises(InvalidInput, match="VT-2045"):
        rehearse(chain.genesis, chain.state, chain.blocks, NAME, "import os\n")
