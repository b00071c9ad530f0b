"""Order maintenance of an engine before the trend of its wear reaches the end of its life.

Once in every cycle (a flight, a shift, a day) an engine reports the sensors of SENSORS. They make
one number, its wear: 0 as new, 1 as engines were shortly before they failed, by the mean of all
sensors. A straight line through the wear of the last WINDOW cycles says how fast it grows, and so
how many cycles are left until it is 1: the remaining useful life.

  * When it is at most ORDER_CYCLES in CONFIRM cycles on end, the workshop gets one order.
  * `renewed` starts again after an overhaul; only the workshop may say so.
  * A cycle in which a value is missing or bad is left out; so is one that is not the newest.

A line knows only the past, and wear that grows ever faster ends sooner than the line says: choose
ORDER_CYCLES with room. All numbers can be replaced by parameters of the same names.
"""

from contracts.author import Decimal, Map, Sample, Update, call, ctx, fail, on_update, record

WINDOW = 30
CONFIRM = 3
ORDER_CYCLES = 50
SLOWEST = Decimal("0.0005")
WORKSHOP = "workshop"

# Sensor, median as new (first 20 cycles) and worn out (last 5 cycles) of the 100 engines of FD001
# that ran to failure (NASA C-MAPSS, Saxena and Goebel 2008).
SENSORS = (
    ("t50", Decimal("1402.79"), Decimal("1428.87")),
    ("p30", Decimal("553.97"), Decimal("551.48")),
    ("ps30", Decimal("47.35"), Decimal("48.14")),
    ("phi", Decimal("521.91"), Decimal("519.79")),
    ("bpr", Decimal("8.4182"), Decimal("8.5204")),
    ("w32", Decimal("23.3618"), Decimal("23.0652")),
)


@record
class Engine:
    """What the contract remembers about one engine; `wear` holds its last cycles."""

    wear: list[Decimal]
    last_ms: int = 0
    cycles: int = 0
    short: int = 0
    is_ordered: bool = False


engines = Map(Engine)


def measure_wear(sample: Sample) -> Decimal | None:
    """Give the wear of one cycle; None when a value is missing."""
    total = Decimal(0)
    sensors = ctx.parameter("sensors", SENSORS)
    for name, new, worn in sensors:
        value = sample.value(name)
        if value is None:
            return None
        total += (value - new) / (worn - new)
    return round(total / len(sensors), 6)


def compute_remaining(wear: list[Decimal]) -> Decimal | None:
    """Follow the line of least squares up to wear 1, in cycles; None while wear hardly grows."""
    count = len(wear)
    middle = Decimal(count - 1) / 2
    moment = sum([(at - middle) * one for at, one in enumerate(wear)], Decimal(0))
    slope = 12 * moment / (count * (count * count - 1))
    if slope <= SLOWEST:
        return None
    return (1 - sum(wear, Decimal(0)) / count) / slope - middle


def open_order(twin: str, engine: Engine, left: Decimal) -> None:
    """Ask the workshop to overhaul the engine."""
    ctx.open_action(
        kind="maintenance_order",
        twin=twin,
        key="overhaul",
        title=f"{twin}: about {left:.0f} cycles left after {engine.cycles}",
        addressee=ctx.parameter("workshop", WORKSHOP),
        details={"cycles": engine.cycles, "remaining": round(left, 1), "wear": engine.wear[-1]},
    )


@on_update(model="turbofan", properties=["t50", "p30", "ps30", "phi", "bpr", "w32"])
def follow(update: Update) -> None:
    """Add the cycles of one transaction to the engine's wear, and judge each."""
    engine = engines.get(update.twin, Engine([]))
    window = ctx.parameter("window", WINDOW)
    for sample in update.by_time():
        wear = measure_wear(sample)
        if wear is not None and sample.time_ms > engine.last_ms:
            engine.last_ms = sample.time_ms
            engine.cycles += 1
            engine.wear.append(wear)
            engine.wear = engine.wear[-window:]
            left = compute_remaining(engine.wear) if len(engine.wear) == window else None
            is_short = left is not None and left <= ctx.parameter("order_cycles", ORDER_CYCLES)
            engine.short = engine.short + 1 if is_short else 0
            if left is not None and engine.short == ctx.parameter("confirm", CONFIRM):
                if not engine.is_ordered:
                    open_order(update.twin, engine, left)
                engine.is_ordered = True
    engines[update.twin] = engine


@call
def renewed(twin: str) -> None:
    """Forget an engine's wear after its overhaul."""
    if ctx.sender != ctx.parameter("workshop", WORKSHOP):
        fail("only the workshop says that an engine is as new")
    if twin not in engines:
        fail(f"{twin} has never been seen")
    engines[twin] = Engine([], engines[twin].last_ms)
