"""Validators, proposals and evidence."""

import re
from typing import Final

from aiohttp import web

from chain.errors import InvalidInput
from chain.genesis import ContractPolicy
from chain.scalars import NAME_PATTERN, Height, NodeName
from contracts.governance_records import ProposalRecord
from contracts.native.policy import count_needed, is_about_contract
from node.api.answers import json_answer, off_loop, state_answer
from node.api.context import CONTEXT
from node.api.requests import get_choice, get_hash, get_number, get_page, get_text
from node.api.routes import (
    PAGE_PARAMETERS,
    Parameter,
    Route,
    choice_parameter,
    path_parameter,
)
from node.api.views.governance import (
    CommitteeList,
    EvidenceList,
    EvidenceView,
    ProposalList,
    ProposalView,
    StepList,
    ValidatorList,
    view_committee,
    view_evidence,
    view_proposal,
    view_steps,
    view_validators,
)
from node.reader import Reader

STATUSES: Final = ("open", "closed")
_is_name: Final = re.compile(NAME_PATTERN).fullmatch


async def list_validators(request: web.Request) -> web.Response:
    """GET /v1/validators: those of the next height, or of another one."""
    reader = request.app[CONTEXT].reader
    next_height = reader.blocks.head().next_height
    height = Height(get_number(request, "at", next_height, 1, next_height))

    def read() -> ValidatorList:
        present = reader.committees.record_at(height)
        planned = reader.committees.planned(height)
        return view_validators(present, height, reader.validators(height), planned)

    return json_answer(await off_loop(request, read))


async def list_committees(request: web.Request) -> web.Response:
    """GET /v1/validators/changes"""
    reader = request.app[CONTEXT].reader
    page = get_page(request)

    def read() -> CommitteeList:
        found = reader.committees.changes(page)
        return CommitteeList(items=[view_committee(one) for one in found.items], next=found.next)

    return json_answer(await off_loop(request, read))


async def list_steps(request: web.Request) -> web.Response:
    """GET /v1/validators/steps"""
    reader = request.app[CONTEXT].reader
    next_height = reader.blocks.head().next_height
    height = Height(get_number(request, "at", next_height, 1, next_height))

    def read() -> StepList:
        return view_steps(height, reader.committees.steps_to(height))

    return json_answer(await off_loop(request, read))


async def list_proposals(request: web.Request) -> web.Response:
    """GET /v1/proposals"""
    reader = request.app[CONTEXT].reader
    page = get_page(request)
    status = get_choice(request, "status", STATUSES)

    def read() -> ProposalList:
        is_open = None if status is None else status == "open"
        found = reader.governance.proposals(page, is_open=is_open)
        head = reader.blocks.head().height
        items = [view_proposal(one, _count_needed(one, reader), head) for one in found.items]
        return ProposalList(items=items, next=found.next)

    return json_answer(await off_loop(request, read))


async def show_proposal(request: web.Request) -> web.Response:
    """GET /v1/proposals/{id}"""
    reader = request.app[CONTEXT].reader
    proposal = get_hash(request, "proposal")
    found = reader.governance.proposal(proposal)
    if found is None:
        raise InvalidInput("VT-7004", kind="proposal", name=proposal.hex())
    head = reader.blocks.head()
    return state_answer(
        request,
        head.state_root.hex(),
        lambda: view_proposal(found, _count_needed(found, reader), head.height),
    )


async def list_evidence(request: web.Request) -> web.Response:
    """GET /v1/evidence"""
    reader = request.app[CONTEXT].reader
    page = get_page(request)
    node = get_text(request, "node")
    if node is not None and not _is_name(node):
        raise InvalidInput("VT-7002", parameter="node", reason="it is no name of a node")

    def read() -> EvidenceList:
        found = reader.governance.evidence_page(page, node=NodeName(node) if node else None)
        return EvidenceList(items=[view_evidence(one) for one in found.items], next=found.next)

    return json_answer(await off_loop(request, read))


async def show_evidence(request: web.Request) -> web.Response:
    """GET /v1/evidence/{id}"""
    reader = request.app[CONTEXT].reader
    evidence = get_hash(request, "evidence")
    found = reader.governance.evidence(evidence)
    if found is None:
        raise InvalidInput("VT-7004", kind="evidence", name=evidence.hex())
    return json_answer(view_evidence(found))


def _count_needed(proposal: ProposalRecord, reader: Reader) -> int:
    members = len(reader.records.organisations())
    is_contract = is_about_contract(proposal.change)
    return count_needed(reader.lifecycle.policy() if is_contract else ContractPolicy(), members)


_AT: Final = Parameter("at", "A height, at most the next one; that one when missing.")

ROUTES: Final = (
    Route(
        "GET",
        "/v1/validators",
        list_validators,
        "List who decides a height, how they voted, and what is planned.",
        "governance",
        ValidatorList,
        parameters=(_AT,),
    ),
    Route(
        "GET",
        "/v1/validators/changes",
        list_committees,
        "List all sets of validators, newest first, and what brought each.",
        "governance",
        CommitteeList,
        parameters=PAGE_PARAMETERS,
    ),
    Route(
        "GET",
        "/v1/validators/steps",
        list_steps,
        "Give the proofs by which the validators of a height follow from those of genesis.",
        "governance",
        StepList,
        parameters=(_AT,),
    ),
    Route(
        "GET",
        "/v1/proposals",
        list_proposals,
        "List proposed changes of members and validators, newest first.",
        "governance",
        ProposalList,
        parameters=(
            *PAGE_PARAMETERS,
            choice_parameter("status", "Only those that wait, or only the others.", STATUSES),
        ),
    ),
    Route(
        "GET",
        "/v1/proposals/{id}",
        show_proposal,
        "Show a proposed change and who approved it.",
        "governance",
        ProposalView,
        parameters=(path_parameter("id", "The proposal's id."),),
        statuses={404: "There is no such proposal."},
    ),
    Route(
        "GET",
        "/v1/evidence",
        list_evidence,
        "List proven offences of validators, newest first.",
        "governance",
        EvidenceList,
        parameters=(*PAGE_PARAMETERS, Parameter("node", "Only those of this node.")),
    ),
    Route(
        "GET",
        "/v1/evidence/{id}",
        show_evidence,
        "Show a proven offence with both signatures.",
        "governance",
        EvidenceView,
        parameters=(path_parameter("id", "The evidence's id."),),
        statuses={404: "There is no such evidence."},
    ),
)
