"""Sets of numbers, each member an entry of its own, read by walking the keys."""

from contracts.author import Map, call

members = Map(bool)


@call
def read(key: str) -> list[int]:
    """Give all numbers in order."""
    prefix = f"{key}/"
    names = members.keys(prefix, 1000)
    return [int(name.removeprefix(prefix)) for name in names if name.startswith(prefix)]


@call
def add(key: str, value: int) -> bool:
    """Add a number; tell whether it is new."""
    name = f"{key}/{value:09d}"
    if name in members:
        return False
    members[name] = True
    return True
