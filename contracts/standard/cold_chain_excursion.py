"""Watch the temperature of goods on their way, and escalate when nobody takes care in time.

Each value of a box stands for the time since the one before. Outside LOWEST to HIGHEST that time
adds up, and is an excursion:

  * After EXCURSION_MINUTES the carrier is told, once, and answers with what it does about it.
  * If it declines, or has not answered ESCALATE_MINUTES later, the quality office is told. That is
    seen in the times of the values, and by the clock of the chain when the box falls silent.
  * Beyond LOWEST_EVER or HIGHEST_EVER the quality office is told at once: the goods may be lost.
  * A value inside the limits ends the excursion; a later one is new, but its time adds to the
    total, which the office reads with `report` before it releases the goods.
  * Time without a good value is no excursion, but not proven cold either. More than GAP_MINUTES
    on end count as unobserved, and are reported apart.

All numbers can be replaced by parameters of the same names, in degrees Celsius and minutes.
"""

from contracts.author import (
    ActionChange,
    Decimal,
    Map,
    Update,
    call,
    ctx,
    fail,
    on_action,
    on_update,
    record,
)

LOWEST = Decimal(2)
HIGHEST = Decimal(8)
LOWEST_EVER = Decimal(0)
HIGHEST_EVER = Decimal(25)
EXCURSION_MINUTES = 30
ESCALATE_MINUTES = 60
GAP_MINUTES = 30
CARRIER = "carrier"
QUALITY = "quality"
MINUTE_MS = 60_000


@record
class Box:
    """What is known about the goods in one box; times in milliseconds."""

    last_ms: int
    last: Decimal
    coldest: Decimal
    warmest: Decimal
    since_ms: int = 0
    excursion_ms: int = 0
    total_ms: int = 0
    unobserved_ms: int = 0
    is_told: bool = False
    is_escalated: bool = False
    attended: str = ""


boxes = Map(Box)


def minutes(name: str, default: int) -> int:
    """Read a parameter in minutes; give milliseconds."""
    return ctx.parameter(name, default) * MINUTE_MS


def tell(twin: str, box: Box, kind: str, addressee: str) -> None:
    """Open an action about the present excursion."""
    spent = box.excursion_ms // MINUTE_MS
    ctx.open_action(
        kind=kind,
        twin=twin,
        key=f"{kind}-{box.since_ms}",
        title=f"{twin}: {box.last:.1f} degrees, {spent} minutes outside its limits",
        addressee=addressee,
        deadline_ms=ctx.time_ms + minutes("escalate_minutes", ESCALATE_MINUTES),
        details={
            "since_ms": box.since_ms,
            "until_ms": box.last_ms,
            "minutes": spent,
            "coldest": box.coldest,
            "warmest": box.warmest,
        },
    )


def escalate(twin: str, box: Box) -> None:
    """Tell the quality office, once for each excursion."""
    box.is_escalated = True
    tell(twin, box, "cold_chain_escalation", ctx.parameter("quality", QUALITY))


def judge(twin: str, box: Box, step_ms: int) -> None:
    """Add the time that the last value stands for, and tell who has to know."""
    value = box.last
    lowest = ctx.parameter("lowest", LOWEST)
    highest = ctx.parameter("highest", HIGHEST)
    if lowest <= value <= highest:
        box.since_ms = 0
        box.excursion_ms = 0
        box.is_told = False
        box.is_escalated = False
        box.attended = ""
        return
    box.since_ms = box.since_ms or box.last_ms - step_ms
    box.excursion_ms += step_ms
    box.total_ms += step_ms
    told_ms = minutes("excursion_minutes", EXCURSION_MINUTES)
    is_late = box.excursion_ms >= told_ms + minutes("escalate_minutes", ESCALATE_MINUTES)
    coldest = ctx.parameter("lowest_ever", LOWEST_EVER)
    is_lost = value < coldest or value > ctx.parameter("highest_ever", HIGHEST_EVER)
    if not box.is_told and box.excursion_ms >= told_ms:
        box.is_told = True
        tell(twin, box, "cold_chain_excursion", ctx.parameter("carrier", CARRIER))
    if not box.is_escalated and (is_lost or (is_late and not box.attended)):
        escalate(twin, box)


@on_update(model="cold-box", properties=["temperature"])
def watch(update: Update) -> None:
    """Follow one box through the readings of one transaction."""
    box = boxes.get(update.twin)
    for sample in update.by_time():
        value = sample.value("temperature")
        if value is None or (box is not None and sample.time_ms <= box.last_ms):
            continue
        if box is None:
            box = Box(sample.time_ms, value, value, value)
        step_ms = sample.time_ms - box.last_ms
        if step_ms > minutes("gap_minutes", GAP_MINUTES):
            box.unobserved_ms += step_ms
            step_ms = 0
        box.last_ms = sample.time_ms
        box.last = value
        box.coldest = min(box.coldest, value)
        box.warmest = max(box.warmest, value)
        judge(update.twin, box, step_ms)
    if box is not None:
        boxes[update.twin] = box


@on_action
def answer(change: ActionChange) -> None:
    """Take note of an answer about the present excursion, or of none in time."""
    box = boxes.get(change.twin)
    if box is None or change.key != f"cold_chain_excursion-{box.since_ms}":
        return
    if change.change in ("acknowledged", "completed"):
        box.attended = change.note or change.change
    elif not box.is_escalated and (change.change == "declined" or not box.attended):
        escalate(change.twin, box)
    boxes[change.twin] = box


@call
def report(twin: str) -> Box:
    """Say what is known about the goods in a box."""
    if twin not in boxes:
        fail(f"{twin} has never been seen")
    return boxes[twin]
