"""The form of an address of the API: what it takes and what it answers, for router and OpenAPI."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query, or of the path when `is_path`."""

    name: str
    text: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    is_path: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One address.

    `answer` is the type of the JSON that a 200 holds, a tuple of types when it is one of several,
    None for another `media`; `statuses` are further statuses with their meaning; `accepts` are
    the media types of the body with the type of their JSON, None for bytes.
    """

    method: Literal["GET", "POST"]
    path: str
    handler: Handler
    summary: str
    tag: str
    answer: Any = None
    media: str = JSON
    parameters: tuple[Parameter, ...] = ()
    statuses: dict[int, str] = field(default_factory=dict)
    accepts: dict[str, Any] = field(default_factory=dict)


def path_parameter(name: str, text: str) -> Parameter:
    """Describe a part of the path."""
    return Parameter(name, text, is_path=True)


def number_parameter(name: str, text: str, default: int, least: int, most: int) -> Parameter:
    """Describe a whole number of the query."""
    return Parameter(
        name,
        text,
        {"type": "integer", "minimum": least, "maximum": most, "default": default},
    )


def choice_parameter(name: str, text: str, choices: tuple[str, ...]) -> Parameter:
    """Describe a parameter that is one of several words."""
    return Parameter(name, text, {"type": "string", "enum": list(choices)})


PAGE_PARAMETERS: Final = (
    number_parameter("limit", "Most items in the answer.", 50, 1, 500),
    Parameter("cursor", "`next` of the page before."),
)
AT_PARAMETER: Final = Parameter(
    "at", "A height, an RFC 3339 time or Unix milliseconds; the head when missing."
)
