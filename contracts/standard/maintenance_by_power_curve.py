"""Open a maintenance order when a wind turbine delivers too little for its wind for too long.

Each pair of active power and wind speed of one time is compared with the turbine's power curve:

  * It is judged only between LOWEST_WIND and HIGHEST_WIND. In a calm every turbine stands, and in
    a storm it switches itself off; such times count neither for nor against it.
  * Below SHARE of the curve the turbine performs poorly. The time it does so adds up. After
    POOR_MINUTES it gets one order, addressed to the workshop.
  * Once it has performed well for WELL_MINUTES on end, the event is over; a later one is new.
  * A missing or bad value is as if nobody had looked: it neither counts nor resets. Neither does a
    gap longer than GAP_MINUTES, nor a reading that comes after a later one.

Times are added, not readings, so 10-minute means and 1-minute values lead to the same order.
All numbers can be replaced by parameters of the same names when the contract is deployed.
"""

from contracts.author import Decimal, Map, Sample, Update, ctx, on_update, record

SHARE = Decimal("0.5")
LOWEST_WIND = Decimal(5)
HIGHEST_WIND = Decimal(20)
POOR_MINUTES = 180
WELL_MINUTES = 30
GAP_MINUTES = 60
DEADLINE_HOURS = 72
MINUTE_MS = 60_000

# Senvion MM82, 2.05 MW: wind speed in m/s and power in kW. Medians of 420,480 ten-minute means of
# four turbines at La Haute Borne, 2014 and 2015 (ENGIE open data), per half metre per second.
CURVE = (
    (Decimal("3.0"), 0),
    (Decimal("3.5"), 10),
    (Decimal("4.0"), 37),
    (Decimal("4.5"), 75),
    (Decimal("5.0"), 129),
    (Decimal("5.5"), 205),
    (Decimal("6.0"), 308),
    (Decimal("6.5"), 434),
    (Decimal("7.0"), 572),
    (Decimal("7.5"), 715),
    (Decimal("8.0"), 854),
    (Decimal("8.5"), 989),
    (Decimal("9.0"), 1118),
    (Decimal("9.5"), 1245),
    (Decimal("10.0"), 1373),
    (Decimal("10.5"), 1490),
    (Decimal("11.0"), 1602),
    (Decimal("11.5"), 1704),
    (Decimal("12.0"), 1796),
    (Decimal("12.5"), 1864),
    (Decimal("13.0"), 1920),
    (Decimal("13.5"), 1950),
    (Decimal("14.0"), 1981),
    (Decimal("15.0"), 2005),
    (Decimal("16.0"), 2020),
    (Decimal("18.0"), 2040),
    (Decimal("20.0"), 2045),
)


@record
class Watch:
    """What the contract remembers about one turbine; times in milliseconds."""

    last_ms: int = 0
    since_ms: int = 0
    poor_ms: int = 0
    well_ms: int = 0
    lost_kwh: Decimal = Decimal(0)
    ordered: bool = False


watches = Map(Watch)


def expected_power(wind: Decimal) -> Decimal:
    """Read the power curve at this wind, in kW, on straight lines between its points."""
    left_wind, left_power = Decimal(0), Decimal(0)
    for right_wind, power in ctx.parameter("curve", CURVE):
        if wind <= right_wind:
            rise = (power - left_power) / (right_wind - left_wind)
            return left_power + rise * (wind - left_wind)
        left_wind, left_power = right_wind, Decimal(power)
    return left_power


def value_at(twin: str, sample: Sample, name: str) -> tuple[bool, Decimal | None]:
    """Say whether a property has been read at this time, and give its value when it is good."""
    reading = sample.reading(name)
    if reading is None:
        # The other half of the pair may have come in an earlier transaction.
        known = ctx.twin(twin)
        reading = None if known is None else known.reading(name)
        if reading is None or reading.time_ms != sample.time_ms:
            return False, None
    return True, reading.value


def open_order(twin: str, watch: Watch, wind: Decimal, power: Decimal, curve: Decimal) -> None:
    """Ask the workshop to look at the turbine, once per event."""
    hours = Decimal(watch.poor_ms) / (60 * MINUTE_MS)
    share = ctx.parameter("share", SHARE) * 100
    watch.ordered = True
    ctx.open_action(
        kind="maintenance_order",
        twin=twin,
        key=f"since-{watch.since_ms}",
        title=f"{twin}: below {share:.0f} % of its power curve for {hours:.1f} h of wind",
        addressee=ctx.parameter("addressee", "windcare"),
        deadline_ms=ctx.time_ms + ctx.parameter("deadline_hours", DEADLINE_HOURS) * 60 * MINUTE_MS,
        details={
            "since_ms": watch.since_ms,
            "until_ms": watch.last_ms,
            "poor_minutes": watch.poor_ms // MINUTE_MS,
            "lost_kwh": round(watch.lost_kwh, 1),
            "wind_speed": wind,
            "active_power": power,
            "expected_power": round(curve, 1),
        },
    )


def judge(twin: str, watch: Watch, wind: Decimal, power: Decimal, step_ms: int) -> None:
    """Add the time that ends with this sample to poor or to good performance."""
    curve = expected_power(wind)
    if power < ctx.parameter("share", SHARE) * curve:
        if watch.since_ms == 0:
            watch.since_ms = watch.last_ms - step_ms
        watch.poor_ms += step_ms
        watch.well_ms = 0
        watch.lost_kwh += (curve - power) * step_ms / (60 * MINUTE_MS)
        if not watch.ordered and watch.poor_ms >= minutes("poor_minutes", POOR_MINUTES):
            open_order(twin, watch, wind, power, curve)
    elif watch.since_ms != 0:
        watch.well_ms += step_ms
        if watch.well_ms >= minutes("well_minutes", WELL_MINUTES):
            if watch.ordered:
                ctx.emit(
                    "performs_again",
                    {
                        "twin": twin,
                        "since_ms": watch.since_ms,
                        "until_ms": watch.last_ms,
                        "lost_kwh": round(watch.lost_kwh, 1),
                    },
                )
            watch.since_ms = 0
            watch.poor_ms = 0
            watch.well_ms = 0
            watch.lost_kwh = Decimal(0)
            watch.ordered = False


def minutes(name: str, default: int) -> int:
    """Read a parameter in minutes; give milliseconds."""
    return ctx.parameter(name, default) * MINUTE_MS


@on_update(model="wind-turbine", properties=["active_power", "wind_speed"])
def check(update: Update) -> None:
    """Follow one turbine through the readings of one transaction."""
    watch = watches.get(update.twin, Watch())
    lowest = ctx.parameter("lowest_wind", LOWEST_WIND)
    highest = ctx.parameter("highest_wind", HIGHEST_WIND)
    for sample in update.by_time():
        if sample.time_ms > watch.last_ms:
            has_power, power = value_at(update.twin, sample, "active_power")
            has_wind, wind = value_at(update.twin, sample, "wind_speed")
            if has_power and has_wind:
                step_ms = sample.time_ms - watch.last_ms
                if step_ms > minutes("gap_minutes", GAP_MINUTES):
                    step_ms = 0
                watch.last_ms = sample.time_ms
                if power is not None and wind is not None and lowest <= wind <= highest:
                    judge(update.twin, watch, wind, power, step_ms)
    watches[update.twin] = watch
