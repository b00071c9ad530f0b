"""Twins: lists, state at any height, proofs, history and series."""

from typing import Final, get_args

from aiohttp import web

from chain.errors import InvalidInput
from chain.operations import TwinKind
from chain.scalars import OrganisationId, TwinId
from contracts import state_keys
from contracts.records import ActionRecord
from node.api.answers import (
    encode_json,
    immutable_answer,
    is_known,
    json_answer,
    off_loop,
    state_answer,
)
from node.api.context import CONTEXT
from node.api.requests import (
    get_choice,
    get_number,
    get_page,
    get_text,
    get_time,
    get_twin,
)
from node.api.routes import (
    AT_PARAMETER,
    PAGE_PARAMETERS,
    Parameter,
    Route,
    choice_parameter,
    number_parameter,
    path_parameter,
)
from node.api.views.twins import (
    HistoryList,
    SeriesView,
    StateProofView,
    TwinList,
    TwinView,
    summarize_twin,
    view_history,
    view_series,
    view_state_proof,
    view_twin,
)
from node.reader import Reader
from node.reader.downsample import POINTS_MIN
from node.reader.paging import PageRequest
from node.reader.series import Series
from node.reader.twins import TwinFilter

KINDS: Final[tuple[TwinKind, ...]] = get_args(TwinKind)
POINTS_DEFAULT: Final = 500
POINTS_MAX: Final = 5_000
_ACTIONS_SHOWN_MAX: Final = 200
_TWIN_PARAMETER: Final = path_parameter("id", "The twin's id.")
_NO_TWIN: Final = {404: "There is no such twin."}


async def list_twins(request: web.Request) -> web.Response:
    """GET /v1/twins"""
    reader = request.app[CONTEXT].reader
    page = get_page(request)
    owner = get_text(request, "owner")
    wanted = TwinFilter(
        model=get_text(request, "model"),
        owner=OrganisationId(owner) if owner else None,
        kind=get_choice(request, "kind", KINDS),
        text=get_text(request, "q"),
    )
    root = reader.blocks.head().state_root.hex()

    def read() -> TwinList:
        found = reader.twins.page(wanted, page)
        items = [summarize_twin(t, reader.time_of(t.updated_height)) for t in found.items]
        return TwinList(items=items, next=found.next)

    if is_known(request, root):
        return state_answer(request, root, dict)
    view = await off_loop(request, read)
    return state_answer(request, root, lambda: view)


async def show_twin(request: web.Request) -> web.Response:
    """GET /v1/twins/{id}"""
    reader = request.app[CONTEXT].reader
    twin = get_twin(request)
    at = get_text(request, "at")
    height = reader.blocks.resolve_at(at)
    root = reader.state_root(height)

    def read() -> TwinView:
        found = reader.twins.get_with_parts(twin, height)
        if found is None:
            raise InvalidInput("VT-7004", kind="twin", name=twin)
        return view_twin(found, root)

    view = await off_loop(request, read)
    if at is not None and at == str(height):
        return immutable_answer(request, f"{root.hex()}-{height}", encode_json(view))
    return state_answer(request, root.hex(), lambda: view)


async def prove_twin(request: web.Request) -> web.Response:
    """GET /v1/twins/{id}/proof; `value` is null when it proves that there is no such twin."""
    reader = request.app[CONTEXT].reader
    twin = get_twin(request)
    height = reader.blocks.resolve_at(get_text(request, "at"))

    def read() -> StateProofView:
        return view_state_proof(reader.proofs.state(state_keys.twin_key(twin), height))

    return json_answer(await off_loop(request, read))


async def show_history(request: web.Request) -> web.Response:
    """GET /v1/twins/{id}/history"""
    reader = request.app[CONTEXT].reader
    twin = get_twin(request)
    page = get_page(request)

    def read() -> HistoryList:
        _require_twin(reader, twin)
        found = reader.twins.history(twin, page)
        items = [view_history(one, reader.blocks) for one in found.items]
        return HistoryList(items=items, next=found.next)

    return json_answer(await off_loop(request, read))


async def show_series(request: web.Request) -> web.Response:
    """GET /v1/twins/{id}/series"""
    reader = request.app[CONTEXT].reader
    twin = get_twin(request)
    name = get_text(request, "property")
    if name is None:
        raise InvalidInput("VT-7002", parameter="property", reason="it is needed")
    from_ms, to_ms = get_time(request, "from_ms"), get_time(request, "to_ms")
    points = get_number(request, "points", POINTS_DEFAULT, POINTS_MIN, POINTS_MAX)

    def read() -> SeriesView:
        unit = _unit_of(reader, twin, name)
        found = reader.series.get(twin, name, from_ms, to_ms, points)
        return view_series(name, unit, found, _actions_in(reader, twin, found))

    return json_answer(await off_loop(request, read))


def _require_twin(reader: Reader, twin: TwinId) -> None:
    if reader.twins.get(twin, reader.blocks.head().height) is None:
        raise InvalidInput("VT-7004", kind="twin", name=twin)


def _unit_of(reader: Reader, twin: TwinId, name: str) -> str:
    record = reader.twins.get(twin, reader.blocks.head().height)
    if record is None:
        raise InvalidInput("VT-7004", kind="twin", name=twin)
    found = record.get_property(name)
    if found is None:
        raise InvalidInput("VT-7004", kind="property", name=name)
    return found.definition.unit


def _actions_in(reader: Reader, twin: TwinId, series: Series) -> list[ActionRecord]:
    """Give the newest actions of a twin whose cause lies in the time that is shown."""
    page = PageRequest(_ACTIONS_SHOWN_MAX)
    return [
        action
        for action in reader.records.actions(page, twin=twin).items
        if action.cause.first_time_ms is not None
        and action.cause.last_time_ms is not None
        and action.cause.first_time_ms <= series.last_ms
        and action.cause.last_time_ms >= series.first_ms
    ]


ROUTES: Final = (
    Route(
        "GET",
        "/v1/twins",
        list_twins,
        "List the twins in order of their ids.",
        "twins",
        TwinList,
        parameters=(
            *PAGE_PARAMETERS,
            Parameter("model", "Only twins of this model."),
            Parameter("owner", "Only twins of this organisation."),
            choice_parameter("kind", "Only twins of this kind.", KINDS),
            Parameter("q", "Only twins with this text in their id or description."),
        ),
    ),
    Route(
        "GET",
        "/v1/twins/{id}",
        show_twin,
        "Show a twin, now or at a past height.",
        "twins",
        TwinView,
        parameters=(_TWIN_PARAMETER, AT_PARAMETER),
        statuses=_NO_TWIN,
    ),
    Route(
        "GET",
        "/v1/twins/{id}/proof",
        prove_twin,
        "Prove a twin's state, or that there is no such twin.",
        "twins",
        StateProofView,
        parameters=(_TWIN_PARAMETER, AT_PARAMETER),
    ),
    Route(
        "GET",
        "/v1/twins/{id}/history",
        show_history,
        "List the transactions that touched a twin, newest first.",
        "twins",
        HistoryList,
        parameters=(_TWIN_PARAMETER, *PAGE_PARAMETERS),
        statuses=_NO_TWIN,
    ),
    Route(
        "GET",
        "/v1/twins/{id}/series",
        show_series,
        "Give the readings of a property, thinned out for a chart.",
        "twins",
        SeriesView,
        parameters=(
            _TWIN_PARAMETER,
            Parameter("property", "The property's name; needed."),
            Parameter("from_ms", "First time: Unix milliseconds or RFC 3339."),
            Parameter("to_ms", "Last time: Unix milliseconds or RFC 3339."),
            number_parameter("points", "Most points.", POINTS_DEFAULT, POINTS_MIN, POINTS_MAX),
        ),
        statuses=_NO_TWIN,
    ),
)
