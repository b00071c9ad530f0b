"""The top level of a contract, sorted into constants, records, state, functions and handlers."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import Final

from contracts import language as lang
from contracts.findings import Finding, find_at

_TOP_LEVEL: Final = (
    "a docstring, an import from contracts.author, a constant, Var or Map, @record class, or def"
)


@dataclass(frozen=True, slots=True)
class ConstantDef:
    """A module constant; a `mutable` one (it holds a list or dict) is built anew per invocation."""

    name: str
    value: ast.expr
    mutable: bool


@dataclass(frozen=True, slots=True)
class StateDef:
    """A `Var(kind, default)` or `Map(kind)`."""

    name: str
    is_map: bool
    kind: str
    default: ast.expr | None


@dataclass(frozen=True, slots=True)
class FieldDef:
    """A field of a record; `kinds` are type names, "None" among them when it is optional."""

    name: str
    kinds: tuple[str, ...]
    default: ast.expr | None


@dataclass(frozen=True, slots=True)
class FunctionDef:
    """A function and what its decorator makes of it ("" for a plain function)."""

    name: str
    node: ast.FunctionDef
    handler: str = ""
    model: str = ""
    properties: tuple[str, ...] = ()


@dataclass(slots=True)
class Outline:
    """Everything that stands at the top level, and the findings made while sorting it."""

    summary: str = ""
    imported: set[str] = field(default_factory=set)
    constants: dict[str, ConstantDef] = field(default_factory=dict)
    records: dict[str, tuple[FieldDef, ...]] = field(default_factory=dict)
    state: dict[str, StateDef] = field(default_factory=dict)
    functions: dict[str, FunctionDef] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def defines(self, name: str) -> bool:
        """Say whether the contract defines this name at its top level."""
        return (
            name in self.constants
            or name in self.records
            or name in self.state
            or name in self.functions
        )

    def add(self, node: ast.AST, rule: str, reason: str, instead: str) -> None:
        """Add a finding at a node."""
        self.findings.append(find_at(node, rule, reason, instead))


def read_outline(tree: ast.Module) -> Outline:
    """Sort the statements of a module; what does not belong there becomes a finding."""
    outline = Outline()
    for index, node in enumerate(tree.body):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))) if index == 0:
                outline.summary = text.strip().split("\n")[0][:200]
            case ast.ImportFrom():
                _read_import(outline, node)
            case ast.Assign(targets=[ast.Name(id=name)]):
                _read_assignment(outline, node, name, node.value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                _read_assignment(outline, node, name, value)
            case ast.ClassDef():
                _read_record(outline, node)
            case ast.FunctionDef():
                _read_function(outline, node)
            case _:
                _refuse_statement(outline, node)
    return outline


def _refuse_statement(outline: Outline, node: ast.stmt) -> None:
    refusal = lang.REFUSED_SYNTAX_BY_NAME.get(type(node).__name__)
    if refusal is not None:
        outline.add(node, refusal.name.lower(), refusal.reason, refusal.instead)
    else:
        outline.add(node, "top-level", "this does not belong at the top level", _TOP_LEVEL)


def check_new_name(outline: Outline, node: ast.AST, name: str) -> bool:
    """Check that a name may be defined; a finding and False otherwise."""
    if name.startswith("_") and name != "_":
        outline.add(
            node,
            "name",
            "names do not begin with an underscore here",
            f"{name.strip('_') or 'a word'}",
        )
    elif len(name) > lang.NAME_SIZE_MAX:
        outline.add(
            node, "name", f"the name has more than {lang.NAME_SIZE_MAX} letters", "a shorter name"
        )
    elif (
        name in lang.BUILTIN_BY_NAME
        or name in lang.AUTHOR_NAMES
        or name in lang.EXCEPTIONS
        or name in lang.ANNOTATION_NAMES
        or name in lang.REFUSED_NAME_BY_NAME
    ):
        outline.add(node, "shadow", f"{name} has a meaning already", "another name")
    elif outline.defines(name):
        outline.add(node, "shadow", f"{name} is defined at the top level already", "another name")
    else:
        return True
    return False


def _read_import(outline: Outline, node: ast.ImportFrom) -> None:
    if node.module != "contracts.author" or node.level:
        refusal = lang.REFUSED_SYNTAX_BY_NAME["ImportFrom"]
        outline.add(node, "import", refusal.reason, refusal.instead)
        return
    for alias in node.names:
        if alias.name not in lang.AUTHOR_NAMES or alias.asname is not None:
            outline.add(
                node,
                "import",
                f"contracts.author has no name {alias.name} to import so",
                "names of docs/contracts.md, without `as`",
            )
        outline.imported.add(alias.name)


def _read_assignment(outline: Outline, node: ast.stmt, name: str, value: ast.expr) -> None:
    if isinstance(node, ast.AnnAssign):
        check_annotation(outline, node.annotation)
    if not check_new_name(outline, node, name):
        return
    match value:
        case ast.Call(func=ast.Name(id="Var" | "Map" as kind)):
            _read_state(outline, name, value, kind == "Map")
        case _:
            mutable = check_constant(outline, value)
            outline.constants[name] = ConstantDef(name, value, mutable)


def _read_state(outline: Outline, name: str, node: ast.Call, is_map: bool) -> None:
    form = "Map(int)" if is_map else "Var(int, 0)"
    values = list(node.args)
    values += [word.value for word in node.keywords if word.arg == "default" and not is_map]
    if len(values) != (1 if is_map else 2) or len(values) != len(node.args) + len(node.keywords):
        outline.add(node, "state", "state is declared with its type", form)
        return
    kind = values[0]
    if not isinstance(kind, ast.Name) or (
        kind.id not in lang.TYPES and kind.id not in outline.records
    ):
        outline.add(
            node,
            "state",
            "the type of state is one of " + ", ".join(lang.TYPES) + " or a record defined above",
            form,
        )
        return
    default = None if is_map else values[1]
    if default is not None:
        if kind.id in outline.records:
            outline.add(node, "state", "a Var keeps plain values", "Map(" + kind.id + ")")
        check_constant(outline, default)
    outline.state[name] = StateDef(name, is_map, kind.id, default)


def check_constant(outline: Outline, node: ast.expr) -> bool:
    """Check an expression of constants; say whether its value can be changed in place."""
    match node:
        case ast.Constant():
            check_literal(outline, node)
            return False
        case ast.Name(id=name) if name in outline.constants:
            return outline.constants[name].mutable
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return check_constant(outline, operand)
        case ast.BinOp(left=left, right=right) if not isinstance(node.op, ast.MatMult):
            return check_constant(outline, left) | check_constant(outline, right)
        case ast.Tuple(elts=items):
            return any([check_constant(outline, item) for item in items])
        case ast.List(elts=items):
            for item in items:
                check_constant(outline, item)
            return True
        case ast.Dict(keys=keys, values=values) if None not in keys:
            for part in (*keys, *values):
                assert part is not None, "the guard has looked"
                check_constant(outline, part)
            return True
        case ast.Call(func=ast.Name(id="Decimal"), args=[argument], keywords=[]):
            check_import(outline, node, "Decimal")
            return check_constant(outline, argument)
        case _:
            outline.add(
                node,
                "constant",
                "a module value is made of literals, tuples, lists, "
                "dicts, Decimal(...) and constants above",
                "a function that computes it",
            )
            return False


def check_import(outline: Outline, node: ast.AST, name: str) -> None:
    """Check that a name of contracts.author has been imported."""
    if name not in outline.imported:
        outline.add(
            node, "import", f"{name} is not imported", f"from contracts.author import {name}"
        )


def check_literal(outline: Outline, node: ast.Constant) -> None:
    """Check a literal: no floats, bounded ints, texts without lone surrogates."""
    value = node.value
    if isinstance(value, float | complex):
        outline.add(
            node,
            "float",
            "floats round differently from what people expect",
            f'Decimal("{value}")' if isinstance(value, float) else "two Decimals",
        )
    elif isinstance(value, int) and not -(1 << 256) < value < (1 << 256):
        outline.add(node, "int", "ints have up to 256 bits", "a smaller number")
    elif isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        outline.add(node, "string", "a lone surrogate is no character", "the whole character")
    elif value is Ellipsis:
        outline.add(node, "ellipsis", "it does nothing", "pass")


def check_annotation(outline: Outline, node: ast.expr) -> None:
    """Check the form of a type; types are for tools and people, and vanish before execution."""
    match node:
        case ast.Constant(value=None) | ast.Constant(value=builtins.Ellipsis):
            return
        case ast.Name(id=name):
            if name in lang.AUTHOR_NAMES:
                check_import(outline, node, name)
            elif name not in lang.ANNOTATION_NAMES and name not in outline.records:
                outline.add(
                    node,
                    "type",
                    f"{name} is not a type here",
                    ", ".join(sorted(lang.ANNOTATION_NAMES)),
                )
        case ast.Subscript(value=ast.Name() as base, slice=inner):
            check_annotation(outline, base)
            check_annotation(outline, inner)
        case ast.Tuple(elts=items):
            for item in items:
                check_annotation(outline, item)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            check_annotation(outline, left)
            check_annotation(outline, right)
        case _:
            outline.add(node, "type", "this is no type", "int, dict[str, int], Decimal | None")


def _read_record(outline: Outline, node: ast.ClassDef) -> None:
    decorated = [item.id for item in node.decorator_list if isinstance(item, ast.Name)]
    if decorated != ["record"] or len(node.decorator_list) != 1 or node.bases or node.keywords:
        refusal = lang.REFUSED_SYNTAX_BY_NAME["ClassDef"]
        outline.add(node, "class", refusal.reason, refusal.instead)
        return
    check_import(outline, node, "record")
    if getattr(node, "type_params", None):
        outline.add(node, "type", "type parameters are newer than Python 3.11", "plain fields")
    if not check_new_name(outline, node, node.name):
        return
    fields: list[FieldDef] = []
    for index, item in enumerate(node.body):
        match item:
            case ast.Expr(value=ast.Constant(value=str())) if index == 0:
                continue
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=default):
                entry = _read_field(outline, item, name, annotation, default)
                if default is None and fields and fields[-1].default is not None:
                    outline.add(
                        item, "record", "a field without default follows one with", "a default"
                    )
                fields.append(entry)
            case _:
                outline.add(item, "record", "a record has annotated fields only", "name: int = 0")
    if not fields or len(fields) > 64 or len({entry.name for entry in fields}) != len(fields):
        outline.add(node, "record", "a record has 1 to 64 fields of different names", "name: int")
    outline.records[node.name] = tuple(fields)


def _read_field(
    outline: Outline, node: ast.AST, name: str, annotation: ast.expr, default: ast.expr | None
) -> FieldDef:
    check_annotation(outline, annotation)
    kinds = _kinds(annotation)
    if not kinds:
        outline.add(
            node,
            "record",
            "a field is of type " + ", ".join(lang.TYPES) + ", and may be | None",
            "int | None",
        )
    if name.startswith("_") or len(name) > lang.NAME_SIZE_MAX or name in lang.METHOD_NAMES:
        outline.add(node, "name", f"{name} cannot name a field", "another name")
    if default is not None and check_constant(outline, default):
        outline.add(node, "record", "a list or dict as default would be shared", "no default")
    return FieldDef(name, kinds, default)


def _kinds(annotation: ast.expr) -> tuple[str, ...]:
    match annotation:
        case ast.Name(id=name) if name in lang.TYPES:
            return (name,)
        case ast.Subscript(value=ast.Name(id="list" | "dict" as name)):
            return (name,)
        case ast.Constant(value=None):
            return ("None",)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            first, second = _kinds(left), _kinds(right)
            return first + second if first and second else ()
        case _:
            return ()


def _read_function(outline: Outline, node: ast.FunctionDef) -> None:
    if not check_new_name(outline, node, node.name):
        return
    if getattr(node, "type_params", None):
        outline.add(node, "type", "type parameters are newer than Python 3.11", "plain types")
    entry = FunctionDef(node.name, node)
    if len(node.decorator_list) > 1:
        outline.add(node, "decorator", "a function has one decorator at most", "@call")
    elif node.decorator_list:
        entry = _read_decorator(outline, node, node.decorator_list[0])
    if entry.handler == "initial" and any(
        other.handler == "initial" for other in outline.functions.values()
    ):
        outline.add(node, "decorator", "a contract has one @initial function", "one function")
    outline.functions[node.name] = entry


def _read_decorator(outline: Outline, node: ast.FunctionDef, mark: ast.expr) -> FunctionDef:
    match mark:
        case ast.Name(id="call" | "initial" as handler):
            check_import(outline, node, handler)
            return FunctionDef(node.name, node, handler)
        case ast.Call(func=ast.Name(id="on_update"), args=[], keywords=words):
            check_import(outline, node, "on_update")
            trigger = _read_trigger(node, {word.arg: word.value for word in words})
            if trigger is not None and len(words) == 2:
                return trigger
        case _:
            pass
    outline.add(
        node,
        "decorator",
        "this is not a handler's decorator",
        '@call, @initial, or @on_update(model="...", properties=["..."]) on a function '
        "of one parameter",
    )
    return FunctionDef(node.name, node)


def _read_trigger(node: ast.FunctionDef, given: dict[str | None, ast.expr]) -> FunctionDef | None:
    model, properties = given.get("model"), given.get("properties")
    if not isinstance(model, ast.Constant) or not isinstance(model.value, str):
        return None
    if not isinstance(properties, ast.List) or len(node.args.args) != 1:
        return None
    names = tuple(
        item.value
        for item in properties.elts
        if isinstance(item, ast.Constant) and isinstance(item.value, str)
    )
    if not 1 <= len(names) == len(properties.elts) <= 64:
        return None
    return FunctionDef(node.name, node, "update", model.value, names)
