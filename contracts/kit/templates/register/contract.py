"""Keep a register of serial numbers: who added which, and who holds it now."""

from contracts.author import Map, call, ctx, fail, record


@record
class Entry:
    """One serial number."""

    holder: str
    added_by: str
    moves: int = 0


entries = Map(Entry)


@call
def add(serial: str) -> None:
    """Add a serial number; its holder is who adds it."""
    if serial in entries:
        fail(f"{serial} is in the register already")
    entries[serial] = Entry(holder=ctx.sender, added_by=ctx.sender)


@call
def hand_over(serial: str, to: str) -> int:
    """Hand a part to another organisation; only its holder can. Gives the number of moves."""
    entry = entries.get(serial)
    if entry is None:
        fail(f"{serial} is not in the register")
    if entry.holder != ctx.sender:
        fail(f"{serial} is with {entry.holder}")
    entry.holder = to
    entry.moves += 1
    entries[serial] = entry
    ctx.emit("handed_over", {"serial": serial, "to": to})
    return entry.moves


@call
def holder(serial: str) -> str:
    """Say who holds a part."""
    entry = entries.get(serial)
    return "" if entry is None else entry.holder
