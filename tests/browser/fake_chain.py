"""A chain of real blocks: real transactions, contracts, state tree, certificates and members.

It plays a made-up wind farm with the names of the demo. R80790 stands still for two days of good
wind, so the standard contract opens a maintenance order, which the workshop acknowledges. After
that the members change: `tests/browser/fake_members.py`. What happens to contracts on the way is in
`tests/browser/fake_contracts.py`.
"""

import math
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from chain import dsse
from chain.keys import SigningKey
from chain.operations import (
    Acknowledge,
    Attest,
    DeployContract,
    PropertyDefinition,
    Reading,
    RegisterKey,
    RegisterTwin,
    Telemetry,
    TwinReadings,
    UpdateTwin,
)
from chain.scalars import Hash, TwinId, UnixMillis
from chain.transaction import Transaction
from chain.values import encode_value
from contracts.inprocess import InProcessExecutor
from contracts.standard import maintenance_by_power_curve
from node.replica.ports import WritableStore
from node.replica.transition import ExecutedBlock
from tests.browser.fake_contracts import play_contracts
from tests.browser.fake_members import change_members
from tests.unit.node.chain_builder import ChainBuilder, make_genesis, seed_of
from tests.vectors.sample import REPORT, REPORT_NAME

START_MS: Final = UnixMillis(1_423_180_800_000)
"""2015-02-06T00:00:00Z: the first reading."""
STOP_MS: Final = 1_423_306_800_000
"""2015-02-07T11:00:00Z: R80790 stands still from here."""
RUN_MS: Final = 1_423_450_800_000
"""2015-02-09T03:00:00Z: it runs again."""
STEP_MS: Final = 600_000
TURBINES: Final = ("R80711", "R80721", "R80736", "R80790")
PROPERTIES: Final = (
    ("active_power", "KWT"),
    ("wind_speed", "MTS"),
    ("outdoor_temperature", "CEL"),
    ("nacelle_direction", "DD"),
    ("wind_direction", "DD"),
    ("vane_angle", "DD"),
)
CURVE: Final = ((0, 0), (3, 0), (5, 129), (7, 572), (9, 1118), (11, 1602), (13, 1920), (20, 2045))
HOURS: Final = 96
BLOCKS_BESIDE: Final = 26
"""About as many blocks as there are beside those of the hours; each takes a second."""


def make_fake_chain(now_ms: int, store: WritableStore) -> ChainBuilder:
    """Play four days of the wind farm; the newest block is of about `now_ms`."""
    start = UnixMillis(now_ms - 1_000 * (HOURS + BLOCKS_BESIDE))
    genesis = replace(make_genesis(), created_ms=start)
    chain = ChainBuilder(store, InProcessExecutor(), genesis)
    _register(chain)
    for hour in range(HOURS):
        decided = play_hour(chain, hour)
        for opened in find_opened(decided):
            note = "Crew on site tomorrow morning: pitch system of blade 2."
            answer = Acknowledge(opened, "acknowledged", note)
            commit(chain, chain.transaction(answer, "windcare"))
    commit(chain, chain.transaction(Attest(TwinId("R80790"), _inspect(chain)), "certis"))
    # Nobody but the addressee may answer: this one is refused, and stays on record as refused.
    commit(chain, chain.transaction(Acknowledge(Hash(bytes(32)), "completed", ""), "certis"))
    change_members(chain)
    return chain


def commit(chain: ChainBuilder, *transactions: Transaction) -> ExecutedBlock:
    """Decide a block; one of four validators is late now and then."""
    absent = (chain.head.next_height * 7) % 5
    members = chain.head.validators.members
    voters = [index for index, member in enumerate(members) if member.weight > 0]
    return chain.add_block(*transactions, signers=[one for one in voters if one != absent])


def find_opened(decided: ExecutedBlock) -> Iterator[Hash]:
    """Give the actions that were opened in a block."""
    for receipt in decided.receipts:
        for event in receipt.events:
            if event.name == "action_opened":
                yield Hash(bytes.fromhex(event.subject))


def play_hour(chain: ChainBuilder, hour: int) -> ExecutedBlock:
    """Decide a block with an hour of all turbines' readings, and what happened to contracts."""
    readings = (_measure_hour(chain, turbine, hour) for turbine in TURBINES)
    return commit(chain, *readings, *play_contracts(chain, hour))


def _measure_hour(chain: ChainBuilder, turbine: str, hour: int) -> Transaction:
    """Give the readings of one turbine and its rotor in one hour, signed by its gateway."""
    readings: list[Reading] = []
    rotor: list[Reading] = []
    for number in range(6 * hour, 6 * hour + 6):
        time_ms = UnixMillis(START_MS + STEP_MS * number)
        for (name, unit), value in zip(PROPERTIES, _measure(turbine, time_ms), strict=True):
            quality = 0 if value else 0x809B0000
            readings.append(Reading(name, value, time_ms, unit, quality, number))
        rotor.append(Reading("pitch_angle", _pitch(turbine, time_ms), time_ms, "DD", 0, number))
    batches = (
        TwinReadings(TwinId(turbine), tuple(readings)),
        TwinReadings(TwinId(f"{turbine}-rotor"), tuple(rotor)),
    )
    return chain.transaction(Telemetry(batches), key=_gateway(turbine))


def _gateway(turbine: str) -> SigningKey:
    return SigningKey(seed_of(f"gateway of {turbine}"))


def _inspect(chain: ChainBuilder) -> bytes:
    report = dsse.FileSubject(REPORT_NAME, Hash(sha256(REPORT).digest()), len(REPORT))
    claims = {"result": "passed", "inspector": "M. Laurent", "scope": "main bearing, gearbox"}
    kind = "https://veritwin.dev/predicates/inspection/v1"
    return dsse.build_envelope(
        chain.signer("certis"), dsse.build_statement(TwinId("R80790"), kind, claims, [report])
    )


def _register(chain: ChainBuilder) -> None:
    site, generation = TwinId("haute-borne-site"), TwinId("haute-borne-generation")
    where, what = "La Haute Borne, Lorraine, France", "Feeding into the grid"
    commit(
        chain,
        chain.transaction(
            RegisterTwin(site, "environment", "wind-farm-site", None, (), where),
        ),
        chain.transaction(
            RegisterTwin(generation, "process", "power-generation", site, (), what),
        ),
    )
    for turbine in TURBINES:
        _register_turbine(chain, turbine, generation)
    source = Path(maintenance_by_power_curve.__file__).read_text()
    deploy = DeployContract("maintenance_by_power_curve", source, encode_value({}))
    commit(chain, chain.transaction(deploy))


def _register_turbine(chain: ChainBuilder, turbine: str, generation: TwinId) -> None:
    twin, rotor = TwinId(turbine), TwinId(f"{turbine}-rotor")
    measured = tuple(PropertyDefinition(name, unit, _semantic(name)) for name, unit in PROPERTIES)
    pitch = (PropertyDefinition("pitch_angle", "DD", ""),)
    text = f"Senvion MM82 wind turbine {turbine}, 2.05 MW, hub at 80 m"
    gateway = RegisterKey(_gateway(turbine).public_key, f"gateway-{turbine}", ("gateway",))
    operations = (
        RegisterTwin(twin, "system", "wind-turbine", generation, measured, text),
        RegisterTwin(rotor, "component", "rotor", twin, pitch),
        gateway,
        UpdateTwin(twin, attributes=(("commissioned", "2009"),)),
    )
    commit(chain, *(chain.transaction(operation) for operation in operations))


def _semantic(name: str) -> str:
    known = {"active_power": "WTUR.W", "wind_speed": "WMET.HorWdSpd"}
    return f"urn:iec:61400-25:{known[name]}" if name in known else ""


def _wind(turbine: str, time_ms: int) -> float:
    hours = (time_ms - START_MS) / 3_600_000
    gust = sha256(f"{turbine} {time_ms}".encode()).digest()[0] / 255
    return max(0.4, 7.6 + 2.2 * math.sin(hours / 9) + 1.1 * math.sin(hours / 2.3) + gust - 0.5)


def _stands(turbine: str, time_ms: int) -> bool:
    return turbine == "R80790" and STOP_MS <= time_ms < RUN_MS


def _measure(turbine: str, time_ms: int) -> tuple[str, ...]:
    if turbine == "R80721" and 30 < (time_ms - START_MS) / 3_600_000 < 34:
        return ("",) * len(PROPERTIES)
    wind = _wind(turbine, time_ms)
    power = 0.0
    for (left, low), (right, high) in pairwise(CURVE):
        if left <= wind < right:
            power = low + (high - low) * (wind - left) / (right - left)
    if _stands(turbine, time_ms):
        power = -3.4
    hours = (time_ms - START_MS) / 3_600_000
    direction = (205 + 25 * math.sin(hours / 20)) % 360
    values = (power, wind, 3.1 + 4 * math.sin(hours / 3.8), direction, direction + 2.5, -2.5)
    return tuple(f"{value:.2f}".removesuffix("0").removesuffix(".0") for value in values)


def _pitch(turbine: str, time_ms: int) -> str:
    return "89.5" if _stands(turbine, time_ms) else "-0.9"
