"""Hold a maker to its warranty, and to the share of energy that its machines must not lose.

Warranty. The maker covers a twin until a time; it may prolong that and never shorten it. While it
lasts, the twin's owner claims a repair, which the maker has REPAIR_HOURS for. When the owner says
that it is repaired, each day begun beyond that costs DAY_PENALTY, at most PENALTY_MAX.

Service level. A meter reports the energy that was made and the energy that was lost because
machines stood still. In each period of PERIOD_DAYS at least LEVEL of their sum must have been made.
What is missing to that costs ENERGY_PENALTY for each kWh. A period is judged when the first reading
of a later one comes; a time with only one of both values counts for neither.

Both end in a settlement at the maker. Names and numbers can be replaced by parameters.
"""

from contracts.author import Decimal, Map, Update, call, ctx, fail, on_update, record

MAKER = "maker"
REPAIR_HOURS = 72
DAY_PENALTY = Decimal(500)
PENALTY_MAX = Decimal(5000)
PERIOD_DAYS = 7
LEVEL = Decimal("0.97")
ENERGY_PENALTY = Decimal("0.082")
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@record
class Cover:
    """A warranty until a time, and since when a repair is claimed (0 when none is)."""

    until_ms: int
    claimed_ms: int = 0
    claims: int = 0


@record
class Service:
    """The energy of the present period, numbered from 1970."""

    period: int
    made: Decimal = Decimal(0)
    lost: Decimal = Decimal(0)


covers = Map(Cover)
services = Map(Service)


def settle(twin: str, key: str, title: str, amount: Decimal) -> None:
    """Ask the maker to pay."""
    ctx.open_action(
        kind="settlement",
        twin=twin,
        key=key,
        title=title,
        addressee=ctx.parameter("maker", MAKER),
        details={"amount": round(amount, 2)},
    )


def find_cover(twin: str) -> Cover:
    """Give the cover of a twin that belongs to the sender."""
    known = ctx.twin(twin)
    cover = covers.get(twin)
    if known is None or known.owner != ctx.sender:
        fail(f"{twin} does not belong to {ctx.sender}")
    if cover is None:
        fail(f"{twin} has no warranty")
    return cover


@call
def give(twin: str, until_ms: int) -> None:
    """Cover a twin until a time, as its maker."""
    if ctx.sender != ctx.parameter("maker", MAKER):
        fail("only the maker gives a warranty")
    cover = covers.get(twin, Cover(until_ms))
    if ctx.twin(twin) is None or until_ms < cover.until_ms:
        fail("a warranty is for a twin that exists, and is never shortened")
    cover.until_ms = until_ms
    covers[twin] = cover


@call
def claim(twin: str, fault: str) -> None:
    """Claim the repair of a fault, as the owner."""
    cover = find_cover(twin)
    if cover.claimed_ms:
        fail(f"the repair of {twin} is claimed already")
    if ctx.time_ms > cover.until_ms:
        fail(f"the warranty of {twin} has ended")
    cover.claimed_ms = ctx.time_ms
    cover.claims += 1
    covers[twin] = cover
    ctx.open_action(
        kind="warranty_repair",
        twin=twin,
        key=f"claim-{cover.claims}",
        title=f"{twin}: {fault[:100]}",
        addressee=ctx.parameter("maker", MAKER),
        deadline_ms=ctx.time_ms + ctx.parameter("repair_hours", REPAIR_HOURS) * HOUR_MS,
        details={"fault": fault},
    )


@call
def repaired(twin: str) -> int:
    """Say, as the owner, that it works again; give the days that were too many."""
    cover = find_cover(twin)
    if not cover.claimed_ms:
        fail(f"no repair of {twin} is claimed")
    allowed_ms = ctx.parameter("repair_hours", REPAIR_HOURS) * HOUR_MS
    days = max(0, -((cover.claimed_ms + allowed_ms - ctx.time_ms) // DAY_MS))
    if days > 0:
        penalty = days * ctx.parameter("day_penalty", DAY_PENALTY)
        amount = min(penalty, ctx.parameter("penalty_max", PENALTY_MAX))
        settle(twin, f"late-{cover.claims}", f"{twin}: repaired {days} days late", amount)
    cover.claimed_ms = 0
    covers[twin] = cover
    return days


def judge(twin: str, service: Service) -> None:
    """Compare a period that is over with the level."""
    total = service.made + service.lost
    missing = ctx.parameter("level", LEVEL) * total - service.made
    if total > 0 and missing > 0:
        share = 100 * service.made / total
        title = f"{twin}: {share:.2f} % of the energy was made"
        amount = missing * ctx.parameter("energy_penalty", ENERGY_PENALTY)
        settle(twin, f"period-{service.period}", title, amount)


@on_update(model="service-meter", properties=["made_energy", "lost_energy"])
def meter(update: Update) -> None:
    """Add energy to its period."""
    service = services.get(update.twin)
    for sample in update.by_time():
        made = sample.value("made_energy")
        lost = sample.value("lost_energy")
        period = sample.time_ms // (ctx.parameter("period_days", PERIOD_DAYS) * DAY_MS)
        if service is None:
            service = Service(period)
        if period > service.period:
            judge(update.twin, service)
            service = Service(period)
        if made is not None and lost is not None and period == service.period:
            service.made += made
            service.lost += lost
    if service is not None:
        services[update.twin] = service
