import pytest

from chain.errors import InvalidInput
from chain.package import compute_build
from contracts.language import ENGINE
from contracts.packaging import make_package

SOURCE = '''
"""Counts."""
from contracts.author import Decimal, Map, call

counts = Map(int)


@call
def count(name: str, by: int = 1, *, at: Decimal | None = None) -> int:
    """Count something."""
    counts[name] = counts.get(name, 0) + by
    return counts[name]


def helper(x: int) -> int:
    return x
'''


def test_a_package_has_the_typed_outside_and_what_the_checker_says():
    package = make_package("counter", SOURCE, "def test(): ...", "no orders differ")
    assert package.stubs == (
        '"""Counts."""\n\nfrom decimal import Decimal\n\n'
        "def count(name: str, by: int = ..., *, at: Decimal | None = ...) -> int: ...\n"
    )
    assert package.check == f"accepted by {ENGINE}\n"
    assert (package.tests, package.report) == ("def test(): ...", "no orders differ")
    parts = ("counter", ENGINE, SOURCE, "def test(): ...", package.stubs)
    assert package.build == compute_build(*parts)


def test_the_advice_stands_in_the_package():
    loop = SOURCE + "\n\n@call\ndef names() -> int:\n    return len([x for x in counts.keys()])\n"
    assert "the loop reads 100 entries" in make_package("counter", loop).check


def test_what_the_checker_refuses_makes_no_package():
    with pytest.raises(InvalidInput, match="VT-4001"):
        make_package("counter", "import os\n")


@pytest.mark.parametrize("hidden", ["\x1b[2J", "\r", "\x9b", "\u202e"])
def test_a_report_that_would_steer_a_terminal_is_not_packed(hidden):
    with pytest.raises(InvalidInput) as raised:
        make_package("tally", SOURCE, "", f"nothing differs\n\tbut {hidden}this\n")
    assert (raised.value.code, raised.value.why) == (
        "VT-4004",
        f"Line 2 of the report has the character U+{ord(hidden[0]):04X}.",
    )
    assert make_package("tally", SOURCE, "", "nothing\n\tdiffers: é\n").report.endswith("é\n")
