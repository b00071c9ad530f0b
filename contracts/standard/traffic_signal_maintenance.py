"""Repair a traffic signal in the order of its danger, and change lamps before they fail.

A signal head reports which lamp its controller wants ("aspect": 1 red, 2 amber, 3 green, 0 none)
and the power in watts that each lamp takes, all at the same time:

  * A red lamp that is wanted and dark, or a green one that is lit and not wanted, is dangerous. In
    CONFIRM reports on end the operator is to let the junction flash amber at once, and the
    workshop to come within URGENT_HOURS.
  * Amber or green that is wanted and dark is repaired within NORMAL_HOURS.
  * A lamp that was lit for LIFE_HOURS is changed within a month.
  * One order for each lamp and fault, until the workshop says by `repaired` what it did.

Dark is below DARK watts, and lit is above LIT. What is missing in a report is as if nobody had
looked. Lit time between reports counts for at most GAP_MINUTES. All numbers can be replaced by
parameters of the same names.
"""

from contracts.author import Decimal, Map, Sample, Update, call, ctx, fail, on_update, record

LAMPS = ("red", "amber", "green")
DANGERS = ("red is dark", "green is wrong")
DARK = Decimal(3)
LIT = Decimal(6)
CONFIRM = 2
URGENT_HOURS = 4
NORMAL_HOURS = 48
LIFE_HOURS = 50_000
MONTH_HOURS = 720
GAP_MINUTES = 5
OPERATOR = "city"
WORKSHOP = "workshop"
HOUR_MS = 3_600_000


@record
class Head:
    """Faults by name, such as "red is dark": in how many reports on end; lit times by lamp."""

    seen: dict[str, int]
    lit_ms: dict[str, int]
    ordered: list[str]
    last_ms: int = 0
    repairs: int = 0


heads = Map(Head)


def order(twin: str, head: Head, fault: str, hours: int) -> None:
    """Send the workshop, once for each fault; first of all make the junction safe."""
    if fault in head.ordered:
        return
    head.ordered.append(fault)
    if fault in DANGERS:
        ctx.open_action(
            kind="command",
            twin=twin,
            key=f"{fault}-flash-{head.repairs}",
            title=f"Let the junction of {twin} flash amber: {fault}",
            addressee=ctx.parameter("operator", OPERATOR),
            deadline_ms=ctx.time_ms,
        )
    ctx.open_action(
        kind="maintenance_order",
        twin=twin,
        key=f"{fault}-{head.repairs}",
        title=f"{twin}: {fault}",
        addressee=ctx.parameter("workshop", WORKSHOP),
        deadline_ms=ctx.time_ms + hours * HOUR_MS,
        details={"fault": fault, "seen_ms": head.last_ms},
    )


def count(twin: str, head: Head, fault: str, is_seen: bool) -> None:
    """Count the reports on end that show a fault; order its repair when they are enough."""
    head.seen[fault] = head.seen.get(fault, 0) + 1 if is_seen else 0
    if head.seen[fault] >= ctx.parameter("confirm", CONFIRM):
        normal = ctx.parameter("normal_hours", NORMAL_HOURS)
        urgent = ctx.parameter("urgent_hours", URGENT_HOURS)
        order(twin, head, fault, urgent if fault in DANGERS else normal)


def judge(twin: str, head: Head, sample: Sample, wanted: str, step_ms: int) -> None:
    """Look at each lamp of one report; only a lamp that is wanted shows that it is dark."""
    for lamp in LAMPS:
        power = sample.value(lamp)
        if power is None:
            continue
        is_lit = power > ctx.parameter("lit", LIT)
        if lamp == wanted:
            count(twin, head, f"{lamp} is dark", power < ctx.parameter("dark", DARK))
        elif lamp == "green":
            count(twin, head, "green is wrong", is_lit)
        if is_lit:
            head.lit_ms[lamp] = head.lit_ms.get(lamp, 0) + step_ms
            if head.lit_ms[lamp] >= ctx.parameter("life_hours", LIFE_HOURS) * HOUR_MS:
                order(twin, head, f"{lamp} is old", MONTH_HOURS)


@on_update(model="signal-head", properties=["aspect", "red", "amber", "green"])
def watch(update: Update) -> None:
    """Follow one signal head through the reports of one transaction."""
    head = heads.get(update.twin, Head({}, {}, []))
    gap_ms = ctx.parameter("gap_minutes", GAP_MINUTES) * 60_000
    for sample in update.by_time():
        aspect = sample.value("aspect")
        if aspect is None or sample.time_ms <= head.last_ms:
            continue
        step_ms = min(gap_ms, sample.time_ms - head.last_ms) if head.last_ms else 0
        head.last_ms = sample.time_ms
        wanted = ("none", "red", "amber", "green")[int(aspect) % 4]
        judge(update.twin, head, sample, wanted, step_ms)
    heads[update.twin] = head


@call
def repaired(twin: str, lamp: str, work: str) -> None:
    """Say, as the workshop, that a lamp works, and whether it is new."""
    if ctx.sender != ctx.parameter("workshop", WORKSHOP):
        fail("only the workshop repairs signals")
    head = heads.get(twin)
    if head is None or lamp not in LAMPS or work not in ("repaired", "replaced"):
        fail("name a signal head, a lamp of it, and repaired or replaced")
    head.ordered = [one for one in head.ordered if not one.startswith(lamp)]
    head.seen = {one: times for one, times in head.seen.items() if not one.startswith(lamp)}
    head.repairs += 1
    if work == "replaced":
        head.lit_ms[lamp] = 0
    heads[twin] = head
    ctx.emit("signal_repaired", {"twin": twin, "lamp": lamp, "work": work})
