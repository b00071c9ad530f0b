"""The parts of a proven receipt, and how they are opened; `proven_receipt_check` checks them."""

from typing import Annotated, Final, Literal, NoReturn, TypeVar

from msgspec import Meta, Struct

from chain.block import Header
from chain.certificate import QuorumCertificate
from chain.codec import decode
from chain.dsse import FileSubject
from chain.errors import InvalidInput
from chain.merkle import PATH_LENGTH_MAX
from chain.receipt import Receipt
from chain.scalars import CountField, HashField
from chain.transaction import Transaction, decode_transaction

T = TypeVar("T")

RECEIPT_SIZE_BYTES_MAX: Final = 4 << 20
HEADER_SIZE_BYTES_MAX: Final = 1024
CERTIFICATE_SIZE_BYTES_MAX: Final = 1 << 20
VALIDATOR_CHANGES_MAX: Final = 4096

Link = Literal[
    "file form",
    "transaction bytes",
    "receipt bytes",
    "header bytes",
    "certificate bytes",
    "header hash",
    "genesis",
    "validator changes",
    "validator set",
    "certificate",
    "transaction signature",
    "log inclusion",
    "receipt inclusion",
    "receipt id",
    "position in block",
    "attested file",
    "summary",
]
"""What can break, in the order in which it is looked at."""


class Inclusion(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Leaf `index` of an RFC 9162 tree of `size` leaves, with the siblings up to the root."""

    index: CountField
    size: CountField
    path: Annotated[tuple[HashField, ...], Meta(max_length=PATH_LENGTH_MAX)]


class ProvenReceipt(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """All that is needed, beside genesis.json, to check one transaction and what it did."""

    transaction: bytes
    """Encoded `SignedTransaction`."""
    log: Inclusion
    """Place of the transaction among all of the chain, under the header's `tx_log_root`."""
    receipt: bytes
    """Encoded `Receipt`."""
    block: Inclusion
    """Place of the receipt among those of its block, under the header's `receipts_root`."""
    header: bytes
    """Encoded `Header`."""
    certificate: bytes
    """Encoded `QuorumCertificate` of that header."""
    validator_changes: Annotated[tuple[bytes, ...], Meta(max_length=VALIDATOR_CHANGES_MAX)] = ()
    """Encoded `CommitteeStep`s: they lead from genesis to the validators that decided the block."""
    attested_file: FileSubject | None = None
    """The file that an `attest` transaction is about, as its statement names it."""


class OpenReceipt(Struct, frozen=True):
    """The parts of a proven receipt, decoded."""

    proof: ProvenReceipt
    transaction: Transaction
    receipt: Receipt
    header: Header
    certificate: QuorumCertificate


def open_receipt(proof: ProvenReceipt) -> OpenReceipt:
    """Decode the parts of a proven receipt.

    Raises: InvalidInput: VT-1304, with the part that does not decode.
    """
    try:
        transaction = decode_transaction(proof.transaction)
    except InvalidInput as error:
        break_link("transaction bytes", error.why, error)
    return OpenReceipt(
        proof,
        transaction,
        decode_part(proof.receipt, Receipt, RECEIPT_SIZE_BYTES_MAX, "receipt bytes"),
        decode_part(proof.header, Header, HEADER_SIZE_BYTES_MAX, "header bytes"),
        decode_part(
            proof.certificate, QuorumCertificate, CERTIFICATE_SIZE_BYTES_MAX, "certificate bytes"
        ),
    )


def decode_part(data: bytes, kind: type[T], limit: int, link: Link) -> T:
    """Decode a part of a receipt.

    Raises: InvalidInput: VT-1304, naming `link`.
    """
    try:
        return decode(data, kind, limit)
    except InvalidInput as error:
        break_link(link, error.why, error)


def break_link(link: Link, why: str, cause: Exception | None = None) -> NoReturn:
    """Refuse the receipt: `link` does not hold, and why.

    Raises: InvalidInput: VT-1304, always.
    """
    raise InvalidInput("VT-1304", link=f"{link}: {why.removesuffix('.')}") from cause
