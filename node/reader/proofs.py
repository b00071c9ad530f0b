"""Proofs: receipts, single readings and state values that anyone can check without this node."""

from dataclasses import dataclass

from chain.block import Header
from chain.certificate import QuorumCertificate
from chain.codec import encode
from chain.dsse import read_statement
from chain.errors import InvalidInput
from chain.merkle import leaf_hash, prove_inclusion, prove_inclusion_stored
from chain.operations import Attest, Telemetry
from chain.proven_receipt import Inclusion, build_receipt, receipt_to_json
from chain.reading_proof import ReadingProof, build_reading_proof
from chain.receipt import Receipt
from chain.scalars import Hash, Height
from chain.state_tree import StateProof, prove
from chain.transaction import Transaction
from node.reader.blocks import BlockReader
from node.reader.committees import CommitteeReader
from node.replica.ports import Store
from node.replica.stored_log import StoredLog
from node.replica.stored_tree import StoredTree, read_state_at


@dataclass(frozen=True, slots=True)
class ProvenState:
    """What a state key held at a height (None: nothing), and all that proves it."""

    key: bytes
    value: bytes | None
    proof: StateProof
    header: Header
    certificate: QuorumCertificate
    changes: tuple[bytes, ...]
    """Encoded steps from the validators of genesis to those that decided the header."""


class ProofReader:
    """Builds proofs from stored nodes; the cost grows with the height of the trees only."""

    def __init__(self, store: Store, blocks: BlockReader, committees: CommitteeReader) -> None:
        self._store = store
        self._blocks = blocks
        self._committees = committees
        self._tree = StoredTree(store)

    def receipt(self, transaction: Hash, attested_name: str | None = None) -> bytes | None:
        """Give the proven receipt as a file; None when no block holds the transaction.

        Args: attested_name: the file that the receipt is for; a statement's only file needs no
        naming.
        Raises: InvalidInput: VT-1304, the statement does not name that file.
        """
        place = self._blocks.place_of(transaction)
        if place is None:
            return None
        height, position = place
        block = self._blocks.require(height)
        header = block.header
        leaves = [leaf_hash(encode(receipt)) for receipt in block.receipts]
        size = header.tx_log_size
        index = size - len(block.receipts) + position
        found = block.transaction(position).transaction
        log = StoredLog(self._store)
        proof = build_receipt(
            found,
            Inclusion(index, size, prove_inclusion_stored(index, size, log.root)),
            block.receipts[position],
            Inclusion(position, len(leaves), prove_inclusion(leaves, position)),
            header,
            block.certificate,
            attested_name or _find_only_file(found, block.receipts[position]),
            self._committees.steps_to(height),
        )
        return receipt_to_json(proof)

    def reading(self, transaction: Hash, index: int) -> ReadingProof | None:
        """Give the proof of one reading; None when there is no such transaction or reading."""
        found = self._blocks.transaction(transaction)
        if found is None or not isinstance(found.operation, Telemetry):
            return None
        try:
            return build_reading_proof(found.transaction, index)
        except IndexError:
            return None

    def state(self, key: bytes, height: Height) -> ProvenState:
        """Prove what a state key held after the block at `height`.

        Raises: InvalidInput: VT-7002, height 0 has no certificate that could prove anything.
        """
        if height == 0:
            raise InvalidInput(
                "VT-7002", parameter="at", reason="proofs begin at height 1, the first block"
            )
        block = self._blocks.require(height)
        proof = prove(block.header.state_root, key, self._tree.node)
        value = read_state_at(self._store, key, height)
        changes = self._committees.steps_to(height)
        return ProvenState(key, value, proof, block.header, block.certificate, changes)


def _find_only_file(transaction: Transaction, receipt: Receipt) -> str | None:
    operation = transaction.body.operation
    if not receipt.is_ok or not isinstance(operation, Attest):
        return None
    files = read_statement(operation.envelope).files
    return files[0].name if len(files) == 1 else None
