"""Play recorded blocks again: as they were, or with another source in force from the first on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from chain.genesis import Genesis, compute_genesis_hash
from chain.operations import RunTimers
from chain.receipt import Event, Receipt
from chain.scalars import Hash, Height, UnixMillis
from chain.transaction import Transaction
from chain.values import decode_value
from contracts import state_keys
from contracts.apply import apply_transaction
from contracts.context import NATIVE_SOURCE, BlockContext, GasMeter
from contracts.kit.decisions import Decision, Difference, compare
from contracts.kit.executor import KitExecutor
from contracts.kit.installation import Installed, Tried, install_source
from contracts.kit.seen import value_of
from contracts.kit.stand_in import Delays, Record, StandIn
from contracts.kit.state import GrowingState
from contracts.native.starts import begin_block
from contracts.native.versions import get_version
from contracts.records import ActionRecord, ContractRecord
from contracts.state import Overlay

_IN_FORCE: Final = ("active", "replaced")


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
    by name; `stopped` counts its runs on readings, answers or time that failed; `versions` are
    those of the contract that came into force, with their heights; `late` are heights at which
    something was due that the committee let happen only later; `others` are what other contracts
    decided, `others_stopped` counts their runs that failed.
    """

    receipts: tuple[tuple[int, Receipt], ...]
    decisions: tuple[Decision, ...]
    gas: int
    events: Mapping[str, int]
    stopped: int
    versions: tuple[tuple[int, int], ...] = ()
    late: frozenset[Height] = frozenset()
    others: tuple[Decision, ...] = ()
    others_stopped: int = 0


@dataclass(frozen=True, slots=True)
class OtherEnd:
    """A transaction that ends in another way; the codes are those of its receipts."""

    height: int
    transaction: Hash
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What another source would have changed; `notes` say what a real chain did otherwise."""

    differences: tuple[Difference, ...]
    refusals: tuple[OtherEnd, ...]
    before: Played
    after: Played
    notes: tuple[str, ...] = ()


@dataclass
class Rehearsal:
    """Executes recorded blocks on a state of its own.

    Args: state: as it was before the first block; it is written. executor: a fresh one.
    """

    genesis: Genesis
    state: GrowingState
    executor: KitExecutor = field(default_factory=KitExecutor)

    def install(self, tried: Tried, first: RecordedBlock) -> Installed:
        """Put a source in force in the place of the present one, as an approved upgrade would.

        Those consent to it who would approve it, and who consented to this very source.

        Args: first: the block before which it happens.
        Raises: InvalidInput: VT-2045 it is no contract; Refused: VT-2040 there is no contract to
        replace; ContractError: its migration stopped; ValueError: an approver is no member.
        """
        return install_source(tried, self.context(first), self.executor, self.state)

    def play(
        self,
        blocks: Sequence[RecordedBlock],
        contract: str | None = None,
        stand_in: StandIn | None = None,
        began: Sequence[Event] = (),
    ) -> Played:
        """Execute blocks in order.

        Args: contract: whose decisions, events and gas to give; of all contracts unless given.
        stand_in: chooses what is played; the blocks as they are unless given. began: what happened
        right before the first block.
        """
        receipts: list[tuple[int, Receipt]] = []
        decisions = find_decisions(self.state, blocks[0].height, began) if began else []
        versions: list[tuple[int, int]] = []
        delays = Delays()
        self.executor.runs.clear()
        for block in blocks:
            before = self._version_of(contract)
            delays.add(block.height, block.time_ms, block.transactions, self.state)
            done = self.execute(block, stand_in=stand_in)
            receipts += [(block.height, receipt) for receipt in done]
            decisions += list_decisions(self.state, block.height, done)
            versions += self._started(contract, before, block.height)
        gas = sum(one.gas for one in self.executor.runs if contract in (None, one.contract))
        seen = [*began, *(event for _, receipt in receipts for event in receipt.events)]
        emitted = Counter(event.name for event in seen if _is_of(contract, event.source))
        stopped = [_is_of(contract, name) for name in map(_stopped, seen) if name]
        return Played(
            tuple(receipts),
            tuple(one for one in decisions if contract in (None, one.contract)),
            gas,
            emitted,
            sum(stopped),
            tuple(versions),
            delays.late(),
            tuple(one for one in decisions if contract not in (None, one.contract)),
            len(stopped) - sum(stopped),
        )

    def execute(
        self, block: RecordedBlock, stop: int | None = None, stand_in: StandIn | None = None
    ) -> list[Receipt]:
        """Execute a block, or its first `stop` transactions, and write what it did.

        Args: stand_in: chooses what is played; what was recorded unless given.
        """
        context = self.context(block)
        overlay = Overlay(self.state)
        begin_block(overlay, context, self.executor)
        receipts: list[Receipt] = []
        recorded = block.transactions[:stop]
        chosen = recorded if stand_in is None else stand_in.choose(recorded, context, overlay)
        for index, one in enumerate(chosen):
            context = _with_gas(context)
            receipts.append(apply_transaction(one, overlay, context, self.executor, index))
        self.state.write(overlay.writes())
        return receipts

    def _version_of(self, contract: str | None) -> int:
        """Give the number of the version of a contract that is in force, 0 when none is."""
        if contract is None:
            return 0
        key = state_keys.contract_key(contract)
        record = Overlay(self.state).get_record(key, ContractRecord)
        return 0 if record is None else record.version

    def _started(self, contract: str | None, before: int, height: Height) -> list[tuple[int, int]]:
        """Give the versions that came into force since `before` was."""
        numbers = range(before + 1, self._version_of(contract) + 1)
        found = [get_version(str(contract), number, Overlay(self.state)) for number in numbers]
        return [(height, one.number) for one in found if one and one.status in _IN_FORCE]

    def context(self, block: RecordedBlock) -> BlockContext:
        """Give what the operations of a block know of it."""
        genesis = self.genesis
        return BlockContext.create(
            block.height,
            block.time_ms,
            compute_genesis_hash(genesis),
            genesis.limits,
            genesis.governance,
        )


def _with_gas(context: BlockContext) -> BlockContext:
    """Give a block with gas for another transaction: a real one ends, and the next one has more."""
    limits = context.limits
    if context.gas.left >= min(context.gas_for_one, limits.gas_per_block_max):
        return context
    return replace(context, gas=GasMeter(limits.gas_per_block_max))


def list_decisions(
    state: GrowingState, height: Height, receipts: Sequence[Receipt]
) -> list[Decision]:
    """Give the actions that were opened in a block, from the state after it."""
    events = [event for receipt in receipts for event in receipt.events]
    return find_decisions(state, height, events)


def find_decisions(state: GrowingState, height: Height, events: Iterable[Event]) -> list[Decision]:
    """Give the actions whose opening is among events, from the state after them."""
    found = []
    for event in events:
        if (event.source, event.name) == (NATIVE_SOURCE, "action_opened"):
            payload = decode_value(event.payload)
            assert isinstance(payload, dict), "the ledger wrote it"
            action = _get_action(state, Hash(bytes.fromhex(str(payload["id"]))))
            found.append(_decide(action, height))
    return found


def _decide(action: ActionRecord, height: Height) -> Decision:
    return Decision(
        action.contract,
        action.kind,
        action.twin,
        action.key,
        action.title,
        height,
        action.opened_time_ms,
        action.addressee,
        action.escalate_to,
        action.deadline_ms,
        value_of(action.details),
    )


def rehearse(
    genesis: Genesis,
    state: GrowingState,
    blocks: Sequence[RecordedBlock],
    name: str,
    source: str,
    parameters: bytes | None = None,
    approvers: Sequence[str] | None = None,
) -> WhatIf:
    """Tell what would have been decided had another source been in force from the first block on.

    Args: state: as it was before the first block; it stays as it is. parameters, approvers: as
    `Tried` says.
    Raises: as `Rehearsal.install`.
    """
    first, second = Rehearsal(genesis, state.copy()), Rehearsal(genesis, state.copy())
    before = first.play(blocks, name)
    refused = frozenset(one.transaction for _, one in before.receipts if not one.is_ok)
    stand_in = StandIn(name, Record(first.state, refused, before.late))
    installed = Installed((), ())
    if blocks:
        tried = Tried(name, source, parameters, None if approvers is None else tuple(approvers))
        installed = second.install(tried, blocks[0])
    after = second.play(blocks, name, stand_in, installed.events)
    notes = list(installed.notes)
    notes += [
        f"at height {height} version {number} was deployed; the tried source stays"
        for height, number in before.versions
    ]
    notes += stand_in.notes()
    differences = compare(before.decisions + before.others, after.decisions + after.others)
    refusals = _find_other_ends(blocks, before, after)
    return WhatIf(tuple(differences), refusals, before, after, tuple(notes))


def _find_other_ends(
    blocks: Sequence[RecordedBlock], before: Played, after: Played
) -> tuple[OtherEnd, ...]:
    """Compare the transactions that were played both times and that somebody wanted."""
    wanted = {
        one.id
        for block in blocks
        for one in block.transactions
        if not isinstance(one.body.operation, RunTimers)
    }
    codes = {receipt.transaction: receipt.code for _, receipt in after.receipts}
    return tuple(
        OtherEnd(height, old.transaction, old.code, codes[old.transaction])
        for height, old in before.receipts
        if old.transaction in wanted and codes.get(old.transaction, old.code) != old.code
    )


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
