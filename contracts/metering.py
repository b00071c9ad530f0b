"""Rewrite a checked contract so that every operation is charged and goes through a helper.

What is left raw costs the same whatever its operands are: names, literals, displays, jumps, calls
of the contract's own functions. All else becomes a call of a helper of `contracts.runtime`, which
checks its operands and charges by their size before it works. The price of a run of statements
is the sum over its syntax nodes, charged before the first of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from typing import assert_never

from contracts import language as lang
from contracts.metered_expressions import (
    BINARY,
    DEPTH,
    ERROR_PREFIX,
    IN_PLACE,
    LEFT,
    METER,
    REBUILD,
    ExpressionRewriter,
    call_helper,
    compute_cost,
    name_of,
)
from contracts.metered_patterns import encode_pattern
from contracts.outline import Outline


def _charge(gas: int) -> list[ast.stmt]:
    left = ast.Attribute(name_of(METER), LEFT, ast.Store())
    test = ast.Compare(
        ast.Attribute(name_of(METER), LEFT, ast.Load()), [ast.Lt()], [ast.Constant(0)]
    )
    return [
        ast.AugAssign(left, ast.Sub(), ast.Constant(gas)),
        ast.If(test, [ast.Expr(call_helper("_out"))], []),
    ]


class Rewriter(ExpressionRewriter):
    """Turns the functions and constants of one checked contract into metered code."""

    def __init__(self, outline: Outline) -> None:
        super().__init__(outline)
        self._temporaries = 0

    def module(self) -> ast.Module:
        """Give the metered module: constants, a function that rebuilds mutable ones, functions."""
        body: list[ast.stmt] = []
        fixed = [entry for entry in self.outline.constants.values() if not entry.mutable]
        mutable = [entry for entry in self.outline.constants.values() if entry.mutable]
        for entry in fixed:
            body += _charge(compute_cost(entry.value) + 1)
            body.append(self._store(entry.name, self.expression(entry.value)))
        body.append(self._rebuild([(entry.name, entry.value) for entry in mutable]))
        body += [self._function(entry.node) for entry in self.outline.functions.values()]
        return ast.fix_missing_locations(ast.Module(body, []))

    def _store(self, name: str, value: ast.expr) -> ast.stmt:
        return ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), value)

    def _rebuild(self, entries: Sequence[tuple[str, ast.expr]]) -> ast.FunctionDef:
        body: list[ast.stmt] = [ast.Global([name for name, _ in entries])] if entries else []
        for name, value in entries:
            body += _charge(compute_cost(value) + 1)
            body.append(self._store(name, self.expression(value)))
        empty = ast.arguments([], [], None, [], [], None, [])
        return _function_def(REBUILD, empty, body or [ast.Pass()])

    def _function(self, node: ast.FunctionDef) -> ast.FunctionDef:
        body = node.body
        if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        cost, statements = self._run(body)
        enter = ast.Expr(call_helper("_enter", ast.Constant(cost + lang.CALL_GAS)))
        leave = ast.AugAssign(
            ast.Attribute(name_of(METER), DEPTH, ast.Store()), ast.Sub(), ast.Constant(1)
        )
        guarded = ast.Try(statements or [ast.Pass()], [], [], [leave])
        plain = [ast.arg(item.arg) for item in node.args.args]
        keywords = [ast.arg(item.arg) for item in node.args.kwonlyargs]
        defaults: list[ast.expr] = [_literal(item) for item in node.args.defaults]
        keyword_defaults: list[ast.expr | None] = [
            None if item is None else _literal(item) for item in node.args.kw_defaults
        ]
        arguments = ast.arguments([], plain, None, keywords, keyword_defaults, None, defaults)
        return ast.copy_location(_function_def(node.name, arguments, [enter, guarded]), node)

    # Statements.

    def _run(self, statements: Iterable[ast.stmt]) -> tuple[int, list[ast.stmt]]:
        """Rewrite a run of statements; give its price and the code, without the charge."""
        cost = 0
        code: list[ast.stmt] = []
        for statement in statements:
            cost += _compute_own_cost(statement)
            code += [ast.copy_location(item, statement) for item in self._statement(statement)]
        return cost, code

    def _block(self, statements: Sequence[ast.stmt], extra: int = 0) -> list[ast.stmt]:
        """Rewrite a block with its charge in front."""
        if not statements:
            return []
        cost, code = self._run(statements)
        return [ast.copy_location(item, statements[0]) for item in _charge(cost + extra)] + code

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        match node:
            case ast.Expr(value=value):
                return [ast.Expr(self.expression(value))]
            case ast.Assign(targets=[target], value=value):
                return [self._assign(target, self.expression(value))]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return [self._assign(target, self.expression(value))]
            case ast.AugAssign():
                return self._augmented(node)
            case ast.Delete(targets=targets):
                return [ast.Expr(self._delete(target)) for target in targets]
            case ast.Return(value=value):
                return [ast.Return(None if value is None else self.expression(value))]
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=[text])):
                error = call_helper("_error", ast.Constant(name), self.expression(text))
                return [ast.Raise(error, None)]
            case ast.Break() | ast.Continue() | ast.Pass():
                return [node]
            case ast.Match():
                return self._match(node)
            case _:
                return [self._compound(node)]

    def _compound(self, node: ast.stmt) -> ast.stmt:
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                return ast.If(self.expression(test), self._block(body), self._block(orelse))
            case ast.While(test=test, body=body, orelse=orelse):
                extra = compute_cost(test) + lang.LOOP_GAS
                return ast.While(
                    self.expression(test), self._block(body, extra), self._block(orelse)
                )
            case ast.For(target=target, iter=items, body=body, orelse=orelse):
                walked = call_helper("_iter", self.expression(items))
                return ast.For(
                    target, walked, self._block(body, lang.LOOP_GAS), self._block(orelse)
                )
            case ast.Try():
                return self._try(node)
            case _:
                raise AssertionError(f"the checker let {type(node).__name__} through")

    def _assign(self, target: ast.expr, value: ast.expr) -> ast.stmt:
        match target:
            case ast.Name() | ast.Tuple():
                return ast.Assign([target], value)
            case ast.Subscript(value=base, slice=index):
                return ast.Expr(
                    call_helper("_set_item", value, self.expression(base), self.expression(index))
                )
            case ast.Attribute(value=base, attr=name):
                return ast.Expr(
                    call_helper("_set_field", value, self.expression(base), ast.Constant(name))
                )
            case _:
                raise AssertionError("the checker let a target through")

    def _augmented(self, node: ast.AugAssign) -> list[ast.stmt]:
        """Evaluate as Python does: container, key, old value, operand, then store."""
        helper = IN_PLACE.get(type(node.op)) or BINARY[type(node.op)]
        value = self.expression(node.value)
        match node.target:
            case ast.Name(id=name):
                return [self._store(name, call_helper(helper, name_of(name), value))]
            case ast.Subscript(value=base, slice=index):
                first, held = self._hold(self.expression(base))
                second, key = self._hold(self.expression(index))
                changed = call_helper(helper, call_helper("_item", held, key), value)
                return [first, second, ast.Expr(call_helper("_set_item", changed, held, key))]
            case ast.Attribute(value=base, attr=name):
                first, held = self._hold(self.expression(base))
                field = ast.Constant(name)
                changed = call_helper(helper, call_helper("_field", held, field), value)
                return [first, ast.Expr(call_helper("_set_field", changed, held, field))]
            case _ as unreachable:
                assert_never(unreachable)

    def _hold(self, value: ast.expr) -> tuple[ast.stmt, ast.Name]:
        self._temporaries += 1
        name = f"_t{self._temporaries}"
        return self._store(name, value), name_of(name)

    def _match(self, node: ast.Match) -> list[ast.stmt]:
        """Write cases as ifs beside each other, so that many of them are not nested deeply.

        One name holds what is looked at, another what the names of the case that was taken get;
        it is None while no case was. As in Python, a guard sees the names, which keep their values
        when it says no.
        """
        first, subject = self._hold(self.expression(node.subject))
        second, found = self._hold(ast.Constant(None))
        code = [first, ast.copy_location(second, node)]
        for case in node.cases:
            price = lang.GAS["match_case"] + compute_cost(case.pattern) + compute_cost(case.guard)
            names, pattern = encode_pattern(self.outline, case.pattern)
            attempt = call_helper("_match", name_of(subject.id), ast.Constant(price), pattern)
            body = self._case_body(case, names, found.id)
            steps = [
                self._store(found.id, attempt),
                ast.If(_is_none(found.id, ast.IsNot()), body, []),
            ]
            steps = [ast.copy_location(step, case.pattern) for step in steps]
            code.append(ast.If(_is_none(found.id, ast.Is()), steps, []))
        return code

    def _case_body(self, case: ast.match_case, names: list[str], found: str) -> list[ast.stmt]:
        code = self._block(case.body)
        if case.guard is not None:
            refused = self._store(found, ast.Constant(None))
            test = ast.If(self.expression(case.guard), code, [refused])
            code = [ast.copy_location(test, case.guard)]
        if names:
            targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
            assigned = ast.Assign([ast.Tuple(targets, ast.Store())], name_of(found))
            code.insert(0, ast.copy_location(assigned, case.pattern))
        return code

    def _delete(self, target: ast.expr) -> ast.expr:
        assert isinstance(target, ast.Subscript), "the checker lets items only through"
        base, index = self.expression(target.value), self.expression(target.slice)
        return call_helper("_del_item", base, index)

    def _try(self, node: ast.Try) -> ast.Try:
        handlers = []
        for handler in node.handlers:
            assert isinstance(handler.type, ast.Name), "the checker lets names only through"
            caught = name_of(ERROR_PREFIX + handler.type.id)
            block = self._block(handler.body, lang.GAS["ExceptHandler"])
            handlers.append(ast.copy_location(ast.ExceptHandler(caught, None, block), handler))
        return ast.Try(self._block(node.body), handlers, self._block(node.orelse), [])


def _compute_own_cost(node: ast.stmt) -> int:
    """Price a statement without the blocks inside it."""
    price = lang.GAS[type(node).__name__]
    match node:
        case ast.If(test=part) | ast.While(test=part) | ast.For(iter=part):
            return price + compute_cost(part)
        case ast.Match(subject=part):
            return price + compute_cost(part)
        case ast.AnnAssign(value=value):
            return price + compute_cost(value)
        case ast.Try():
            return price
        case _:
            return price + sum(compute_cost(child) for child in ast.iter_child_nodes(node))


def _is_none(name: str, operator: ast.cmpop) -> ast.expr:
    return ast.Compare(name_of(name), [operator], [ast.Constant(None)])


def _literal(node: ast.expr) -> ast.expr:
    """Copy a default: a literal, or a literal with a minus sign."""
    match node:
        case ast.UnaryOp(operand=ast.Constant(value=int(number))):
            return ast.Constant(-number)
        case ast.Constant(value=value):
            return ast.Constant(value)
        case _:
            raise AssertionError("the checker lets literals only through")


def _function_def(name: str, arguments: ast.arguments, body: list[ast.stmt]) -> ast.FunctionDef:
    node = ast.FunctionDef(name, arguments, body, [], None, None)
    if "type_params" in ast.FunctionDef._fields:
        node.type_params = []  # type: ignore[attr-defined, unused-ignore]
    return node
