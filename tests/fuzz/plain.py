"""Run a program by plain CPython, with thin stand-ins for state and for documented texts.

The stand-ins are written from docs/contracts.md and not from the engine. What they change:

  * `enumerate`, `zip`, `reversed` and the dict methods `items`, `keys`, `values` give lists, and a
    `for` over a dict walks over the keys that it had at the start;
  * the text of a Decimal is plain (no exponent, no trailing zeros), ints take the formats of
    Decimals, and zero has no sign;
  * `Decimal(x)` rounds to 34 digits, half to even, as all arithmetic does here;
  * values are copied in and out of state, as the ledger's own encoding.
"""

from __future__ import annotations

import ast
import decimal
import functools
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from chain.errors import InvalidInput
from chain.values import decode_value, encode_value
from tests.fuzz.program import HEIGHT, PARAMETERS, SENDER, TIME_MS, Ending, Outcome, Program

VALUE_SIZE_MAX: Final = 16_384
EVENT_SIZE_MAX: Final = 4_096
_CONTEXT: Final = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-383,
    Emax=384,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)


class _Failed(BaseException):
    """`fail(text)`."""


class _Ledger:
    """State and events of a program, and those of the call that is running."""

    def __init__(self) -> None:
        self.state: dict[str, bytes] = {}
        self.events: list[tuple[str, bytes]] = []
        self.kept: dict[str, bytes] = {}
        self.kept_events: list[tuple[str, bytes]] = []

    def keep(self) -> None:
        self.kept, self.kept_events = dict(self.state), list(self.events)

    def drop(self) -> None:
        self.state, self.events = dict(self.kept), list(self.kept_events)


def compiles(program: Program) -> bool:
    """Say whether CPython takes a program at all."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(program.source, "<plain>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def run_plain(program: Program) -> Outcome:
    """Run a program by CPython."""
    ledger = _Ledger()
    endings = []
    with decimal.localcontext(_CONTEXT), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.fix_missing_locations(_PlainForm().visit(ast.parse(program.source)))
        code = compile(tree, "<plain>", "exec", dont_inherit=True)
        for name, arguments in program.calls:
            # Constants are as new in each call.
            names = _make_names(ledger)
            exec(code, names)
            ledger.keep()
            ending = _end(names[name], decode_value(encode_value(arguments)))
            if ending.status != "ok":
                ledger.drop()
            endings.append(ending)
    return Outcome(tuple(endings), ledger.state, tuple(ledger.events))


def _end(handler: Callable[..., Any], arguments: Any) -> Ending:
    try:
        return Ending("ok", _store(handler(**arguments), VALUE_SIZE_MAX).hex())
    except _Failed as failed:
        return Ending("contract_error", str(failed)[:200])
    except Exception as error:  # noqa: BLE001 (whatever a contract can raise)
        return Ending("error", _name_error(error))


def _name_error(error: Exception) -> str:
    """Give the class that a receipt shows; the special classes of CPython count as their bases."""
    plain: dict[type[Exception], str] = {
        decimal.DivisionByZero: "ZeroDivisionError",
        decimal.Overflow: "OverflowError",
        decimal.InvalidOperation: "ValueError",
        UnicodeError: "ValueError",
        UnboundLocalError: "NameError",
    }
    for kind, name in plain.items():
        if isinstance(error, kind):
            return name
    return type(error).__name__


class _PlainForm(ast.NodeTransformer):
    """Puts the stand-ins for texts and lists into a program."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        self.generic_visit(node)
        spec = ""
        if isinstance(node.format_spec, ast.JoinedStr):
            spec = "".join([str(part.value) for part in node.format_spec.values])  # type: ignore[attr-defined]
        call = ast.Call(_name("_show"), [node.value, ast.Constant(spec)], [])
        return ast.FormattedValue(call, -1, None)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Name(id="str" | "Decimal" as name):
                node.func = _name("_" + name)
            case ast.Attribute(attr="items" | "keys" | "values"):
                return ast.Call(_name("list"), [node], [])
            case _:
                pass
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="Map" | "Var")) as declared,
            ):
                declared.args.insert(0, ast.Constant(name))
            case _:
                pass
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = ast.Call(_name("_walk"), [node.iter], [])
        return node


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _make_names(ledger: _Ledger) -> dict[str, Any]:
    def fail(text: str) -> None:
        if type(text) is not str:
            raise TypeError
        raise _Failed(text)

    return {
        "Decimal": Decimal,
        "Map": functools.partial(_Map, ledger),
        "Var": functools.partial(_Var, ledger),
        "call": lambda function: function,
        "record": _make_record,
        "ctx": _Context(ledger),
        "fail": fail,
        "enumerate": lambda *given, **named: list(enumerate(*given, **named)),
        "reversed": lambda items: list(reversed(items)),
        "zip": lambda *given, strict=False: list(zip(*given, strict=strict)),
        "_show": _show,
        "_str": lambda value="": _show(value, ""),
        "_Decimal": _make_decimal,
        "_walk": lambda items: list(items) if type(items) is dict else items,
    }


# Texts and numbers.


def _make_decimal(value: Any) -> Decimal:
    return _CONTEXT.create_decimal(value)


def _show(value: Any, spec: str) -> str:
    if type(value) is int and spec.endswith("f"):
        value = Decimal(value)
    if type(value) is not Decimal:
        return format(value, spec)
    if spec.endswith("f"):
        text = format(value, spec)
        # Minus nothing is nothing.
        return text if any(letter in "123456789" for letter in text) else format(abs(value), spec)
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    text = "0" if text.lstrip("-") in ("0", "") else text
    if "+" in spec:
        text, spec = text if text[0] == "-" else "+" + text, spec.replace("+", "")
    if spec[:1].isdigit() and spec[0] == "0":
        return text.zfill(int(spec))
    return format(text, spec if spec[:1] in "<>^" else ">" + spec) if spec else text


# State.


def _store(value: Any, limit: int) -> bytes:
    """Encode a value as the ledger keeps it."""
    try:
        return encode_value(_to_plain(value), limit)
    except InvalidInput as error:
        kinds = {"VT-1201": TypeError, "VT-1202": ValueError}
        raise kinds.get(error.code, OverflowError) from None


def _to_plain(value: Any) -> Any:
    match value:
        case list() | tuple():
            return [_to_plain(item) for item in value]
        case dict():
            return {key: _to_plain(item) for key, item in value.items()}
        case _Record():
            return {name: _to_plain(getattr(value, name)) for name in value.fields}
        case _:
            return value


class _Record:
    """A value with named, typed parts."""

    fields: dict[str, tuple[type, ...]] = {}  # noqa: RUF012 (each record class has its own)
    defaults: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, *given: Any, **named: Any) -> None:
        positional = dict(zip(self.fields, given, strict=False))
        if len(given) > len(self.fields) or positional.keys() & named.keys():
            raise TypeError
        values = {**self.defaults, **positional, **named}
        if values.keys() != self.fields.keys():
            raise TypeError
        for name in self.fields:
            setattr(self, name, values[name])

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) not in self.fields[name]:
            raise TypeError
        object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)


def _make_record(kind: type) -> type:
    fields = {}
    for name, annotation in kind.__annotations__.items():
        parts = getattr(annotation, "__args__", (annotation,))
        origin = getattr(annotation, "__origin__", None)
        fields[name] = (origin,) if origin is not None else tuple(parts)
    defaults = {name: vars(kind)[name] for name in fields if name in vars(kind)}
    return type(kind.__name__, (_Record,), {"fields": fields, "defaults": defaults})


class _Var:
    def __init__(self, ledger: _Ledger, name: str, kind: type, default: Any) -> None:
        self._ledger, self._name, self._kind = ledger, name, kind
        self._default = _store(default, VALUE_SIZE_MAX)

    def get(self) -> Any:
        return decode_value(self._ledger.state.get(self._name, self._default))

    def set(self, value: Any) -> None:
        if type(value) is not self._kind:
            raise TypeError
        self._ledger.state[self._name] = _store(value, VALUE_SIZE_MAX)


class _Map:
    def __init__(self, ledger: _Ledger, name: str, kind: type) -> None:
        self._ledger, self._prefix, self._kind = ledger, name + "/", kind

    def _key(self, key: Any) -> str:
        if type(key) is not str:
            raise TypeError
        if not 1 <= len(key.encode()) <= 200:
            raise ValueError
        return self._prefix + key

    def _load(self, data: bytes) -> Any:
        value: Any = decode_value(data)
        return self._kind(**value) if issubclass(self._kind, _Record) else value

    def get(self, key: Any, default: Any = None) -> Any:
        data = self._ledger.state.get(self._key(key))
        return default if data is None else self._load(data)

    def pop(self, key: Any, default: Any = None) -> Any:
        data = self._ledger.state.pop(self._key(key), None)
        return default if data is None else self._load(data)

    def items(self, start: str = "", limit: int = 100) -> list[tuple[str, Any]]:
        if not 1 <= limit <= 1000:
            raise ValueError
        size = len(self._prefix)
        mine = [key for key in sorted(self._ledger.state) if key.startswith(self._prefix)]
        keys = [key for key in mine if key[size:] >= start][:limit]
        return [(key[size:], self._load(self._ledger.state[key])) for key in keys]

    def keys(self, start: str = "", limit: int = 100) -> list[str]:
        return [key for key, _ in self.items(start, limit)]

    def __contains__(self, key: Any) -> bool:
        return self._key(key) in self._ledger.state

    def __getitem__(self, key: Any) -> Any:
        return self._load(self._ledger.state[self._key(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        if type(value) is not self._kind:
            raise TypeError
        self._ledger.state[self._key(key)] = _store(value, VALUE_SIZE_MAX)

    def __delitem__(self, key: Any) -> None:
        del self._ledger.state[self._key(key)]


class _Context:
    height = HEIGHT
    sender = SENDER
    time_ms = TIME_MS
    contract = "fuzz"

    def __init__(self, ledger: _Ledger) -> None:
        self._ledger = ledger

    def parameter(self, name: str, default: Any) -> Any:
        value = PARAMETERS.get(name, default)
        if type(value) is not type(default):
            raise TypeError
        return value

    def emit(self, name: str, payload: Any) -> None:
        self._ledger.events.append((name, _store(payload, EVENT_SIZE_MAX)))
