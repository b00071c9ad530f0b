"""Hand goods over from one party to the next, so that both of them have said so.

A consignment is a twin. Whoever owns the twin holds the goods at first. The holder offers them to
a receiver, who finds the goods before it and accepts or refuses. Custody changes at the moment of
acceptance, never before, and nobody else can bring it about.

  * The offer names the seal on the goods. The receiver reads the seal itself; with another one it
    cannot accept, only refuse and say why.
  * An offer opens a step at the receiver, due in ANSWER_HOURS. Until it is answered the holder may
    take it back, and no second offer can be made.
  * Events say what was handed over, where and in which condition; their source and destination
    are the possessing parties of EPCIS before and after.
"""

from contracts.author import Map, call, ctx, fail, record

ANSWER_HOURS = 24
HOUR_MS = 3_600_000


@record
class Custody:
    """Who holds a consignment, and to whom it is offered ("" when to nobody)."""

    holder: str
    receiver: str = ""
    seal: str = ""
    place: str = ""
    transfers: int = 0


custodies = Map(Custody)


def find(consignment: str) -> Custody:
    """Give the custody of a consignment; its owner holds it at first."""
    known = custodies.get(consignment)
    if known is not None:
        return known
    twin = ctx.twin(consignment)
    if twin is None:
        fail(f"there is no consignment {consignment}")
    return Custody(twin.owner)


def close(consignment: str, event: str, note: str) -> None:
    """Say how an offer ended; the holder is still the one before."""
    custody = find(consignment)
    ctx.emit(
        event,
        {
            "twin": consignment,
            "source": custody.holder,
            "destination": custody.receiver,
            "place": custody.place,
            "seal": custody.seal,
            "note": note,
        },
    )
    custodies[consignment] = Custody(custody.holder, transfers=custody.transfers + 1)


@call
def offer(consignment: str, receiver: str, place: str, seal: str) -> None:
    """Offer the goods to their next holder."""
    custody = find(consignment)
    if ctx.sender != custody.holder:
        fail(f"{custody.holder} holds {consignment}, so {ctx.sender} cannot hand it over")
    if custody.receiver:
        fail(f"{consignment} is offered to {custody.receiver} already")
    if receiver == custody.holder:
        fail(f"{receiver} holds {consignment} already")
    if not seal:
        fail("name the seal, or what else tells these goods from others")
    custody.receiver = receiver
    custody.seal = seal
    custody.place = place
    custodies[consignment] = custody
    ctx.open_action(
        kind="custody_transfer",
        twin=consignment,
        key=f"transfer-{custody.transfers}",
        title=f"Accept or refuse {consignment} from {custody.holder}",
        addressee=receiver,
        deadline_ms=ctx.time_ms + ctx.parameter("answer_hours", ANSWER_HOURS) * HOUR_MS,
        details={"from": custody.holder, "place": place},
    )


@call
def accept(consignment: str, seal: str, condition: str) -> None:
    """Take over goods that are offered to the sender, with the seal that is on them."""
    custody = find(consignment)
    if ctx.sender != custody.receiver:
        fail(f"{consignment} is not offered to {ctx.sender}")
    if seal != custody.seal:
        fail(f"the seal is not the one offered, so {consignment} can only be refused")
    close(consignment, "custody_changed", condition)
    custodies[consignment] = Custody(ctx.sender, transfers=custody.transfers + 1)


@call
def refuse(consignment: str, reason: str) -> None:
    """Leave goods that are offered to the sender with their holder."""
    if ctx.sender != find(consignment).receiver:
        fail(f"{consignment} is not offered to {ctx.sender}")
    if not reason:
        fail("say why")
    close(consignment, "custody_refused", reason)


@call
def withdraw(consignment: str) -> None:
    """Take back an offer that is not answered."""
    custody = find(consignment)
    if ctx.sender != custody.holder or not custody.receiver:
        fail(f"{ctx.sender} offers {consignment} to nobody")
    close(consignment, "custody_offer_withdrawn", "")


@call
def holder(consignment: str) -> str:
    """Say who holds a consignment."""
    return find(consignment).holder
