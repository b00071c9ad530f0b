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
