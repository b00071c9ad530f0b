"""Names and units of properties: what they must look like, looked at once and not at each reading.

A pattern takes as long as decoding the rest of a reading, and machines say the same few names all
day. So texts that were found right are remembered, up to a bound.
"""

import re
from typing import Annotated, Final

from msgspec import Meta

from chain.scalars import NAME_PATTERN

UNIT_PATTERN: Final = r"^[A-Z0-9]*(?!\n)$"
REMEMBERED_MAX: Final = 16_384
"""A name has 64 characters at most, so this is a few MiB."""

PropertyField = Annotated[str, Meta(min_length=1, max_length=64)]
"""A name like `NameField`; what holds it calls `check_property` when it is not in `GOOD_NAMES`."""
UnitField = Annotated[str, Meta(max_length=8)]
"""Capital letters and digits, or nothing; likewise with `GOOD_UNITS`."""

GOOD_NAMES: Final[set[str]] = set()
GOOD_UNITS: Final[set[str]] = set()

_is_name: Final = re.compile(NAME_PATTERN).search
_is_unit: Final = re.compile(UNIT_PATTERN).search


def check_property(name: str, unit: str) -> None:
    """Check a property's name and unit, and remember that they are right.

    Raises: ValueError: one is not; a decoder makes its own error of it.
    """
    if _is_name(name) is None:
        raise ValueError(f"Expected `str` matching regex {NAME_PATTERN!r}")
    if _is_unit(unit) is None:
        raise ValueError(f"Expected `str` matching regex {UNIT_PATTERN!r}")
    for good, text in ((GOOD_NAMES, name), (GOOD_UNITS, unit)):
        if len(good) >= REMEMBERED_MAX:
            good.clear()
        good.add(text)
