"""The answers of the API as TypeScript: a page that reads a field which is gone does not compile.

`python -m node.explorer.make_types` writes them anew; a unit test compares them with the views.
"""

from collections.abc import Iterable, Iterator
from inspect import getdoc
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct, inspect

from node.api.app import ROUTES
from node.api.routes import Route
from node.api.views.status import BlockEvent, ProblemView

FILE: Final = Path(__file__).parent / "web/src/lib/answers.ts"
_HEAD: Final = """/**
 * The answers of the node's HTTP API.
 *
 * Made from node/api/views by `python -m node.explorer.make_types`; do not edit.
 */
"""
_PLAIN: Final[dict[type[inspect.Type], str]] = {
    inspect.StrType: "string",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.NoneType: "null",
    inspect.AnyType: "unknown",
}


def render_types() -> str:
    """Give the text of the file: an interface for each view that an answer can hold."""
    views = [BlockEvent, ProblemView, *_views_of(ROUTES)]
    infos = inspect.multi_type_info(views)
    structs: dict[str, inspect.StructType] = {}
    for info in infos:
        _collect(info, structs)
    parts = (_render_struct(structs[name]) for name in sorted(structs))
    return "\n".join((_HEAD, *parts))


def _views_of(routes: Iterable[Route]) -> Iterator[type[Struct]]:
    for route in routes:
        answers = route.answer if isinstance(route.answer, tuple) else (route.answer,)
        yield from (one for one in answers if isinstance(one, type) and issubclass(one, Struct))


def _collect(info: inspect.Type, found: dict[str, inspect.StructType]) -> None:
    """Note the Structs that a type is made of."""
    if isinstance(info, inspect.StructType):
        name = info.cls.__name__
        if name not in found:
            found[name] = info
            for field in info.fields:
                _collect(field.type, found)
        assert found[name].cls is info.cls, f"two views are called {name}"
    for part in _parts_of(info):
        _collect(part, found)


def _parts_of(info: inspect.Type) -> tuple[inspect.Type, ...]:
    match info:
        case inspect.ListType() | inspect.VarTupleType():
            return (info.item_type,)
        case inspect.TupleType():
            return info.item_types
        case inspect.DictType():
            return (info.value_type,)
        case inspect.UnionType():
            return info.types
        case _:
            return ()


def _render_struct(info: inspect.StructType) -> str:
    text = "\n".join(f" * {line}".rstrip() for line in (getdoc(info.cls) or "").splitlines())
    is_full = not info.cls.__struct_config__.omit_defaults
    fields = "".join(_render_field(field, is_full) for field in info.fields)
    return f"/**\n{text}\n */\nexport interface {info.cls.__name__} {{\n{fields}}}\n"


def _render_field(field: inspect.Field, is_full: bool) -> str:
    mark = "" if is_full or field.default is msgspec.NODEFAULT else "?"
    return f"  readonly {field.encode_name}{mark}: {_render(field.type)};\n"


def _render(info: inspect.Type) -> str:
    match info:
        case inspect.StructType():
            return info.cls.__name__
        case inspect.ListType() | inspect.VarTupleType():
            item = _render(info.item_type)
            return f"readonly ({item})[]" if " " in item else f"readonly {item}[]"
        case inspect.TupleType():
            return f"readonly [{', '.join(map(_render, info.item_types))}]"
        case inspect.DictType():
            return f"Readonly<Record<string, {_render(info.value_type)}>>"
        case inspect.LiteralType():
            return " | ".join(_quote(value) for value in info.values)
        case inspect.UnionType():
            return " | ".join(map(_render, info.types))
        case _:
            return _PLAIN[type(info)]


def _quote(value: Any) -> str:
    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    FILE.write_text(render_types(), encoding="utf-8")
