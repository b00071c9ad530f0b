"""Is this source a contract? Every syntax node must be on the allow-list of `contracts.language`.

The verdict is a list of findings, each with line, rule and what to write instead, and a manifest
when there are none. Accepting or refusing is the same on every node; the texts are for people.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from contracts import language as lang
from contracts.findings import Finding
from contracts.function_check import FunctionCheck
from contracts.manifest import (
    CallHandler,
    Manifest,
    Parameter,
    UpdateTrigger,
    UpgradeHandler,
    WakeHandler,
    WakeKind,
    compute_source_hash,
)
from contracts.outline import Outline, summarise
from contracts.source import parse_source
from contracts.top_level import read_outline

WAKE_KINDS: Final[tuple[WakeKind, ...]] = ("attestation", "action", "timer")


@dataclass(frozen=True, slots=True)
class Checked:
    """A parsed source: its tree and outline, with all findings."""

    tree: ast.Module | None
    outline: Outline
    findings: tuple[Finding, ...]


def check_source(source: str) -> Checked:
    """Check a source against the language, without compiling it."""
    tree, findings = parse_source(source)
    if tree is None or findings:
        return Checked(None, Outline(), tuple(findings))
    outline = read_outline(tree)
    for function in outline.functions.values():
        FunctionCheck(outline, function).run()
    return Checked(tree, outline, tuple(sorted(set(outline.findings))))


def build_manifest(source: str, outline: Outline) -> Manifest:
    """Give the outside of a source that has no findings."""
    functions = outline.functions.values()
    # Nothing here may come from `ast.unparse` or `ast.get_docstring`: the manifest is part of the
    # state, and their texts differ between versions of Python.
    return Manifest(
        engine=lang.ENGINE,
        source_hash=compute_source_hash(source),
        summary=outline.summary,
        calls=tuple(
            CallHandler(entry.name, _parameters(entry.node), _summary(entry.node))
            for entry in functions
            if entry.handler == "call"
        ),
        triggers=tuple(
            UpdateTrigger(
                entry.name, entry.model, entry.properties, entry.conditions, entry.history
            )
            for entry in functions
            if entry.handler == "update"
        ),
        initial=next((entry.name for entry in functions if entry.handler == "initial"), ""),
        variables=tuple(entry.name for entry in outline.state.values() if not entry.is_map),
        maps=tuple(entry.name for entry in outline.state.values() if entry.is_map),
        upgrades=tuple(
            UpgradeHandler(entry.name, entry.from_version)
            for entry in functions
            if entry.handler == "upgrade"
        ),
        wakes=tuple(
            WakeHandler(entry.name, kind, entry.about)
            for entry in functions
            for kind in WAKE_KINDS
            if entry.handler == kind
        ),
    )


def _parameters(node: ast.FunctionDef) -> tuple[Parameter, ...]:
    given = node.args.args
    required = len(given) - len(node.args.defaults)
    parameters = [
        Parameter(item.arg, render_type(item.annotation), i < required)
        for i, item in enumerate(given)
    ]
    for item, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        parameters.append(Parameter(item.arg, render_type(item.annotation), default is None))
    return tuple(parameters)


def _summary(node: ast.FunctionDef) -> str:
    match node.body[0]:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return summarise(text)
        case _:
            return ""


def render_type(node: ast.expr | None) -> str:
    """Write an annotation that the checker has accepted; "" for none."""
    match node:
        case None:
            return ""
        case ast.Name(id=name):
            return name
        case ast.Subscript(value=base, slice=inner):
            return f"{render_type(base)}[{render_type(inner)}]"
        case ast.Tuple(elts=items):
            return ", ".join([render_type(item) for item in items])
        case ast.BinOp(left=left, right=right):
            return f"{render_type(left)} | {render_type(right)}"
        case ast.Constant(value=None):
            return "None"
        case _:
            return "..."
