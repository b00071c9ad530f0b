"""Inspect a bridge when traffic strains it more than its engineer allows.

A girder reports its strain (in millionths) and its temperature at the same times. Warm steel grows
without being loaded: COEFFICIENT for each degree away from REFERENCE is taken off first. What is
left comes from traffic:

  * Above ALARM once, the road's operator is to close a lane at once, and the inspector to come
    within ALARM_HOURS.
  * Above WARNING in WARNINGS readings within WINDOW_HOURS, the inspector comes within
    WARNING_HOURS.
  * While an inspection is due nothing more is ordered, but for an alarm after warnings.
  * Only the inspector says, by `inspected`, that the girder is safe again or needs repair.

A reading without its temperature, or not the newest, is left out. Limits are the engineer's: the
defaults are for steel and for trying this out. All can be replaced by parameters.
"""

from contracts.author import Decimal, Map, Update, call, ctx, fail, on_update, record

COEFFICIENT = Decimal(12)
REFERENCE = Decimal(10)
WARNING = Decimal(200)
ALARM = Decimal(300)
WARNINGS = 5
WINDOW_HOURS = 24
ALARM_HOURS = 4
WARNING_HOURS = 168
OPERATOR = "road-operator"
INSPECTOR = "inspector"
HOUR_MS = 3_600_000


@record
class Girder:
    """The times of the newest warnings, and what is ordered: "", "warning" or "alarm"."""

    warnings: list[int]
    last_ms: int = 0
    highest: Decimal = Decimal(0)
    ordered: str = ""
    inspections: int = 0


girders = Map(Girder)


def order(twin: str, girder: Girder, cause: str, load: Decimal) -> None:
    """Send the inspector, and for an alarm have a lane closed, too."""
    girder.ordered = cause
    hours = ctx.parameter("warning_hours", WARNING_HOURS)
    details = {"load": round(load, 1), "warnings": len(girder.warnings)}
    if cause == "alarm":
        hours = ctx.parameter("alarm_hours", ALARM_HOURS)
        ctx.open_action(
            kind="command",
            twin=twin,
            key=f"close-lane-{girder.inspections}",
            title=f"Close the lane over {twin}",
            addressee=ctx.parameter("operator", OPERATOR),
            deadline_ms=ctx.time_ms,
            details=details,
        )
    ctx.open_action(
        kind="inspection",
        twin=twin,
        key=f"{cause}-{girder.inspections}",
        title=f"{twin}: {cause}, {load:.0f} millionths of strain by traffic",
        addressee=ctx.parameter("inspector", INSPECTOR),
        deadline_ms=ctx.time_ms + hours * HOUR_MS,
        details=details,
    )


@on_update(model="bridge-girder", properties=["strain", "temperature"])
def watch(update: Update) -> None:
    """Follow one girder through the readings of one transaction."""
    girder = girders.get(update.twin, Girder([]))
    window_ms = ctx.parameter("window_hours", WINDOW_HOURS) * HOUR_MS
    for sample in update.by_time():
        strain = sample.value("strain")
        temperature = sample.value("temperature")
        if strain is None or temperature is None or sample.time_ms <= girder.last_ms:
            continue
        girder.last_ms = sample.time_ms
        warmth = temperature - ctx.parameter("reference", REFERENCE)
        load = strain - ctx.parameter("coefficient", COEFFICIENT) * warmth
        girder.highest = max(girder.highest, load)
        if load > ctx.parameter("warning", WARNING):
            since_ms = sample.time_ms - window_ms
            girder.warnings = [at for at in girder.warnings if at > since_ms]
            girder.warnings.append(sample.time_ms)
            most = ctx.parameter("warnings", WARNINGS)
            girder.warnings = girder.warnings[-most:]
            if load > ctx.parameter("alarm", ALARM) and girder.ordered != "alarm":
                order(update.twin, girder, "alarm", load)
            elif len(girder.warnings) == most and not girder.ordered:
                order(update.twin, girder, "warning", load)
    girders[update.twin] = girder


@call
def inspected(twin: str, is_safe: bool, finding: str) -> None:
    """Say, as the inspector, how the girder was found; one that is not safe stays ordered."""
    if ctx.sender != ctx.parameter("inspector", INSPECTOR):
        fail("only the inspector says how a girder was found")
    girder = girders.get(twin)
    if girder is None or not finding:
        fail("a finding is about a girder that was measured, and says something")
    ctx.emit("girder_inspected", {"twin": twin, "is_safe": is_safe, "finding": finding})
    if is_safe:
        girder.warnings = []
        girder.highest = Decimal(0)
        girder.ordered = ""
        girder.inspections += 1
        girders[twin] = girder
