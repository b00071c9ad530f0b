"""Check a contract's functions: their names first, then every statement."""

from __future__ import annotations

import ast

from contracts import language as lang
from contracts.expression_check import ALLOWED, ExpressionCheck
from contracts.outline import (
    FunctionDef,
    Outline,
    check_annotation,
    check_literal,
    check_new_name,
)
from contracts.pattern_check import (
    RULE,
    check_capture,
    check_pattern,
    find_captures,
    is_irrefutable,
)


class FunctionCheck(ExpressionCheck):
    """Checks one function: its names first, then every node of its body."""

    def __init__(self, outline: Outline, function: FunctionDef) -> None:
        super().__init__(outline)
        self._node = function.node
        self._blocks = 0
        self._loops = 0

    def run(self) -> None:
        """Check the function; findings go into the outline."""
        self._check_signature()
        for node in ast.walk(self._node):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._define(node, node.id)
        for node, name in find_captures(self._node):
            if name not in self.names and check_capture(self.outline, node, name):
                self.names.add(name)
        body = self._node.body
        if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            body = body[1:]
        for statement in body:
            self._statement(statement)

    def _define(self, node: ast.AST, name: str) -> None:
        if name not in self.names and check_new_name(self.outline, node, name):
            self.names.add(name)

    def _check_signature(self) -> None:
        arguments = self._node.args
        if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
            self.add(
                self._node,
                "parameters",
                "the number of parameters must be visible",
                "plain parameters, without *, ** and /",
            )
        for item in (*arguments.args, *arguments.kwonlyargs):
            if item.arg in self.names:
                self.add(item, "parameters", f"two parameters are called {item.arg}", "two names")
            self._define(item, item.arg)
            if item.annotation is not None:
                check_annotation(self.outline, item.annotation)
        for default in (*arguments.defaults, *arguments.kw_defaults):
            match default:
                case None:
                    pass
                case ast.Constant():
                    check_literal(self.outline, default)
                case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int()) as literal):
                    check_literal(self.outline, literal)
                case _:
                    self.add(default, "default", "a default is a literal", "None, and an if")
        if self._node.returns is not None:
            check_annotation(self.outline, self._node.returns)

    # Statements.

    def _statement(self, node: ast.stmt) -> None:
        name = type(node).__name__
        if name not in ALLOWED:
            self.refuse(node, name)
            return
        match node:
            case ast.Expr():
                self._check_expression_statement(node)
            case ast.Assign(targets=targets, value=value):
                if len(targets) > 1:
                    self.add(node, "assign", "one target at a time", "two assignments")
                self.target(targets[0])
                self.expression(value)
            case ast.AnnAssign(target=target, annotation=annotation, value=annotated):
                self._check_annotated(node, target, annotation, annotated)
            case ast.AugAssign() | ast.Delete():
                self._check_change(node)
            case ast.Return(value=returned):
                if returned is not None:
                    self.expression(returned)
            case ast.Raise():
                self._check_raise(node)
            case ast.Try():
                self._check_try(node)
            case _:
                self._check_flow(node)

    def _check_flow(self, node: ast.stmt) -> None:
        match node:
            case ast.For() | ast.While():
                self._check_loop(node)
            case ast.If(test=test, body=body, orelse=orelse):
                self.expression(test)
                self._statements(*body, *orelse)
            case ast.Match():
                self._check_match(node)
            case ast.Break() | ast.Continue():
                if not self._loops:
                    word = type(node).__name__.lower()
                    self.add(node, word, "it stands in no loop", "it inside for or while")
            case _:
                pass

    def _statements(self, *nodes: ast.stmt) -> None:
        for node in nodes:
            self._statement(node)

    def _check_match(self, node: ast.Match) -> None:
        self.expression(node.subject)
        if len(node.cases) > lang.CASES_MAX:
            self.add(node, "shape", f"more than {lang.CASES_MAX} cases in one match", "a dict")
        self._enter_block(node)
        for case in node.cases:
            check_pattern(self.outline, case.pattern)
            if case.guard is not None:
                self.expression(case.guard)
            elif is_irrefutable(case.pattern) and case is not node.cases[-1]:
                self.add(
                    case.pattern,
                    RULE,
                    "it takes anything, so the cases behind it are never tried",
                    "this case at the end, or with an if",
                )
            self._statements(*case.body)
        self._blocks -= 1

    def _check_change(self, node: ast.AugAssign | ast.Delete) -> None:
        match node:
            case ast.AugAssign(target=target, op=op, value=value):
                self.check_operator(node, op)
                if isinstance(target, ast.Name):
                    self.name(ast.copy_location(ast.Name(target.id, ast.Load()), target))
                self.target(target)
                self.expression(value)
            case ast.Delete(targets=targets):
                for item in targets:
                    if not isinstance(item, ast.Subscript):
                        self.add(node, "del", "only items are deleted", "del x[key]")
                    self.target(item)

    def _enter_block(self, node: ast.stmt) -> None:
        """Count blocks inside blocks: how many a compiler takes differs between versions."""
        self._blocks += 1
        if self._blocks == lang.BLOCK_DEPTH_MAX + 1:
            self.add(
                node,
                "shape",
                f"more than {lang.BLOCK_DEPTH_MAX} loops, try and match inside each other",
                "a function for the inner part",
            )

    def _check_loop(self, node: ast.For | ast.While) -> None:
        if isinstance(node, ast.For):
            self.loop_target(node.target)
            self.expression(node.iter)
        else:
            self.expression(node.test)
        self._enter_block(node)
        self._loops += 1
        self._statements(*node.body)
        self._loops -= 1
        self._statements(*node.orelse)
        self._blocks -= 1

    def _check_annotated(
        self, node: ast.AST, target: ast.expr, annotation: ast.expr, value: ast.expr | None
    ) -> None:
        check_annotation(self.outline, annotation)
        if not isinstance(target, ast.Name) or value is None:
            self.add(
                node, "assign", "a typed assignment names a variable and its value", "x: int = 0"
            )
        else:
            self.expression(value)

    def _check_expression_statement(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self.expression(node.value)
        elif not isinstance(node.value, ast.Constant):
            self.expression(node.value)
            self.add(node, "statement", "the value of this line is thrown away", "x = ...")
        else:
            self.add(node, "statement", "this line does nothing", "pass, or a # comment")

    def _check_raise(self, node: ast.Raise) -> None:
        match node:
            case ast.Raise(exc=None, cause=None):
                self.add(
                    node, "raise", "what is raised must be visible", 'raise ValueError("text")'
                )
            case ast.Raise(
                exc=ast.Call(func=ast.Name(id=name), args=[text], keywords=[]), cause=None
            ) if name in lang.EXCEPTIONS:
                self.expression(text)
            case _:
                self.add(
                    node,
                    "raise",
                    "a contract raises " + ", ".join(lang.EXCEPTIONS) + " with one text",
                    'raise ValueError("text")',
                )

    def _check_try(self, node: ast.Try) -> None:
        if node.finalbody:
            self.add(
                node,
                "finally",
                "it would run after the gas is used up",
                "the same lines after the try statement",
            )
        self._enter_block(node)
        for handler in node.handlers:
            match handler.type:
                case ast.Name(id=name) if name in lang.EXCEPTIONS:
                    pass
                case _:
                    self.add(
                        handler,
                        "except",
                        "except names one class of " + ", ".join(lang.EXCEPTIONS),
                        "except ValueError:",
                    )
            if handler.name is not None:
                self.add(
                    handler,
                    "except",
                    "texts of exceptions differ between interpreters",
                    "except ValueError: without `as`",
                )
            self._statements(*handler.body)
        self._statements(*node.body, *node.orelse)
        self._blocks -= 1
