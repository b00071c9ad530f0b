"""Calibrate a patient's device when it drifts, and touch it only with the patient's consent.

A device reports how wrong it is, in percent, at each of its self-tests. Beyond LIMIT in CONFIRM
tests on end it must not be used, and needs calibration:

  * With a consent that is valid the workshop gets the order at once. Otherwise the office that
    speaks for patients is asked, and the order follows when it consents. Whoever closed its part
    while the device still drifts is asked again.
  * Consent is for one device and one calibration, ends by itself, and can be withdrawn at any
    time. A calibration without a consent that is valid at that moment is not taken on record.
  * A device is usable again when the workshop measured it within LIMIT, until DUE_DAYS later.

The chain learns nothing about the patient: neither a name nor a number, only that the office
consented. Names and numbers can be replaced by parameters.
"""

from contracts.author import Decimal, Map, Update, call, ctx, fail, on_update, record

LIMIT = Decimal(5)
CONFIRM = 3
DUE_DAYS = 365
OFFICE = "patient-office"
WORKSHOP = "workshop"
DAY_MS = 86_400_000


@record
class Device:
    """A device, and the consent to touch it (until 0 when there is none)."""

    last_ms: int = 0
    wrong: int = 0
    drifts: int = 0
    needs_care: bool = False
    calibrated_ms: int = 0
    consent_ms: int = 0


devices = Map(Device)


def find(device: str, organisation: str, act: str) -> Device:
    """Give a device that the sender, and nobody else, may do this to."""
    if ctx.sender != organisation:
        fail(f"only {organisation} may {act}")
    if ctx.twin(device) is None:
        fail(f"there is no device {device}")
    return devices.get(device, Device())


def is_allowed(known: Device) -> bool:
    """Say whether the patient consents at this moment."""
    return ctx.time_ms < known.consent_ms


def ask(device: str, known: Device) -> None:
    """Order the calibration, or ask for consent first."""
    office = ctx.parameter("office", OFFICE)
    workshop = ctx.parameter("workshop", WORKSHOP)
    kind, addressee = "consent_request", office
    if is_allowed(known):
        kind, addressee = "calibration_order", workshop
    ctx.open_action(
        kind=kind,
        twin=device,
        key=f"{kind}-{known.drifts}",
        title=f"{device} drifts: do not use it before it is calibrated",
        addressee=addressee,
        details={"drift": known.drifts},
    )


@on_update(model="infusion-pump", properties=["flow_error"])
def self_test(update: Update) -> None:
    """Follow the self-tests of one device."""
    known = devices.get(update.twin, Device())
    drifts = False
    for sample in update.by_time():
        error = sample.value("flow_error")
        if error is None or sample.time_ms <= known.last_ms:
            continue
        known.last_ms = sample.time_ms
        known.wrong = known.wrong + 1 if abs(error) > ctx.parameter("limit", LIMIT) else 0
        if known.wrong >= ctx.parameter("confirm", CONFIRM):
            if not known.needs_care:
                known.drifts += 1
            known.needs_care = True
            drifts = True
    if drifts:
        ask(update.twin, known)
    devices[update.twin] = known


@call
def consent(device: str, until_ms: int) -> None:
    """Say, for the patient, that the device may be calibrated until a time."""
    known = find(device, ctx.parameter("office", OFFICE), "consent")
    if until_ms <= ctx.time_ms:
        fail("consent is for a time to come")
    known.consent_ms = until_ms
    if known.needs_care:
        ask(device, known)
    devices[device] = known
    ctx.emit("consent_given", {"twin": device, "until_ms": until_ms})


@call
def withdraw(device: str) -> None:
    """Take consent back, at once and without a reason."""
    known = find(device, ctx.parameter("office", OFFICE), "withdraw a consent")
    known.consent_ms = 0
    devices[device] = known
    ctx.emit("consent_withdrawn", {"twin": device})


@call
def calibrated(device: str, before: Decimal, after: Decimal, certificate: str) -> None:
    """Put a calibration on record: the errors before and after, in percent."""
    known = find(device, ctx.parameter("workshop", WORKSHOP), "calibrate")
    if not is_allowed(known):
        fail(f"there is no consent to touch {device}")
    if abs(after) > ctx.parameter("limit", LIMIT) or not certificate:
        fail("calibrated is what is within its limit and has a certificate")
    known.wrong = 0
    known.needs_care = False
    known.calibrated_ms = ctx.time_ms
    known.consent_ms = 0
    devices[device] = known
    said = {"twin": device, "before": before, "after": after, "certificate": certificate}
    ctx.emit("calibrated", said)


@call
def usable(device: str) -> bool:
    """Say whether a device may be used on a patient."""
    known = devices.get(device, Device())
    due_ms = known.calibrated_ms + ctx.parameter("due_days", DUE_DAYS) * DAY_MS
    return known.calibrated_ms > 0 and not known.needs_care and ctx.time_ms < due_ms
