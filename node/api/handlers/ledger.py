"""Organisations, contracts, actions and attestations."""

import re
from collections import Counter
from typing import Final, get_args

from aiohttp import web

from chain.errors import InvalidInput
from chain.scalars import NAME_PATTERN, OrganisationId, TwinId
from contracts.records import ActionStatus
from node.api.answers import json_answer, off_loop, state_answer
from node.api.context import CONTEXT
from node.api.requests import get_choice, get_hash, get_page, get_text
from node.api.routes import (
    PAGE_PARAMETERS,
    Parameter,
    Route,
    choice_parameter,
    path_parameter,
)
from node.api.views.ledger import (
    ActionList,
    ActionView,
    AttestationList,
    ContractList,
    ContractView,
    OrganisationList,
    view_action,
    view_attestation,
    view_contract,
    view_organisation,
)

STATUSES: Final[tuple[ActionStatus, ...]] = get_args(ActionStatus)
_is_name: Final = re.compile(NAME_PATTERN).fullmatch


async def list_organisations(request: web.Request) -> web.Response:
    """GET /v1/organisations"""
    context = request.app[CONTEXT]
    present = context.reader.blocks.head().validators
    nodes = Counter(one.organisation for one in present.members)
    found = await off_loop(request, context.reader.records.organisations)
    return json_answer(
        OrganisationList(items=[view_organisation(one, nodes[one.record.id]) for one in found])
    )


async def list_contracts(request: web.Request) -> web.Response:
    """GET /v1/contracts"""
    reader = request.app[CONTEXT].reader
    found = await off_loop(request, reader.records.contracts)
    return json_answer(ContractList(items=[view_contract(one) for one in found]))


async def show_contract(request: web.Request) -> web.Response:
    """GET /v1/contracts/{name}"""
    reader = request.app[CONTEXT].reader
    name = request.match_info["name"]
    found = reader.records.contract(name) if len(name) <= 64 and _is_name(name) else None
    if found is None:
        raise InvalidInput("VT-7004", kind="contract", name=name[:80])
    return json_answer(view_contract(*found))


async def list_actions(request: web.Request) -> web.Response:
    """GET /v1/actions"""
    reader = request.app[CONTEXT].reader
    page = get_page(request)
    status = get_choice(request, "status", STATUSES)
    twin = get_text(request, "twin")
    addressee = get_text(request, "addressee")

    def read() -> ActionList:
        found = reader.records.actions(
            page,
            status=status,
            twin=TwinId(twin) if twin else None,
            addressee=OrganisationId(addressee) if addressee else None,
        )
        items = [view_action(action, reader.records) for action in found.items]
        return ActionList(items=items, next=found.next)

    return json_answer(await off_loop(request, read))


async def show_action(request: web.Request) -> web.Response:
    """GET /v1/actions/{id}"""
    reader = request.app[CONTEXT].reader
    action = get_hash(request, "action")
    found = reader.records.action(action)
    if found is None:
        raise InvalidInput("VT-7004", kind="action", name=action.hex())
    root = reader.blocks.head().state_root.hex()
    return state_answer(request, root, lambda: view_action(found, reader.records))


async def list_attestations(request: web.Request) -> web.Response:
    """GET /v1/attestations"""
    reader = request.app[CONTEXT].reader
    page = get_page(request)
    twin = get_text(request, "twin")
    issuer = get_text(request, "issuer")

    def read() -> AttestationList:
        found = reader.records.attestations(
            page,
            twin=TwinId(twin) if twin else None,
            issuer=OrganisationId(issuer) if issuer else None,
        )
        items = [view_attestation(one, reader.records) for one in found.items]
        return AttestationList(items=items, next=found.next)

    return json_answer(await off_loop(request, read))


_TWIN: Final = Parameter("twin", "Only those of this twin.")

ROUTES: Final = (
    Route(
        "GET",
        "/v1/organisations",
        list_organisations,
        "List the member organisations with their keys.",
        "ledger",
        OrganisationList,
    ),
    Route(
        "GET",
        "/v1/contracts",
        list_contracts,
        "List the deployed contracts.",
        "ledger",
        ContractList,
    ),
    Route(
        "GET",
        "/v1/contracts/{name}",
        show_contract,
        "Show a contract with its source and parameters.",
        "ledger",
        ContractView,
        parameters=(path_parameter("name", "The contract's name."),),
        statuses={404: "There is no such contract."},
    ),
    Route(
        "GET",
        "/v1/actions",
        list_actions,
        "List actions, newest first.",
        "ledger",
        ActionList,
        parameters=(
            *PAGE_PARAMETERS,
            choice_parameter("status", "Only those in this state.", STATUSES),
            _TWIN,
            Parameter("addressee", "Only those for this organisation."),
        ),
    ),
    Route(
        "GET",
        "/v1/actions/{id}",
        show_action,
        "Show an action.",
        "ledger",
        ActionView,
        parameters=(path_parameter("id", "The action's id."),),
        statuses={404: "There is no such action."},
    ),
    Route(
        "GET",
        "/v1/attestations",
        list_attestations,
        "List attestations, newest first.",
        "ledger",
        AttestationList,
        parameters=(
            *PAGE_PARAMETERS,
            _TWIN,
            Parameter("issuer", "Only those of this organisation."),
        ),
    ),
)
