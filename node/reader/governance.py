"""What members proposed and approved, and what is proven against validators."""

from dataclasses import dataclass

from chain.scalars import Hash, NodeName
from contracts import state_keys
from contracts.governance_records import (
    AddressRecord,
    EvidenceRecord,
    ProposalRecord,
    StandingRecord,
)
from contracts.state import decode_record
from node.reader.paging import Page, PageRequest
from node.reader.records import newest_first
from node.replica.ports import Column, Store


@dataclass(frozen=True, slots=True)
class GovernanceReader:
    """Reads the present state's proposals and evidence."""

    store: Store

    def proposal(self, proposal: Hash) -> ProposalRecord | None:
        """Give a proposal, or None."""
        data = self.store.get(Column.STATE, state_keys.proposal_key(proposal))
        return None if data is None else decode_record(data, ProposalRecord)

    def proposals(
        self, request: PageRequest, *, is_open: bool | None = None
    ) -> Page[ProposalRecord]:
        """Give proposals, the newest first.

        Args: is_open: only those that wait for approvals, or only the others.
        """

        def keep(name: Hash) -> ProposalRecord | None:
            found = self.proposal(name)
            if found is None or is_open not in (None, found.status == "open"):
                return None
            return found

        return newest_first(self.store, state_keys.proposals_in_order_prefix(), request, keep)

    def evidence(self, evidence: Hash) -> EvidenceRecord | None:
        """Give a proven offence, or None."""
        data = self.store.get(Column.STATE, state_keys.evidence_key(evidence))
        return None if data is None else decode_record(data, EvidenceRecord)

    def evidence_page(
        self, request: PageRequest, *, node: NodeName | None = None
    ) -> Page[EvidenceRecord]:
        """Give proven offences, the newest first."""

        def keep(name: Hash) -> EvidenceRecord | None:
            found = self.evidence(name)
            return found if found is not None and node in (None, found.node) else None

        return newest_first(self.store, state_keys.evidence_in_order_prefix(), request, keep)

    def standings(self) -> dict[NodeName, StandingRecord]:
        """Give what is on record against each node that ever offended."""
        start, stop = state_keys.prefix_range(state_keys.standings_prefix())
        rows = (
            decode_record(value, StandingRecord)
            for _, value in self.store.range(Column.STATE, start, stop)
        )
        return {record.node: record for record in rows}

    def addresses(self) -> dict[NodeName, AddressRecord]:
        """Give where nodes that were added said that they can be dialled."""
        start, stop = state_keys.prefix_range(state_keys.addresses_prefix())
        rows = (
            decode_record(value, AddressRecord)
            for _, value in self.store.range(Column.STATE, start, stop)
        )
        return {record.node: record for record in rows}
