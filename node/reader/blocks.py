"""Blocks and transactions as they were decided."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Final

from chain.block import Block, Header
from chain.certificate import QuorumCertificate
from chain.codec import decode, encode
from chain.errors import Corruption, InvalidInput, Refused
from chain.operations import AnyOperation, name_of
from chain.receipt import Receipt
from chain.scalars import Hash, Height, OrganisationId, PublicKey, TwinId, UnixMillis
from chain.transaction import SignedTransaction, Transaction, TransactionBody
from contracts import state_keys
from contracts.governance_records import VoteKeyRecord
from contracts.records import KeyRecord
from contracts.state import decode_record
from node.clock import parse_time
from node.reader.paging import Page, PageRequest, collect
from node.replica import keys
from node.replica.commit import BlockReceipts, touched_twins
from node.replica.effects import Commit
from node.replica.head import HEAD_SIZE_BYTES_MAX, Head
from node.replica.past import load_base, load_header
from node.replica.ports import Column, Store

CACHE_SIZE_BYTES: Final = 8 << 20
"""Of blocks as they are encoded; one takes almost four times as much here, with its receipts."""
_KEYS_KNOWN_MAX: Final = 10_000
_PLACE_SIZE: Final = 12
_FIRST_TIME_MS: Final = 100_000_000_000


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block with its certificate and receipts."""

    hash: Hash
    block: Block
    certificate: QuorumCertificate
    receipts: tuple[Receipt, ...]
    size_bytes: int

    @property
    def header(self) -> Header:
        """What its validators signed."""
        return self.block.header

    @property
    def height(self) -> Height:
        """Its place in the chain."""
        return self.block.header.height

    def transactions(self) -> Iterator["StoredTransaction"]:
        """Decode all its transactions, in order."""
        return (self.transaction(position) for position in range(len(self.block.transactions)))

    def transaction(self, position: int) -> "StoredTransaction":
        """Decode one of its transactions.

        What is stored was checked when it was decided, so its id is taken from its receipt: that
        is more than twice as fast as hashing every reading again.
        """
        raw = self.block.transactions[position]
        signed = decode_record(raw, SignedTransaction)
        body = decode_record(signed.body, TransactionBody)
        return StoredTransaction(
            Transaction(self.receipts[position].transaction, body, signed.signature, raw),
            self.receipts[position],
            self.height,
            position,
            self.header.time_ms,
        )


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    """A transaction, where it stands and what it did."""

    transaction: Transaction
    receipt: Receipt
    height: Height
    position: int
    time_ms: UnixMillis

    @property
    def id(self) -> Hash:
        """Its id."""
        return self.transaction.id

    @property
    def operation(self) -> AnyOperation:
        """What it asked for."""
        return self.transaction.body.operation

    @property
    def operation_name(self) -> str:
        """The operation's name, such as `telemetry`."""
        return name_of(self.operation)

    @property
    def twins(self) -> tuple[TwinId, ...]:
        """The twins it is about."""
        return touched_twins(self.transaction, self.receipt)


class BlockReader:
    """Reads blocks and transactions; safe from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._cache: OrderedDict[Height, StoredBlock] = OrderedDict()
        self._cached_bytes = 0
        self._organisations: dict[PublicKey, OrganisationId] = {}

    def head(self) -> Head:
        """Give the newest committed head.

        Raises: Corruption: VT-6012, there is none: the store was never begun.
        """
        data = self._store.get(Column.META, keys.HEAD)
        if data is None:
            raise Corruption("VT-6012", reason="the database has no head")
        return decode(data, Head, HEAD_SIZE_BYTES_MAX)

    def base(self) -> Height:
        """Give the height above which blocks are kept, and from which on states are."""
        return load_base(self._store).height

    def get(self, height: Height) -> StoredBlock | None:
        """Give the block at a height, or None when it is not decided yet; 0 has none.

        Raises: Refused: VT-7014, this node no longer keeps it.
        """
        with self._lock:
            found = self._cache.get(height)
            if found is not None:
                self._cache.move_to_end(height)
                return found
        found = self._load(height)
        if found is not None:
            self._remember(found)
        elif 0 < height <= (base := self.base()):
            raise Refused("VT-7014", height=height, base=base)
        return found

    def header(self, height: Height) -> Header:
        """Give the header of a height whose state is kept.

        Raises: Refused: VT-7014, this node no longer keeps it; Corruption: VT-6010, it is missing.
        """
        base = self.base()
        if height < base:
            raise Refused("VT-7014", height=height, base=base)
        header = load_header(self._store, height) if height == base else None
        return header if header is not None else self.require(height).header

    def height_of(self, block_hash: Hash) -> Height | None:
        """Give the height of the block with this hash, or None."""
        data = self._store.get(Column.INDEX, keys.block_hash(block_hash))
        return None if data is None else Height(int.from_bytes(data, "big"))

    def height_at(self, time_ms: UnixMillis) -> Height:
        """Give the height that was current at a time: the last block not after it, or 0."""
        stop = keys.block_time(UnixMillis(time_ms + 1))
        times = self._store.range(Column.INDEX, keys.block_time(UnixMillis(0)), stop, reverse=True)
        for _, value in times:
            return Height(int.from_bytes(value, "big"))
        return Height(0)

    def page(self, request: PageRequest) -> Page[StoredBlock]:
        """Give blocks, newest first."""
        place = request.position(8)
        last = self.head().height if place is None else int.from_bytes(place, "big") - 1
        rows = (
            (number.to_bytes(8, "big"), block)
            for number in range(last, self.base(), -1)
            if (block := self.get(Height(number))) is not None
        )
        return collect(rows, request.limit, lambda block: block)

    def place_of(self, transaction: Hash) -> tuple[Height, int] | None:
        """Give height and position of a transaction, or None when no block holds it."""
        place = self._store.get(Column.INDEX, keys.transaction(transaction))
        return None if place is None else keys.decode_place(place)

    def transaction(self, transaction: Hash) -> StoredTransaction | None:
        """Give a transaction that is in a block, or None.

        Raises: Refused: VT-7014, this node no longer keeps that block.
        """
        place = self.place_of(transaction)
        return None if place is None else self.transaction_at(*place)

    def transaction_at(self, height: Height, position: int) -> StoredTransaction:
        """Give the transaction at a place that an index named.

        Raises: Refused: VT-7014, this node no longer keeps its block.
        """
        return self.require(height).transaction(position)

    def kept_at(self, height: Height, position: int) -> StoredTransaction | None:
        """Give the transaction at a place that an index named, or None when it is not kept."""
        try:
            return self.transaction_at(height, position)
        except Refused:
            return None

    def kept(self, transaction: Hash) -> StoredTransaction | None:
        """Give a transaction that is in a block which is kept, or None."""
        place = self.place_of(transaction)
        return None if place is None else self.kept_at(*place)

    def require(self, height: Height) -> StoredBlock:
        """Give the block at a height that an index named.

        Raises: Refused: VT-7014, it is no longer kept; Corruption: VT-6010, it is not there.
        """
        block = self.get(height)
        if block is None:
            raise Corruption("VT-6010", height=height)
        return block

    def transactions(self, request: PageRequest) -> Page[StoredTransaction]:
        """Give all transactions of the chain, newest first."""
        rows = self._walk_back(request.position(_PLACE_SIZE))
        return collect(rows, request.limit, lambda found: found)

    def organisation_of(self, sender: PublicKey) -> OrganisationId | None:
        """Give the organisation of a registered key or a vote key, or None; it never changes."""
        known = self._organisations.get(sender)
        if known is not None:
            return known
        organisation = self._find_organisation(sender)
        if organisation is None:
            return None
        if len(self._organisations) >= _KEYS_KNOWN_MAX:
            self._organisations.clear()
        self._organisations[sender] = organisation
        return organisation

    def certificate(self, height: Height) -> QuorumCertificate | None:
        """Give the certificate of a height without its block, or None."""
        data = self._store.get(Column.BLOCKS, keys.certificate(height))
        return None if data is None else decode_record(data, QuorumCertificate)

    def resolve_at(self, text: str | None) -> Height:
        """Give the height that `?at=` names: a height, a time, or None for the head.

        Numbers below 100 000 000 000 are heights; larger ones are Unix milliseconds.

        Raises: InvalidInput: VT-7002, it is neither or lies in the future; Refused: VT-7014, this
        node no longer keeps the state of that height.
        """
        height, base = self._read_height(text), self.base()
        if height < base:
            raise Refused("VT-7014", height=height, base=base)
        return height

    def _read_height(self, text: str | None) -> Height:
        head = self.head()
        if text is None:
            return head.height
        value = parse_time(text)
        if text.isdigit() and value < _FIRST_TIME_MS:
            if value > head.height:
                raise InvalidInput(
                    "VT-7002",
                    parameter="at",
                    reason=f"height {value} is not decided yet; the chain is at {head.height}",
                )
            return Height(value)
        return min(self.height_at(value), head.height)

    def _find_organisation(self, sender: PublicKey) -> OrganisationId | None:
        registered = self._store.get(Column.STATE, state_keys.public_key_key(sender))
        if registered is not None:
            return decode_record(registered, KeyRecord).organisation
        voting = self._store.get(Column.STATE, state_keys.vote_key_key(sender))
        return None if voting is None else decode_record(voting, VoteKeyRecord).organisation

    def _walk_back(self, place: bytes | None) -> Iterator[tuple[bytes, StoredTransaction | None]]:
        """Give every transaction before a place, and None for each block that holds none."""
        if place is None:
            height, position = self.head().height + 1, 0
        else:
            height, position = keys.decode_place(place)
        base = self.base()
        while height > base:
            for number in range(position - 1, -1, -1):
                found = self.transaction_at(Height(height), number)
                yield keys.encode_place(Height(height), number), found
            height = Height(height - 1)
            position = len(self.require(height).block.transactions) if height > base else 0
            if height > base and position == 0:
                yield keys.encode_place(height, 0), None

    def _load(self, height: Height) -> StoredBlock | None:
        data = self._store.get(Column.BLOCKS, keys.block(height))
        if data is None:
            return None
        certificate = self._store.get(Column.BLOCKS, keys.certificate(height))
        receipts = self._store.get(Column.BLOCKS, keys.receipts(height))
        if certificate is None or receipts is None:
            raise Corruption("VT-6010", height=height)
        decided = decode_record(certificate, QuorumCertificate)
        return StoredBlock(
            decided.block,
            decode_record(data, Block),
            decided,
            decode_record(receipts, BlockReceipts).receipts,
            len(data),
        )

    def committed(self, commit: Commit) -> None:
        """Take over a block that is on disk now: it is what most will ask for."""
        size = len(encode(commit.content))
        self._remember(
            StoredBlock(commit.block, commit.content, commit.certificate, commit.receipts, size)
        )

    def _remember(self, block: StoredBlock) -> None:
        with self._lock:
            if block.height in self._cache:
                return
            self._cache[block.height] = block
            self._cached_bytes += block.size_bytes
            while self._cached_bytes > CACHE_SIZE_BYTES and len(self._cache) > 1:
                _, dropped = self._cache.popitem(last=False)
                self._cached_bytes -= dropped.size_bytes
