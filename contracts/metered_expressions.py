"""Rewrite the expressions of a checked contract: prices, and a helper for what can cost more."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import reduce
from itertools import groupby
from typing import Final

from contracts import language as lang
from contracts.outline import Outline

METER: Final = "_m"
LEFT: Final = "left"
DEPTH: Final = "depth"
REBUILD: Final = "_rebuild"
ERROR_PREFIX: Final = "_E_"
BUILTIN_PREFIX: Final = "_b_"

BINARY: Final[dict[type[ast.operator], str]] = {
    ast.Add: "_add",
    ast.Sub: "_sub",
    ast.Mult: "_mul",
    ast.Div: "_div",
    ast.FloorDiv: "_floordiv",
    ast.Mod: "_mod",
    ast.Pow: "_pow",
    ast.LShift: "_lshift",
    ast.RShift: "_rshift",
    ast.BitAnd: "_and",
    ast.BitOr: "_or",
    ast.BitXor: "_xor",
}
IN_PLACE: Final[dict[type[ast.operator], str]] = {ast.Add: "_iadd", ast.Mult: "_imul"}
UNARY: Final[dict[type[ast.unaryop], str]] = {
    ast.USub: "_neg",
    ast.UAdd: "_pos",
    ast.Invert: "_invert",
}
COMPARE: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "_eq",
    ast.NotEq: "_ne",
    ast.Lt: "_lt",
    ast.LtE: "_le",
    ast.Gt: "_gt",
    ast.GtE: "_ge",
    ast.In: "_in",
    ast.NotIn: "_not_in",
    ast.Is: "_is",
    ast.IsNot: "_is_not",
}


def compute_cost(node: ast.AST | None) -> int:
    """Give the static price of an expression; parts of comprehensions are charged per item."""
    if node is None:
        return 0
    price = lang.GAS.get(type(node).__name__, 0)
    match node:
        case ast.ListComp() | ast.DictComp():
            return price + compute_cost(node.generators[0].iter)
        case ast.JoinedStr(values=parts):
            return price + sum(
                compute_cost(part.value) + lang.GAS["FormattedValue"]
                for part in parts
                if isinstance(part, ast.FormattedValue)
            )
        case ast.Compare(ops=ops):
            price *= len(ops)
        case _:
            pass
    return price + sum(compute_cost(child) for child in ast.iter_child_nodes(node))


def name_of(name: str) -> ast.Name:
    """Read a name."""
    return ast.Name(name, ast.Load())


def call_helper(helper: str, *arguments: ast.expr) -> ast.Call:
    """Call a helper; its first argument is always the meter."""
    return ast.Call(name_of(helper), [name_of(METER), *arguments], [])


class ExpressionRewriter:
    """Rewrites expressions."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline

    def expression(self, node: ast.expr) -> ast.expr:
        """Rewrite one expression."""
        return ast.copy_location(self._expression(node), node)

    def _all(self, nodes: Iterable[ast.expr]) -> list[ast.expr]:
        return [self.expression(node) for node in nodes]

    def _expression(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.Constant(value=value):
                return ast.Constant(value)
            case ast.Name(id=name):
                return name_of(name)
            case ast.BinOp(left=left, op=op, right=right):
                return call_helper(BINARY[type(op)], self.expression(left), self.expression(right))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return ast.UnaryOp(ast.Not(), self.expression(operand))
            case ast.UnaryOp(op=op, operand=operand):
                return call_helper(UNARY[type(op)], self.expression(operand))
            case ast.Compare():
                return self._compare(node)
            case ast.Call():
                return self._call(node)
            case ast.Attribute(value=base, attr=name):
                return call_helper("_field", self.expression(base), ast.Constant(name))
            case ast.Subscript(value=base, slice=ast.Slice(lower=low, upper=high, step=step)):
                bounds = [
                    ast.Constant(None) if part is None else self.expression(part)
                    for part in (low, high, step)
                ]
                return call_helper("_slice", self.expression(base), *bounds)
            case ast.Subscript(value=base, slice=index):
                return call_helper("_item", self.expression(base), self.expression(index))
            case _:
                return self._display(node)

    def _display(self, node: ast.expr) -> ast.expr:
        match node:
            case ast.BoolOp(op=op, values=values):
                return ast.BoolOp(op, self._all(values))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return ast.IfExp(
                    self.expression(test), self.expression(body), self.expression(orelse)
                )
            case ast.List(elts=items):
                return self._list(items)
            case ast.Tuple(elts=items):
                return ast.Tuple(self._all(items), ast.Load())
            case ast.Dict(keys=keys, values=values):
                return self._dict(keys, values)
            case ast.ListComp(elt=inner, generators=parts):
                walks = self._generators(parts, compute_cost(inner))
                return ast.ListComp(self.expression(inner), walks)
            case ast.DictComp(key=key, value=value, generators=parts):
                walks = self._generators(parts, compute_cost(key) + compute_cost(value) + 2)
                checked_key = call_helper("_key", self.expression(key))
                return ast.DictComp(checked_key, self.expression(value), walks)
            case ast.JoinedStr(values=values):
                return call_helper("_join", *[self._part(part) for part in values])
            case _:
                raise AssertionError(f"the checker let {type(node).__name__} through")

    def _list(self, items: list[ast.expr]) -> ast.expr:
        """Write `[a, *b, c]` as a new list [a] that grows by b and then by [c]."""
        pieces: list[ast.expr] = []
        for is_spread, group in groupby(items, lambda item: isinstance(item, ast.Starred)):
            if is_spread:
                pieces += [
                    self.expression(one.value) for one in group if isinstance(one, ast.Starred)
                ]
            else:
                pieces.append(ast.List(self._all(group), ast.Load()))
        if not items or isinstance(items[0], ast.Starred):
            pieces.insert(0, ast.List([], ast.Load()))
        return _fold("_grow", pieces)

    def _dict(self, keys: list[ast.expr | None], values: list[ast.expr]) -> ast.expr:
        """Write `{a: b, **c, d: e}` as a new dict {a: b} that grows by c and then by {d: e}."""
        pieces: list[ast.expr] = []
        pairs = zip(keys, values, strict=True)
        for is_spread, group in groupby(pairs, lambda pair: pair[0] is None):
            flat = self._all(part for pair in group for part in pair if part is not None)
            pieces += flat if is_spread else [call_helper("_dict", *flat)]
        if not keys or keys[0] is None:
            pieces.insert(0, call_helper("_dict"))
        return _fold("_merge", pieces)

    def _part(self, part: ast.expr) -> ast.expr:
        match part:
            case ast.FormattedValue(value=value, format_spec=None):
                return call_helper("_text", self.expression(value), ast.Constant(""))
            case ast.FormattedValue(value=value, format_spec=ast.JoinedStr(values=texts)):
                spec = "".join(str(text.value) for text in texts if isinstance(text, ast.Constant))
                return call_helper("_text", self.expression(value), ast.Constant(spec))
            case ast.Constant(value=text):
                return ast.Constant(text)
            case _:
                raise AssertionError("an f-string holds texts and values")

    def _generators(self, parts: list[ast.comprehension], cost: int) -> list[ast.comprehension]:
        """Rewrite the loops of a comprehension; `cost` is the price of its element."""
        walks: list[ast.comprehension] = []
        for part in reversed(parts):
            cost += lang.LOOP_GAS + sum(compute_cost(condition) for condition in part.ifs)
            walked = call_helper("_each", self.expression(part.iter), ast.Constant(cost))
            walks.insert(0, ast.comprehension(part.target, walked, self._all(part.ifs), 0))
            cost = compute_cost(part.iter)
        return walks

    def _compare(self, node: ast.Compare) -> ast.expr:
        left = self.expression(node.left)
        if len(node.ops) == 1:
            operator, right = node.ops[0], node.comparators[0]
            if isinstance(operator, ast.Is | ast.IsNot):
                return ast.Compare(left, [operator], [ast.Constant(None)])
            return call_helper(COMPARE[type(operator)], left, self.expression(right))
        chain = [left]
        for operator, right in zip(node.ops, node.comparators, strict=True):
            chain += [ast.Constant(COMPARE[type(operator)]), self.expression(right)]
        return call_helper("_chain", *chain)

    def _call(self, node: ast.Call) -> ast.expr:
        arguments = self._all(node.args[:1] if self._is_isinstance(node) else node.args)
        words = [ast.keyword(word.arg, self.expression(word.value)) for word in node.keywords]
        match node.func:
            case ast.Attribute(value=base, attr=method):
                owner = self.expression(base)
                call = call_helper("_method", owner, ast.Constant(method), *arguments)
            case ast.Name(id="isinstance"):
                call = call_helper("_b_isinstance", *arguments, _type_names(node.args[1]))
            case ast.Name(id=name) if name in lang.BUILTIN_BY_NAME:
                call = call_helper(BUILTIN_PREFIX + name, *arguments)
            case ast.Name(id=name) if name in self.outline.records:
                call = call_helper("_new", ast.Constant(name), *arguments)
            case ast.Name(id=name):
                return ast.Call(name_of(name), arguments, words)
            case _:
                raise AssertionError("the checker lets names and methods only through")
        call.keywords = words
        return call

    def _is_isinstance(self, node: ast.Call) -> bool:
        return isinstance(node.func, ast.Name) and node.func.id == "isinstance"


def _fold(helper: str, pieces: list[ast.expr]) -> ast.expr:
    """Let the first piece grow by each of the others, in order."""
    return reduce(lambda made, piece: call_helper(helper, made, piece), pieces)


def _type_names(node: ast.expr) -> ast.expr:
    items = node.elts if isinstance(node, ast.Tuple) else [node]
    return ast.Tuple(
        [ast.Constant(item.id) for item in items if isinstance(item, ast.Name)], ast.Load()
    )
