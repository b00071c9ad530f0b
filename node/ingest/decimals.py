"""Numbers as they stand in files, kept as decimal text: they never pass through a float."""

import re
from decimal import Decimal
from typing import Final

SIZE_MAX: Final = 40
PLAIN: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
WRITTEN: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


def to_plain_decimal(text: str, mark: str = ".") -> str | None:
    """Write the number in `text` as -?digits[.digits], or return None where there is none.

    What is already plain stays as it is, trailing zeros included. Else only the writing changes,
    never the value: 1.5e-3 becomes 0.0015, +7 becomes 7, .5 becomes 0.5.

    Args: mark: the decimal mark of the file. Returns: at most 40 characters.
    """
    text = text.strip()
    if mark != ".":
        if "." in text:
            return None
        text = text.replace(mark, ".")
    if len(text) > SIZE_MAX or not WRITTEN.fullmatch(text):
        return None
    if not PLAIN.fullmatch(text):
        text = format(Decimal(text), "f")
    return text if len(text) <= SIZE_MAX and PLAIN.fullmatch(text) else None
