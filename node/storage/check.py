"""Does the database hold what it should? Asked at every start for the newest blocks.

A block is checked against its header and its certificate, the header against the one before, the
indexes and the log against the block, and the head against all of them. Nothing is repaired: a
node that cannot trust its disk stops and fetches the chain from its peers.
"""

from collections.abc import Callable
from typing import Final, NoReturn, TypeVar

from chain import keys as signing
from chain import state_tree
from chain.block import Block, Header, compute_block_hash, hash_previous_certificate
from chain.certificate import QuorumCertificate, check_certificate
from chain.codec import decode
from chain.errors import ChainError, Corruption
from chain.genesis import Genesis, compute_genesis_hash
from chain.hashing import EMPTY_HASH
from chain.merkle import Frontier, leaf_hash
from chain.receipt import compute_receipts_root
from chain.scalars import Height
from chain.state_node import is_node
from chain.transaction import decode_transaction, log_leaf
from chain.validators import compute_validators_root
from node.replica import keys
from node.replica.commit import BlockReceipts
from node.replica.head import Head
from node.replica.past import load_base, load_committee, load_head, load_header, load_ids
from node.replica.ports import Column, Store
from node.replica.stored_log import StoredLog
from node.replica.stored_tree import StoredTree

T = TypeVar("T")

CHECK_COUNT: Final = 32
_SIZE_MAX: Final = 1 << 30
_STATE_STOP: Final = b"\xff" * 8

Progress = Callable[[Height, Height], None]
"""Told (height that was checked, last height)."""


def check_newest(
    store: Store,
    genesis: Genesis,
    count: int = CHECK_COUNT,
    *,
    verify: signing.Verifier = signing.verify,
) -> Head | None:
    """Check the head and the newest `count` blocks.

    Returns: the head; None when the database is new.
    Raises: Corruption: VT-6010 a block is missing, VT-6011 a block does not hold, VT-6012 the
    head does not fit.
    """
    checker = _Checker(store, genesis, verify)
    head = checker.load_head()
    if head is None:
        return None
    first = max(checker.base.height + 1, head.height - count + 1)
    checker.check_blocks(Height(first), head.height, None)
    checker.check_head(head)
    return head


def check_all(
    store: Store,
    genesis: Genesis,
    progress: Progress | None = None,
    *,
    verify: signing.Verifier = signing.verify,
) -> Head | None:
    """Check every block that is kept, and every state value against the head's state root.

    Raises: Corruption: as `check_newest`, and VT-6012 when the state is not what its root says.
    """
    checker = _Checker(store, genesis, verify)
    head = checker.load_head()
    if head is None:
        return None
    checker.check_blocks(Height(checker.base.height + 1), head.height, progress)
    checker.check_head(head)
    checker.check_state(head)
    return head


class _Checker:
    """One check of one store."""

    def __init__(self, store: Store, genesis: Genesis, verify: signing.Verifier) -> None:
        self._store = store
        self._verify = verify
        self._founding = genesis
        self._genesis = compute_genesis_hash(genesis)
        self._tree = StoredTree(store)
        self._log = StoredLog(store)
        self.base = load_base(store)

    def load_head(self) -> Head | None:
        head = load_head(self._store)
        if head is not None:
            return head
        for column in (Column.BLOCKS, Column.STATE):
            for _ in self._store.range(column, b"", _STATE_STOP):
                raise Corruption("VT-6012", reason=f"there is no head, but {column} holds data")
        return None

    def check_blocks(self, first: Height, last: Height, progress: Progress | None) -> None:
        before = self._load_header(Height(first - 1)) if first > 1 else None
        for number in range(first, last + 1):
            height = Height(number)
            block = self._load_block(height)
            try:
                self._check_block(block, height, before)
            except Corruption:
                raise
            except ChainError as error:
                _fail(height, error.why.rstrip("."))
            before = block.header
            if progress is not None:
                progress(height, last)

    def check_head(self, head: Head) -> None:
        """Check that the head is that of the newest block, and that the state root is stored."""
        if not self.base.reach <= self.base.height <= head.height:
            _fail_head(f"blocks are kept above {self.base.height}, the head is at {head.height}")
        if self._store.get(Column.BLOCKS, keys.block(head.next_height)) is not None:
            _fail_head(f"block {head.next_height} is stored, but the head is at {head.height}")
        if head.height > 0:
            header = self._load_header(head.height)
            for what, own, stored in (
                ("block", head.block, compute_block_hash(header)),
                ("time", head.time_ms, header.time_ms),
                ("state root", head.state_root, header.state_root),
                ("log size", head.log.size, header.tx_log_size),
                ("log root", head.log.root, header.tx_log_root),
                ("number of transactions", head.transactions_total, header.tx_log_size),
                (
                    "committee",
                    compute_validators_root(head.last_validators),
                    header.validators_root,
                ),
                (
                    "next committee",
                    compute_validators_root(head.validators),
                    header.next_validators_root,
                ),
            ):
                if own != stored:
                    _fail_head(f"the head has another {what} than block {head.height}")
            self._check_certificate_of(head)
        elif head.block != self._genesis:
            _fail_head("the head is that of another chain")
        if head.state_root != EMPTY_HASH:
            root = self._tree.node(head.state_root)
            if root is None:
                _fail_head("the state tree lacks its root")
            if not is_node(root):
                _fail_head("the state tree was written by another version of this program")

    def _check_certificate_of(self, head: Head) -> None:
        """Check that the head's certificate is the stored one; a snapshot comes without its own."""
        if head.height > self.base.height:
            if head.certificate != self._load_certificate(head.height):
                _fail_head(f"the head has another certificate than block {head.height}")
            return
        certificate = head.certificate
        if certificate is None or (certificate.height, certificate.block) != (
            head.height,
            head.block,
        ):
            _fail_head("the head's certificate is for another block")
        try:
            check_certificate(certificate, self._genesis, head.last_validators, verify=self._verify)
        except ChainError as error:
            _fail_head(f"the head's certificate does not hold: {error.why.rstrip('.')}")

    def check_state(self, head: Head) -> None:
        """Build the state tree anew from every key and value, and compare the roots."""
        pairs = dict(self._store.range(Column.STATE, b"", _STATE_STOP))
        root = state_tree.update(EMPTY_HASH, dict(pairs), lambda _: None).root
        if root != head.state_root:
            _fail_head(f"the {len(pairs)} state values do not have the head's state root")

    def _check_block(self, block: Block, height: Height, before: Header | None) -> None:
        header = block.header
        block_hash = compute_block_hash(header)
        certificate = self._load_certificate(height)
        previous_hash = compute_block_hash(before) if before else self._genesis
        size_before = before.tx_log_size if before else 0
        validators = load_committee(self._store, self._founding, height)
        for what, own, other in (
            ("height", header.height, height),
            ("chain", header.genesis, self._genesis),
            ("validator set", header.validators_root, compute_validators_root(validators)),
            ("previous block", header.previous, previous_hash),
            (
                "previous certificate",
                header.previous_certificate,
                hash_previous_certificate(block.previous_certificate),
            ),
            ("log size", header.tx_log_size, size_before + len(block.transactions)),
            ("hash in its certificate", certificate.block, block_hash),
            ("height in its certificate", certificate.height, height),
            ("header in its own row", header, self._load_header(height)),
        ):
            if own != other:
                _fail(height, f"it has another {what} than it should")
        if before is not None and header.time_ms <= before.time_ms:
            _fail(height, "its time is not after the block before")
        check_certificate(certificate, self._genesis, validators, verify=self._verify)
        if (
            self._store.get(Column.INDEX, keys.block_hash(block_hash))
            != keys.encode_place(height, 0)[:8]
        ):
            _fail(height, "the index does not find it by its hash")
        self._check_transactions(block, size_before)
        self._check_log(header)

    def _check_transactions(self, block: Block, size_before: int) -> None:
        height = block.header.height
        receipts = self._load(keys.receipts(height), BlockReceipts, height).receipts
        if compute_receipts_root(receipts) != block.header.receipts_root:
            _fail(height, "its receipts do not have the root in its header")
        if len(receipts) != len(block.transactions):
            _fail(height, "it has another number of receipts than of transactions")
        if load_ids(self._store, height) != tuple(receipt.transaction for receipt in receipts):
            _fail(height, "its ids are not those of its transactions")
        for position, raw in enumerate(block.transactions):
            transaction = decode_transaction(raw)
            if receipts[position].transaction != transaction.id:
                _fail(height, f"receipt {position} is that of another transaction")
            place = self._store.get(Column.INDEX, keys.transaction(transaction.id))
            if place != keys.encode_place(height, position):
                _fail(height, f"the index does not find transaction {position}")
            leaf = self._log.find(0, size_before + position)
            if leaf != leaf_hash(log_leaf(transaction)):
                _fail(height, f"the log does not hold transaction {position}")

    def _check_log(self, header: Header) -> None:
        """Check that the stored subtrees make up the log root in the header."""
        size = header.tx_log_size
        roots = []
        start = 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                root = self._log.find(level, start >> level)
                if root is None:
                    _fail(header.height, f"the log lacks a node of level {level}")
                roots.append(root)
                start += 1 << level
        if Frontier(size, tuple(roots)).root != header.tx_log_root:
            _fail(header.height, "the stored log has another root than its header")

    def _load_block(self, height: Height) -> Block:
        return self._load(keys.block(height), Block, height)

    def _load_certificate(self, height: Height) -> QuorumCertificate:
        return self._load(keys.certificate(height), QuorumCertificate, height)

    def _load(self, key: bytes, kind: type[T], height: Height) -> T:
        data = self._store.get(Column.BLOCKS, key)
        if data is None:
            raise Corruption("VT-6010", height=height)
        try:
            return decode(data, kind, _SIZE_MAX)
        except ChainError as error:
            raise Corruption("VT-6011", height=height, reason=error.why.rstrip(".")) from error

    def _load_header(self, height: Height) -> Header:
        header = load_header(self._store, height)
        if header is None:
            raise Corruption("VT-6010", height=height)
        return header


def _fail(height: Height, reason: str) -> NoReturn:
    raise Corruption("VT-6011", height=height, reason=reason)


def _fail_head(reason: str) -> NoReturn:
    raise Corruption("VT-6012", reason=reason)
