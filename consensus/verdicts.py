"""What is known about the values of one height: the answers to `CheckPayload`.

A verdict belongs to a whole value, never to its name alone: a good name may come with a wrong
payload, and that must not spoil the value for whoever brings it whole.
"""

from collections.abc import Iterable
from enum import Enum

from consensus.value import Value


class Verdict(Enum):
    """The answer to `CheckPayload`."""

    VALID = "valid"
    INVALID = "invalid"
    MISMATCHED = "mismatched"
    """Not what its id names; a value of that id may still be valid."""


def to_verdict(*, is_valid: bool, is_mismatched: bool) -> Verdict:
    """Give the verdict that a `PayloadChecked` brings."""
    if is_valid:
        return Verdict.VALID
    return Verdict.MISMATCHED if is_mismatched else Verdict.INVALID


class VerdictBook:
    """At most one verdict for each value, and at most one check of it under way."""

    def __init__(self) -> None:
        self._verdicts: dict[Value, Verdict] = {}
        self._pending: set[Value] = set()

    def verdict(self, value: Value) -> Verdict | None:
        """Give what is known about a value; None while it is not checked."""
        return self._verdicts.get(value)

    def is_valid(self, value: Value) -> bool:
        """Tell whether the value was checked and is valid: the paper's valid(v)."""
        return self._verdicts.get(value) is Verdict.VALID

    def start_check(self, value: Value) -> bool:
        """Tell whether the value must be checked now, and remember that it is being checked.

        Values of one name are checked side by side: one whose transactions do not exist is never
        answered, and must not keep the real one from being checked.
        """
        if value in self._verdicts or value in self._pending:
            return False
        self._pending.add(value)
        return True

    def finish_check(self, value: Value, verdict: Verdict) -> None:
        """Note the answer; one that nobody asked for is ignored."""
        if value in self._pending:
            self._pending.remove(value)
            self._verdicts[value] = verdict

    def mark_valid(self, value: Value) -> None:
        """Note that a value was built, and so executed, here."""
        self._verdicts[value] = Verdict.VALID

    def keep_only(self, values: Iterable[Value]) -> None:
        """Forget what is known about all other values."""
        used = set(values)
        self._pending &= used
        self._verdicts = {value: said for value, said in self._verdicts.items() if value in used}
