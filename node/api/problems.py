"""Errors as HTTP answers: the only place that knows how the two belong together (RFC 9457)."""

from typing import Final

import msgspec
from aiohttp import web

from chain.errors import Busy, ChainError, ContractError, Corruption, InvalidInput, Refused
from node.api.views.status import ProblemView

CONTENT_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "https://veritwin.dev/errors/"
RETRY_AFTER_SECONDS: Final = "1"

_BY_CODE: Final[dict[str, int]] = {
    "VT-1003": 413,
    "VT-2010": 403,
    "VT-2011": 403,
    "VT-2012": 403,
    "VT-2021": 403,
    "VT-2051": 403,
    "VT-2067": 403,
    "VT-2069": 403,
    "VT-7003": 404,
    "VT-7004": 404,
    "VT-7006": 413,
    "VT-7007": 429,
    "VT-7008": 408,
    "VT-7009": 415,
    "VT-7012": 404,
    "VT-7014": 410,
    "VT-7015": 404,
}
_BY_FAULT: Final[tuple[tuple[type[ChainError], int], ...]] = (
    (InvalidInput, 400),
    (Refused, 409),
    (ContractError, 409),
    (Busy, 503),
    (Corruption, 500),
)


def status_of(error: ChainError) -> int:
    """Give the HTTP status of an error."""
    special = _BY_CODE.get(error.code)
    if special is not None:
        return special
    return next((status for kind, status in _BY_FAULT if isinstance(error, kind)), 500)


def describe(
    error: ChainError, request_id: str, *, tx_id: str | None = None, status: int | None = None
) -> ProblemView:
    """Describe an error as a problem document."""
    entry = error.entry
    return ProblemView(
        type=TYPE_PREFIX + entry.code,
        title=entry.title,
        status=status or status_of(error),
        detail=error.why,
        instance=request_id,
        code=entry.code,
        why=error.why,
        fix=entry.fix,
        retryable=isinstance(error, Busy) or entry.code in ("VT-7005", "VT-7008"),
        tx_id=tx_id,
    )


def answer(
    error: ChainError, request_id: str, *, tx_id: str | None = None, status: int | None = None
) -> web.Response:
    """Make the HTTP answer to a request that failed."""
    problem = describe(error, request_id, tx_id=tx_id, status=status)
    response = web.Response(
        status=problem.status,
        body=msgspec.json.encode(problem),
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store"},
    )
    if problem.status in (429, 503):
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response
