"""A contract means what Python means: random programs give the same value as plain CPython.

The same programs give the same bytes and the same gas in both executors.
"""

from __future__ import annotations

import decimal
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.values import decode_value, encode_value
from contracts.compiler import check_contract
from contracts.inprocess import InProcessExecutor
from contracts.runtime.arithmetic import CONTEXT
from contracts.sandbox import SandboxExecutor
from tests.unit.contracts.memory_host import Deployed

HEAD = "from contracts.author import Decimal, call\n\ndef twice(x):\n    return x + x\n\n"

names = st.sampled_from(["a", "b", "c"])
numbers = st.integers(-9, 9).map(str) | st.sampled_from(['Decimal("2.5")', 'Decimal("-0.3")'])
texts = st.sampled_from(["'ab'", "'x,y'", "''", "'B c'"])
atoms = (
    names
    | numbers
    | texts
    | st.sampled_from(["True", "None", "[]", "[1, 2, 3]", "(1, 2)", "{'k': 1}"])
)


def combine(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.sampled_from(
        [
            "+",
            "-",
            "*",
            "//",
            "%",
            "&",
            "|",
            "^",
            "<<",
            ">>",
            "**",
            "<",
            "<=",
            "==",
            "!=",
            ">",
            "in",
            "not in",
            "and",
            "or",
        ]
    )
    methods = st.sampled_from(
        [
            "upper()",
            "split(',')",
            "strip()",
            "find('b')",
            "count(1)",
            "index(2)",
            "get('k')",
            "copy()",
            "isdigit()",
            "zfill(5)",
            "replace('a', 'bb')",
            "startswith('a')",
            "bit_length()",
        ]
    )
    calls = st.sampled_from(
        [
            "len({})",
            "abs({})",
            "str({})",
            "int({})",
            "bool({})",
            "sorted({})",
            "list({})",
            "sum({})",
            "max({})",
            "min({})",
            "twice({})",
            "not {}",
            "-{}",
            "~{}",
            "round({})",
            "tuple({})",
            "any({})",
            "all({})",
            "[x for x in {}]",
            "{{str(x): x for x in {}}}",
            "list(range({}))",
            "isinstance({}, int)",
            "max({}, 2)",
            "sorted({}, reverse=True)",
            "reversed({})",
            "enumerate({})",
        ]
    )
    return (
        st.builds("({} {} {})".format, inner, binary, inner)
        | st.builds("({}).{}".format, inner, methods)
        | st.builds(lambda form, x: "(" + form.format(f"({x})") + ")", calls, inner)
        | st.builds("({})[{}]".format, inner, st.sampled_from(["0", "-1", "1:", "::-1", "'k'"]))
        | st.builds("({} if {} else {})".format, inner, inner, inner)
        | st.builds("[{}, {}]".format, inner, inner)
    )


expressions = st.recursive(atoms, combine, max_leaves=6)


@st.composite
def programs(draw: st.DrawFn) -> str:
    lines = ["a = 3", "b = 'ab'", "c = [5, 6]", "d = ''"]
    for _ in range(draw(st.integers(1, 4))):
        kind, name = draw(st.integers(0, 5)), draw(names)
        value = draw(expressions)
        lines += {
            0: [f"{name} = {value}"],
            1: [f"{name} += {value}"],
            2: [f"if {value}:", f"    {name} = {draw(expressions)}"],
            3: [f"for i in range(3):", f"    {name} = {value}"],  # noqa: F541 (a table of lines)
            4: ["try:", f"    {name} = {value}", "except Exception:", "    d = 'caught'"],
            5: [f"{name} = f'{{{name}}}'"],
        }[kind]
    return "\n".join(
        ["@call", "def main():", *["    " + line for line in lines], "    return [a, b, c, d]", ""]
    )


def as_lists(function: Any) -> Any:
    return lambda *arguments: list(function(*arguments))


def plain_python(program: str) -> Any:
    """Run a program as plain Python, under the contract's Decimal context."""
    names: dict[str, Any] = {
        "Decimal": Decimal,
        "call": lambda function: function,
        "reversed": as_lists(reversed),
        "enumerate": as_lists(enumerate),
    }
    with decimal.localcontext(CONTEXT), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(HEAD.partition("\n")[2] + program, names)
        return to_plain(names["main"]())


def to_plain(value: Any) -> Any:
    if isinstance(value, float | range | set):
        raise TypeError
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        if not all(type(key) in (str, int) for key in value):
            raise TypeError
        return {key: to_plain(item) for key, item in value.items()}
    return value


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxExecutor]:
    executor = SandboxExecutor()
    yield executor
    executor.close()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(program=programs())
def test_a_contract_means_what_python_means(program: str, sandbox: SandboxExecutor) -> None:
    source = HEAD + program
    assert check_contract(source).accepted, check_contract(source).findings
    near, far = Deployed(source, InProcessExecutor()), Deployed(source, sandbox)
    execution = near.call("main")
    assert far.call("main") == execution
    # What the contract language refuses at run time (a float, a text of a list) is an error there.
    if execution.status != "ok" or b"caught" in execution.value:
        return
    assert execution.value == encode_value(plain_python(program))
    assert decode_value(execution.value) != []
