"""Small changes of a message: one field of it, one step away from what it was."""

from random import Random
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from chain.errors import ChainError
from chain.genesis import Limits
from consensus.value import Value
from node.replica.payload import from_value, to_value

T = TypeVar("T")
_LIMITS = Limits()


def mutate(thing: T, random: Random) -> T:
    """Give a copy with one change somewhere inside; it need not be a message any more."""
    changed: Any = _mutate(thing, random)
    result: T = changed
    return result


def _mutate(thing: Any, random: Random) -> Any:
    match thing:
        case Value() if random.random() < 0.7:
            return _mutate_block(thing, random)
        case Struct():
            fields = thing.__struct_fields__
            if not fields:
                return thing
            field = random.choice(fields)
            return replace(thing, **{field: _mutate(getattr(thing, field), random)})
        case tuple():
            return _mutate_list(thing, random)
        case bool():
            return not thing
        case int():
            return random.choice((thing + 1, thing - 1, 0, thing * 2 + 1, -1))
        case bytes():
            return _mutate_bytes(thing, random)
        case str():
            return random.choice((thing + "x", thing[:-1], "node0", ""))
        case None:
            return random.randbytes(32)
        case _:
            return thing


def _mutate_block(value: Value, random: Random) -> Value:
    """Change a block and name it right, so that only executing it shows what is wrong."""
    try:
        payload = from_value(value, _LIMITS)
    except ChainError:
        return value
    mutated = mutate(payload, random)
    try:
        return to_value(mutated)
    except (OverflowError, TypeError, ValueError, AttributeError):
        return value


def _mutate_list(things: tuple[Any, ...], random: Random) -> tuple[Any, ...]:
    if not things:
        return things
    changed = list(things)
    at = random.randrange(len(changed))
    match random.randrange(4):
        case 0:
            del changed[at]
        case 1:
            changed.insert(at, changed[at])
        case 2:
            other = random.randrange(len(changed))
            changed[at], changed[other] = changed[other], changed[at]
        case _:
            changed[at] = _mutate(changed[at], random)
    return tuple(changed)


def _mutate_bytes(data: bytes, random: Random) -> bytes:
    if not data:
        return b"\0"
    changed = bytearray(data)
    match random.randrange(3):
        case 0:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        case 1:
            del changed[-1]
        case _:
            changed = bytearray(len(changed))
    return bytes(changed)
