"""YAML files that people write, read into frozen Structs with errors that name the line.

Every plain scalar is read as text and then converted to the type of its field, so that `no`, `1.10`
and `2015-02-07` mean what the field says, not what YAML guesses. Unknown and repeated keys are
errors: a misspelt setting must never be silently without effect.
"""

import difflib
import re
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import yaml
from msgspec import inspect
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from chain.errors import InvalidInput

T = TypeVar("T")

FILE_SIZE_MAX: Final = 1 << 20
DEPTH_MAX: Final = 32
PATH_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


def load(path: Path, wanted: type[T], code: str) -> T:
    """Read the YAML file `path` as a `wanted` Struct.

    Args: wanted: a Struct class; code: the catalogue entry to raise; its why uses path, reason.
    Raises: InvalidInput(code, path, reason): unreadable, not YAML, an unknown key, a wrong value.
    """
    try:
        with path.open("rb") as file:
            content = file.read(FILE_SIZE_MAX + 1)
        if len(content) > FILE_SIZE_MAX:
            raise InvalidInput(code, path=path, reason=f"larger than {FILE_SIZE_MAX} bytes")
        return parse(content.decode("utf-8-sig"), wanted)
    except OSError as error:
        raise InvalidInput(code, path=path, reason=error.strerror or "unreadable") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(code, path=path, reason="not UTF-8 text") from error
    except ValueError as error:
        raise InvalidInput(code, path=path, reason=str(error)) from error


def parse(text: str, wanted: type[T]) -> T:
    """Read YAML `text` as a `wanted` Struct.

    Raises: ValueError: with a reason that starts with the line, such as
        "line 3: unknown key 'tiem'; did you mean 'time'?".
    """
    try:
        _check_shape(text)
        loader = yaml.BaseLoader(text)
        node = loader.get_single_node()
        data = loader.construct_document(node) if node else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"line {line}: {error.problem or 'not YAML'}") from error
    except yaml.YAMLError as error:
        raise ValueError("not YAML") from error
    if node is None:
        raise ValueError("the file is empty")
    _check_keys(node, inspect.type_info(wanted))
    try:
        return msgspec.convert(data, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(_locate(str(error), node)) from error


def _check_shape(text: str) -> None:
    """Refuse, before anything is built, what could grow beyond the text itself."""
    depth = 0
    for event in yaml.parse(text, yaml.BaseLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise ValueError(f"line {line}: aliases are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            raise ValueError(f"line {line}: nested more than {DEPTH_MAX} deep")


def _check_keys(node: Node, expected: inspect.Type) -> None:
    """Refuse keys that a Struct does not have, anywhere under `node`."""
    if isinstance(expected, inspect.Metadata):
        _check_keys(node, expected.type)
    elif isinstance(expected, inspect.UnionType):
        for one in expected.types:
            _check_keys(node, one)
    elif isinstance(expected, inspect.VarTupleType | inspect.ListType):
        for child in node.value if isinstance(node, SequenceNode) else ():
            _check_keys(child, expected.item_type)
    elif isinstance(expected, inspect.StructType | inspect.DictType):
        for key, value in _pairs(node) if isinstance(node, MappingNode) else ():
            _check_keys(value, _type_under(key, expected))


def _type_under(key: ScalarNode, expected: inspect.StructType | inspect.DictType) -> inspect.Type:
    """The type of the value under `key`. Raises: ValueError: a Struct has no such key."""
    if isinstance(expected, inspect.DictType):
        return expected.value_type
    types_by_name = {field.encode_name: field.type for field in expected.fields}
    if key.value not in types_by_name:
        raise ValueError(_unknown(key, list(types_by_name)))
    return types_by_name[key.value]


def _pairs(node: MappingNode) -> list[tuple[ScalarNode, Node]]:
    """The key and value nodes of a mapping, each key once."""
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen:
            raise ValueError(f"line {key.start_mark.line + 1}: key {key.value!r} stands here twice")
        seen.add(key.value)
    return list(node.value)


def _unknown(key: ScalarNode, known: list[str]) -> str:
    """The sentence about an unknown key, with the nearest known one."""
    near = difflib.get_close_matches(key.value, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
    return f"line {key.start_mark.line + 1}: unknown key {key.value!r}; {hint}"


def _locate(message: str, node: Node) -> str:
    """Turn "... - at `$.a.b`" into "line N: a.b: ..."."""
    text, _, path = message.partition(" - at `$")
    names: list[str] = []
    for name, index in PATH_STEP.findall(path):
        child = _child(node, name, index)
        if child is None:
            break
        node = child
        names.append(name or index)
    where = f"{'.'.join(names)}: " if names else ""
    return f"line {node.start_mark.line + 1}: {where}{text[:1].lower()}{text[1:]}"


def _child(node: Node, name: str, index: str) -> Node | None:
    """The node one step below, or None where the path cannot be followed."""
    if isinstance(node, MappingNode):
        return next((value for key, value in node.value if name and key.value == name), None)
    if isinstance(node, SequenceNode) and index and int(index) < len(node.value):
        found: Node = node.value[int(index)]
        return found
    return None
