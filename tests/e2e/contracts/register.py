"""Registers of one number each: read, write, and write if it is still what was expected."""

from contracts.author import Map, call

registers = Map(int)


@call
def read(key: str) -> int | None:
    """Give the number, or None before the first write."""
    return registers.get(key)


@call
def write(key: str, value: int) -> None:
    """Set the number."""
    registers[key] = value


@call
def cas(key: str, expected: int, value: int) -> bool:
    """Set the number if it is `expected`; tell whether it was."""
    if registers.get(key) != expected:
        return False
    registers[key] = value
    return True
