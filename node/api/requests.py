"""Reading requests: parameters, ids and bodies, each with its limit."""

import asyncio
import re
from collections.abc import Collection
from typing import Final, TypeVar, cast

from aiohttp import web
from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from chain.errors import Busy, InvalidInput
from chain.scalars import HEIGHT_MAX, TWIN_ID_PATTERN, Hash, Height, TwinId, UnixMillis
from node.api.context import CONTEXT
from node.clock import parse_time
from node.reader.paging import LIMIT_DEFAULT, LIMIT_MAX, PageRequest

C = TypeVar("C", bound=str)

TEXT_SIZE_MAX: Final = 200
_is_hash: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_is_twin: Final = re.compile(TWIN_ID_PATTERN).fullmatch


def get_text(request: web.Request, name: str) -> str | None:
    """Give a parameter of the query; None when it is missing or empty.

    Raises: InvalidInput: VT-7002, it is given twice or too long.
    """
    values = request.query.getall(name, [])
    if len(values) > 1:
        raise InvalidInput("VT-7002", parameter=name, reason="it is given more than once")
    if not values or not values[0]:
        return None
    if len(values[0]) > TEXT_SIZE_MAX and name != "cursor":
        raise InvalidInput("VT-7002", parameter=name, reason=f"over {TEXT_SIZE_MAX} characters")
    return str(values[0])


def get_number(request: web.Request, name: str, default: int, least: int, most: int) -> int:
    """Give a whole number of the query.

    Raises: InvalidInput: VT-7002, it is no number between `least` and `most`.
    """
    text = get_text(request, name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and least <= int(text) <= most):
        raise InvalidInput(
            "VT-7002", parameter=name, reason=f"{text[:40]!r} is no number from {least} to {most}"
        )
    return int(text)


def get_choice(request: web.Request, name: str, choices: Collection[C]) -> C | None:
    """Give one of several words of the query, or None.

    Raises: InvalidInput: VT-7002, it is none of them.
    """
    text = get_text(request, name)
    if text is None:
        return None
    if text not in choices:
        raise InvalidInput(
            "VT-7002", parameter=name, reason=f"{text[:40]!r} is none of {', '.join(choices)}"
        )
    return cast(C, text)


def get_time(request: web.Request, name: str) -> UnixMillis | None:
    """Give a time of the query, in milliseconds or RFC 3339, or None.

    Raises: InvalidInput: VT-7002, it is neither.
    """
    text = get_text(request, name)
    return None if text is None else parse_time(text)


def get_page(request: web.Request) -> PageRequest:
    """Give the page that is asked for.

    Raises: InvalidInput: VT-7002.
    """
    limit = get_number(request, "limit", LIMIT_DEFAULT, 1, LIMIT_MAX)
    return PageRequest(limit, get_text(request, "cursor"))


def get_hash(request: web.Request, kind: str) -> Hash:
    """Give the id in the path.

    Raises: InvalidInput: VT-7004: what is no id cannot exist.
    """
    text = request.match_info["id"]
    if not _is_hash(text):
        raise InvalidInput("VT-7004", kind=kind, name=text[:80])
    return Hash(bytes.fromhex(text))


def not_found(kind: str, name: str, base: Height) -> InvalidInput:
    """Say that nothing of this id is here: VT-7004, or VT-7015 where older blocks are not kept.

    Args: base: the height above which this node keeps blocks.
    """
    if base == 0:
        return InvalidInput("VT-7004", kind=kind, name=name)
    return InvalidInput("VT-7015", kind=kind, name=name, base=base)


def get_twin(request: web.Request) -> TwinId:
    """Give the twin in the path.

    Raises: InvalidInput: VT-7004: what is no name of a twin cannot exist.
    """
    text = request.match_info["id"]
    if len(text) > 128 or not _is_twin(text):
        raise InvalidInput("VT-7004", kind="twin", name=text[:80])
    return TwinId(text)


def check_number_in_path(text: str, kind: str) -> int:
    """Give a number that stands in the path.

    Raises: InvalidInput: VT-7004: what is no number cannot exist.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= HEIGHT_MAX):
        raise InvalidInput("VT-7004", kind=kind, name=text[:80])
    return int(text)


async def read_body(request: web.Request) -> bytes:
    """Read the whole body, within its limits of size and time.

    Raises: InvalidInput: VT-7006 too large, VT-7009 compressed; Busy: VT-7008 too slow.
    """
    limits = request.app[CONTEXT].limits
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise InvalidInput("VT-7009", given="A compressed body", expected="no Content-Encoding")
    try:
        async with asyncio.timeout(limits.body_seconds_max):
            return await request.read()
    except HTTPRequestEntityTooLarge as error:
        raise InvalidInput("VT-7006", limit=limits.request_size_bytes_max) from error
    except TimeoutError as error:
        raise Busy("VT-7008", part="body", seconds=limits.body_seconds_max) from error
