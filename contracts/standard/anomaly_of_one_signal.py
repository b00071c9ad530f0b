"""Order an inspection when one signal of a machine leaves what is usual for it, for an hour.

What is usual is learnt from the signal itself and needs no model of the machine: its mean and its
variance over about the last MEMORY_DAYS, each new value counting for the time since the last one.
Against them stands the mean of the last SMOOTH_MINUTES, so that a single spike is no alarm.

  * More than SIGMAS standard deviations away from the mean is unusual. The deviation counts as at
    least SMALLEST, for a signal that hardly ever moves.
  * After UNUSUAL_MINUTES without a usual value there is one order for an inspection.
  * Once the signal was usual for WELL_MINUTES on end, the event is over; a later one is new.
  * Nothing is judged in the first LEARN_DAYS.
  * A missing or bad value is as if nobody had looked. A gap counts as GAP_MINUTES at most.

This is a screen, not a diagnosis: a planned stop is unusual, too. All numbers can be replaced by
parameters of the same names.
"""

from contracts.author import Decimal, Map, Update, ctx, on_update, record

MEMORY_DAYS = 14
LEARN_DAYS = 7
SMOOTH_MINUTES = 50
SIGMAS = 3
SMALLEST = Decimal(1)
UNUSUAL_MINUTES = 60
WELL_MINUTES = 180
GAP_MINUTES = 60
WORKSHOP = "workshop"
MINUTE_MS = 60_000


@record
class Signal:
    """What the contract remembers about one signal; times in milliseconds."""

    first_ms: int
    last_ms: int
    mean: Decimal
    recent: Decimal
    variance: Decimal = Decimal(0)
    since_ms: int = 0
    unusual_ms: int = 0
    well_ms: int = 0
    is_ordered: bool = False


signals = Map(Signal)


def minutes(name: str, default: int) -> int:
    """Read a parameter in minutes; give milliseconds."""
    return ctx.parameter(name, default) * MINUTE_MS


def days(name: str, default: int) -> int:
    """Read a parameter in days; give milliseconds."""
    return ctx.parameter(name, default) * 1440 * MINUTE_MS


def learn(signal: Signal, value: Decimal, step_ms: int) -> None:
    """Move mean, variance and recent mean towards a value, by the time that it stands for."""
    share = min(Decimal(1), Decimal(step_ms) / minutes("smooth_minutes", SMOOTH_MINUTES))
    signal.recent = round(signal.recent + share * (value - signal.recent), 6)
    share = min(Decimal(1), Decimal(step_ms) / days("memory_days", MEMORY_DAYS))
    difference = value - signal.mean
    signal.variance = round((1 - share) * (signal.variance + share * difference**2), 6)
    signal.mean = round(signal.mean + share * difference, 6)


def judge(twin: str, signal: Signal, step_ms: int) -> None:
    """Compare the recent mean with what is usual; open an order or end the event."""
    deviation = max(signal.variance.sqrt(), ctx.parameter("smallest", SMALLEST))
    distance = (signal.recent - signal.mean) / deviation
    if abs(distance) <= ctx.parameter("sigmas", SIGMAS):
        signal.well_ms += step_ms
        if not signal.is_ordered or signal.well_ms >= minutes("well_minutes", WELL_MINUTES):
            signal.since_ms = 0
            signal.unusual_ms = 0
            signal.is_ordered = False
        return
    signal.since_ms = signal.since_ms or signal.last_ms
    signal.unusual_ms += step_ms
    signal.well_ms = 0
    if not signal.is_ordered and signal.unusual_ms >= minutes("unusual_minutes", UNUSUAL_MINUTES):
        signal.is_ordered = True
        ctx.open_action(
            kind="inspection",
            twin=twin,
            key=f"since-{signal.since_ms}",
            title=f"{twin}: {signal.recent:.1f} is {distance:.1f} deviations from usual",
            addressee=ctx.parameter("workshop", WORKSHOP),
            details={
                "since_ms": signal.since_ms,
                "until_ms": signal.last_ms,
                "recent": signal.recent,
                "usual": signal.mean,
                "deviation": round(deviation, 3),
            },
        )


@on_update(model="machine", properties=["temperature"])
def watch(update: Update) -> None:
    """Follow the signal of one machine through the readings of one transaction."""
    signal = signals.get(update.twin)
    for sample in update.by_time():
        value = sample.value("temperature")
        if value is None:
            continue
        if signal is None:
            signal = Signal(sample.time_ms, sample.time_ms, value, value)
        elif sample.time_ms > signal.last_ms:
            step_ms = min(sample.time_ms - signal.last_ms, minutes("gap_minutes", GAP_MINUTES))
            signal.last_ms = sample.time_ms
            learn(signal, value, step_ms)
            if sample.time_ms - signal.first_ms > days("learn_days", LEARN_DAYS):
                judge(update.twin, signal, step_ms)
    if signal is not None:
        signals[update.twin] = signal
