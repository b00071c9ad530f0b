"""Checking a proven receipt: every link from genesis down to one transaction and its result.

Nothing but genesis.json is trusted. A receipt that does not hold is refused with VT-1304, whose
`link` begins with the name of the first link that broke. The names stand in `Link`, and
docs/PROTOCOL.md gives the same steps in words.
"""

from typing import Annotated, Final, Literal, NoReturn, TypeVar

from msgspec import Meta, Struct

from chain import keys
from chain.block import HEADER_VERSION, Header, compute_block_hash
from chain.certificate import QuorumCertificate, check_certificate
from chain.codec import decode
from chain.dsse import FileSubject, open_envelope
from chain.errors import InvalidInput
from chain.genesis import Genesis, compute_genesis_hash
from chain.merkle import PATH_LENGTH_MAX, leaf_hash, verify_inclusion
from chain.operations import Attest
from chain.receipt import Receipt
from chain.scalars import CountField, HashField, HeightField, MillisField
from chain.transaction import (
    Transaction,
    check_stateless,
    decode_transaction,
    log_leaf,
)
from chain.validators import compute_validators_root
from chain.wording import describe_operation, format_time, show_text

T = TypeVar("T")

RECEIPT_SIZE_BYTES_MAX: Final = 4 << 20
HEADER_SIZE_BYTES_MAX: Final = 1024
CERTIFICATE_SIZE_BYTES_MAX: Final = 1 << 20

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
    validator_changes: tuple[bytes, ...] = ()
    """Reserved for proofs of changes of the validator set; refused when not empty."""
    attested_file: FileSubject | None = None
    """The file that an `attest` transaction is about, as its statement names it."""


class OpenReceipt(Struct, frozen=True):
    """The parts of a proven receipt, decoded."""

    proof: ProvenReceipt
    transaction: Transaction
    receipt: Receipt
    header: Header
    certificate: QuorumCertificate


class Verdict(Struct, frozen=True):
    """What a receipt proves: facts for programs, `sentences` for people."""

    transaction: HashField
    height: HeightField
    time_ms: MillisField
    code: str
    """"ok", or the catalogue code of why the transaction changed nothing."""
    sentences: tuple[str, ...]


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
        _decode(proof.receipt, Receipt, RECEIPT_SIZE_BYTES_MAX, "receipt bytes"),
        _decode(proof.header, Header, HEADER_SIZE_BYTES_MAX, "header bytes"),
        _decode(
            proof.certificate, QuorumCertificate, CERTIFICATE_SIZE_BYTES_MAX, "certificate bytes"
        ),
    )


def check_receipt(
    proof: ProvenReceipt, genesis: Genesis, *, verify: keys.Verifier = keys.verify
) -> Verdict:
    """Check a proven receipt to its last signature, trusting only `genesis`.

    Raises: InvalidInput: VT-1304, naming the first link that broke.
    """
    opened = open_receipt(proof)
    check_header_hash(opened)
    _check_validators(opened, genesis, verify)
    check_contents(opened, verify)
    return Verdict(
        transaction=opened.transaction.id,
        height=opened.header.height,
        time_ms=opened.header.time_ms,
        code=opened.receipt.code,
        sentences=_make_sentences(opened, genesis),
    )


def check_file(proof: ProvenReceipt, sha256: bytes, size: int) -> None:
    """Check that a file is the one that a checked receipt's attestation is about.

    Args: sha256: of the file; size: of the file in bytes.
    Raises: InvalidInput: VT-1304, link "attested file".
    """
    attested = proof.attested_file
    if attested is None:
        break_link("attested file", "this receipt is about no file")
    code = open_receipt(proof).receipt.code
    if code != "ok":
        break_link("attested file", f"the chain did not record the attestation: {code}")
    if attested.size is not None and attested.size != size:
        break_link(
            "attested file",
            f"{attested.name} has {attested.size} bytes by the attestation, this file has {size}",
        )
    if attested.sha256 != sha256:
        break_link(
            "attested file",
            f"{attested.name} has SHA-256 {attested.sha256.hex()} by the attestation, "
            f"this file has {sha256.hex()}",
        )


def check_header_hash(opened: OpenReceipt) -> None:
    """Check that the certificate is for this header.

    Raises: InvalidInput: VT-1304, link "header hash".
    """
    header, certificate = opened.header, opened.certificate
    block = compute_block_hash(header)
    if certificate.block != block:
        break_link(
            "header hash",
            f"the header hashes to {block.hex()}, the certificate is for {certificate.block.hex()}",
        )
    if certificate.height != header.height:
        break_link(
            "header hash",
            f"the header is of height {header.height}, the certificate of {certificate.height}",
        )
    if header.version != HEADER_VERSION:
        break_link("header hash", f"this program cannot read headers of version {header.version}")


def check_contents(opened: OpenReceipt, verify: keys.Verifier = keys.verify) -> None:
    """Check everything that hangs under the header; needs no genesis.

    Raises: InvalidInput: VT-1304.
    """
    _check_transaction(opened, verify)
    _check_result(opened)
    _check_attested_file(opened, verify)


def _check_validators(opened: OpenReceipt, genesis: Genesis, verify: keys.Verifier) -> None:
    header = opened.header
    genesis_hash = compute_genesis_hash(genesis)
    if header.genesis != genesis_hash:
        break_link(
            "genesis",
            f"the receipt is of chain {header.genesis.hex()}, genesis.json is of chain "
            f"{genesis_hash.hex()} ({genesis.chain_id})",
        )
    if opened.proof.validator_changes:
        break_link("validator changes", "this program cannot check changes of the validator set")
    if header.validators_root != compute_validators_root(genesis.validators):
        break_link("validator set", "the header was decided by other validators than genesis names")
    try:
        check_certificate(opened.certificate, genesis_hash, genesis.validators, verify=verify)
    except InvalidInput as error:
        break_link("certificate", error.why, error)


def _check_transaction(opened: OpenReceipt, verify: keys.Verifier) -> None:
    header, transaction, log = opened.header, opened.transaction, opened.proof.log
    try:
        check_stateless(transaction, header.genesis, verify=verify)
    except InvalidInput as error:
        link: Link = "genesis" if error.code == "VT-2001" else "transaction signature"
        break_link(link, error.why, error)
    if log.size != header.tx_log_size:
        break_link(
            "log inclusion",
            f"the path is for a log of {log.size}, the header's log has {header.tx_log_size}",
        )
    leaf = leaf_hash(log_leaf(transaction))
    if not verify_inclusion(leaf, log.index, log.size, log.path, header.tx_log_root):
        break_link(
            "log inclusion",
            f"the path does not lead from transaction {transaction.id.hex()} at index {log.index} "
            "to the header's tx_log_root",
        )


def _check_result(opened: OpenReceipt) -> None:
    header, receipt, block = opened.header, opened.receipt, opened.proof.block
    leaf = leaf_hash(opened.proof.receipt)
    if not verify_inclusion(leaf, block.index, block.size, block.path, header.receipts_root):
        break_link(
            "receipt inclusion",
            f"the path does not lead from the receipt at index {block.index} of {block.size} to "
            "the header's receipts_root",
        )
    if receipt.transaction != opened.transaction.id:
        break_link(
            "receipt id",
            f"the receipt is of transaction {receipt.transaction.hex()}, "
            f"not of {opened.transaction.id.hex()}",
        )
    first = header.tx_log_size - block.size
    if block.index != receipt.index or first + block.index != opened.proof.log.index:
        break_link(
            "position in block",
            f"receipt {receipt.index} of {block.size} in the block cannot be that of transaction "
            f"{opened.proof.log.index} of {header.tx_log_size} in the log",
        )


def _check_attested_file(opened: OpenReceipt, verify: keys.Verifier) -> None:
    attested = opened.proof.attested_file
    if attested is None:
        return
    operation = opened.transaction.body.operation
    if not isinstance(operation, Attest):
        break_link("attested file", "the transaction is no attestation")
    try:
        statement = open_envelope(operation.envelope, opened.transaction.body.sender, verify=verify)
    except InvalidInput as error:
        break_link("attested file", error.why, error)
    if attested not in statement.files:
        break_link("attested file", f"the statement does not name {attested.name!r} like this")


def _make_sentences(opened: OpenReceipt, genesis: Genesis) -> tuple[str, ...]:
    header, log, transaction = opened.header, opened.proof.log, opened.transaction
    validators = genesis.validators
    signers = [validators.members[c.validator] for c in opened.certificate.signatures]
    weight = sum(signer.weight for signer in signers)
    sentences = [
        f"Transaction {transaction.id.hex()}: {describe_operation(transaction.body.operation)}.",
        f"Signed by key {transaction.body.sender.hex()}, {_describe_sender(opened, genesis)}.",
        f"Included as transaction {log.index + 1} of {log.size}.",
        f"Decided at height {header.height} by {len(signers)} of {len(validators)} validators: "
        f"{', '.join(signer.node for signer in signers)} "
        f"(weight {weight} of {validators.total_weight}).",
        f"Block time {format_time(header.time_ms)}.",
        _describe_result(opened.receipt),
    ]
    attested = opened.proof.attested_file
    if attested is not None:
        sentences.append(f"About the file {attested.name}, SHA-256 {attested.sha256.hex()}.")
    sentences.append(f"Checked against genesis {header.genesis.hex()} of chain {genesis.chain_id}.")
    return tuple(sentences)


def _describe_sender(opened: OpenReceipt, genesis: Genesis) -> str:
    for organisation in genesis.organisations:
        if organisation.administrator == opened.transaction.body.sender:
            return f"which genesis names as administrator of {organisation.id}"
    if opened.receipt.is_ok:
        return "registered on the chain, which recorded the organisation it acts for"
    return "of which this receipt does not tell the organisation"


def _describe_result(receipt: Receipt) -> str:
    if receipt.is_ok:
        return "Result: ok."
    return f"Result: {receipt.code}, nothing was changed: {show_text(receipt.message)}"


def _decode(data: bytes, kind: type[T], limit: int, link: Link) -> T:
    try:
        return decode(data, kind, limit)
    except InvalidInput as error:
        break_link(link, error.why, error)


def break_link(link: Link, why: str, cause: Exception | None = None) -> NoReturn:
    """Refuse the receipt: `link` does not hold, and why.

    Raises: InvalidInput: VT-1304, always.
    """
    raise InvalidInput("VT-1304", link=f"{link}: {why.removesuffix('.')}") from cause
