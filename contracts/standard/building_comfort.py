"""Tell the caretaker when rooms are uncomfortable for too long, or a building uses too much.

Comfort. A zone reports its temperature. Outside COOLEST to WARMEST between FIRST_HOUR and
LAST_HOUR (UTC) the time adds up for the day, each value standing for the time since the one
before; after UNCOMFORTABLE_MINUTES there is one order for that zone and day.

Consumption. A building's meter reports energy. Each day is held against the mean of the building's
own days before it, the last ones counting most (SHARE). More than EXCESS above it is an alert, once
PERIOD_DAYS are known. A new way to use the building becomes usual within days.

A missing value is as if nobody had looked; a gap counts as GAP_MINUTES at most. All numbers can be
replaced by parameters of the same names. 20 to 26 degrees is category II of EN 16798-1 for offices.
"""

from contracts.author import Decimal, Map, Update, ctx, on_update, record

COOLEST = Decimal(20)
WARMEST = Decimal(26)
FIRST_HOUR = 7
LAST_HOUR = 19
UNCOMFORTABLE_MINUTES = 120
GAP_MINUTES = 60
EXCESS = Decimal("0.3")
SHARE = Decimal("0.2")
PERIOD_DAYS = 7
CARETAKER = "caretaker"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@record
class Zone:
    """The time that a zone was uncomfortable on a day, counted from 1970."""

    last_ms: int = 0
    day: int = 0
    poor_ms: int = 0
    is_told: bool = False


@record
class Building:
    """The energy of the present day, and what the days before used on the mean."""

    day: int
    energy: Decimal = Decimal(0)
    usual: Decimal = Decimal(0)
    days: int = 0


zones = Map(Zone)
buildings = Map(Building)


def tell(twin: str, kind: str, day: int, title: str, measured: Decimal) -> None:
    """Open an action for the caretaker, one for each day."""
    ctx.open_action(
        kind=kind,
        twin=twin,
        key=f"{kind}-{day}",
        title=title,
        addressee=ctx.parameter("caretaker", CARETAKER),
        details={"day_ms": day * DAY_MS, "measured": round(measured, 2)},
    )


def is_used(time_ms: int) -> bool:
    """Say whether people are there."""
    hour = time_ms % DAY_MS // HOUR_MS
    first = ctx.parameter("first_hour", FIRST_HOUR)
    last = ctx.parameter("last_hour", LAST_HOUR)
    return first <= hour < last


@on_update(model="building-zone", properties=["temperature"])
def feel(update: Update) -> None:
    """Add up the time that one zone was uncomfortable."""
    zone = zones.get(update.twin, Zone())
    for sample in update.by_time():
        value = sample.value("temperature")
        if value is None or sample.time_ms <= zone.last_ms:
            continue
        step_ms = sample.time_ms - zone.last_ms if zone.last_ms else 0
        zone.last_ms = sample.time_ms
        if sample.time_ms // DAY_MS != zone.day:
            zone.day = sample.time_ms // DAY_MS
            zone.poor_ms = 0
            zone.is_told = False
        is_cold = value < ctx.parameter("coolest", COOLEST)
        if is_used(sample.time_ms) and (is_cold or value > ctx.parameter("warmest", WARMEST)):
            zone.poor_ms += min(step_ms, ctx.parameter("gap_minutes", GAP_MINUTES) * MINUTE_MS)
            minutes = zone.poor_ms // MINUTE_MS
            if minutes >= ctx.parameter("uncomfortable_minutes", UNCOMFORTABLE_MINUTES):
                if not zone.is_told:
                    title = f"{update.twin}: {value:.1f} degrees, {minutes} minutes today"
                    tell(update.twin, "comfort_order", zone.day, title, value)
                zone.is_told = True
    zones[update.twin] = zone


def judge(twin: str, building: Building) -> None:
    """Compare a day that is over with those before, and learn from it."""
    limit = building.usual * (1 + ctx.parameter("excess", EXCESS))
    if building.days >= ctx.parameter("period_days", PERIOD_DAYS) and building.energy > limit:
        title = f"{twin}: {building.energy:.0f} kWh in a day, usual are {building.usual:.0f}"
        tell(twin, "consumption_alert", building.day, title, building.energy)
    share = ctx.parameter("share", SHARE) if building.days else Decimal(1)
    building.usual = round(building.usual + share * (building.energy - building.usual), 3)
    building.days += 1


@on_update(model="building-meter", properties=["energy"])
def consume(update: Update) -> None:
    """Add up the energy of one building."""
    building = buildings.get(update.twin)
    for reading in update.readings:
        day = reading.time_ms // DAY_MS
        if reading.property != "energy" or reading.value is None:
            continue
        if building is None:
            building = Building(day)
        if day > building.day:
            judge(update.twin, building)
            building.day = day
            building.energy = Decimal(0)
        building.energy += reading.value
    if building is not None:
        buildings[update.twin] = building
