"""A contract's top level, and checks of its names, literals, constants and types."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import Final

from contracts import language as lang
from contracts.conditions import Condition
from contracts.findings import Finding, find_at

SUMMARY_SIZE_MAX: Final = 200


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
    from_version: int = 0
    conditions: tuple[Condition, ...] = ()
    about: str = ""
    history: int = 0


@dataclass(slots=True)
class Outline:
    """Everything that stands at the top level, and the findings made while sorting it."""

    summary: str = ""
    imported: set[str] = field(default_factory=set)
    constants: dict[str, ConstantDef] = field(default_factory=dict)
    records: dict[str, tuple[FieldDef, ...]] = field(default_factory=dict)
    state: dict[str, StateDef] = field(default_factory=dict)
    functions: dict[str, FunctionDef] = field(default_factory=dict)
    field_names: set[str] = field(default_factory=set)
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


def summarise(docstring: str) -> str:
    """Give the first line of a docstring, the same on every version of Python."""
    return docstring.strip(" \t\n\r").split("\n")[0].strip(" \t\r")[:SUMMARY_SIZE_MAX]


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
            check_dict_keys(outline, keys)
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


def check_dict_keys(outline: Outline, keys: list[ast.expr | None]) -> None:
    """Check the keys of a dict display that are literals; the others are checked when they run."""
    for key in keys:
        if isinstance(key, ast.Constant) and not isinstance(key.value, str):
            outline.add(key, "dict", "the keys of a dict are texts", '{"1": x}, or a list')


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
