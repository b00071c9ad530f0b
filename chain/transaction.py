"""A signed request to change the ledger, and the checks that need no state."""

from hashlib import sha256
from typing import Annotated, Final

from msgspec import Meta, Struct

from chain import keys
from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.hashing import hash_tagged, signing_hash, tag_prefix
from chain.operations import AnyOperation, digest_operation
from chain.scalars import (
    HASH_SIZE,
    Hash,
    HashField,
    Height,
    HeightField,
    PublicKey,
    PublicKeyField,
    Signature,
    SignatureField,
    to_bytes,
)

TRANSACTION_SIZE_BYTES_MAX: Final = 1 << 20
_SIZE_8: Final = to_bytes(8)
_SIZE_32: Final = to_bytes(HASH_SIZE)
_ID_PREFIX: Final = tag_prefix("transaction") + _SIZE_32


class TransactionBody(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What the sender signs.

    `genesis` ties it to one chain; `expiry_height` is the last height that may hold it; `salt`
    makes two equal requests distinct, or the same request the same when it is sent again.
    """

    genesis: HashField
    sender: PublicKeyField
    operation: AnyOperation
    expiry_height: HeightField
    salt: Annotated[bytes, Meta(min_length=8, max_length=16)]


class SignedTransaction(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A transaction as it travels and is stored: the body's bytes and the signature."""

    body: Annotated[bytes, Meta(min_length=1, max_length=TRANSACTION_SIZE_BYTES_MAX)]
    signature: SignatureField


class Transaction(Struct, frozen=True, gc=False):
    """A transaction that was decoded and hashed once, so nobody does it twice.

    `raw` is the encoded `SignedTransaction`.
    """

    id: Hash
    body: TransactionBody
    signature: Signature
    raw: bytes

    @property
    def size_bytes(self) -> int:
        """Size on the wire."""
        return len(self.raw)


def compute_id(body: TransactionBody) -> Hash:
    """Hash the body; the signature is left out, so it cannot change the id."""
    digest = digest_operation(body.operation)
    return compute_id_from_digest(body.genesis, body.sender, digest, body.expiry_height, body.salt)


def compute_id_from_digest(
    genesis: Hash, sender: PublicKey, digest: Hash, expiry_height: Height, salt: bytes
) -> Hash:
    """Give the id of a transaction of which only the operation's digest is known.

    That is hash_tagged("transaction", genesis, sender, digest, expiry height, salt).
    """
    expiry = to_bytes(expiry_height)
    if not len(genesis) == len(sender) == len(digest) == HASH_SIZE:
        return hash_tagged("transaction", genesis, sender, digest, expiry, salt)
    size = to_bytes(len(salt))
    parts = (_ID_PREFIX, genesis, _SIZE_32, sender, _SIZE_32, digest, _SIZE_8, expiry, size, salt)
    return Hash(sha256(b"".join(parts)).digest())


def sign(body: TransactionBody, signer: keys.Signer) -> Transaction:
    """Sign a body with the key that it names as sender."""
    assert signer.public_key == body.sender, "the sender signs"
    transaction_id = compute_id(body)
    signature = signer.sign(signing_hash("transaction", body.genesis, transaction_id))
    raw = encode(SignedTransaction(encode(body), signature))
    return Transaction(transaction_id, body, signature, raw)


def decode_transaction(raw: bytes, size_bytes_max: int = TRANSACTION_SIZE_BYTES_MAX) -> Transaction:
    """Decode and hash a transaction; its signature is not checked here.

    Raises: InvalidInput: VT-1001, VT-1002 or VT-1003.
    """
    signed = decode(raw, SignedTransaction, size_bytes_max)
    body = decode(signed.body, TransactionBody, size_bytes_max)
    return Transaction(compute_id(body), body, signed.signature, raw)


def check_stateless(
    transaction: Transaction,
    genesis: Hash,
    *,
    verify: keys.Verifier = keys.verify,
) -> None:
    """Check all that needs no state: the chain it is for and its signature.

    Raises: InvalidInput: VT-2001 wrong chain, VT-2002 bad signature.
    """
    body = transaction.body
    if body.genesis != genesis:
        raise InvalidInput("VT-2001", given=body.genesis, expected=genesis)
    message = signing_hash("transaction", genesis, transaction.id)
    if not verify(body.sender, message, transaction.signature):
        raise InvalidInput("VT-2002", id=transaction.id, sender=body.sender)


def check_expiry(transaction: Transaction, height: Height, window: int) -> None:
    """Check that a block at `height` may hold the transaction.

    Args: window: most blocks between now and the expiry height.
    Raises: InvalidInput: VT-2003 expired, VT-2004 expires too far ahead.
    """
    expiry = transaction.body.expiry_height
    if expiry < height:
        raise InvalidInput("VT-2003", expiry=expiry, height=height)
    if expiry > height + window:
        raise InvalidInput("VT-2004", expiry=expiry, window=window, height=height)


def log_leaf(transaction: Transaction) -> bytes:
    """Give what the chain-wide Merkle log holds for this transaction: its id.

    The signature is left out on purpose. A sender can make many good signatures of one body; were
    they in the log, nodes that hold different ones would disagree on the block for ever.
    """
    return transaction.id
