"""Gas: charged by syntax node before it runs, and by size before a helper works."""

import ast

import pytest

from chain.values import encode_value
from contracts import language as lang
from contracts.checker import check_source
from contracts.inprocess import InProcessExecutor
from contracts.metering import Rewriter
from contracts.runtime.session import READ_BYTE_GAS
from tests.unit.contracts.memory_host import Deployed

IMPORTS = "from contracts.author import Decimal, Map, Var, call, ctx\n"


def gas_of(body: str, **arguments: object) -> int:
    names = ", ".join(arguments)
    lines = "\n".join("    " + line for line in body.split("\n"))
    source = f"{IMPORTS}@call\ndef main({names}):\n{lines}\n"
    deployed = Deployed(source, InProcessExecutor())
    execution = deployed.call("main", **arguments)
    assert execution.status == "ok", execution
    return execution.gas_used


def rewritten(body: str) -> str:
    lines = "\n".join("    " + line for line in body.split("\n"))
    checked = check_source(f"{IMPORTS}def main(x, y):\n{lines}\n")
    assert checked.findings == ()
    return ast.unparse(Rewriter(checked.outline).module().body[-1])


def test_a_function_is_rewritten_whole() -> None:
    assert (
        rewritten("x[0] += y.unit * 2\nreturn f'{x:>5}'")
        == """\
def main(x, y):
    _enter(_m, 37)
    try:
        _t1 = x
        _t2 = 0
        _set_item(_m, _iadd(_m, _item(_m, _t1, _t2), _mul(_m, _field(_m, y, 'unit'), 2)), _t1, _t2)
        return _join(_m, _text(_m, x, '>5'))
    finally:
        _m.depth -= 1"""
    )


def test_stars_in_lists_and_dicts_become_lists_and_dicts_that_grow() -> None:
    assert (
        rewritten("return [x, *y, x, 3, *x, *y], {**y, 'a': 1, x: 2, **x, 'b': [], **{}}, [*x], {}")
        == """\
def main(x, y):
    _enter(_m, 40)
    try:
        return (_grow(_m, _grow(_m, _grow(_m, _grow(_m, [x], y), [x, 3]), x), y), \
_merge(_m, _merge(_m, _merge(_m, _merge(_m, _merge(_m, _dict(_m), y), \
_dict(_m, 'a', 1, x, 2)), x), _dict(_m, 'b', [])), _dict(_m)), _grow(_m, [], x), _dict(_m))
    finally:
        _m.depth -= 1"""
    )


def test_every_loop_pays_at_its_start() -> None:
    assert (
        rewritten("for i in x:\n    y = i")
        == """\
def main(x, y):
    _enter(_m, 8)
    try:
        for i in _iter(_m, x):
            _m.left -= 5
            if _m.left < 0:
                _out(_m)
            y = i
    finally:
        _m.depth -= 1"""
    )


def test_a_comprehension_pays_per_item() -> None:
    assert (
        rewritten("y = [i + 1 for i in x if i]")
        == """\
def main(x, y):
    _enter(_m, 16)
    try:
        y = [_add(_m, i, 1) for i in _each(_m, x, 9) if i]
    finally:
        _m.depth -= 1"""
    )


def test_the_base_price_is_frozen() -> None:
    given = 2 * len(encode_value({})) * READ_BYTE_GAS  # Arguments and parameters.
    assert gas_of("return None") == lang.ENTRY_GAS + given + lang.CALL_GAS + 1 + 1 + 15


def test_gas_grows_by_the_same_amount_for_every_turn() -> None:
    prices = [gas_of(f"t = 0\nfor i in range({n}):\n    t += i\nreturn t") for n in (10, 20, 30)]
    assert prices[1] - prices[0] == prices[2] - prices[1] == 10 * (lang.LOOP_GAS + 4 + 2)


def test_a_branch_that_does_not_run_is_not_paid() -> None:
    body = "if x:\n    y = [1, 2, 3, 4, 5, 6, 7, 8, 9]\nreturn 0"
    assert gas_of(body, x=False) < gas_of(body, x=True)


@pytest.mark.parametrize(
    "body",
    [
        "s = 'ab' * {n}\nreturn 0",
        "s = 'a' * {n} + 'b' * {n}\nreturn 0",
        "s = [0] * {n}\nreturn 0",
        "s = ([0] * {n})[::2]\nreturn 0",
        "s = list(range({n}))\nreturn 0",
        "s = sorted(range({n}))\nreturn 0",
        "s = max(range({n}))\nreturn 0",
        "s = ('a' * {n}).replace('a', 'b')\nreturn 0",
        "s = ('a' * {n}).upper()\nreturn 0",
        "s = ('a' * {n}).find('b')\nreturn 0",
        "s = ('a' * {n}).split('b')\nreturn 0",
        "s = [0] * {n} == [1] * {n}\nreturn 0",
        "s = 3 in [0] * {n}\nreturn 0",
        "s = [*range({n}), *'a']\nreturn 0",
        "s = {str(i): i for i in range({n})}\nt = {**s}\nreturn 0",
        "s = ','.join(['a'] * {n})\nreturn 0",
        "s = ('a' * {n}).encode()\nreturn 0",
        "s = zip(range({n}), range({n}))\nreturn 0",
    ],
)
def test_bigger_operands_cost_more(body: str) -> None:
    assert gas_of(body.replace("{n}", "20000")) > 5 * gas_of(body.replace("{n}", "2000")) - 7_000


def test_too_little_gas_ends_before_the_work() -> None:
    source = IMPORTS + "@call\ndef main():\n    return len([0] * 1000000)\n"
    deployed = Deployed(source, InProcessExecutor())
    deployed.gas_limit = 500_000
    execution = deployed.call("main")
    assert (execution.status, execution.gas_used) == ("out_of_gas", 500_000)


def test_every_gas_limit_gives_the_same_end_or_none() -> None:
    source = (
        IMPORTS + "@call\ndef main():\n    t = 0\n    for i in range(5):\n        t += i\n"
        "    return t\n"
    )
    deployed = Deployed(source, InProcessExecutor())
    needed = deployed.call("main").gas_used
    for limit in range(needed - 60, needed + 2):
        deployed.gas_limit = limit
        execution = deployed.call("main")
        expected = ("ok", needed) if limit >= needed else ("out_of_gas", limit)
        assert (execution.status, execution.gas_used) == expected
