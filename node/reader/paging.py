"""Pages of long lists: a limit, and an opaque cursor that stays good while the chain grows."""

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from chain.errors import InvalidInput

T = TypeVar("T")
U = TypeVar("U")

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
ROWS_READ_MAX: Final = 5_000
"""Most rows that one request looks at; a filter that lets few through gives short pages."""
_CURSOR_SIZE_MAX: Final = 400


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list; `next` asks for those that follow, None at the end."""

    items: tuple[T, ...]
    next: str | None

    def map(self, convert: Callable[[T], U]) -> "Page[U]":
        """Give the same page with every item converted."""
        return Page(tuple(convert(item) for item in self.items), self.next)


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted."""

    limit: int = LIMIT_DEFAULT
    cursor: str | None = None

    def position(self, size: int | None = None) -> bytes | None:
        """Give the place after which the page begins; None for the first page.

        Args: size: the exact size of a place, when it is fixed.
        Raises: InvalidInput: VT-7002, the cursor was not given by this API.
        """
        if self.cursor is None:
            return None
        try:
            if len(self.cursor) > _CURSOR_SIZE_MAX:
                raise ValueError("too long")
            padded = self.cursor + "=" * (-len(self.cursor) % 4)
            place = base64.b64decode(padded, altchars=b"-_", validate=True)
            if encode_cursor(place) != self.cursor or (size is not None and len(place) != size):
                raise ValueError("not one of ours")
        except (ValueError, binascii.Error) as error:
            raise InvalidInput(
                "VT-7002", parameter="cursor", reason="it was not given by this API"
            ) from error
        return place


def encode_cursor(place: bytes) -> str:
    """Write a place in a list as a cursor."""
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode("ascii")


def collect(rows: Iterable[tuple[bytes, T]], limit: int, keep: Callable[[T], U | None]) -> Page[U]:
    """Gather up to `limit` kept items from (place, row) pairs.

    Args: rows: each with the place to go on after it; keep: gives the item, None to leave it out.
    """
    items: list[U] = []
    last: bytes | None = None
    for count, (place, row) in enumerate(rows):
        if len(items) >= limit or count >= ROWS_READ_MAX:
            return Page(tuple(items), encode_cursor(last) if last is not None else None)
        item = keep(row)
        if item is not None:
            items.append(item)
        last = place
    return Page(tuple(items), None)
