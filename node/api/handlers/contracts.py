"""A contract's life: its versions with their approvals, and its packages."""

import re
from typing import Final

from aiohttp import web

from chain.errors import InvalidInput
from chain.scalars import NAME_PATTERN
from node.api.answers import json_answer, off_loop
from node.api.context import CONTEXT
from node.api.requests import get_hash
from node.api.routes import Route, path_parameter
from node.api.views.contracts import (
    ContractLife,
    PackageView,
    VersionDetails,
    view_details,
    view_life,
    view_package,
    view_pause,
)

_VERSION_DIGITS_MAX: Final = 15
_is_name: Final = re.compile(NAME_PATTERN).fullmatch


async def show_life(request: web.Request) -> web.Response:
    """GET /v1/contracts/{name}/versions"""
    reader = request.app[CONTEXT].reader.lifecycle
    name = _get_name(request)

    def read() -> ContractLife:
        versions = [(one, reader.approvals(one)) for one in reader.versions(name)]
        if not versions:
            raise InvalidInput("VT-7004", kind="contract", name=name)
        pause = reader.pause(name)
        paused = None
        if pause is not None:
            paused = view_pause(pause, reader.proposal_approvals(pause.proposal))
        return view_life(name, reader.policy(), versions, paused)

    return json_answer(await off_loop(request, read))


async def show_version(request: web.Request) -> web.Response:
    """GET /v1/contracts/{name}/versions/{number}"""
    reader = request.app[CONTEXT].reader.lifecycle
    name, number = _get_name(request), request.match_info["number"]
    is_number = number.isascii() and number.isdigit() and len(number) <= _VERSION_DIGITS_MAX

    def read() -> VersionDetails:
        version = reader.version(name, int(number)) if is_number else None
        if version is None:
            raise InvalidInput("VT-7004", kind="version", name=f"{name} {number[:20]}")
        package = None if version.package is None else reader.package(version.package)
        source = reader.source(version.source_hash)
        return view_details(version, reader.approvals(version), source, package)

    return json_answer(await off_loop(request, read))


async def show_package(request: web.Request) -> web.Response:
    """GET /v1/contract-packages/{id}"""
    reader = request.app[CONTEXT].reader.lifecycle
    package = get_hash(request, "package")
    found = reader.package(package)
    if found is None:
        raise InvalidInput("VT-7004", kind="package", name=package.hex())
    return json_answer(view_package(found))


def _get_name(request: web.Request) -> str:
    name = request.match_info["name"]
    if len(name) > 64 or not _is_name(name):
        raise InvalidInput("VT-7004", kind="contract", name=name[:80])
    return name


_NAME: Final = path_parameter("name", "The contract's name.")

ROUTES: Final = (
    Route(
        "GET",
        "/v1/contracts/{name}/versions",
        show_life,
        "Show all versions of a contract, who approved what, when, how signed, and who paused it.",
        "ledger",
        ContractLife,
        parameters=(_NAME,),
        statuses={404: "There is no such contract."},
    ),
    Route(
        "GET",
        "/v1/contracts/{name}/versions/{number}",
        show_version,
        "Show a version of a contract with its source, parameters and package.",
        "ledger",
        VersionDetails,
        parameters=(_NAME, path_parameter("number", "The version's number, from 1.")),
        statuses={404: "There is no such version."},
    ),
    Route(
        "GET",
        "/v1/contract-packages/{id}",
        show_package,
        "Show a package of a contract that was proposed.",
        "ledger",
        PackageView,
        parameters=(path_parameter("id", "The package's hash."),),
        statuses={404: "There is no such package."},
    ),
)
