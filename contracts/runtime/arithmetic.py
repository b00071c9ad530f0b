"""Arithmetic on bounded ints and Decimals, and `+` and `*` on texts and lists.

Decimals use one context, never the thread's: 34 digits, half to even. An int has up to 256 bits;
a larger result is an OverflowError. `/` of two ints would be a float and is a TypeError.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from chain.values import DECIMAL_ADJUSTED_MAX, DECIMAL_DIGITS_MAX, INT_BITS_MAX, INT_BOUND
from contracts.language import LIST_SIZE_MAX, TEXT_SIZE_MAX
from contracts.runtime.meter import Meter, OutOfGas

CONTEXT: Final = decimal.Context(
    prec=DECIMAL_DIGITS_MAX,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=1 - DECIMAL_ADJUSTED_MAX,
    Emax=DECIMAL_ADJUSTED_MAX,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
INTEGERS: Final = frozenset((int, bool))
NUMBERS: Final = frozenset((int, bool, Decimal))
POWER_MAX: Final = 512


def bounded(number: int) -> int:
    """Give the int back if it has up to 256 bits."""
    if -INT_BOUND < number < INT_BOUND:
        return number
    raise OverflowError("an int has up to 256 bits")


def decimal_operation(operation: Callable[..., Decimal], *operands: Any) -> Decimal:
    """Run a Decimal operation; its errors become the plain ones."""
    try:
        return operation(*operands)
    except ZeroDivisionError:
        raise ZeroDivisionError from None
    except decimal.Overflow:
        raise OverflowError("the Decimal is too large") from None
    except decimal.InvalidOperation:
        raise ValueError("the Decimal operation has no result") from None


def _arithmetic(
    whole: Callable[[Any, Any], int], broken: Callable[..., Decimal]
) -> Callable[[Meter, Any, Any], Any]:
    """Make a helper for numbers only from its int and its Decimal form."""

    def operate(meter: Meter, left: Any, right: Any) -> Any:
        first, second = type(left), type(right)
        if (first is Decimal and second in NUMBERS) or (second is Decimal and first in NUMBERS):
            return decimal_operation(broken, left, right)
        if first in INTEGERS and second in INTEGERS:
            return bounded(whole(left, right))
        raise TypeError("this operator takes two numbers")

    return operate


sub: Final = _arithmetic(lambda a, b: a - b, CONTEXT.subtract)
floordiv: Final = _arithmetic(lambda a, b: a // b, CONTEXT.divide_int)
mod: Final = _arithmetic(lambda a, b: a % b, CONTEXT.remainder)
_multiply: Final = _arithmetic(lambda a, b: a * b, CONTEXT.multiply)


def add(meter: Meter, left: Any, right: Any) -> Any:
    """`left + right`: numbers, or two texts, bytes, lists or tuples."""
    first, second = type(left), type(right)
    if first is int and second is int:
        number: int = left + right
        if -INT_BOUND < number < INT_BOUND:
            return number
        raise OverflowError("an int has up to 256 bits")
    if (first is Decimal and second in NUMBERS) or (second is Decimal and first in NUMBERS):
        return decimal_operation(CONTEXT.add, left, right)
    if first in INTEGERS and second in INTEGERS:
        return bounded(left + right)
    if first is second and first in (str, bytes, list, tuple):
        charge_size(meter, first, len(left) + len(right))
        return left + right
    raise TypeError("+ takes two numbers, texts or lists")


def charge_size(meter: Meter, kind: type, size: int) -> None:
    """Charge for making a text or list of this size, and bound it."""
    if kind is str or kind is bytes:
        limit, gas = TEXT_SIZE_MAX, 1 + size // 8
    else:
        limit, gas = LIST_SIZE_MAX, 1 + size
    if gas > meter.left:
        raise OutOfGas
    if size > limit:
        raise OverflowError("the text or list would be too large")
    meter.left -= gas


def iadd(meter: Meter, left: Any, right: Any) -> Any:
    """`left += right`; a list is extended in place."""
    if type(left) is list and type(right) in (list, tuple):
        charge_size(meter, list, len(left) + len(right))
        left.extend(right)
        return left
    return add(meter, left, right)


def mul(meter: Meter, left: Any, right: Any) -> Any:
    """`left * right`: numbers, or a text or list and an int."""
    first, second = type(left), type(right)
    if first in NUMBERS and second in NUMBERS:
        return _multiply(meter, left, right)
    if first in INTEGERS:
        left, right, first, second = right, left, second, first
    if first in (str, bytes, list, tuple) and second in INTEGERS:
        charge_size(meter, first, len(left) * max(0, right))
        return left * right
    raise TypeError("* takes two numbers, or a text or list and an int")


def imul(meter: Meter, left: Any, right: Any) -> Any:
    """`left *= right`; a list is repeated in place."""
    if type(left) is list and type(right) in INTEGERS:
        left[:] = mul(meter, left, right)
        return left
    return mul(meter, left, right)


def div(meter: Meter, left: Any, right: Any) -> Decimal:
    """`left / right`; at least one side is a Decimal."""
    first, second = type(left), type(right)
    if (first is Decimal and second in NUMBERS) or (second is Decimal and first in NUMBERS):
        return decimal_operation(CONTEXT.divide, left, right)
    raise TypeError("/ of two ints would be a float: write Decimal(a) / b, or a // b")


def power(meter: Meter, left: Any, right: Any) -> Any:
    """`left ** right` with an int from 0 to 512 on the right."""
    if type(right) not in INTEGERS or type(left) not in NUMBERS:
        raise TypeError("** takes a number and an int")
    if right < 0:
        raise ValueError("** takes no negative power: write Decimal(1) / x ** n")
    if type(left) is not Decimal:
        if abs(left) > 1 and right * (abs(left).bit_length() - 1) > INT_BITS_MAX:
            raise OverflowError("an int has up to 256 bits")
        if abs(left) <= 1:
            return 1 if right == 0 else left ** (2 - right % 2)
        return bounded(left**right)
    if right > POWER_MAX:
        raise OverflowError("the power is too large")
    # Repeated squaring with one rounding rule: libraries differ in how they round powers.
    meter.charge(8 * int(right).bit_length())
    result, base, rest = Decimal(1), left, int(right)
    while rest:
        if rest & 1:
            result = decimal_operation(CONTEXT.multiply, result, base)
        rest >>= 1
        if rest:
            base = decimal_operation(CONTEXT.multiply, base, base)
    return result


def _bits(operate: Callable[[int, int], int]) -> Callable[[Meter, Any, Any], int]:
    def bitwise(meter: Meter, left: Any, right: Any) -> int:
        if type(left) not in INTEGERS or type(right) not in INTEGERS:
            raise TypeError("this operator takes two ints")
        return bounded(operate(left, right))

    return bitwise


def _shift_left(left: int, right: int) -> int:
    if right > INT_BITS_MAX:
        if left == 0:
            return 0
        raise OverflowError("an int has up to 256 bits")
    return left << right


def _shift_right(left: int, right: int) -> int:
    # Interpreters differ in how they take a count that fits no machine word.
    return left >> min(right, INT_BITS_MAX)


bit_and: Final = _bits(lambda a, b: a & b)
bit_or: Final = _bits(lambda a, b: a | b)
bit_xor: Final = _bits(lambda a, b: a ^ b)
lshift: Final = _bits(_shift_left)
rshift: Final = _bits(_shift_right)


def neg(meter: Meter, value: Any) -> Any:
    """`-value`."""
    if type(value) is Decimal:
        return decimal_operation(CONTEXT.minus, value)
    if type(value) in INTEGERS:
        return -value
    raise TypeError("- takes a number")


def pos(meter: Meter, value: Any) -> Any:
    """`+value`."""
    if type(value) in NUMBERS:
        return decimal_operation(CONTEXT.plus, value) if type(value) is Decimal else +value
    raise TypeError("+ takes a number")


def invert(meter: Meter, value: Any) -> int:
    """`~value`."""
    if type(value) in INTEGERS:
        return bounded(-int(value) - 1)
    raise TypeError("~ takes an int")
