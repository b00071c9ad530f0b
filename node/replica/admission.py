"""The gate for transactions: everything that is checked before one may wait for a block."""

from collections.abc import Iterable
from itertools import pairwise

from chain.errors import InvalidInput, Refused
from chain.genesis import Genesis
from chain.keys import Verifier
from chain.operations import AnyOperation, Telemetry
from chain.scalars import Hash, Height, OrganisationId, PublicKey
from chain.transaction import Transaction, check_expiry, check_stateless, decode_transaction
from contracts.native.access import get_sender
from contracts.state import Overlay
from node.replica import keys
from node.replica.head import Head
from node.replica.ports import Column, Store
from node.replica.recent_ids import NOWHERE, RecentIds
from node.replica.transition import StoredState


class Admission:
    """Checks transactions against the rules and the committed state.

    Args: head: where the store stands, for one that is told of each block from there on. Others
    ask the store for every id.
    """

    def __init__(
        self,
        genesis: Genesis,
        genesis_hash: Hash,
        store: Store,
        verify: Verifier,
        head: Height = NOWHERE,
    ) -> None:
        self._limits = genesis.limits
        self._genesis_hash = genesis_hash
        self._store = store
        self._state = StoredState(store)
        self._verify = verify
        self._recent = RecentIds(store, genesis.limits.expiry_window_blocks, head)
        self._known: dict[PublicKey, OrganisationId] = {}
        self._known_at: Hash | None = None
        """The head for which the organisations of keys are known."""

    def decode(self, raw: bytes) -> Transaction:
        """Decode a transaction and check what needs no state.

        Raises: InvalidInput: VT-1001 .. VT-1003, VT-2001 wrong chain, VT-2002 bad signature.
        """
        transaction = decode_transaction(raw, self.size_bytes_max)
        self.check_signed(transaction)
        return transaction

    @property
    def size_bytes_max(self) -> int:
        """Largest transaction of this chain."""
        return self._limits.transaction_size_bytes_max

    def check_signed(self, transaction: Transaction) -> None:
        """Check that a transaction is for this chain and signed by its sender.

        Raises: InvalidInput: VT-1002 its readings could be grouped in fewer batches, VT-2001 wrong
        chain, VT-2002 bad signature.
        """
        _check_grouping(transaction.body.operation)
        check_stateless(transaction, self._genesis_hash, verify=self._verify)

    def begin(self, head: Height) -> None:
        """Stand at another head, whose blocks are in the store: that of a snapshot."""
        self._recent.begin(head)

    def follow(self, height: Height, ids: Iterable[Hash]) -> None:
        """Note what the block holds that is the new head; it is in the store."""
        self._recent.follow(height, ids)

    def is_committed(self, transaction_id: Hash) -> bool:
        """Tell whether a block holds the transaction."""
        return self._store.get(Column.INDEX, keys.transaction(transaction_id)) is not None

    def is_committed_lately(self, transaction_id: Hash, head: Head) -> bool:
        """Tell whether a block of the expiry window holds the transaction, or perhaps an older one.

        Cheaper than `is_committed`: most are asked for in vain, and memory knows that.
        """
        may_be = self._recent.may_hold(transaction_id, head.height)
        return may_be and self.is_committed(transaction_id)

    def check_orderable(self, transaction: Transaction, head: Head) -> None:
        """Check that the block after `head` may hold this transaction.

        Raises: InvalidInput: VT-2003 expired, VT-2004 expires too far ahead; Refused: VT-2005 a
        block holds it already.
        """
        self.check_age(transaction, head)
        # Its expiry is within the window, so no older block holds it.
        if self.is_committed_lately(transaction.id, head):
            raise Refused("VT-2005", id=transaction.id)

    def check_age(self, transaction: Transaction, head: Head) -> None:
        """Check what `check_orderable` does of a transaction that no block holds.

        Raises: InvalidInput: VT-2003 expired, VT-2004 expires too far ahead.
        """
        check_expiry(transaction, head.next_height, self._limits.expiry_window_blocks)

    def organisation_of(self, transaction: Transaction, head: Head) -> OrganisationId:
        """Give the organisation that the sender's key acts for in the block after `head`.

        Raises: Refused: VT-2010 unknown key, VT-2011 revoked key.
        """
        if head.block != self._known_at:
            self._known = {}
            self._known_at = head.block
        body = transaction.body
        if not isinstance(body.operation, Telemetry):
            return self._find_organisation(transaction, head)
        known = self._known.get(body.sender)
        if known is None:
            known = self._known[body.sender] = self._find_organisation(transaction, head)
        return known

    def _find_organisation(self, transaction: Transaction, head: Head) -> OrganisationId:
        body, overlay = transaction.body, Overlay(self._state)
        return get_sender(overlay, body.sender, body.operation, head.next_height).organisation


def _check_grouping(operation: AnyOperation) -> None:
    """Refuse telemetry that could be written shorter.

    The id of telemetry covers the readings in order, not how they are grouped. Two groupings
    would be one transaction of two sizes, and nodes would disagree on whether a block is full.
    """
    if not isinstance(operation, Telemetry) or len(operation.batches) < 2:
        return
    twins = [batch.twin for batch in operation.batches]
    if any(twin == after for twin, after in pairwise(twins)):
        raise InvalidInput("VT-1002", type="telemetry")
