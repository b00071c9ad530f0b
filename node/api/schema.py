"""The OpenAPI 3.1 description of the API, made from its routes and the Structs of its answers."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from node.api.problems import CONTENT_TYPE as PROBLEM_TYPE
from node.api.routes import JSON, Parameter, Route
from node.api.views.status import ProblemView

TITLE: Final = "Veritwin"
DESCRIPTION: Final = (
    "A ledger for digital twins. Hashes, keys and ids are lower-case hex, other bytes base64, "
    "times milliseconds since 1970. Errors are problem documents with a code of the catalogue."
)
_REFERENCE: Final = "#/components/schemas/{name}"
_TAGS: Final = {
    "transactions": "Hand in, follow and prove transactions.",
    "twins": "Digital twins, their history and their proofs.",
    "blocks": "Blocks and how they were decided.",
    "governance": "Validators, proposed changes, and evidence.",
    "ledger": "Organisations, contracts, actions and attestations.",
    "events": "What happens, as it happens.",
    "node": "The node that answers.",
}


def build_openapi(routes: Iterable[Route], version: str) -> bytes:
    """Give the description as JSON."""
    listed = tuple(routes)
    types = _types_of(listed)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in listed:
        operation = _describe(route, by_type)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {"schemas": components},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _types_of(routes: tuple[Route, ...]) -> list[Any]:
    types: list[Any] = [ProblemView]
    for route in routes:
        for one in (*_answers_of(route), *route.accepts.values()):
            if one is not None and one not in types:
                types.append(one)
    return types


def _describe(route: Route, by_type: dict[Any, Any]) -> dict[str, Any]:
    problem = {PROBLEM_TYPE: {"schema": by_type[ProblemView]}}
    responses: dict[str, Any] = {
        "200": {"description": "Done.", "content": {route.media: _content(route, by_type)}}
    }
    for status, text in sorted(route.statuses.items()):
        content = {JSON: _content(route, by_type)} if status == 202 else problem
        responses[str(status)] = {"description": text, "content": content}
    responses["default"] = {"description": "An error.", "content": problem}
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [_describe_parameter(parameter) for parameter in route.parameters],
        "responses": responses,
    }
    if route.accepts:
        operation["requestBody"] = {
            "required": True,
            "content": {
                media: {"schema": by_type[kind]} if kind is not None else _BINARY
                for media, kind in route.accepts.items()
            },
        }
    return operation


_BINARY: Final[dict[str, Any]] = {"schema": {"type": "string", "format": "binary"}}
_TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}


def _content(route: Route, by_type: dict[Any, Any]) -> dict[str, Any]:
    schemas = [by_type[answer] for answer in _answers_of(route)]
    if not schemas:
        return _TEXT
    return {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas}}


def _answers_of(route: Route) -> tuple[Any, ...]:
    if isinstance(route.answer, tuple):
        return route.answer
    return () if route.answer is None else (route.answer,)


def _describe_parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "path" if parameter.is_path else "query",
        "required": parameter.is_path,
        "description": parameter.text,
        "schema": parameter.schema,
    }
