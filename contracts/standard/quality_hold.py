"""Hold a batch as soon as there is doubt about it, and release it only with two signatures.

A batch is a twin of a process. Its laboratory values come as readings:

  * A value outside its range in SPECIFICATION holds the batch and orders an investigation. So may
    each of PARTIES, who says why.
  * What is on hold cannot be shipped; nor can a batch of which a value was never good, for no
    value is no proof.
  * A release needs the batch's owner and QUALITY, in any order and both for the same report, and
    no value outside any more: measure again, or scrap it. A new value makes a signature void.
  * A shipped or scrapped batch is closed, and nothing about it changes any more.

Names and ranges can be replaced by parameters.
"""

from contracts.author import Decimal, Map, Update, call, ctx, fail, on_update, record

QUALITY = "quality"
PARTIES = ("maker", "quality", "customer")
REASONS_MAX = 10
SPECIFICATION = (
    ("assay", Decimal("95.0"), Decimal("105.0")),
    ("ph", Decimal("6.8"), Decimal("7.4")),
)


@record
class Batch:
    """A batch: on hold while there are `reasons`; `signed` has signed its release by `report`."""

    reasons: list[str]
    results: dict[str, Decimal]
    holds: int = 0
    report: str = ""
    signed: str = ""
    closed: str = ""


batches = Map(Batch)


def find(batch: str, is_for_owner: bool = False) -> Batch:
    """Give a batch that is not closed, and that belongs to the sender where that is asked for."""
    twin = ctx.twin(batch)
    if twin is None:
        fail(f"there is no batch {batch}")
    if is_for_owner and twin.owner != ctx.sender:
        fail(f"{batch} belongs to {twin.owner}")
    known = batches.get(batch, Batch([], {}))
    if known.closed:
        fail(f"{batch} is {known.closed}")
    return known


def find_faults(known: Batch, is_complete: bool) -> list[str]:
    """List the values that are outside; with `is_complete` those that are missing, too."""
    faults = []
    for name, lowest, highest in ctx.parameter("specification", SPECIFICATION):
        value = known.results.get(name)
        if value is None and is_complete:
            faults.append(f"{name} was never measured")
        elif value is not None and (value < lowest or value > highest):
            faults.append(f"{name} is {value}, not {lowest} to {highest}")
    return faults


def put_on_hold(batch: str, known: Batch, reason: str) -> None:
    """Add a reason; the first one orders an investigation."""
    if not known.reasons:
        known.holds += 1
        ctx.open_action(
            kind="quality_investigation",
            twin=batch,
            key=f"hold-{known.holds}",
            title=f"{batch} is on hold: {reason[:100]}",
            addressee=ctx.parameter("quality", QUALITY),
            details={"reason": reason},
        )
    known.reasons.append(reason)


@on_update(model="batch", properties=["assay", "ph"])
def measure(update: Update) -> None:
    """Take over the laboratory's values, and hold the batch when one is outside."""
    known = batches.get(update.twin, Batch([], {}))
    if known.closed:
        return
    for reading in update.readings:
        if reading.value is not None:
            known.results[reading.property] = reading.value
    known.signed = ""
    faults = find_faults(known, False)
    if faults and not known.reasons:
        put_on_hold(update.twin, known, faults[0])
    batches[update.twin] = known


@call
def hold(batch: str, reason: str) -> None:
    """Stop a batch that one of the parties doubts."""
    if ctx.sender not in ctx.parameter("parties", PARTIES):
        fail(f"{ctx.sender} has no say about {batch}")
    known = find(batch)
    if not reason or len(reason) > 200:
        fail("say why, in up to 200 characters")
    if len(known.reasons) >= REASONS_MAX:
        fail(f"{batch} is held for {REASONS_MAX} reasons already")
    put_on_hold(batch, known, f"{ctx.sender}: {reason}")
    known.signed = ""
    batches[batch] = known


@call
def release(batch: str, report: str) -> str:
    """Sign the release of a batch; the second signature makes it so."""
    known = find(batch)
    twin = ctx.twin(batch)
    quality = ctx.parameter("quality", QUALITY)
    if twin is None or twin.owner == quality or ctx.sender not in (twin.owner, quality):
        fail(f"{batch} is released by its owner and {quality}, two organisations")
    if not known.reasons:
        fail(f"{batch} is not on hold")
    faults = find_faults(known, True)
    if faults:
        fail(faults[0])
    if known.signed in ("", ctx.sender):
        known.signed = ctx.sender
        known.report = report
    elif report != known.report:
        fail(f"{known.signed} signed for {known.report}")
    else:
        ctx.emit("batch_released", {"twin": batch, "report": report, "reasons": known.reasons})
        known.reasons = []
        known.signed = ""
    batches[batch] = known
    return "on hold" if known.reasons else "released"


@call
def ship(batch: str, receiver: str) -> None:
    """Let a batch that is good leave the plant."""
    known = find(batch, True)
    if known.reasons:
        fail(f"{batch} is on hold: {known.reasons[0]}")
    faults = find_faults(known, True)
    if faults:
        fail(faults[0])
    known.closed = f"shipped to {receiver}"
    batches[batch] = known
    ctx.emit("batch_shipped", {"twin": batch, "receiver": receiver, "values": known.results})


@call
def scrap(batch: str, reason: str) -> None:
    """Give a batch up."""
    known = find(batch, True)
    known.closed = "scrapped"
    batches[batch] = known
    ctx.emit("batch_scrapped", {"twin": batch, "reason": reason})
