"""The questions a client can ask, typed. What can be proved is checked before it is given back."""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from chain.block import Header
from chain.certificate import QuorumCertificate
from chain.codec import decode
from chain.committee_steps import (
    COMMITTEE_STEP_SIZE_BYTES_MAX,
    CommitteeStep,
    check_decided,
    follow_committee,
)
from chain.errors import InvalidInput
from chain.genesis import Genesis, compute_genesis_hash
from chain.json_view import from_plain
from chain.proven_receipt import check_receipt, receipt_from_json
from chain.scalars import Hash, TwinId
from chain.state_tree import StateProof, check_state_proof
from chain.validators import ValidatorSet
from contracts import state_keys
from contracts.records import TwinRecord
from contracts.state import decode_record
from node.api.views.blocks import BlockList, BlockView
from node.api.views.governance import (
    CommitteeList,
    EvidenceList,
    ProposalList,
    ProposalView,
    StepList,
    ValidatorList,
)
from node.api.views.ledger import (
    ActionList,
    ActionView,
    AttestationList,
    ContractList,
    ContractView,
    OrganisationList,
)
from node.api.views.status import ReadyView, StatusView
from node.api.views.transactions import TransactionList, TransactionView
from node.api.views.twins import (
    HistoryList,
    ReadingProofView,
    SeriesView,
    StateProofView,
    TwinList,
    TwinView,
)
from node.client.transport import Transport

T = TypeVar("T")
At = int | str | None
HEIGHTS_BELOW: Final = 100_000_000_000
"""Smaller numbers given as `at` are heights, greater ones Unix milliseconds."""
"""A height, an RFC 3339 time, or None for now."""

_HEADER_SIZE_MAX: Final = 4096
_CERTIFICATE_SIZE_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class VerifiedTwin:
    """A twin whose state was checked against a certificate; `record` is None: there is none."""

    record: TwinRecord | None
    header: Header


class Reads:
    """All reads; `AsyncClient` adds writing to them."""

    def __init__(self, transport: Transport, genesis: Genesis) -> None:
        self._transport = transport
        self.genesis: Final = genesis
        self.genesis_hash: Final = compute_genesis_hash(genesis)

    async def get_bytes(self, path: str, query: Mapping[str, Any] | None = None) -> bytes:
        """Give the body of any address of the API."""
        return (await self._transport.request("GET", path, query=query)).body

    async def get_json(self, path: str, **query: object) -> dict[str, Any]:
        """Give the JSON of any address of the API as it is; None in the query is left out."""
        return await self._get(path, dict[str, Any], **query)

    async def pages(self, path: str, **query: object) -> AsyncIterator[dict[str, Any]]:
        """Give all items of a list, page after page."""
        cursor: str | None = None
        while True:
            page = await self.get_json(path, **query, cursor=cursor)
            for item in page["items"]:
                yield item
            cursor = page.get("next")
            if cursor is None:
                return

    async def status(self) -> StatusView:
        """Give how the node and the chain are."""
        return await self._get("/v1/status", StatusView)

    async def ready(self) -> ReadyView:
        """Give whether commits are progressing, as the first node that serves sees it."""
        now = await self.status()
        return ReadyView(ready=now.ready, reasons=now.reasons)

    async def blocks(self, limit: int = 50, cursor: str | None = None) -> BlockList:
        """Give blocks, newest first."""
        return await self._get("/v1/blocks", BlockList, limit=limit, cursor=cursor)

    async def block(self, name: int | str = "latest") -> BlockView:
        """Give a block by height, hash or "latest"."""
        return await self._get(f"/v1/blocks/{name}", BlockView)

    async def validators(self, at: int | None = None) -> ValidatorList:
        """Give who decides the next height, or another one, and how they voted lately."""
        return await self._get("/v1/validators", ValidatorList, at=at)

    async def verified_validators(self, at: int | None = None) -> ValidatorSet:
        """Give who decides the next height, or another one, followed here from genesis.

        Of a node that hides the newest changes an older set comes; never one that nobody decided.

        Raises: InvalidInput: VT-1306 or VT-1311, the node's answer does not hold.
        """
        shown = await self._get("/v1/validators/steps", StepList, at=at)
        return follow_committee(self.genesis, _decode_steps(shown.items))

    async def validator_changes(self, limit: int = 50, cursor: str | None = None) -> CommitteeList:
        """Give all sets of validators that ever were, newest first."""
        return await self._get("/v1/validators/changes", CommitteeList, limit=limit, cursor=cursor)

    async def proposals(
        self, *, status: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> ProposalList:
        """Give proposed changes, newest first."""
        query = {"status": status, "limit": limit, "cursor": cursor}
        return await self._get("/v1/proposals", ProposalList, **query)

    async def proposal(self, id: Hash | str) -> ProposalView:
        """Give a proposed change."""
        return await self._get(f"/v1/proposals/{to_hex(id)}", ProposalView)

    async def evidence(
        self, *, node: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> EvidenceList:
        """Give proven offences of validators, newest first."""
        return await self._get("/v1/evidence", EvidenceList, node=node, limit=limit, cursor=cursor)

    async def transactions(self, limit: int = 50, cursor: str | None = None) -> TransactionList:
        """Give transactions, newest first."""
        return await self._get("/v1/transactions", TransactionList, limit=limit, cursor=cursor)

    async def transaction(self, id: Hash | str) -> TransactionView:
        """Give a transaction in whatever state it is."""
        return await self._get(f"/v1/transactions/{to_hex(id)}", TransactionView)

    async def receipt(
        self,
        id: Hash | str,
        attested_name: str | None = None,
        *,
        verify: bool = True,
    ) -> bytes:
        """Give the proven receipt of a final transaction, as a file.

        Args: attested_name: the attested file that it is for; verify: check it against genesis.
        Raises: InvalidInput: VT-1304, it does not hold.
        """
        path = f"/v1/transactions/{to_hex(id)}/receipt"
        data = (await self._transport.request("GET", path, query={"file": attested_name})).body
        if verify:
            verdict = check_receipt(receipt_from_json(data), self.genesis)
            if verdict.transaction.hex() != to_hex(id):
                raise InvalidInput("VT-1304", link="it is the receipt of another transaction")
        return data

    async def reading_proof(self, id: Hash | str, index: int) -> ReadingProofView:
        """Give the proof of one reading of a telemetry transaction."""
        path = f"/v1/transactions/{to_hex(id)}/readings/{index}"
        return await self._get(path, ReadingProofView)

    async def twins(
        self,
        *,
        model: str | None = None,
        owner: str | None = None,
        kind: str | None = None,
        text: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> TwinList:
        """Give twins in order of their ids."""
        return await self._get(
            "/v1/twins",
            TwinList,
            model=model,
            owner=owner,
            kind=kind,
            q=text,
            limit=limit,
            cursor=cursor,
        )

    async def twin(self, twin: str, at: At = None) -> TwinView:
        """Give a twin, now or at a past height or time."""
        return await self._get(f"/v1/twins/{twin}", TwinView, at=at)

    async def verified_twin(self, twin: str, at: At = None) -> VerifiedTwin:
        """Give a twin whose state a quorum signed; checked here, without trusting the node.

        At a height the proof is for exactly that height. For now, or for a time, the node chooses
        the block: it can give an older one, so look at the `height` and time of the answer.

        Raises: InvalidInput: VT-1306, VT-1307 or VT-1311, the node's answer does not hold.
        """
        shown = await self._get(f"/v1/twins/{twin}/proof", StateProofView, at=at)
        try:
            header = decode(base64.b64decode(shown.header), Header, _HEADER_SIZE_MAX)
            certificate = decode(
                base64.b64decode(shown.certificate), QuorumCertificate, _CERTIFICATE_SIZE_MAX
            )
            steps = _decode_steps(shown.validator_changes)
            value = None if shown.value is None else base64.b64decode(shown.value)
            proof = from_plain(shown.proof, StateProof)
        except ValueError as error:
            raise InvalidInput("VT-1307", reason=f"the answer does not read: {error}") from error
        validators = follow_committee(self.genesis, steps)
        check_decided(header, certificate, validators, self.genesis_hash)
        if isinstance(at, int) and at < HEIGHTS_BELOW and header.height != at:
            raise InvalidInput(
                "VT-1307", reason=f"it is for height {header.height}, {at} was asked for"
            )
        key = state_keys.twin_key(TwinId(twin))
        check_state_proof(header.state_root, key, value, proof)
        record = None if value is None else decode_record(value, TwinRecord)
        return VerifiedTwin(record, header)

    async def history(self, twin: str, limit: int = 50, cursor: str | None = None) -> HistoryList:
        """Give the transactions that touched a twin, newest first."""
        path = f"/v1/twins/{twin}/history"
        return await self._get(path, HistoryList, limit=limit, cursor=cursor)

    async def series(
        self,
        twin: str,
        property: str,
        *,
        from_ms: int | None = None,
        to_ms: int | None = None,
        points: int = 500,
    ) -> SeriesView:
        """Give the readings of a property for a chart."""
        return await self._get(
            f"/v1/twins/{twin}/series",
            SeriesView,
            property=property,
            from_ms=from_ms,
            to_ms=to_ms,
            points=points,
        )

    async def actions(
        self,
        *,
        status: str | None = None,
        twin: str | None = None,
        addressee: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> ActionList:
        """Give actions, newest first."""
        return await self._get(
            "/v1/actions",
            ActionList,
            status=status,
            twin=twin,
            addressee=addressee,
            limit=limit,
            cursor=cursor,
        )

    async def action(self, id: Hash | str) -> ActionView:
        """Give an action."""
        return await self._get(f"/v1/actions/{to_hex(id)}", ActionView)

    async def attestations(
        self,
        *,
        twin: str | None = None,
        issuer: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> AttestationList:
        """Give attestations, newest first."""
        return await self._get(
            "/v1/attestations",
            AttestationList,
            twin=twin,
            issuer=issuer,
            limit=limit,
            cursor=cursor,
        )

    async def organisations(self) -> OrganisationList:
        """Give the member organisations with their keys."""
        return await self._get("/v1/organisations", OrganisationList)

    async def contracts(self) -> ContractList:
        """Give the deployed contracts."""
        return await self._get("/v1/contracts", ContractList)

    async def contract(self, name: str) -> ContractView:
        """Give a contract with its source and parameters."""
        return await self._get(f"/v1/contracts/{name}", ContractView)

    async def _get(self, path: str, type_: type[T], **query: object) -> T:
        return (await self._transport.request("GET", path, query=query)).read(type_)


def _decode_steps(encoded: Sequence[str]) -> list[CommitteeStep]:
    """Decode steps in base64.

    Raises: InvalidInput: VT-1307 one is no base64, VT-1001 .. VT-1003 one does not decode.
    """
    try:
        raws = [base64.b64decode(step, validate=True) for step in encoded]
    except ValueError as error:
        raise InvalidInput("VT-1307", reason=f"the answer does not read: {error}") from error
    return [decode(raw, CommitteeStep, COMMITTEE_STEP_SIZE_BYTES_MAX) for raw in raws]


def to_hex(id_: Hash | str) -> str:
    """Write an id as the API does."""
    return id_ if isinstance(id_, str) else id_.hex()
