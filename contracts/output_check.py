"""A second, independent look at the rewritten code: no raw operation may be left.

The rewriter knows what it changed; this pass knows nothing of it and walks the result with its own
short list. A node that the rewriter forgot (a lambda's default, an unmetered loop) stops here. It
runs on every compile, so a hole in the rewriter is a refused contract and not an escape.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

_STATEMENTS = (
    ast.Expr,
    ast.Assign,
    ast.If,
    ast.For,
    ast.While,
    ast.Break,
    ast.Continue,
    ast.Pass,
    ast.Return,
    ast.Raise,
    ast.Try,
)
_EXPRESSIONS = (
    ast.Constant,
    ast.Name,
    ast.BoolOp,
    ast.IfExp,
    ast.List,
    ast.Tuple,
    ast.ListComp,
    ast.DictComp,
)
_LITERALS = (type(None), bool, int, str, bytes)


class UnmeteredCode(Exception):
    """The rewriter left something raw: our own bug, and a reason to refuse the contract."""


def check_output(tree: ast.Module, helpers: frozenset[str], functions: frozenset[str]) -> None:
    """Check a rewritten module.

    Args: helpers: names of the runtime's functions; functions: the contract's own.
    Raises: UnmeteredCode: something raw is left.
    """
    check = _OutputCheck(helpers, functions)
    for node in tree.body:
        match node:
            case ast.FunctionDef():
                check.function(node)
            case ast.Assign() | ast.AugAssign() | ast.If():
                check.statement(node)
            case _:
                raise UnmeteredCode(f"{type(node).__name__} at the top level")


class _OutputCheck:
    def __init__(self, helpers: frozenset[str], functions: frozenset[str]) -> None:
        self._helpers = helpers
        self._functions = functions

    def function(self, node: ast.FunctionDef) -> None:
        """Check one function: it enters the meter first and leaves it last."""
        arguments = node.args
        if node.decorator_list or node.returns or arguments.vararg or arguments.kwarg:
            raise UnmeteredCode(f"decorators, types or stars of {node.name}")
        for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if item.annotation is not None or (item.arg.startswith("_") and item.arg != "_"):
                raise UnmeteredCode(f"parameter {item.arg}")
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None and not isinstance(default, ast.Constant):
                raise UnmeteredCode(f"a default of {node.name}")
        if node.name == "_rebuild":
            for statement in node.body:
                if not isinstance(statement, ast.Global):
                    self.statement(statement)
            return
        match node.body:
            case [
                ast.Expr(value=ast.Call(func=ast.Name(id="_enter")) as enter),
                ast.Try(body=body, handlers=[], orelse=[], finalbody=[leave]),
            ]:
                self._call(enter)
                if not _is_meter_change(leave, "depth"):
                    raise UnmeteredCode(f"the end of {node.name}")
                for statement in body:
                    self.statement(statement)
            case _:
                raise UnmeteredCode(f"the frame of {node.name}")

    def statement(self, node: ast.stmt) -> None:
        """Check one statement and what is inside it."""
        if _is_meter_change(node, "left") or _is_meter_test(node):
            return
        if not isinstance(node, _STATEMENTS):
            raise UnmeteredCode(type(node).__name__)
        if isinstance(node, ast.For | ast.While):
            self._loop(node)
        if isinstance(node, ast.Try):
            self._try(node)
            return
        for part in ast.iter_child_nodes(node):
            match part:
                case ast.stmt():
                    self.statement(part)
                case ast.expr() if isinstance(node, ast.Assign) and part in node.targets:
                    self._target(part)
                case ast.expr() if isinstance(node, ast.For) and part is node.target:
                    self._target(part)
                case ast.expr():
                    self._expression(part)
                case _:
                    raise UnmeteredCode(type(part).__name__)

    def _loop(self, node: ast.For | ast.While) -> None:
        if (
            len(node.body) < 2
            or not _is_meter_change(node.body[0], "left")
            or not _is_meter_test(node.body[1])
        ):
            raise UnmeteredCode("a loop without a charge")
        if isinstance(node, ast.For) and not _is_helper_call(node.iter, "_iter"):
            raise UnmeteredCode("a loop over a raw value")

    def _try(self, node: ast.Try) -> None:
        if node.finalbody:
            raise UnmeteredCode("finally")
        for handler in node.handlers:
            match handler:
                case ast.ExceptHandler(type=ast.Name(id=name), name=None) if name.startswith("_E_"):
                    for statement in handler.body:
                        self.statement(statement)
                case _:
                    raise UnmeteredCode("an exception handler")
        for statement in (*node.body, *node.orelse):
            self.statement(statement)

    def _target(self, node: ast.expr) -> None:
        names = node.elts if isinstance(node, ast.Tuple) else [node]
        for name in names:
            if isinstance(name, ast.Tuple):
                self._target(name)
            elif not isinstance(name, ast.Name) or not (
                not name.id.startswith("_") or name.id == "_" or _is_held(name.id)
            ):
                raise UnmeteredCode("a target")

    def _expression(self, node: ast.expr) -> None:
        match node:
            case ast.Call():
                self._call(node)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._expression(operand)
            case ast.Compare(
                left=left, ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]
            ):
                self._expression(left)
            case ast.Constant(value=value):
                if not isinstance(value, _LITERALS):
                    raise UnmeteredCode(f"a literal {type(value).__name__}")
            case ast.Name(id=name):
                self._value_name(name)
            case ast.ListComp() | ast.DictComp():
                self._comprehension(node)
            case _ if isinstance(node, _EXPRESSIONS):
                for part in _inner(node):
                    self._expression(part)
            case _:
                raise UnmeteredCode(type(node).__name__)

    def _value_name(self, name: str) -> None:
        if (name.startswith("_") and name != "_" and not _is_held(name)) or name in self._functions:
            raise UnmeteredCode(f"the name {name} as a value")

    def _comprehension(self, node: ast.ListComp | ast.DictComp) -> None:
        for part in node.generators:
            if part.is_async or not _is_helper_call(part.iter, "_each"):
                raise UnmeteredCode("a comprehension over a raw value")
            self._target(part.target)
            self._expression(part.iter)
            for condition in part.ifs:
                self._expression(condition)
        if isinstance(node, ast.DictComp) and not _is_helper_call(node.key, "_key"):
            raise UnmeteredCode("a raw dict key")
        for inner in [node.elt] if isinstance(node, ast.ListComp) else [node.key, node.value]:
            self._expression(inner)

    def _call(self, node: ast.Call) -> None:
        if not isinstance(node.func, ast.Name):
            raise UnmeteredCode("a call of an expression")
        name, arguments = node.func.id, node.args
        if name == "_match":
            _check_match(node)
            return
        if name in self._helpers:
            if not (arguments and isinstance(arguments[0], ast.Name) and arguments[0].id == "_m"):
                raise UnmeteredCode(f"{name} without the meter")
            arguments = arguments[1:]
        elif name not in self._functions:
            raise UnmeteredCode(f"a call of {name}")
        for argument in arguments:
            self._expression(argument)
        for word in node.keywords:
            if word.arg is None:
                raise UnmeteredCode("** in a call")
            if not (
                word.arg == "key"
                and isinstance(word.value, ast.Name)
                and word.value.id in self._functions
            ):
                self._expression(word.value)


def _inner(node: ast.expr) -> Iterator[ast.expr]:
    return (part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr))


def _is_helper_call(node: ast.expr, helper: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == helper


def _check_match(node: ast.Call) -> None:
    """Match `_match(_m, _tN, GAS, LITERAL)`: price and pattern are fixed by the compiler."""
    match node:
        case ast.Call(
            args=[
                ast.Name(id="_m"),
                ast.Name(id=subject),
                ast.Constant(value=int(gas)),
                ast.Tuple() as pattern,
            ],
            keywords=[],
        ) if _is_held(subject) and gas > 0 and _is_literal(pattern):
            return
        case _:
            raise UnmeteredCode("a pattern that is no literal")


def _is_literal(node: ast.expr) -> bool:
    match node:
        case ast.Tuple(elts=parts):
            return all([_is_literal(part) for part in parts])
        case ast.Constant(value=value):
            return isinstance(value, _LITERALS)
        case _:
            return False


def _is_held(name: str) -> bool:
    """Say whether the rewriter made this name."""
    return name[:2] == "_t" and name[2:].isdigit()


def _is_meter_change(node: ast.stmt, field: str) -> bool:
    """Match `_m.FIELD -= N` with N at least 0."""
    match node:
        case ast.AugAssign(
            target=ast.Attribute(value=ast.Name(id="_m"), attr=attribute),
            op=ast.Sub(),
            value=ast.Constant(value=int(amount)),
        ):
            return attribute == field and amount >= 0
        case _:
            return False


def _is_meter_test(node: ast.stmt) -> bool:
    """Match `if _m.left < 0: _out(_m)`."""
    match node:
        case ast.If(
            test=ast.Compare(
                left=ast.Attribute(value=ast.Name(id="_m"), attr="left"),
                ops=[ast.Lt()],
                comparators=[ast.Constant(value=0)],
            ),
            body=[
                ast.Expr(
                    value=ast.Call(func=ast.Name(id="_out"), args=[ast.Name(id="_m")], keywords=[])
                )
            ],
            orelse=[],
        ):
            return True
        case _:
            return False
