"""One line of the error catalogue."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A numbered error: what it is called, why it happens and what to do about it.

    `code` is stable for ever (`VT-2003`); `name` is the slug in problem documents; `title` is a
    short sentence; `why` is a `str.format` template over the error's values; `fix` says what to
    do next, with a command to copy where there is one.
    """

    code: str
    name: str
    title: str
    why: str
    fix: str
