"""Promises about the chain: one block for a height, valid, with one result, once, in time."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from chain import state_tree
from chain.block import Block
from chain.certificate import QuorumCertificate, precommit_hash
from chain.codec import decode
from chain.errors import ChainError
from chain.hashing import EMPTY_HASH
from chain.operations import Call
from chain.scalars import Hash, Height, UnixMillis
from chain.transaction import Transaction, check_stateless
from chain.validators import ValidatorSet, compute_proposer
from consensus.bft.messages import Vote
from consensus.messages import Message
from consensus.raft.messages import Append, AppendAnswer
from node.replica import keys
from node.replica.commit import build_batch
from node.replica.effects import Commit
from node.replica.head import Head
from node.replica.messages import AnyPeerMessage, ConsensusMessage
from node.replica.ports import Column
from node.replica.transition import Ledger
from tests.sim.checkers.base import Checker
from tests.sim.contract import added_by, written_total
from tests.sim.disk import SortedStore
from tests.sim.process import Machine
from tests.sim.world import World

_BLOCK_SIZE_MAX = 1 << 30


class Agreement(Checker):
    """No two correct nodes ever have different blocks at one height, nor one node in two lives."""

    name: ClassVar[str] = "agreement"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._blocks: dict[Height, tuple[Hash, int]] = {}

    def committed(self, machine: Machine, commit: Commit) -> None:
        """Compare a new block with what was seen at its height."""
        if not machine.is_faulty:
            self._compare(machine, commit.height, commit.block)

    def started(self, machine: Machine) -> None:
        """Compare what a node finds on its disk."""
        if not machine.is_faulty and machine.head.height:
            self._compare(machine, machine.head.height, machine.head.block)

    def installed(self, machine: Machine, height: Height) -> None:
        """Compare what a node was given."""
        if not machine.is_faulty and height == machine.head.height:
            self._compare(machine, height, machine.head.block)

    def _compare(self, machine: Machine, height: Height, block: Hash) -> None:
        first, by = self._blocks.setdefault(height, (block, machine.index))
        if first != block:
            self.fail(
                f"at height {height} machine {machine.index} has block {block.hex()[:12]}, "
                f"machine {by} had {first.hex()[:12]}"
            )


class Validity(Checker):
    """Every block is what executing the chain from genesis gives, under a quorum's signatures.

    The quorum is counted here once more, from the weights of the members that signed.
    """

    name: ClassVar[str] = "validity"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._store = SortedStore(world.genesis_content)
        self._head: Head = world.genesis_head
        self._ledger = Ledger(world.genesis, self._store, world.executor, world.scheme.verify)

    def committed(self, machine: Machine, commit: Commit) -> None:
        """Execute a block when it is the first one at its height."""
        if machine.is_faulty or commit.height != self._head.next_height:
            return
        data = machine.disk.peek(Column.BLOCKS, keys.block(commit.height))
        if data is None:
            self.fail(f"machine {machine.index} committed height {commit.height} without a block")
        block = decode(data, Block, _BLOCK_SIZE_MAX)
        self._check_certificate(commit.certificate, commit)
        self._check_transactions(commit.transactions)
        self._check_proposer(commit)
        executed = self._ledger.execute_block(
            self._head, block.header.proposer, commit.transactions, block.previous_certificate
        )
        if (executed.header, executed.receipts) != (commit.header, commit.receipts):
            self.fail(
                f"machine {machine.index} committed height {commit.height} with another result "
                f"than executing it again gives: {_differing(executed.header, commit.header)}"
            )
        if executed.hash != commit.block or block != executed.block:
            self.fail(f"the block at height {commit.height} has not the hash of its header")
        batch = build_batch(executed, commit.certificate)
        self._store.write(batch, sync=True)
        data = self._store.get(Column.META, keys.HEAD)
        assert data is not None
        self._head = decode(data, Head, _BLOCK_SIZE_MAX)

    def _check_certificate(self, certificate: QuorumCertificate, commit: Commit) -> None:
        if (certificate.height, certificate.block) != (commit.height, commit.block):
            self.fail(f"the certificate of height {commit.height} is for something else")
        validators = self._head.validators
        indexes = [one.validator for one in certificate.signatures]
        if any(one >= other for one, other in pairwise(indexes)):
            self.fail(f"the certificate of height {commit.height} repeats a validator: {indexes}")
        weight = 0
        for one in certificate.signatures:
            member = validators.members[one.validator]
            message = precommit_hash(
                self.world.genesis_hash, commit.height, certificate.round, commit.block, one.time_ms
            )
            if not self.world.scheme.verify(member.vote_key, message, one.signature):
                self.fail(f"at height {commit.height} the signature of {member.node} is not good")
            weight += member.weight
        if not _is_quorum(weight, validators):
            self.fail(f"height {commit.height} was decided with weight {weight} of {indexes}")

    def _check_transactions(self, transactions: Sequence[Transaction]) -> None:
        height, window = self._head.next_height, self.world.genesis.limits.expiry_window_blocks
        for transaction in transactions:
            try:
                check_stateless(
                    transaction, self.world.genesis_hash, verify=self.world.scheme.verify
                )
            except ChainError as error:
                self.fail(f"height {height} holds a transaction that is not valid: {error}")
            if not height <= transaction.body.expiry_height <= height + window:
                self.fail(f"height {height} holds an expired transaction")

    def _check_proposer(self, commit: Commit) -> None:
        """Check that who built the block had a turn up to the round of the decision."""
        validators, height = self._head.validators, commit.height
        if validators.engine != "bft" or any(machine.is_faulty for machine in self.world.machines):
            return
        rounds = range(commit.certificate.round + 1)
        if not any(
            compute_proposer(validators, height, round_) == commit.header.proposer  # type: ignore[arg-type]
            for round_ in rounds
        ):
            self.fail(f"height {height} was built by {commit.header.proposer}, who had no turn")


class EqualRoots(Checker):
    """Correct nodes have the same state, and it is the one that the headers name."""

    name: ClassVar[str] = "roots"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._roots: dict[Height, Hash] = {}

    def committed(self, machine: Machine, commit: Commit) -> None:
        """Compare the state roots of one height."""
        root = commit.header.state_root
        if not machine.is_faulty and self._roots.setdefault(commit.height, root) != root:
            self.fail(f"machine {machine.index} has another state root at height {commit.height}")

    def finished(self, core: Sequence[Machine], *, is_live: bool) -> None:
        """Build every node's state tree anew from its keys and values."""
        del core, is_live
        for machine in self.world.correct:
            head = machine.head
            pairs = machine.disk.copy()[Column.STATE]
            if not pairs or machine.disk.peek(Column.META, keys.INSTALLING) is not None:
                continue  # Its database was taken away, or another is being put in its place.
            root = state_tree.update(EMPTY_HASH, dict(pairs), lambda _: None).root
            if root != head.state_root:
                self.fail(
                    f"the {len(pairs)} state values of machine {machine.index} do not have "
                    f"the state root of its head at height {head.height}"
                )


class ExecutedOnce(Checker):
    """No transaction is in the chain twice, and none has its effect twice.

    The effect is seen in a contract that adds up numbers: its total is the sum of what those calls
    brought that succeeded.
    """

    name: ClassVar[str] = "once"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._height = Height(0)
        self._seen: set[Hash] = set()
        self._total = 0

    def committed(self, machine: Machine, commit: Commit) -> None:
        """Look at a block when it is the first one at its height."""
        if machine.is_faulty or commit.height != self._height + 1:
            return
        self._height = commit.height
        ids = [receipt.transaction for receipt in commit.receipts]
        if ids != [transaction.id for transaction in commit.transactions]:
            self.fail(f"height {commit.height} has other receipts than transactions")
        for transaction, receipt in zip(commit.transactions, commit.receipts, strict=True):
            if transaction.id in self._seen:
                self.fail(f"transaction {transaction.id.hex()[:12]} is in the chain twice")
            self._seen.add(transaction.id)
            if receipt.is_ok and isinstance(transaction.body.operation, Call):
                self._total += added_by(transaction.body.operation)
        total = written_total(commit)
        if total is not None and total != self._total:
            self.fail(
                f"at height {commit.height} the contract's total is {total}, "
                f"the calls add up to {self._total}"
            )


class BlockTime(Checker):
    """Block time grows, and is the median of the last decision's times, between honest clocks."""

    name: ClassVar[str] = "time"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._head = world.genesis_head
        self._clocks: dict[Height, tuple[UnixMillis, UnixMillis]] = {}
        """What correct nodes' clocks showed while they signed precommits for a height."""

    def started(self, machine: Machine) -> None:
        """Note the clock of a node that may have ended after its block was written, unheard."""
        self._note_clock(machine, machine.head.height)

    def said(self, machine: Machine, message: AnyPeerMessage) -> None:
        """Note the clock of a correct node that precommits a block."""
        if not isinstance(message, ConsensusMessage):
            return
        inner = message.message
        if _precommits(inner) and inner.height == machine.head.next_height:
            self._note_clock(machine, inner.height)

    def committed(self, machine: Machine, commit: Commit) -> None:
        """Check the time of a block when it is the first one at its height."""
        before = self._head
        self._note_clock(machine, commit.height)
        if machine.is_faulty or commit.height != before.next_height:
            return
        self._head = commit.head
        now_ms = commit.header.time_ms
        if now_ms <= before.time_ms:
            self.fail(f"the time of height {commit.height} is not later than the one before")
        data = machine.disk.peek(Column.BLOCKS, keys.block(commit.height))
        assert data is not None
        certificate = decode(data, Block, _BLOCK_SIZE_MAX).previous_certificate
        if certificate is None:
            return
        median_ms = _median(certificate, before.last_validators)
        if now_ms != max(before.time_ms + 1, median_ms):
            self.fail(f"the time of height {commit.height} is {now_ms}, the median is {median_ms}")
        if before.height in self._clocks:
            low, high = self._clocks[before.height]
            if not low <= now_ms <= max(high, before.time_ms + 1):
                self.fail(
                    f"the time of height {commit.height} is {now_ms}, "
                    f"correct clocks were between {low} and {high}"
                )

    def _note_clock(self, machine: Machine, height: Height) -> None:
        if machine.is_faulty:
            return
        clock = machine.clock
        low, high = self._clocks.get(height, (clock.low_ms, clock.high_ms))
        self._clocks[height] = min(low, clock.low_ms), max(high, clock.high_ms)


def _precommits(message: Message) -> bool:
    """Tell whether the author of a message has signed a precommit by now: a Raft leader, too."""
    match message:
        case Vote():
            return message.kind == "precommit"
        case AppendAnswer():
            return message.acknowledgement is not None
        case Append():
            return message.block is not None
        case _:
            return False


def _is_quorum(weight: int, validators: ValidatorSet) -> bool:
    total = sum(member.weight for member in validators.members)
    return 2 * weight > total if validators.engine == "raft" else 3 * weight > 2 * total


def _median(certificate: QuorumCertificate, validators: ValidatorSet) -> int:
    """Give the signing time in the middle of the signed weight: of two, Raft's is the earlier."""
    times = [
        one.time_ms
        for one in certificate.signatures
        for _ in range(validators.members[one.validator].weight)
    ]
    is_raft = validators.engine == "raft"
    return sorted(times)[(len(times) - 1) // 2 if is_raft else len(times) // 2]


def _differing(one: object, other: object) -> str:
    names: tuple[str, ...] = getattr(one, "__struct_fields__", ())
    return ", ".join(name for name in names if getattr(one, name) != getattr(other, name))
