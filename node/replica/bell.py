"""Seeing to it that what is due happens: timers of contracts, deadlines of actions.

The time of the next block is known as soon as its predecessor is decided. When something is due by
then, a member of the committee sends `run_timers`, signed with its vote key. Members take turns, so
that a due time costs one transaction where nothing goes wrong.
"""

from collections.abc import Sequence
from typing import Final

from chain import keys as signing
from chain.block import compute_block_time
from chain.genesis import Genesis, compute_genesis_hash
from chain.operations import RunTimers
from chain.scalars import Height, UnixMillis, to_bytes
from chain.transaction import Transaction, TransactionBody, sign
from consensus.own_key import find_own_key
from contracts.native.timers import find_due
from contracts.state import StateView
from node.replica.effects import Effect
from node.replica.head import Head
from node.replica.transactions import TransactionFlow

EXPIRY_BLOCKS: Final = 10
"""One that no block took for so long is sent anew."""
TURN_TICKS: Final = 4
"""A member waits so many ticks for each one that comes before it."""


class Bell:
    """Rings when it is time, in this node's turn."""

    def __init__(
        self,
        genesis: Genesis,
        signers: Sequence[signing.Signer],
        state: StateView,
        transactions: TransactionFlow,
    ) -> None:
        self._signers = signers
        self._genesis = compute_genesis_hash(genesis)
        self._expiry_blocks = min(EXPIRY_BLOCKS, genesis.limits.expiry_window_blocks)
        self._state = state
        self._transactions = transactions
        self._due_ms: UnixMillis | None = None
        self._ticks = 0
        self._rung: Transaction | None = None

    def ring(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """A tick has passed: let what is due happen, unless another member is to see to it."""
        due_ms = find_due(self._state)
        next_ms = compute_block_time(head.time_ms, head.certificate, head.last_validators)
        if due_ms is None or due_ms > next_ms:
            self._due_ms, self._ticks = None, 0
            return []
        if due_ms != self._due_ms:
            self._due_ms, self._ticks = due_ms, 0
        self._ticks += 1
        own = find_own_key(self._signers, head.validators)
        if own is None or self._is_under_way(head):
            return []
        turn = (own.index - due_ms) % len(head.validators)
        if self._ticks <= turn * TURN_TICKS:
            return []
        self._rung = self._make(own.signer, head)
        return self._transactions.originate(self._rung, head, now_ms)

    def _is_under_way(self, head: Head) -> bool:
        rung = self._rung
        return (
            rung is not None
            and rung.body.expiry_height >= head.next_height
            and self._transactions.is_waiting(rung.id)
        )

    def _make(self, signer: signing.Signer, head: Head) -> Transaction:
        body = TransactionBody(
            self._genesis,
            signer.public_key,
            RunTimers(),
            Height(head.next_height + self._expiry_blocks),
            to_bytes(head.next_height),
        )
        return sign(body, signer)
