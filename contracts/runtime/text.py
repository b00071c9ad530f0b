"""Texts: f-strings, `str`, and the methods of str and bytes.

Only ASCII letters have upper and lower case here and only ASCII blanks are stripped, because the
rest of Unicode changes between versions of Python.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from chain.values import normalise_decimal
from contracts.language import TEXT_SIZE_MAX
from contracts.runtime.arithmetic import CONTEXT, charge_size, decimal_operation
from contracts.runtime.comparison import charge_search
from contracts.runtime.containers import sized
from contracts.runtime.meter import Meter

_BLANKS: Final = " \t\n\r\v\f"
_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_WIDTH_MAX: Final = 1_000


def decimal_text(number: Decimal) -> str:
    """Write a Decimal as a plain number: no exponent, no trailing zeros, no sign of zero."""
    coefficient, exponent = normalise_decimal(number)
    digits = str(abs(coefficient))
    if exponent >= 0:
        text = digits + "0" * exponent if coefficient else "0"
    else:
        digits = digits.rjust(1 - exponent, "0")
        text = f"{digits[:exponent]}.{digits[exponent:]}"
    return "-" + text if coefficient < 0 else text


def to_text(meter: Meter, value: Any) -> str:
    """`str(value)`: of str, int, bool, None and Decimal."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    meter.charge(10)
    if kind is int or kind is bool or value is None:
        return str(value)
    if kind is Decimal:
        meter.charge(30)
        return decimal_text(value)
    raise TypeError("only texts, numbers, bools and None have a text")


def part_text(meter: Meter, value: Any, spec: str) -> str:
    """One `{value:spec}` of an f-string; the checker has bounded `spec`."""
    if not spec:
        return to_text(meter, value)
    meter.charge(10)
    kind = type(value)
    letter = spec[-1]
    if (
        kind is str
        and letter not in "df"
        and "," not in spec
        and spec.lstrip("<>^")[:1] not in ("0", "+")
    ):
        meter.charge(len(value) // 8)
        return format(value, spec)
    if kind is int and letter != "s":
        if letter == "f":
            return _fixed(Decimal(value), spec)
        return format(value, spec)
    if kind is Decimal:
        if letter == "f":
            return _fixed(value, spec)
        if letter not in "ds" and "," not in spec:
            meter.charge(30)
            return _padded(decimal_text(value), spec)
    raise TypeError("this value cannot be formatted so")


def _fixed(number: Decimal, spec: str) -> str:
    """Format with a fixed number of decimals, rounded half to even by our own context."""
    digits = spec[:-1].partition(".")[2]
    unit = Decimal(1).scaleb(-int(digits or "6"), CONTEXT)
    rounded = decimal_operation(CONTEXT.quantize, number, unit)
    return format(rounded or abs(rounded), spec)


def _padded(text: str, spec: str) -> str:
    """Pad a number's text as `format` pads ints: to the right, or with zeros after the sign."""
    align, rest = (spec[0], spec[1:]) if spec[0] in "<>^" else (">", spec)
    if rest.startswith("+"):
        rest = rest[1:]
        text = text if text.startswith("-") else "+" + text
    width = int(rest or "0")
    if rest.startswith("0"):
        return text.zfill(width)
    # Not `str.center`: it puts an odd blank on the other side than `format` does.
    return format(text, f"{align}{width}") if width else text


def join_parts(meter: Meter, *parts: str) -> str:
    """Join the parts of an f-string."""
    charge_size(meter, str, sum(map(len, parts)))
    return "".join(parts)


def check_text(value: Any) -> str:
    """Give the text back, or TypeError."""
    if type(value) is not str:
        raise TypeError("this takes a text")
    return value


def check_width(value: Any) -> int:
    """Give a width back: an int from 0 to 1000."""
    if type(value) is not int:
        raise TypeError("a width is an int")
    if not 0 <= value <= _WIDTH_MAX:
        raise OverflowError("a width is 0 to 1000")
    return value


def count(meter: Meter, text: str, part: Any) -> int:
    """`text.count(part)`."""
    charge_search(meter, text, check_text(part))
    return text.count(part)


def find(meter: Meter, text: str, part: Any, start: Any = 0) -> int:
    """`text.find(part, start)`."""
    if type(start) is not int:
        raise TypeError("a position is an int")
    charge_search(meter, text, check_text(part))
    return text.find(part, max(-TEXT_SIZE_MAX, min(start, TEXT_SIZE_MAX + 1)))


def replace(meter: Meter, text: str, old: Any, new: Any, most: Any = -1) -> str:
    """`text.replace(old, new, most)`, charged by the size of the result before it is made."""
    if type(most) is not int:
        raise TypeError("a count is an int")
    charge_search(meter, text, check_text(old))
    times = text.count(old)
    limit = times if most < 0 else min(most, times)
    charge_size(meter, str, len(text) + limit * len(check_text(new)))
    return text.replace(old, new, limit)


def split(meter: Meter, text: str, separator: Any = None, most: Any = -1) -> list[str]:
    """`text.split(separator, most)`; without separator at runs of ASCII blanks."""
    if type(most) is not int:
        raise TypeError("a count is an int")
    most = max(-1, min(most, TEXT_SIZE_MAX))
    if separator is None:
        # bytes know ASCII blanks only; surrogates cannot occur.
        meter.charge(1 + len(text))
        return [part.decode() for part in text.encode().split(None, most)]
    charge_search(meter, text, check_text(separator))
    if not separator:
        raise ValueError("a separator is not empty")
    meter.charge(1 + len(text) // 8 + text.count(separator))
    return text.split(separator, most)


def join(meter: Meter, text: str, parts: Any) -> str:
    """`text.join(parts)`."""
    texts = sized(meter, parts)
    if any([type(part) is not str for part in texts]):
        raise TypeError("join takes texts")
    charge_size(meter, str, sum(map(len, texts)) + len(text) * len(texts))
    return text.join(texts)


def upper(meter: Meter, text: str) -> str:
    """`text.upper()` for ASCII letters."""
    meter.charge(1 + len(text))
    return text.translate(_UPPER)


def lower(meter: Meter, text: str) -> str:
    """`text.lower()` for ASCII letters."""
    meter.charge(1 + len(text))
    return text.translate(_LOWER)


def strip(meter: Meter, text: str, letters: Any = None) -> str:
    """`text.strip(letters)`."""
    return text.strip(_strip_letters(meter, text, letters))


def lstrip(meter: Meter, text: str, letters: Any = None) -> str:
    """`text.lstrip(letters)`."""
    return text.lstrip(_strip_letters(meter, text, letters))


def rstrip(meter: Meter, text: str, letters: Any = None) -> str:
    """`text.rstrip(letters)`."""
    return text.rstrip(_strip_letters(meter, text, letters))


def _strip_letters(meter: Meter, text: str, letters: Any) -> str:
    chosen = _BLANKS if letters is None else check_text(letters)
    if len(chosen) > 100:
        raise ValueError("strip takes up to 100 letters")
    meter.charge(1 + len(text) * (1 + len(chosen)) // 16)
    return chosen
