"""Play recorded blocks again: as they were, or with another source in force from the first on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chain.errors import InvalidInput
from chain.genesis import Genesis, compute_genesis_hash
from chain.operations import Consent
from chain.receipt import Event, Receipt
from chain.scalars import Hash, Height, PublicKey, UnixMillis
from chain.transaction import Transaction
from chain.values import decode_value
from contracts import state_keys
from contracts.apply import apply_transaction
from contracts.compiler import check_contract
from contracts.context import NATIVE_SOURCE, BlockContext, Earlier, TransactionContext
from contracts.kit.decisions import Decision, Difference, compare
from contracts.kit.executor import KitExecutor
from contracts.kit.state import GrowingState
from contracts.lifecycle_records import VersionRecord
from contracts.native.consent import has_consent, put_consent
from contracts.native.policy import list_organisations
from contracts.native.starts import begin_block
from contracts.native.versions import check_in_force, get_contract, start_version
from contracts.records import ActionRecord, KeyRecord
from contracts.state import Overlay

_NOBODY = Hash(bytes(32))


@dataclass(frozen=True, slots=True)
class RecordedBlock:
    """What a block held: enough to execute it again."""

    height: Height
    time_ms: UnixMillis
    transactions: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of blocks that were played.

    `gas` is what the contract itself burnt, in all its runs; `events` counts those that it emitted,
    by name; `stopped` counts its runs on readings, answers or time that failed.
    """

    receipts: tuple[tuple[int, Receipt], ...]
    decisions: tuple[Decision, ...]
    gas: int
    events: Mapping[str, int]
    stopped: int


@dataclass(frozen=True, slots=True)
class OtherEnd:
    """A transaction that ends in another way; the codes are those of its receipts."""

    height: int
    transaction: Hash
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another source would have changed."""

    differences: tuple[Difference, ...]
    refusals: tuple[OtherEnd, ...]
    before: Played
    after: Played


@dataclass
class Rehearsal:
    """Executes recorded blocks on a state of its own.

    Args: state: as it was before the first block; it is written. executor: a fresh one.
    """

    genesis: Genesis
    state: GrowingState
    executor: KitExecutor = field(default_factory=KitExecutor)

    def install(
        self, name: str, source: str, parameters: bytes | None, first: RecordedBlock
    ) -> None:
        """Put a source in force in the place of the present one, as an approved upgrade would.

        Who consented to the present source counts as consenting to this one.

        Args: parameters: an encoded dict, None for the present ones; first: the block before which
        it happens.
        Raises: InvalidInput: VT-2045 it is no contract; Refused: VT-2040 there is no contract to
        replace; ContractError: its migration stopped.
        """
        manifest = check_contract(source).manifest
        if manifest is None:
            raise InvalidInput("VT-2045", contract=name)
        block = self._context(first)
        overlay = Overlay(self.state)
        contract = get_contract(name, overlay)
        number = check_in_force(name, contract.version, overlay)
        sender = KeyRecord(PublicKey(bytes(32)), contract.owner, "rehearsal", (), block.height)
        context = TransactionContext(block, Earlier(_NOBODY), sender, self.executor)
        source_hash = Hash(manifest.source_hash)
        for organisation in list_organisations(overlay):
            if has_consent(contract, organisation, overlay):
                put_consent(organisation, Consent(name, source_hash), context, overlay)
        overlay.put(state_keys.contract_source_key(source_hash), source.encode())
        version = VersionRecord(
            contract=name,
            number=number,
            cause="upgraded",
            like=number,
            source_hash=source_hash,
            package=None,
            parameters=contract.parameters if parameters is None else parameters,
            manifest=manifest,
            organisation=contract.owner,
            proposal=None,
            transaction=_NOBODY,
            decided_height=block.height,
            decided_time_ms=block.time_ms,
            active_height=block.height,
            replaces=contract.version,
            status="planned",
        )
        start_version(version, context, overlay)
        self.state.write(overlay.writes())

    def play(self, blocks: Iterable[RecordedBlock], contract: str | None = None) -> Played:
        """Execute blocks in order.

        Args: contract: whose decisions, events and gas to give; of all contracts unless given.
        """
        receipts: list[tuple[int, Receipt]] = []
        decisions: list[Decision] = []
        self.executor.runs.clear()
        for block in blocks:
            done = self.execute(block)
            receipts += [(block.height, receipt) for receipt in done]
            decisions += self._decisions(block, done, contract)
        gas = sum(one.gas for one in self.executor.runs if contract in (None, one.contract))
        seen = [event for _, receipt in receipts for event in receipt.events]
        emitted = Counter(event.name for event in seen if _is_of(contract, event.source))
        stopped = sum(_is_of(contract, name) for name in map(_stopped, seen) if name)
        return Played(tuple(receipts), tuple(decisions), gas, emitted, stopped)

    def execute(self, block: RecordedBlock, stop: int | None = None) -> list[Receipt]:
        """Execute a block, or its first `stop` transactions, and write what it did."""
        context = self._context(block)
        overlay = Overlay(self.state)
        begin_block(overlay, context, self.executor)
        receipts = [
            apply_transaction(transaction, overlay, context, self.executor, index)
            for index, transaction in enumerate(block.transactions[:stop])
        ]
        self.state.write(overlay.writes())
        return receipts

    def _context(self, block: RecordedBlock) -> BlockContext:
        genesis = self.genesis
        return BlockContext.create(
            block.height,
            block.time_ms,
            compute_genesis_hash(genesis),
            genesis.limits,
            genesis.governance,
        )

    def _decisions(
        self, block: RecordedBlock, receipts: Sequence[Receipt], contract: str | None
    ) -> list[Decision]:
        return [
            one
            for one in list_decisions(self.state, block.height, receipts)
            if contract in (None, one.contract)
        ]


def list_decisions(
    state: GrowingState, height: Height, receipts: Sequence[Receipt]
) -> list[Decision]:
    """Give the actions that were opened in a block, from the state after it."""
    found = []
    for receipt in receipts:
        for event in receipt.events:
            if event.source == NATIVE_SOURCE and event.name == "action_opened":
                payload = decode_value(event.payload)
                assert isinstance(payload, dict), "the ledger wrote it"
                action = _get_action(state, Hash(bytes.fromhex(str(payload["id"]))))
                found.append(
                    Decision(
                        action.contract,
                        action.kind,
                        action.twin,
                        action.key,
                        action.title,
                        height,
                        action.opened_time_ms,
                    )
                )
    return found


def rehearse(
    genesis: Genesis,
    state: GrowingState,
    blocks: Sequence[RecordedBlock],
    name: str,
    source: str,
    parameters: bytes | None = None,
) -> WhatIf:
    """Tell what would have been decided had another source been in force from the first block on.

    Args: state: as it was before the first block; it stays as it is.
    Raises: as `Rehearsal.install`.
    """
    before = Rehearsal(genesis, state.copy()).play(blocks, name)
    other = Rehearsal(genesis, state.copy())
    if blocks:
        other.install(name, source, parameters, blocks[0])
    after = other.play(blocks, name)
    refusals = tuple(
        OtherEnd(height, old.transaction, old.code, new.code)
        for (height, old), (_, new) in zip(before.receipts, after.receipts, strict=True)
        if old.code != new.code
    )
    differences = compare(before.decisions, after.decisions)
    return WhatIf(tuple(differences), refusals, before, after)


def _is_of(contract: str | None, source: str) -> bool:
    return source != NATIVE_SOURCE and contract in (None, source)


def _stopped(event: Event) -> str:
    """Give the contract whose run an event says has failed; "" for another event."""
    if (event.source, event.name) != (NATIVE_SOURCE, "contract_failed"):
        return ""
    payload = decode_value(event.payload)
    assert isinstance(payload, dict), "the ledger wrote it"
    return str(payload["contract"])


def _get_action(state: GrowingState, id_: Hash) -> ActionRecord:
    action = Overlay(state).get_record(state_keys.action_key(id_), ActionRecord)
    assert action is not None, "an action that was opened is in the state"
    return action
