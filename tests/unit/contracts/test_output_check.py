"""The second pass: whatever raw operation is planted in rewritten code, it is found."""

import ast

import pytest

from contracts.output_check import UnmeteredCode, check_output
from contracts.runtime.namespace import HELPERS

GOOD = """
_m.left -= 3
if _m.left < 0:
    _out(_m)
LIMIT = _b_Decimal(_m, '3')
def _rebuild():
    global TABLE
    TABLE = [1, 2]
def other(x, *, y=3):
    _enter(_m, 5)
    try:
        return x
    finally:
        _m.depth -= 1
def main(x):
    _enter(_m, 9)
    try:
        BODY
    finally:
        _m.depth -= 1
"""
RAW = [
    "return x + 1",
    "return -x",
    "return x < 3",
    "return x[0]",
    "return x.y",
    "return x(3)",
    "return x.y(3)",
    "return [i for i in x]",
    "return {k: 1 for k in _each(_m, x, 3)}",
    "return {1: 2}",
    "return {1, 2}",
    "return lambda: 1",
    "return f'{x}'",
    "return 1.5",
    "return len(x)",
    "return other",
    "return _add",
    "return _m",
    "return _add(x, 1)",
    "return _add(_m, x + 1, 1)",
    "return _add(_m, *x)",
    "return other(**x)",
    "return (y := 1)",
    "return x is other",
    "return x is 3",
    "x[0] = 1",
    "x.y = 1",
    "x += 1",
    "_m = 1",
    "_m.left -= -5",
    "_m.left += 5",
    "_m.left = 5",
    "_add = 1",
    "_E_ValueError = x",
    "for i in x:\n            pass",
    "for i in _iter(_m, x):\n            pass",
    "while x:\n            pass",
    "for i in _iter(_m, x):\n            _m.left -= 1\n            pass",
    "try:\n            pass\n        finally:\n            pass",
    "try:\n            pass\n        except:\n            pass",
    "try:\n            pass\n        except x:\n            pass",
    "try:\n            pass\n        except _E_ValueError as e:\n            pass",
    "del x",
    "import os",
    "global x",
    "assert x",
    "raise x + 1",
    "with x:\n            pass",
    "def inner():\n            pass",
    "class Inner:\n            pass",
    "return __import__('os')",
    "return _b_sorted(_m, x, key=_add)",
    "yield x",
    "return *x, 1",
    "match x:\n            case 1:\n                pass",
    "_t1 = _match(_m, x, 9, (0, ('any',)))",
    "_t1 = _match(_m, _t2, 9, x)",
    "_t1 = _match(_m, _t2, 9, (0, x))",
    "_t1 = _match(_m, _t2, 9, ('value', 1.5))",
    "_t1 = _match(_m, _t2, 9, ('value', x.y))",
    "_t1 = _match(_m, _t2, 9, 1)",
    "_t1 = _match(_m, _t2, 0, (0, ('any',)))",
    "_t1 = _match(_m, _t2, -9, (0, ('any',)))",
    "_t1 = _match(_m, _t2, x, (0, ('any',)))",
    "_t1 = _match(_m, _t2, (0, ('any',)))",
    "_t1 = _match(_m, _t2)",
    "_t1 = _match(_m, _t2, 9, (0, ('any',)), x)",
    "_t1 = _match(_m, _t2, 9, (0, ('any',)), case=x)",
    "_t1 = _match(x, _t2, 9, (0, ('any',)))",
    "return _match",
    "_t1.y = 1",
    "if _t1 is x:\n            pass",
]


def check(source: str) -> None:
    check_output(ast.parse(source), frozenset(HELPERS), frozenset({"other", "main"}))


@pytest.mark.parametrize(
    "body",
    [
        "return _add(_m, x, 1)",
        "return not x and x or (3 if x is None else [1, (2,)])",
        "return [i for i in _each(_m, x, 3) if i]",
        "return {_key(_m, k): 1 for k in _each(_m, x, 3)}",
        "return _b_sorted(_m, x, key=other)",
        "y, (z, _) = other(x, y=2)",
        "_t1 = x",
        "_t2 = None\n        if _t2 is None:\n"
        "            _t2 = _match(_m, _t1, 9, (0, ('value', b'a', None)))\n"
        "            if _t2 is not None:\n                y, z = _t2",
        "for i in _iter(_m, x):\n            _m.left -= 1\n            if _m.left < 0:\n"
        "                _out(_m)\n            pass",
        "try:\n            pass\n        except _E_ValueError:\n"
        "            raise _error(_m, 'V', 'x')",
    ],
)
def test_metered_code_passes(body: str) -> None:
    check(GOOD.replace("BODY", body))


@pytest.mark.parametrize("body", RAW)
def test_a_raw_operation_is_found(body: str) -> None:
    with pytest.raises(UnmeteredCode):
        check(GOOD.replace("BODY", body))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "    _enter(_m, 9)\n    try:\n        BODY\n    finally:\n        _m.depth -= 1\n",
            "    return x\n",
        ),
        ("_enter(_m, 9)", "pass"),
        (
            "        BODY\n    finally:\n        _m.depth -= 1",
            "        pass\n    finally:\n        pass",
        ),
        ("def main(x):", "def main(x=[]):"),
        ("def main(x):", "def main(x: int):"),
        ("def main(x):", "def main(*x):"),
        ("def main(x):", "def main(_m):"),
        ("def main(x):", "@other\ndef main(x):"),
        ("TABLE = [1, 2]", "TABLE = 1 + 2"),
        ("LIMIT = _b_Decimal(_m, '3')", "LIMIT = 2 ** 9"),
        ("def _rebuild", "import os\ndef _rebuild"),
    ],
)
def test_a_damaged_frame_is_found(old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(UnmeteredCode):
        check(GOOD.replace(old, new).replace("BODY", "pass"))
