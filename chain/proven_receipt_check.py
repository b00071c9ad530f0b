"""Checking a proven receipt: every link from genesis down to one transaction and its result.

Nothing but genesis.json is trusted. A receipt that does not hold is refused with VT-1304, whose
`link` begins with the name of the first link that broke. The names stand in `Link`, and
docs/PROTOCOL.md gives the same steps in words.
"""

from msgspec import Struct

from chain import keys
from chain.block import HEADER_VERSION, compute_block_hash
from chain.certificate import check_certificate
from chain.committee_steps import (
    COMMITTEE_STEP_SIZE_BYTES_MAX,
    CommitteeStep,
    follow_committee,
)
from chain.dsse import open_envelope
from chain.errors import InvalidInput
from chain.genesis import Genesis, compute_genesis_hash
from chain.merkle import leaf_hash, verify_inclusion
from chain.open_receipt import (
    Link,
    OpenReceipt,
    ProvenReceipt,
    break_link,
    decode_part,
    open_receipt,
)
from chain.operations import Attest
from chain.plain_text import show_text
from chain.receipt import Receipt
from chain.scalars import HashField, HeightField, MillisField
from chain.transaction import check_stateless, log_leaf
from chain.validators import ValidatorSet, compute_validators_root
from chain.wording import describe_operation, format_time


class Verdict(Struct, frozen=True):
    """What a receipt proves: facts for programs, `sentences` for people."""

    transaction: HashField
    height: HeightField
    time_ms: MillisField
    code: str
    """"ok", or the catalogue code of why the transaction changed nothing."""
    sentences: tuple[str, ...]


def check_receipt(
    proof: ProvenReceipt, genesis: Genesis, *, verify: keys.Verifier = keys.verify
) -> Verdict:
    """Check a proven receipt to its last signature, trusting only `genesis`.

    Raises: InvalidInput: VT-1304, naming the first link that broke.
    """
    opened = open_receipt(proof)
    check_header_hash(opened)
    validators = _check_validators(opened, genesis, verify)
    check_contents(opened, verify)
    return Verdict(
        transaction=opened.transaction.id,
        height=opened.header.height,
        time_ms=opened.header.time_ms,
        code=opened.receipt.code,
        sentences=_make_sentences(opened, genesis, validators),
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


def _check_validators(opened: OpenReceipt, genesis: Genesis, verify: keys.Verifier) -> ValidatorSet:
    header = opened.header
    genesis_hash = compute_genesis_hash(genesis)
    if header.genesis != genesis_hash:
        break_link(
            "genesis",
            f"the receipt is of chain {header.genesis.hex()}, genesis.json is of chain "
            f"{genesis_hash.hex()} ({genesis.chain_id})",
        )
    validators = _follow_changes(opened, genesis, verify)
    if header.validators_root != compute_validators_root(validators):
        break_link("validator set", "the header was decided by other validators than these")
    try:
        check_certificate(opened.certificate, genesis_hash, validators, verify=verify)
    except InvalidInput as error:
        break_link("certificate", error.why, error)
    return validators


def _follow_changes(opened: OpenReceipt, genesis: Genesis, verify: keys.Verifier) -> ValidatorSet:
    steps = [
        decode_part(data, CommitteeStep, COMMITTEE_STEP_SIZE_BYTES_MAX, "validator changes")
        for data in opened.proof.validator_changes
    ]
    if steps and steps[-1].height >= opened.header.height:
        break_link("validator changes", "the last change is not before the block")
    try:
        return follow_committee(genesis, steps, verify)
    except InvalidInput as error:
        break_link("validator changes", error.why, error)


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


def _make_sentences(
    opened: OpenReceipt, genesis: Genesis, validators: ValidatorSet
) -> tuple[str, ...]:
    header, log, transaction = opened.header, opened.proof.log, opened.transaction
    signers = [validators.members[c.validator] for c in opened.certificate.signatures]
    weight = sum(signer.weight for signer in signers)
    voters = sum(member.weight > 0 for member in validators.members)
    sender = _describe_sender(opened, genesis, validators)
    sentences = [
        f"Transaction {transaction.id.hex()}: {describe_operation(transaction.body.operation)}.",
        f"Signed by key {transaction.body.sender.hex()}, {sender}.",
        f"Included as transaction {log.index + 1} of {log.size}.",
        f"Decided at height {header.height} by {len(signers)} of {voters} validators: "
        f"{', '.join(signer.node for signer in signers)} "
        f"(weight {weight} of {validators.total_weight}).",
        *_describe_changes(len(opened.proof.validator_changes)),
        f"Block time {format_time(header.time_ms)}.",
        _describe_result(opened.receipt),
    ]
    attested = opened.proof.attested_file
    if attested is not None:
        sentences.append(f"About the file {attested.name}, SHA-256 {attested.sha256.hex()}.")
    sentences.append(f"Checked against genesis {header.genesis.hex()} of chain {genesis.chain_id}.")
    return tuple(sentences)


def _describe_changes(count: int) -> tuple[str, ...]:
    if count == 0:
        return ()
    changes = "One change" if count == 1 else f"{count} changes"
    return (f"{changes} of the validators since genesis, checked to the last signature.",)


def _describe_sender(opened: OpenReceipt, genesis: Genesis, validators: ValidatorSet) -> str:
    for organisation in genesis.organisations:
        if organisation.administrator == opened.transaction.body.sender:
            return f"which genesis names as administrator of {organisation.id}"
    for member in validators.members:
        if member.vote_key == opened.transaction.body.sender:
            return f"the vote key of node {member.node}"
    if opened.receipt.is_ok:
        return "registered on the chain, which recorded the organisation it acts for"
    return "of which this receipt does not tell the organisation"


def _describe_result(receipt: Receipt) -> str:
    if receipt.is_ok:
        return "Result: ok."
    return f"Result: {receipt.code}, nothing was changed: {show_text(receipt.message)}"
