"""Texts that strangers wrote, where they meet a terminal: nothing in them may steer it."""

import re
from typing import Final

CONTROL_PATTERN: Final = r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
"""A character that starts a line, moves the cursor of a terminal or turns text around."""

_CONTROL: Final = re.compile(CONTROL_PATTERN)


def show_text(text: str) -> str:
    """Give a stranger's text fit for a line of a terminal: control characters as \\uXXXX."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
