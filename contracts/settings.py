"""Parameters of a deployment: how people write them, and what a source reads of them.

The ledger takes any parameters; a name that nothing reads, or a number of another type than the
source's own value, shows only when the contract runs. So tools look before they hand them in.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from chain.errors import InvalidInput
from chain.values import Value
from contracts.checker import check_source
from contracts.outline import FunctionDef, Outline
from contracts.parameters import decode_dict
from contracts.runtime.text import decimal_text

ANY_KIND: Final = "anything"
_OF_PARAMETER: Final = ("name", "default")
_NUMBER: Final = "number"
_BYTES: Final = re.compile("bytes ([0-9a-f]{2})*")
_WORDS: Final = {
    "int": "an int, such as 8",
    "Decimal": "a Decimal, such as 8.0",
    "str": 'a text, such as "beta"',
    "bool": "a bool: true or false",
    "list": "a list, such as [1, 2]",
    "dict": 'a dict, such as {"a": 1}',
    "bytes": "bytes, such as bytes 00ff",
    "None": "null",
    _NUMBER: "a number, such as 8.0",
}


@dataclass(frozen=True, slots=True)
class Readings:
    """What a source reads of its parameters.

    `kinds` has the types of the source's own values by name, `ANY_KIND` where they cannot be told;
    `is_complete` is False when it may read more names than these.
    """

    kinds: Mapping[str, frozenset[str]]
    is_complete: bool


def read_setting(text: str) -> tuple[str, Value]:
    """Read NAME=JSON; what is no JSON is a text, and a number with a point is a Decimal.

    Bytes, which JSON has not, are `bytes` and hex digits.
    Raises: ValueError: there is no equals sign.
    """
    name, mark, value = text.partition("=")
    if not mark:
        raise ValueError(f"{text!r} is not NAME=JSON")
    if _BYTES.fullmatch(value):
        return name, bytes.fromhex(value.removeprefix("bytes"))
    try:
        return name, json.loads(value, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, InvalidOperation, RecursionError):
        return name, value


def read_settings(texts: Iterable[str]) -> dict[str, Value]:
    """Read several NAME=JSON.

    Raises: ValueError: one has no equals sign, or is given twice.
    """
    found: dict[str, Value] = {}
    for text in texts:
        name, value = read_setting(text)
        if name in found:
            raise ValueError(f"{name} is given twice")
        found[name] = value
    return found


def _refuse_constant(text: str) -> Value:
    # NaN and Infinity are floats, and JSON has none of them: they are texts.
    raise ValueError(text)


def write_setting(name: str, value: Value) -> str:
    """Write a parameter so that `read_setting` reads the same; but for bytes in lists and dicts."""
    return f"{name}={_write(value)}"


def write_settings(encoded: bytes) -> list[str]:
    """Write encoded parameters, in the order of their names."""
    found = decode_dict(encoded, "the parameters") if encoded else {}
    return [write_setting(name, value) for name, value in sorted(found.items())]


def kind_of(value: Value) -> str:
    """Give the name of a value's type; "None" for None."""
    return "None" if value is None else type(value).__name__


def describe_kinds(kinds: Iterable[str]) -> str:
    """Say what a value may be, with an example of each."""
    return " or ".join(_WORDS.get(kind, kind) for kind in sorted(kinds))


def find_readings(source: str) -> Readings:
    """Find the parameters that a source reads, with the types of its own values.

    Of what is no contract nothing is known.
    """
    checked = check_source(source)
    if checked.findings:
        return Readings({}, is_complete=False)
    outline = checked.outline
    found: dict[str, set[str]] = {}
    for function in outline.functions.values():
        for condition in function.conditions:
            if condition.parameter:
                found.setdefault(condition.parameter, set()).add(_NUMBER)
    is_complete = True
    for function, call in _reads(outline):
        for name, kind in _resolve(function, call, outline):
            if name is None:
                is_complete = False
            else:
                found.setdefault(name, set()).add(kind)
    return Readings({name: frozenset(kinds) for name, kinds in found.items()}, is_complete)


def fit(settings: Mapping[str, Value], source: str) -> dict[str, Value]:
    """Hold parameters against a source; an int becomes a Decimal where the source has one.

    Raises: InvalidInput: VT-4002, the source reads no such parameter, or has another type.
    """
    readings = find_readings(source)
    return {name: _fit(name, value, readings) for name, value in settings.items()}


def carry_over(
    present: Mapping[str, Value], given: Mapping[str, Value], source: str
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Give the parameters of an upgrade: the present ones, but for those that are given.

    Returns: they, and the names of those that are left out since the new source does not read them.
    Raises: InvalidInput: VT-4002, one does not fit the source.
    """
    readings = find_readings(source)
    gone = tuple(
        name
        for name in present
        if readings.is_complete and name not in readings.kinds and name not in given
    )
    kept = {name: value for name, value in present.items() if name not in gone}
    return fit({**kept, **given}, source), gone


def _fit(name: str, value: Value, readings: Readings) -> Value:
    kinds = readings.kinds.get(name)
    if kinds is None and readings.is_complete:
        known = ", ".join(sorted(readings.kinds)) or "none"
        raise InvalidInput("VT-4002", reason=f"the source reads no {name}; it reads {known}")
    own = kind_of(value)
    if kinds is None or ANY_KIND in kinds or own in kinds:
        return value
    if own in {"int", "Decimal"} and _NUMBER in kinds:
        return value
    if isinstance(value, int) and own == "int" and "Decimal" in kinds:
        return Decimal(value)
    own_word = _WORDS[own].partition(",")[0].partition(":")[0]
    wanted = describe_kinds(kinds)
    raise InvalidInput(
        "VT-4002", reason=f"{write_setting(name, value)} is {own_word}; it has to be {wanted}"
    )


def _reads(outline: Outline) -> Iterator[tuple[FunctionDef, ast.Call]]:
    for function in outline.functions.values():
        for node in ast.walk(function.node):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="ctx"), attr="parameter")):
                    yield function, node
                case _:
                    pass


def _resolve(
    function: FunctionDef, call: ast.Call, outline: Outline
) -> Iterator[tuple[str | None, str]]:
    """Give the names that a call reads; None for a name that only a run can tell.

    A function may hand its own arguments on, as in `def minutes(name, default)`; then those who
    call it say which names these are.
    """
    name = _given(call, "name", _OF_PARAMETER)
    default = _given(call, "default", _OF_PARAMETER)
    match name:
        case ast.Name(id=handed) if not function.handler and handed in _arguments(function):
            for other in _calls(function.name, outline):
                given = _given(other, handed, _arguments(function))
                own = default
                if isinstance(default, ast.Name) and default.id in _arguments(function):
                    own = _given(other, default.id, _arguments(function))
                yield _text_of(given, outline), _kind_of(own, outline)
        case _:
            yield _text_of(name, outline), _kind_of(default, outline)


def _arguments(function: FunctionDef) -> list[str]:
    given = function.node.args
    return [one.arg for one in (*given.args, *given.kwonlyargs)]


def _calls(name: str, outline: Outline) -> Iterable[ast.Call]:
    for function in outline.functions.values():
        for node in ast.walk(function.node):
            match node:
                case ast.Call(func=ast.Name(id=called)) if called == name:
                    yield node
                case _:
                    pass


def _given(call: ast.Call, argument: str, names: Sequence[str]) -> ast.expr | None:
    """Give what a call hands over for an argument; `names` are those of the function, in order."""
    for keyword in call.keywords:
        if keyword.arg == argument:
            return keyword.value
    index = names.index(argument)
    return call.args[index] if index < len(call.args) else None


def _text_of(node: ast.expr | None, outline: Outline) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) if name in outline.constants:
            return _text_of(outline.constants[name].value, outline)
        case _:
            return None


def _kind_of(node: ast.expr | None, outline: Outline) -> str:
    match node:
        case ast.Constant(value=value):
            return "None" if value is None else type(value).__name__
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _kind_of(operand, outline)
        case ast.Call(func=ast.Name(id="Decimal")):
            return "Decimal"
        case ast.Tuple():
            return "list"
        case ast.Dict():
            return "dict"
        case ast.Name(id=name) if name in outline.constants:
            return _kind_of(outline.constants[name].value, outline)
        case ast.BinOp(left=left, right=right) if not isinstance(node.op, ast.Div):
            kinds = {_kind_of(left, outline), _kind_of(right, outline)}
            return "int" if kinds == {"int"} else ANY_KIND
        case _:
            return ANY_KIND


def _write(value: Value) -> str:
    if isinstance(value, Decimal):
        text = decimal_text(value)
        return text if "." in text else f"{text}.0"
    if isinstance(value, bytes):
        return f"bytes {value.hex()}"
    if isinstance(value, list):
        return f"[{', '.join(_write(item) for item in value)}]"
    if isinstance(value, dict):
        parts = (
            f"{json.dumps(key, ensure_ascii=False)}: {_write(item)}" for key, item in value.items()
        )
        return f"{{{', '.join(parts)}}}"
    return json.dumps(value, ensure_ascii=False)
