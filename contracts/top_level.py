"""Read the top level of a contract: constants, records, state, functions and handlers."""

from __future__ import annotations

import ast
from typing import Final

from contracts import language as lang
from contracts.conditions import TESTS_MAX, Condition, parse_conditions
from contracts.language import HISTORY_MAX
from contracts.outline import (
    ConstantDef,
    FieldDef,
    FunctionDef,
    Outline,
    StateDef,
    check_annotation,
    check_constant,
    check_import,
    check_new_name,
    summarise,
)

ATTESTATION_TYPE_SIZE_MAX: Final = 256
_TRIGGER_WORDS: Final = frozenset(("model", "properties", "when", "history"))
_TOP_LEVEL: Final = (
    "a docstring, an import from contracts.author, a constant, Var or Map, @record class, or def"
)

VERSION_MAX: Final = 1_000_000


def read_outline(tree: ast.Module) -> Outline:
    """Sort the statements of a module; what does not belong there becomes a finding."""
    outline = Outline()
    for index, node in enumerate(tree.body):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))) if index == 0:
                outline.summary = summarise(text)
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
    outline.field_names.update(entry.name for entry in fields)


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
    if name.startswith("_") or len(name) > lang.NAME_SIZE_MAX:
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
        case ast.Name(id="on_action" | "on_timer" as name) if len(node.args.args) == 1:
            check_import(outline, node, name)
            kind = name.removeprefix("on_")
            if any(other.handler == kind for other in outline.functions.values()):
                outline.add(node, "decorator", f"a contract has one @{name} function", "one")
            return FunctionDef(node.name, node, kind)
        case ast.Call(
            func=ast.Name(id="on_attestation"),
            args=[],
            keywords=[ast.keyword(arg="type", value=ast.Constant(value=str(about)))],
        ) if 1 <= len(about) <= ATTESTATION_TYPE_SIZE_MAX and len(node.args.args) == 1:
            check_import(outline, node, "on_attestation")
            return FunctionDef(node.name, node, "attestation", about=about)
        case ast.Call(func=ast.Name(id="on_update"), args=[], keywords=words):
            check_import(outline, node, "on_update")
            trigger = _read_trigger(outline, node, {word.arg: word.value for word in words})
            if trigger is not None:
                return trigger
        case ast.Call(
            func=ast.Name(id="upgrade"),
            args=[],
            keywords=[ast.keyword(arg="from_version", value=ast.Constant(value=int(version)))],
        ) if type(version) is int and 1 <= version <= VERSION_MAX and not _has_parameters(node):
            check_import(outline, node, "upgrade")
            if any(other.from_version == version for other in outline.functions.values()):
                outline.add(
                    node, "decorator", f"version {version} is upgraded from twice", "one function"
                )
            return FunctionDef(node.name, node, "upgrade", from_version=version)
        case _:
            pass
    outline.add(
        node,
        "decorator",
        "this is not a handler's decorator",
        "@call, @initial, @upgrade(from_version=1) on a function without parameters, or with one "
        'parameter @on_update(model="...", properties=["..."], when="..."), '
        '@on_attestation(type="..."), @on_action, @on_timer',
    )
    return FunctionDef(node.name, node)


def _has_parameters(node: ast.FunctionDef) -> bool:
    given = node.args
    return bool(given.posonlyargs or given.args or given.kwonlyargs or given.vararg or given.kwarg)


def _read_trigger(
    outline: Outline, node: ast.FunctionDef, given: dict[str | None, ast.expr]
) -> FunctionDef | None:
    model, properties = given.get("model"), given.get("properties")
    if not {"model", "properties"} <= given.keys() <= _TRIGGER_WORDS:
        return None
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
    conditions = _read_conditions(outline, given["when"], names) if "when" in given else ()
    history = _read_history(outline, given["history"]) if "history" in given else 0
    return FunctionDef(
        node.name,
        node,
        "update",
        model.value,
        names,
        conditions=conditions,
        history=history,
    )


def _read_history(outline: Outline, node: ast.expr) -> int:
    match node:
        case ast.Constant(value=int(count)) if type(count) is int and 1 <= count <= HISTORY_MAX:
            return count
        case _:
            reason = f"a history is a number of readings, 1 to {HISTORY_MAX}"
            outline.add(node, "history", reason, "history=48")
            return 0


def _read_conditions(
    outline: Outline, node: ast.expr, properties: tuple[str, ...]
) -> tuple[Condition, ...]:
    constants = {name: entry.value for name, entry in outline.constants.items()}
    found = None
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        found = parse_conditions(node.value, constants)
    if found is not None and all(one.property in properties for one in found):
        return found
    outline.add(
        node,
        "condition",
        f"this is no condition: up to {TESTS_MAX} tests of the handler's properties, joined by or",
        "when=\"power < LIMIT or crosses(speed, parameter('limit', 2.5)) or is_bad(power)\"",
    )
    return ()
