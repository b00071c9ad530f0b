"""Ask the workshop to look at a pump that runs hot for some readings in a row."""

from contracts.author import Decimal, Map, Update, call, ctx, fail, on_update, record

LIMIT = Decimal(80)
IN_A_ROW = 3
DEADLINE_HOURS = 24


@record
class Watch:
    """What the contract remembers about one pump."""

    last_ms: int = 0
    hot: int = 0


watches = Map(Watch)


@on_update(model="pump", properties=["temperature"])
def watch(update: Update) -> None:
    """Runs once per transaction and twin, with all accepted readings in order."""
    known = watches.get(update.twin, Watch())
    for reading in update.readings:
        if reading.value is not None and reading.time_ms > known.last_ms:
            known.last_ms = reading.time_ms
            known.hot = known.hot + 1 if reading.value > ctx.parameter("limit", LIMIT) else 0
            if known.hot == ctx.parameter("in_a_row", IN_A_ROW):
                order(update.twin, reading.value, reading.time_ms)
    watches[update.twin] = known


def order(twin: str, temperature: Decimal, time_ms: int) -> None:
    """Open one maintenance order for each time that the pump got hot."""
    ctx.open_action(
        kind="maintenance_order",
        twin=twin,
        key=f"hot-{time_ms}",
        title=f"{twin} runs at {temperature:.1f} degrees",
        addressee=ctx.parameter("addressee", "workshop"),
        deadline_ms=ctx.time_ms + DEADLINE_HOURS * 3_600_000,
        details={"temperature": temperature, "since_ms": time_ms},
    )


@call
def forget(twin: str) -> None:
    """Start again with one pump, after a repair."""
    if twin not in watches:
        fail(f"{twin} has never been seen")
    del watches[twin]
