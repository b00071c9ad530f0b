"""The values that leaders offered at one height, and what is known about them."""

from typing import Final

from chain.scalars import Hash
from consensus.value import Value
from consensus.verdicts import Verdict, VerdictBook

OFFERS_MAX: Final = 4
"""Values that are remembered: each new leader brings one at most."""


class OfferBook(VerdictBook):
    """The newest values of a height."""

    def __init__(self) -> None:
        super().__init__()
        self._offers: list[Value] = []

    def add(self, value: Value) -> None:
        """Know a value; the oldest gives way to it."""
        if value not in self._offers:
            self._offers = [*self._offers, value][-OFFERS_MAX:]
            self.keep_only(self._offers)

    def find(self, value_id: Hash) -> Value | None:
        """Give the value of that name, a valid one if there is; never a mismatched one."""
        found = [
            value
            for value in self._offers
            if value.id == value_id and self.verdict(value) is not Verdict.MISMATCHED
        ]
        return min(found, key=lambda value: self.verdict(value) is not Verdict.VALID, default=None)
