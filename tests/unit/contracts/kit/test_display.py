"""Values in a line; test_debugger.py has those that only contracts make."""

from decimal import Decimal

from contracts.kit.display import show


def test_a_long_value_is_cut():
    assert len(show("x" * 1_000)) == 200


def test_values_are_shown_as_authors_write_them():
    shown = show({"a": [Decimal("1.5"), None], "b": (b"x",), "c": Decimal("8E+1")})
    assert shown == "{'a': [Decimal('1.5'), None], 'b': (b'x',), 'c': Decimal('80')}"
    assert show(Decimal("1E+300")) == "Decimal('1E+300')"
