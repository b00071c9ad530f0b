"""Pay for the energy that a farm claims only when its meter agrees with its turbines.

Turbines report mean power, the meter at the grid energy, both every STEP_MINUTES. What the
turbines claim for a day (UTC), less LOSS on the way, is held against what was metered:

  * A day is judged when all values of all TURBINES and of the meter are there.
  * Within TOLERANCE of each other, or SMALLEST_KWH on a calm day, the buyer gets a settlement:
    metered energy times PRICE. In a calm the farm draws energy, and the amount is negative.
  * Otherwise the auditor gets a dispute with both sums, and nothing is settled.
  * A day with missing values is never judged by itself. From CLOSE_HOURS after its end each of
    PARTIES may close it, which is a dispute, too: nobody is paid by leaving values out.

Each day is judged once. Turbines that are not listed count for nothing. Names and numbers can be
replaced by parameters; the defaults are the four turbines at La Haute Borne.
"""

from contracts.author import Decimal, Map, Update, call, ctx, fail, on_update, record

TURBINES = ("R80711", "R80721", "R80736", "R80790")
METER = "farm-meter"
BUYER = "gridlink"
AUDITOR = "certis"
PARTIES = ("borne-energie", "gridlink", "certis")
PRICE = Decimal("0.082")
LOSS = Decimal("0.02")
TOLERANCE = Decimal("0.01")
SMALLEST_KWH = Decimal(10)
STEP_MINUTES = 10
CLOSE_HOURS = 48
DAY_MS = 86_400_000


@record
class Day:
    """Sums of one day: of power in kW and of energy in kWh, and of how many values."""

    power: Decimal = Decimal(0)
    claims: int = 0
    metered: Decimal = Decimal(0)
    meters: int = 0
    is_closed: bool = False


days = Map(Day)


def steps() -> int:
    """Give how many values each turbine and the meter have in a day."""
    return 1440 // ctx.parameter("step_minutes", STEP_MINUTES)


def open_action(number: str, day: Day, kind: str, addressee: str, title: str) -> None:
    """End a day with a settlement or a dispute."""
    day.is_closed = True
    claimed = day.power * ctx.parameter("step_minutes", STEP_MINUTES) / 60
    ctx.open_action(
        kind=kind,
        twin=ctx.parameter("meter", METER),
        key=f"day-{number}",
        title=title,
        addressee=addressee,
        details={
            "day_ms": int(number) * DAY_MS,
            "claimed_kwh": round(claimed, 3),
            "metered_kwh": round(day.metered, 3),
            "values": day.claims + day.meters,
            "amount": round(day.metered * ctx.parameter("price", PRICE), 2),
        },
    )


def judge(number: str, day: Day) -> None:
    """Settle or dispute a day when all its values are there."""
    turbines = len(ctx.parameter("turbines", TURBINES))
    if day.is_closed or day.claims < turbines * steps() or day.meters < steps():
        return
    claimed = day.power * ctx.parameter("step_minutes", STEP_MINUTES) / 60
    expected = claimed * (1 - ctx.parameter("loss", LOSS))
    allowed = max(SMALLEST_KWH, ctx.parameter("tolerance", TOLERANCE) * abs(day.metered))
    if abs(expected - day.metered) <= allowed:
        title = f"Pay for {day.metered:.0f} kWh"
        open_action(number, day, "settlement", ctx.parameter("buyer", BUYER), title)
    else:
        title = f"{expected:.0f} kWh expected and {day.metered:.0f} metered"
        open_action(number, day, "energy_dispute", ctx.parameter("auditor", AUDITOR), title)


@on_update(model="wind-turbine", properties=["active_power"])
def claim(update: Update) -> None:
    """Add the power of one turbine."""
    if update.twin in ctx.parameter("turbines", TURBINES):
        add(update, "active_power")


@on_update(model="energy-meter", properties=["net_energy"])
def meter(update: Update) -> None:
    """Add the energy at the meter."""
    if update.twin == ctx.parameter("meter", METER):
        add(update, "net_energy")


def add(update: Update, name: str) -> None:
    """Add good values to their days, which are then judged."""
    touched: dict[str, Day] = {}
    for reading in update.readings:
        if reading.property == name and reading.value is not None:
            number = f"{reading.time_ms // DAY_MS:06d}"
            if number not in touched:
                touched[number] = days.get(number, Day())
            day = touched[number]
            if name == "net_energy":
                day.metered += reading.value
                day.meters += 1
            else:
                day.power += reading.value
                day.claims += 1
    for number, day in touched.items():
        judge(number, day)
        days[number] = day


@call
def close(number: int) -> None:
    """Give up on a day, counted from 1970, of which values are missing."""
    if ctx.sender not in ctx.parameter("parties", PARTIES):
        fail(f"{ctx.sender} is no party to this settlement")
    day = days.get(f"{number:06d}")
    if day is None or day.is_closed:
        fail("there is no such day, or it is closed already")
    if ctx.time_ms < (number + 1) * DAY_MS + ctx.parameter("close_hours", CLOSE_HOURS) * 3_600_000:
        fail("values may still come")
    wanted = steps() * (len(ctx.parameter("turbines", TURBINES)) + 1)
    title = f"Only {day.claims + day.meters} of {wanted} values"
    open_action(f"{number:06d}", day, "energy_dispute", ctx.parameter("auditor", AUDITOR), title)
    days[f"{number:06d}"] = day
