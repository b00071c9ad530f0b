"""Check the expressions of a contract's function against the allow-list."""

from __future__ import annotations

import ast
from typing import Final

from contracts import language as lang
from contracts.outline import Outline, check_dict_keys, check_import, check_literal

ALLOWED: Final = frozenset(lang.GAS)
_FORMAT_LETTERS: Final = "dsf"


class ExpressionCheck:
    """Checks expressions; `names` are the function's own variables."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.names: set[str] = set()
        self._comprehensions = 0

    def add(self, node: ast.AST, rule: str, reason: str, instead: str) -> None:
        """Add a finding at a node."""
        self.outline.add(node, rule, reason, instead)

    def target(self, node: ast.expr) -> None:
        """Check what is assigned or deleted."""
        match node:
            case ast.Name():
                return
            case ast.Tuple(elts=items):
                for item in items:
                    if isinstance(item, ast.Starred):
                        self.add(
                            item,
                            "assign",
                            "how many values a name takes must be visible",
                            "first, rest = xs[0], xs[1:], or `case [first, *rest]:`",
                        )
                    elif not isinstance(item, ast.Name | ast.Tuple):
                        self.add(item, "assign", "several targets are plain names", "a, b = pair")
                    else:
                        self.target(item)
            case ast.Subscript(value=base, slice=index):
                if isinstance(index, ast.Slice):
                    self.add(node, "assign", "a slice cannot be assigned or deleted", "a new list")
                self.expression(base)
                self.expression(index)
            case ast.Attribute(value=base, attr=attribute):
                self.expression(base)
                if not self.is_field(attribute):
                    self.add(
                        node,
                        "attribute",
                        f"no record here has a field {attribute}",
                        "a field of a record",
                    )
            case _:
                self.add(node, "assign", "this cannot be assigned", "x, x[i], record.field")

    def loop_target(self, node: ast.expr) -> None:
        """Check what a loop or comprehension assigns in each turn."""
        if isinstance(node, ast.Name | ast.Tuple):
            self.target(node)
        else:
            self.add(node, "assign", "a loop assigns plain names", "for a, b in pairs:")

    def expression(self, node: ast.expr) -> None:
        """Check one expression and what is inside it."""
        name = type(node).__name__
        if name not in ALLOWED:
            self.refuse(node, name)
            return
        match node:
            case ast.Constant():
                check_literal(self.outline, node)
            case ast.Name():
                self.name(node)
            case ast.BinOp(op=op):
                self.check_operator(node, op)
                self._children(node)
            case ast.Compare():
                self._check_compare(node)
            case ast.Call():
                self._check_call(node)
            case _:
                self._check_other(node)

    def _check_other(self, node: ast.expr) -> None:
        match node:
            case ast.Attribute(value=base, attr=attribute):
                self.expression(base)
                if attribute not in lang.FIELD_NAMES and not self.is_field(attribute):
                    self.add(
                        node,
                        "attribute",
                        f"there is no field {attribute}",
                        "a field of docs/contracts.md or of a record; methods are called",
                    )
            case ast.List(elts=items):
                self._check_spreads(node, sum(isinstance(item, ast.Starred) for item in items))
                for item in items:
                    self.expression(item.value if isinstance(item, ast.Starred) else item)
            case ast.Dict(keys=keys):
                self._check_spreads(node, keys.count(None))
                check_dict_keys(self.outline, keys)
                self._children(node)
            case ast.ListComp() | ast.DictComp():
                self._check_comprehension(node)
            case ast.JoinedStr(values=parts):
                for part in parts:
                    if isinstance(part, ast.FormattedValue):
                        self._check_formatted(part)
            case _:
                self._children(node)

    def _children(self, node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expression(child)

    def _check_spreads(self, node: ast.expr, count: int) -> None:
        if count > lang.SPREADS_MAX:
            reason = f"more than {lang.SPREADS_MAX} stars in one list or dict"
            self.add(node, "shape", reason, "x.extend(y) or x.update(y), in a loop")

    def is_field(self, name: str) -> bool:
        """Say whether a record of the contract has this field."""
        return name in self.outline.field_names

    def refuse(self, node: ast.AST, name: str) -> None:
        """Refuse a syntax node that is not on the list."""
        refusal = lang.REFUSED_SYNTAX_BY_NAME.get(name)
        if name == "FunctionDef":
            self.add(
                node,
                "def",
                "there are no functions inside functions",
                "def at the top level, with parameters",
            )
        elif refusal is not None:
            self.add(node, name.lower(), refusal.reason, refusal.instead)
        else:
            self.add(
                node, name.lower(), "it is not in the contract language", "see docs/contracts.md"
            )

    def name(self, node: ast.Name) -> None:
        """Check a name that is read."""
        name, outline = node.id, self.outline
        if name in self.names or name in outline.constants or name in outline.state:
            return
        if name in lang.AUTHOR_OBJECTS:
            check_import(outline, node, name)
        elif name in lang.REFUSED_NAME_BY_NAME:
            refusal = lang.REFUSED_NAME_BY_NAME[name]
            self.add(node, name, refusal.reason, refusal.instead)
        elif name in lang.BUILTIN_BY_NAME or name in outline.functions or name in outline.records:
            self.add(
                node, "name", f"{name} is not a value that can be passed around", f"{name}(...)"
            )
        else:
            self.add(node, "name", f"{name} is not defined", "a name defined before")

    def check_operator(self, node: ast.AST, op: ast.operator) -> None:
        """Check a binary operator."""
        if isinstance(op, ast.MatMult):
            self.add(node, "operator", "there are no matrices", "loops over lists")

    def _check_compare(self, node: ast.Compare) -> None:
        for op, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(op, ast.Is | ast.IsNot) and not (
                isinstance(right, ast.Constant) and right.value is None
            ):
                self.add(node, "is", "identity differs between interpreters", "==")
        for later in node.comparators[1:]:
            if not isinstance(later, ast.Name | ast.Constant):
                self.add(
                    later,
                    "compare",
                    "the third part of a chain is a name or a literal",
                    "two comparisons joined by and",
                )
        self._children(node)

    def _check_formatted(self, node: ast.FormattedValue) -> None:
        if node.conversion != -1:
            self.add(node, "f-string", "the text of !r and = differs between interpreters", "{x}")
        match node.format_spec:
            case None:
                pass
            case ast.JoinedStr(values=[]):
                pass
            case ast.JoinedStr(values=[ast.Constant(value=str(text))]):
                if not is_format(text):
                    self.add(
                        node,
                        "f-string",
                        f"the format {text} is not allowed",
                        "{x:>12}, {x:04d}, {x:,}, {x:+.2f}; widths up to 99",
                    )
            case _:
                self.add(node, "f-string", "a computed width is not bounded", "{x:>12}")
        self.expression(node.value)

    def _check_comprehension(self, node: ast.ListComp | ast.DictComp) -> None:
        self._comprehensions += len(node.generators)
        if self._comprehensions > lang.COMPREHENSION_DEPTH_MAX:
            # Older interpreters take a stack frame for each, so they could fill the stack.
            self.add(
                node,
                "shape",
                f"more than {lang.COMPREHENSION_DEPTH_MAX} comprehension loops inside each other",
                "for statements, or a function",
            )
        for part in node.generators:
            if part.is_async:
                self.refuse(node, "AsyncFor")
            self.loop_target(part.target)
            self.expression(part.iter)
            for condition in part.ifs:
                self.expression(condition)
        for inner in [node.elt] if isinstance(node, ast.ListComp) else [node.key, node.value]:
            self.expression(inner)
        self._comprehensions -= len(node.generators)

    # Calls.

    def _check_call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Name(id=name):
                special = self._check_named_call(node, name)
            case ast.Attribute(value=base, attr=method):
                self.expression(base)
                special = False
                if method not in lang.METHOD_NAMES:
                    self.add(
                        node,
                        "method",
                        f"there is no method {method}",
                        "a method of docs/contracts.md",
                    )
            case _:
                self.add(node, "call", "only names and methods are called", "f(x)")
                return
        for argument in node.args[: 1 if special else None]:
            self.expression(argument)
        given: set[str] = set()
        for word in node.keywords:
            if word.arg in given:
                self.add(node, "call", f"{word.arg} is given twice", "each argument once")
            given.add(word.arg or "")
            if word.arg is None:
                self.add(node, "call", "** hides which arguments come", "name=value")
            elif word.arg == "key" and self._takes_function(node):
                self._check_key(word.value)
            else:
                self.expression(word.value)

    def _takes_function(self, node: ast.Call) -> bool:
        match node.func:
            case ast.Name(id="sorted" | "min" | "max") | ast.Attribute(attr="sort"):
                return True
            case _:
                return False

    def _check_key(self, node: ast.expr) -> None:
        match node:
            case ast.Name(id=name) if name in self.outline.functions:
                return
        self.add(node, "key", "a sort key is the name of a function of this contract", "key=f")

    def _check_named_call(self, node: ast.Call, name: str) -> bool:
        """Check who is called; True when only the first argument is an expression."""
        builtin = lang.BUILTIN_BY_NAME.get(name)
        if builtin is not None:
            if name in lang.AUTHOR_FUNCTIONS:
                check_import(self.outline, node, name)
            words = [word.arg for word in node.keywords]
            if not builtin.least <= len(node.args) <= builtin.most or any(
                word not in builtin.keywords for word in words
            ):
                self.add(
                    node,
                    "call",
                    f"{name} takes {builtin.least} to {builtin.most} "
                    f"arguments and keywords {', '.join(builtin.keywords) or 'none'}",
                    "see docs/contracts.md",
                )
            if name == "isinstance" and len(node.args) == 2:
                self._check_type_name(node.args[1])
                return True
        elif name in lang.EXCEPTIONS:
            self.add(
                node, "call", "an exception is made where it is raised", f'raise {name}("text")'
            )
        elif name in lang.AUTHOR_STATE:
            self.add(
                node,
                "state",
                "state is declared at the top level",
                "x = Map(int) before the functions",
            )
        elif name in self.names:
            self.add(node, "call", f"{name} is a variable, not a function", "def at the top level")
        elif name not in self.outline.functions and name not in self.outline.records:
            self.name(node.func if isinstance(node.func, ast.Name) else ast.Name(name))
        return False

    def _check_type_name(self, node: ast.expr) -> None:
        items = node.elts if isinstance(node, ast.Tuple) else [node]
        for item in items:
            if not isinstance(item, ast.Name) or (
                item.id not in lang.TYPES and item.id not in self.outline.records
            ):
                self.add(
                    item, "isinstance", "the second argument is a type name", ", ".join(lang.TYPES)
                )


def is_format(text: str) -> bool:
    """Say whether a format is simple and bounded: [<>^][+][0][width][,][.digits][dfs]."""
    rest = text[1:] if text[:1] in ("<", ">", "^") else text
    rest = rest.removeprefix("+")
    letter = rest[-1:] if rest[-1:] in _FORMAT_LETTERS else ""
    rest = rest.removesuffix(letter) if letter else rest
    width, dot, digits = rest.partition(".")
    if dot and (not digits.isdigit() or len(digits) > 2 or letter != "f"):
        return False
    width = width.removesuffix(",")
    return width == "" or (width.isdigit() and len(width.lstrip("0")) <= 2 and len(width) <= 3)
