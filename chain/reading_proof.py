"""Showing one reading of a telemetry transaction without showing the others.

The transaction id hashes the Merkle root of the readings, so a reading, its path and the other
parts of the id give the id again; the sender's signature over that id then vouches for it. That
the chain ordered the transaction is shown by the id's place in the log.
"""

from typing import Annotated

from msgspec import Meta, Struct

from chain import keys
from chain.errors import InvalidInput
from chain.hashing import signing_hash
from chain.merkle import (
    PATH_LENGTH_MAX,
    compute_root_from_path,
    leaf_hash,
    prove_inclusion,
)
from chain.operations import (
    Reading,
    Telemetry,
    digest_readings,
    encode_reading_leaf,
    reading_leaves,
)
from chain.scalars import (
    CountField,
    Hash,
    HashField,
    HeightField,
    PublicKeyField,
    SignatureField,
    TwinIdField,
)
from chain.transaction import Transaction, compute_id_from_digest


class ReadingProof(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One reading, and all that leads from it to the id and signature of its transaction."""

    twin: TwinIdField
    reading: Reading
    index: CountField
    """Place of the reading among all of the transaction, from 0."""
    count: CountField
    """Number of readings in the transaction."""
    path: Annotated[tuple[HashField, ...], Meta(max_length=PATH_LENGTH_MAX)]
    genesis: HashField
    sender: PublicKeyField
    expiry_height: HeightField
    salt: Annotated[bytes, Meta(min_length=8, max_length=16)]
    signature: SignatureField


def build_reading_proof(transaction: Transaction, index: int) -> ReadingProof:
    """Show reading number `index` of a telemetry transaction, counted from 0 over all its batches.

    Raises: IndexError: the transaction is no telemetry or has no such reading.
    """
    body = transaction.body
    if not isinstance(body.operation, Telemetry):
        raise IndexError("the transaction holds no readings")
    readings = [
        (batch.twin, reading) for batch in body.operation.batches for reading in batch.readings
    ]
    leaves = reading_leaves(body.operation)
    path = prove_inclusion(leaves, index)
    twin, reading = readings[index]
    return ReadingProof(
        twin=twin,
        reading=reading,
        index=index,
        count=len(leaves),
        path=path,
        genesis=body.genesis,
        sender=body.sender,
        expiry_height=body.expiry_height,
        salt=body.salt,
        signature=transaction.signature,
    )


def check_reading_proof(
    proof: ReadingProof, genesis: Hash, *, verify: keys.Verifier = keys.verify
) -> Hash:
    """Check that the sender signed a transaction of this chain that holds the reading.

    Returns: the id of that transaction; whether the chain ordered it is for its receipt to show.
    Raises: InvalidInput: VT-1304: link "genesis", "reading inclusion" or "transaction signature".
    """
    if proof.genesis != genesis:
        raise InvalidInput(
            "VT-1304",
            link=f"genesis: the reading is of chain {proof.genesis.hex()}, not {genesis.hex()}",
        )
    leaf = leaf_hash(encode_reading_leaf(proof.twin, proof.reading))
    root = compute_root_from_path(leaf, proof.index, proof.count, proof.path)
    if root is None:
        raise InvalidInput(
            "VT-1304",
            link=f"reading inclusion: a path of {len(proof.path)} steps cannot lead from reading "
            f"{proof.index} of {proof.count} to their root",
        )
    transaction = compute_id_from_digest(
        proof.genesis,
        proof.sender,
        digest_readings(root, proof.count),
        proof.expiry_height,
        proof.salt,
    )
    message = signing_hash("transaction", genesis, transaction)
    if not verify(proof.sender, message, proof.signature):
        raise InvalidInput(
            "VT-1304",
            link=f"transaction signature: key {proof.sender.hex()} did not sign a transaction "
            "with this reading",
        )
    return transaction
