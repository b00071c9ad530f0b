"""Judge a program: the same on both sides, excused by a documented refusal, or different."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from tests.fuzz.engine import NotAContract, run_engine
from tests.fuzz.plain import compiles, run_plain
from tests.fuzz.program import Program

BOUNDS: Final = {
    "out_of_gas": "work is bounded by gas",
    "call_depth": "calls are nested 48 deep at most",
    "an int has up to 256 bits": "numbers are bounded, so that each operation has a price",
    "the Decimal is too large": "a Decimal has an exponent of up to 384",
    "the power is too large": "a power is bounded",
    "the text or list would be too large": "texts and lists have up to 1,000,000 parts",
    "too many items": "lists have up to 1,000,000 items",
    "range goes up to 53 bits": "ranges are bounded",
    "round goes to 100 digits": "digits are bounded",
    "a width is 0 to 1000": "widths are bounded",
    "the value is too large": "what is kept has up to 16,384 bytes",
    "nested too deeply": "what is compared or kept is nested up to 16 or 32 levels",
}
"""Refusals that bound work. CPython would do the work, so it is not asked."""

REFUSALS: Final = {
    "there is no such method": "a missing method is a TypeError, as is every wrong type here",
    "there is no such field": "a missing field is a TypeError, as is every wrong type here",
    "an exception takes a text": "an exception is made with one text",
    "the Decimal operation has no result": "Decimals raise ValueError, and no class of their own",
    "this is not a Decimal": "a wrong text is a ValueError, and so are NaN, infinity and blanks",
    "Decimal takes a text or an int": "a Decimal is made of a text, an int or a Decimal",
    "+ takes two numbers, texts or lists": "a list grows by a list or a tuple only",
    "/ of two ints would be a float: write Decimal(a) / b, or a // b": "there are no floats",
    "** takes no negative power: write Decimal(1) / x ** n": "there are no floats",
    "** takes a number and an int": "a power is an int",
    "this operator takes two numbers": "a text has no `%`: f-strings do that",
    "this operator takes two ints": "dicts have no `|`: update does that",
    "a dict key is a str": "whoever chooses ints as keys can make look-ups slow",
    "in takes a list, tuple, dict, Map, text or range on the right": "`in` is for containers",
    "this is not a value": "only values can be compared",
    "what is sorted must be of one kind": "versions compare other pairs while sorting",
    "this cannot be sorted": "numbers, texts, bytes and tuples of them are sorted",
    "sum takes numbers": "sums of lists would cost their square",
    "dict copies a dict": "a dict is made of a dict",
    "int takes ASCII digits": "digits of other scripts, blanks and underscores are refused",
    "int takes a number or a text": "an int is made of a number or a text",
    "only texts, numbers, bools and None have a text": "texts of objects differ between versions",
    "this value cannot be formatted so": "a format that does not fit is a TypeError",
    "update takes a dict": "a dict is updated by a dict",
    "a position is an int": "a bool is no position",
    "the position is out of range": "a position beyond any list is an IndexError",
    "start is an int": "a bool is no position",
    "a width is an int": "a bool is no width",
    "a count is an int": "a bool is no count",
    "round takes a number and an int": "a bool is no count of digits",
    "a separator is not empty": "an empty separator is a ValueError",
    "this cannot be sliced": "a range is not sliced",
    "the field has another type": "fields keep their types",
    "a field of the record has another type": "fields keep their types",
}
"""Refusals of single operations, by the text that the engine's helper raises, and why."""

CHECKER_RULES: Final = {
    "dict": "a literal that is no text is refused as a key before it runs",
    "shape": "how deep and how long things are is bounded before the parser sees them",
}
"""Refusals of the checker that a program of the generator may meet."""

_FIRST_RULE: Final = re.compile(r"the first at line \d+: (\w+):")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a program; `why` says which refusal, or what differs."""

    kind: Literal["same", "refused", "different"]
    why: str = ""

    @property
    def is_of_checker(self) -> bool:
        """Say whether the program did not even run."""
        return self.why.startswith("the checker")


def judge(program: Program) -> Verdict:
    """Run a program on both sides and compare."""
    try:
        ours, notes = run_engine(program)
    except NotAContract as error:
        rule = _FIRST_RULE.search(str(error))
        if rule is not None and rule.group(1) == "pattern" and not compiles(program):
            return Verdict("refused", "checker: pattern")
        if rule is not None and rule.group(1) in CHECKER_RULES:
            return Verdict("refused", f"checker: {rule.group(1)}")
        return Verdict("different", f"the checker refuses it: {error}")
    for note in notes:
        if note in BOUNDS:
            return Verdict("refused", note)
    plain = run_plain(program)
    if ours == plain:
        return Verdict("same")
    for note in notes:
        if note in REFUSALS:
            return Verdict("refused", note)
    for at, (left, right) in enumerate(zip(ours.endings, plain.endings, strict=True)):
        if left != right and (left.status, right.detail) == ("error", "AttributeError"):
            # The arguments of a method that is missing are worked out before it is missed.
            return Verdict("refused", "there is no such method")
        if left != right:
            return Verdict("different", f"call {at}: the engine {left}, CPython {right}")
    what = "state" if ours.state != plain.state else "events"
    return Verdict("different", f"the {what} differs")
