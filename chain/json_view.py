"""The JSON view for people: the same values with field names, hashes and keys in hex.

The view is never hashed or signed. Bytes of a fixed size (hashes, keys, signatures) are written in
hex, other bytes in base64. A member of a union, such as an operation, says which one it is in a
first field `type`: `register_twin` for the class `RegisterTwin`.
"""

import base64
import binascii
import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct, inspect

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Turn a Struct into dicts, lists, strings, numbers and None, ready for JSON."""
    return _to_plain(value, _type_info(cast(Hashable, type(value))))


def from_plain(plain: Any, kind: type[T]) -> T:
    """Read back what `to_plain` wrote.

    Raises: msgspec.ValidationError: a field is missing, unknown or of the wrong shape.
    """
    info = _type_info(cast(Hashable, kind))
    return msgspec.convert(_from_plain(plain, info, "$"), kind, strict=True)


@lru_cache(maxsize=256)
def _type_info(kind: Hashable) -> inspect.Type:
    return inspect.type_info(kind)


@lru_cache(maxsize=256)
def _type_name(kind: Hashable) -> str:
    name: str = getattr(kind, "__name__", str(kind))
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _is_fixed_size(info: inspect.BytesType) -> bool:
    return info.min_length is not None and info.min_length == info.max_length


def _options_of(info: inspect.Type) -> tuple[inspect.Type, ...]:
    return info.types if isinstance(info, inspect.UnionType) else (info,)


def _to_plain(value: Any, info: inspect.Type) -> Any:
    if isinstance(value, Struct):
        struct_info = _type_info(type(value))
        assert isinstance(struct_info, inspect.StructType), "a Struct is described as one"
        plain = {} if struct_info.tag is None else {"type": _type_name(type(value))}
        for field in struct_info.fields:
            plain[field.name] = _to_plain(getattr(value, field.name), field.type)
        return plain
    if isinstance(value, bytes):
        return value.hex() if _is_hex(info) else base64.b64encode(value).decode("ascii")
    if isinstance(value, tuple | list):
        for option in _options_of(info):
            if isinstance(option, inspect.TupleType) and len(option.item_types) == len(value):
                pairs = zip(value, option.item_types, strict=True)
                return [_to_plain(item, item_info) for item, item_info in pairs]
        item_info = _item_info(info)
        return [_to_plain(item, item_info) for item in value]
    return value


def _is_hex(info: inspect.Type) -> bool:
    return any(
        isinstance(option, inspect.BytesType) and _is_fixed_size(option)
        for option in _options_of(info)
    )


def _item_info(info: inspect.Type) -> inspect.Type:
    for option in _options_of(info):
        if isinstance(option, inspect.VarTupleType | inspect.ListType):
            return option.item_type
    return inspect.AnyType()


def _from_plain(plain: Any, info: inspect.Type, path: str) -> Any:
    match info:
        case inspect.StructType():
            return _struct_from_plain(plain, info, path)
        case inspect.UnionType():
            return _union_from_plain(plain, info, path)
        case inspect.BytesType():
            return _bytes_from_plain(plain, info, path)
        case inspect.VarTupleType() | inspect.ListType():
            return [
                _from_plain(item, info.item_type, f"{path}[{index}]")
                for index, item in enumerate(_list_from_plain(plain, path))
            ]
        case inspect.TupleType():
            items = _list_from_plain(plain, path)
            if len(items) != len(info.item_types):
                raise msgspec.ValidationError(
                    f"Expected {len(info.item_types)} items, got {len(items)} - at `{path}`"
                )
            return [
                _from_plain(item, item_info, f"{path}[{index}]")
                for index, (item, item_info) in enumerate(zip(items, info.item_types, strict=True))
            ]
        case _:
            return plain


def _union_from_plain(plain: Any, info: inspect.UnionType, path: str) -> Any:
    if plain is None:
        return None
    structs = [option for option in info.types if isinstance(option, inspect.StructType)]
    if len(structs) < 2:
        others = [option for option in info.types if not isinstance(option, inspect.NoneType)]
        return _from_plain(plain, others[0], path)
    name = plain.get("type") if isinstance(plain, dict) else None
    for option in structs:
        if _type_name(option.cls) == name:
            return _struct_from_plain(plain, option, path)
    names = ", ".join(_type_name(option.cls) for option in structs)
    raise msgspec.ValidationError(f"Expected an object with `type` one of {names} - at `{path}`")


def _struct_from_plain(plain: Any, info: inspect.StructType, path: str) -> list[Any]:
    if not isinstance(plain, dict):
        raise msgspec.ValidationError(f"Expected an object - at `{path}`")
    values: list[Any] = []
    names = {field.name for field in info.fields}
    if info.tag is not None:
        if plain.get("type") != _type_name(info.cls):
            raise msgspec.ValidationError(f"Expected `type` {_type_name(info.cls)!r} - at `{path}`")
        names.add("type")
        values.append(info.tag)
    unknown = sorted(set(plain) - names)
    if unknown:
        raise msgspec.ValidationError(f"Unknown field `{unknown[0]}` - at `{path}`")
    for field in info.fields:
        if field.name in plain:
            values.append(_from_plain(plain[field.name], field.type, f"{path}.{field.name}"))
        elif field.default is not msgspec.NODEFAULT:
            values.append(msgspec.to_builtins(field.default, builtin_types=(bytes,)))
        elif field.default_factory is not msgspec.NODEFAULT:
            values.append(msgspec.to_builtins(field.default_factory(), builtin_types=(bytes,)))
        else:
            raise msgspec.ValidationError(f"Missing field `{field.name}` - at `{path}`")
    return values


def _list_from_plain(plain: Any, path: str) -> list[Any]:
    if not isinstance(plain, list):
        raise msgspec.ValidationError(f"Expected a list - at `{path}`")
    return plain


def _bytes_from_plain(plain: Any, info: inspect.BytesType, path: str) -> bytes:
    if not isinstance(plain, str):
        raise msgspec.ValidationError(f"Expected a text - at `{path}`")
    try:
        if _is_fixed_size(info):
            return binascii.unhexlify(plain)
        return base64.b64decode(plain, validate=True)
    except (ValueError, binascii.Error) as error:
        raise msgspec.ValidationError(f"{error} - at `{path}`") from error
