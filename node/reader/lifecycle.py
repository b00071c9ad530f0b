"""A contract's life: its versions, who approved them with which signature, and its packages."""

from dataclasses import dataclass

from chain.errors import Refused
from chain.genesis import ContractPolicy, Genesis
from chain.scalars import Hash, Signature
from contracts import lifecycle_keys, state_keys
from contracts.governance_records import Approval
from contracts.lifecycle_records import PackageRecord, PauseRecord, PolicyRecord, VersionRecord
from contracts.state import decode_record
from node.reader.blocks import BlockReader
from node.reader.governance import GovernanceReader
from node.replica.ports import Column, Store


@dataclass(frozen=True, slots=True)
class SignedApproval:
    """An approval and its signature, None where the node no longer keeps the block."""

    approval: Approval
    signature: Signature | None


@dataclass(frozen=True, slots=True)
class PackageParts:
    """A package that was proposed, with its parts."""

    record: PackageRecord
    source: str
    tests: str
    stubs: str
    check: str
    report: str


@dataclass(frozen=True, slots=True)
class LifecycleReader:
    """Reads the present state's versions and packages of contracts."""

    store: Store
    genesis: Genesis
    blocks: BlockReader
    governance: GovernanceReader

    def policy(self) -> ContractPolicy:
        """Give whose approval contracts need now."""
        data = self.store.get(Column.STATE, lifecycle_keys.contract_policy_key())
        if data is None:
            return self.genesis.governance.contracts
        return decode_record(data, PolicyRecord).policy

    def versions(self, name: str) -> tuple[VersionRecord, ...]:
        """Give all versions of a contract, the newest first."""
        start, stop = state_keys.prefix_range(lifecycle_keys.contract_versions_prefix(name))
        rows = self.store.range(Column.STATE, start, stop, reverse=True)
        return tuple(decode_record(value, VersionRecord) for _, value in rows)

    def version(self, name: str, number: int) -> VersionRecord | None:
        """Give a version of a contract, or None."""
        data = self.store.get(Column.STATE, lifecycle_keys.contract_version_key(name, number))
        return None if data is None else decode_record(data, VersionRecord)

    def pause(self, name: str) -> PauseRecord | None:
        """Give who paused a contract and when; None while it is not paused."""
        data = self.store.get(Column.STATE, lifecycle_keys.contract_pause_key(name))
        return None if data is None else decode_record(data, PauseRecord)

    def proposal_approvals(self, proposal: Hash | None) -> tuple[SignedApproval, ...]:
        """Give who approved a proposal, in order; nobody where there was none."""
        found = None if proposal is None else self.governance.proposal(proposal)
        return () if found is None else tuple(self._sign(one) for one in found.approvals)

    def approvals(self, version: VersionRecord) -> tuple[SignedApproval, ...]:
        """Give who approved a version, in order; where nobody was asked, who deployed it."""
        approved = self.proposal_approvals(version.proposal)
        if approved:
            return approved
        deployed = self.blocks.transaction(version.transaction)
        if deployed is None:
            return ()
        sender = deployed.transaction.body.sender
        alone = Approval(
            version.organisation,
            sender,
            version.transaction,
            version.decided_height,
            version.decided_time_ms,
        )
        return (SignedApproval(alone, deployed.transaction.signature),)

    def source(self, source_hash: Hash) -> str:
        """Give a source that a contract has or had."""
        return self._text(state_keys.contract_source_key(source_hash))

    def package(self, package: Hash) -> PackageParts | None:
        """Give a package with its parts, or None."""
        data = self.store.get(Column.STATE, lifecycle_keys.contract_package_key(package))
        if data is None:
            return None
        record = decode_record(data, PackageRecord)
        tests, stubs, check, report = (
            self._text(lifecycle_keys.contract_part_key(part))
            for part in (record.tests, record.stubs, record.check, record.report)
        )
        return PackageParts(record, self.source(record.source_hash), tests, stubs, check, report)

    def _text(self, key: bytes) -> str:
        return (self.store.get(Column.STATE, key) or b"").decode()

    def _sign(self, approval: Approval) -> SignedApproval:
        try:
            found = self.blocks.transaction(approval.transaction)
        except Refused:
            found = None
        return SignedApproval(approval, None if found is None else found.transaction.signature)
