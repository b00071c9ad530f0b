"""Recall the parts, or whole vehicles, whose serial numbers lie in a range, and see who came.

Whoever owns a twin enrols it under its serial number. The maker announces a campaign for a range
of serial numbers; `notify` then orders the remedy from each owner, BATCH twins in a call, until
nobody is left to tell.

  * A twin that is enrolled later is told at once, if a campaign that has passed it names it.
  * Only the maker announces, and it never narrows or widens what it announced.
  * Only one of the WORKSHOPS says that a twin was remedied, once, and with a proof.
  * `progress` says how many were told and how many came.
  * An owner who has not consented to this contract cannot be told by it, and stops `notify` until
    it is named in `without`. It is passed over then, and needs a letter.

Serial numbers of one kind have one length (17 for vehicles, ISO 3779), so that their order as text
is their order. All names and numbers can be replaced by parameters.
"""

from contracts.author import Map, call, ctx, fail, record

MAKER = "maker"
WORKSHOPS = ("workshop",)
SERIAL_SIZE = 17
BATCH = 10
DEADLINE_DAYS = 60
CAMPAIGNS_MAX = 15
DAY_MS = 86_400_000


@record
class Campaign:
    """A recall from serial `first` to `last`; those before `reached` were told."""

    first: str
    last: str
    fault: str
    remedy: str
    reached: str
    is_told: bool = False
    told: int = 0
    remedied: int = 0


twins = Map(str)
campaigns = Map(Campaign)
remedies = Map(str)


def check_serial(serial: str) -> None:
    """Refuse what is no serial number."""
    size = ctx.parameter("serial_size", SERIAL_SIZE)
    if len(serial) != size or not serial.isalnum() or serial != serial.upper():
        fail(f"a serial number has {size} capitals and digits")


def find_campaign(campaign: str) -> Campaign:
    """Give a campaign."""
    known = campaigns.get(campaign)
    if known is None:
        fail(f"there is no campaign {campaign}")
    return known


def tell(name: str, campaign: Campaign, serial: str, owner: str) -> None:
    """Order the remedy of one twin from its owner."""
    campaign.told += 1
    ctx.open_action(
        kind="recall",
        twin=twins[serial],
        key=f"recall-{name}",
        title=f"{serial}: {campaign.remedy[:150]}",
        addressee=owner,
        deadline_ms=ctx.time_ms + ctx.parameter("deadline_days", DEADLINE_DAYS) * DAY_MS,
        details={"campaign": name, "serial": serial, "fault": campaign.fault},
    )


@call
def enrol(twin: str, serial: str) -> None:
    """Enter a twin of the sender under its serial number."""
    known = ctx.twin(twin)
    if known is None or known.owner != ctx.sender:
        fail(f"{twin} does not belong to {ctx.sender}")
    check_serial(serial)
    if serial in twins:
        fail(f"{serial} is enrolled already")
    twins[serial] = twin
    for name, campaign in campaigns.items():
        is_recalled = serial >= campaign.first and serial <= campaign.last
        if is_recalled and (campaign.is_told or serial < campaign.reached):
            tell(name, campaign, serial, ctx.sender)
            campaigns[name] = campaign


@call
def announce(campaign: str, first: str, last: str, fault: str, remedy: str) -> None:
    """Recall all serial numbers from `first` to `last`."""
    if ctx.sender != ctx.parameter("maker", MAKER):
        fail("only the maker announces a recall")
    check_serial(first)
    check_serial(last)
    if first > last or not remedy or campaign in campaigns:
        fail("a recall has a name of its own, a range and a remedy")
    if len(campaigns.keys()) >= CAMPAIGNS_MAX:
        fail(f"there are {CAMPAIGNS_MAX} recalls already: deploy this contract once more")
    campaigns[campaign] = Campaign(first, last, fault, remedy, first)
    ctx.emit("recall_announced", {"campaign": campaign, "first": first, "last": last})


@call
def notify(campaign: str, without: list[str]) -> int:
    """Go on telling owners; give how many twins were passed, 0 when none is left."""
    known = find_campaign(campaign)
    if known.is_told:
        return 0
    size = ctx.parameter("batch", BATCH)
    found = twins.items(known.reached, size + 1)
    inside = [serial for serial, twin in found if serial <= known.last]
    for serial in inside[:size]:
        twin = ctx.twin(twins[serial])
        if twin is not None and twin.owner not in without:
            tell(campaign, known, serial, twin.owner)
    known.is_told = len(inside) <= size
    if not known.is_told:
        known.reached = inside[size]
    campaigns[campaign] = known
    return len(inside[:size])


@call
def remedied(campaign: str, serial: str, proof: str) -> None:
    """Say, as a workshop, that a twin was remedied."""
    known = find_campaign(campaign)
    if ctx.sender not in ctx.parameter("workshops", WORKSHOPS):
        fail(f"{ctx.sender} is no workshop of this recall")
    key = f"{campaign}/{serial}"
    if serial not in twins or serial < known.first or serial > known.last or not proof:
        fail("a remedy is for a twin that is recalled, and has a proof")
    if key in remedies:
        fail(f"{serial} was remedied already")
    remedies[key] = proof
    known.remedied += 1
    campaigns[campaign] = known
    ctx.emit("recall_remedied", {"campaign": campaign, "serial": serial, "proof": proof})


@call
def progress(campaign: str) -> Campaign:
    """Say how far a recall is."""
    return find_campaign(campaign)
