"""Receipts that must be refused: one for each link, each differing from a good one in one thing."""

import base64
from dataclasses import dataclass

from msgspec.structs import replace

from chain.block import compute_block_hash
from chain.certificate import QuorumCertificate
from chain.codec import encode
from chain.hashing import EMPTY_HASH
from chain.merkle import leaf_hash, prove_inclusion
from chain.proven_receipt import Inclusion, ProvenReceipt, receipt_to_json
from chain.receipt import Receipt, compute_receipts_root
from chain.transaction import SignedTransaction
from tests.vectors.governed import encode_steps, make_governed_chain
from tests.vectors.sample import (
    REPORT_NAME,
    Decided,
    make_certificate,
    make_chain,
    make_proven_receipt,
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A receipt file, the link that must be named, and the genesis file to check it against."""

    name: str
    link: str
    text: bytes
    genesis: str = "genesis.json"


def make_refused() -> list[Refused]:
    """Give refused receipts, in the order in which the links are looked at."""
    good = make_proven_receipt(make_chain(), 2, 2, REPORT_NAME)
    return [*_refused_forms(good), *_refused_decisions(good), *_refused_contents(good)]


def _refused_forms(good: ProvenReceipt) -> list[Refused]:
    text = receipt_to_json(good)
    return [
        Refused("one space more at the end", "file form", text + b" "),
        Refused("a field more", "file form", text.replace(b'"log"', b'"note": "",\n  "log"', 1)),
        Refused("another format", "file form", text.replace(b"receipt/1", b"receipt/2", 1)),
        _recode(text, good, "transaction", good.transaction[:-1]),
        _recode(text, good, "receipt", good.receipt + b"\xc0"),
        _recode(text, good, "header", good.header + b"\xc0"),
        _recode(text, good, "certificate", good.certificate[:-1]),
        Refused("another result in the summary", "summary", text.replace(b'"ok"', b'"no"', 1)),
    ]


def _refused_decisions(good: ProvenReceipt) -> list[Refused]:
    chain = make_chain()
    decided = chain.blocks[1]
    header, certificate = decided.block.header, decided.certificate
    other_set = replace(header, validators_root=EMPTY_HASH)
    newer = replace(header, version=2)
    first, second, _ = certificate.signatures
    swapped = replace(second, signature=first.signature)
    good_text = receipt_to_json(good)
    return [
        _change("a later block time", "header hash", good, header=replace(header, time_ms=1)),
        _change(
            "the certificate of another block",
            "header hash",
            good,
            certificate=chain.blocks[0].certificate,
        ),
        _change(
            "the certificate of another height",
            "header hash",
            good,
            certificate=replace(certificate, height=3),
        ),
        _change(
            "a header of a version to come",
            "header hash",
            good,
            header=newer,
            certificate=make_certificate(newer, chain.genesis),
        ),
        Refused("another chain's genesis", "genesis", good_text, "other-genesis.json"),
        *_refused_changes(good),
        _change(
            "decided by other validators",
            "validator set",
            good,
            header=other_set,
            certificate=make_certificate(other_set, chain.genesis),
        ),
        _change(
            "two votes of four",
            "certificate",
            good,
            certificate=make_certificate(header, chain.genesis, (0, 1)),
        ),
        _change(
            "one vote counted twice",
            "certificate",
            good,
            certificate=_with_signatures(certificate, 0, 0, 1),
        ),
        _change(
            "a vote signed by another",
            "certificate",
            good,
            certificate=replace(
                certificate, signatures=(first, swapped, certificate.signatures[2])
            ),
        ),
        _change(
            "a validator that does not exist",
            "certificate",
            good,
            certificate=replace(
                certificate, signatures=(first, second, replace(swapped, validator=4))
            ),
        ),
    ]


def _refused_changes(good: ProvenReceipt) -> list[Refused]:
    """Receipts whose steps do not lead to the validators of their block."""
    first, second = encode_steps()
    changed = make_proven_receipt(make_governed_chain(), 7, 1, None, (first, second))
    last = make_proven_receipt(make_governed_chain(), 6, 0, None, (first,))
    texts = [
        ("a change that does not decode", "validator changes", good, (b"\x01",)),
        ("a change after the block", "validator changes", good, (first,)),
        ("the block itself as a change", "validator changes", last, (first, second)),
        ("a change is missing", "validator changes", changed, (second,)),
        ("two changes in the wrong order", "validator changes", changed, (second, first)),
        ("a change with a byte more", "validator changes", changed, (first + b"\xc0", second)),
        ("the last change is missing", "validator set", changed, (first,)),
        ("no changes where there were some", "validator set", changed, ()),
    ]
    return [
        Refused(name, link, receipt_to_json(replace(proof, validator_changes=steps)))
        for name, link, proof, steps in texts
    ]


def _refused_contents(good: ProvenReceipt) -> list[Refused]:
    chain = make_chain()
    decided = chain.blocks[1]
    transaction = decided.transactions[2]
    stranger = decided.transactions[3]
    forged = encode(SignedTransaction(encode(transaction.body), stranger.signature))
    other = make_proven_receipt(chain, 2, 3)
    renumbered = _renumber(decided)
    attested = good.attested_file
    assert attested is not None, "the sample attests a file"
    texts = [
        ("signed by another key", "transaction signature", replace(good, transaction=forged)),
        ("the log path of another", "log inclusion", replace(good, log=other.log)),
        (
            "a log of another size",
            "log inclusion",
            replace(good, log=replace(good.log, size=good.log.size + 1)),
        ),
        (
            "one step less in the log path",
            "log inclusion",
            replace(good, log=replace(good.log, path=good.log.path[:-1])),
        ),
        (
            "another result",
            "receipt inclusion",
            replace(good, receipt=encode(replace(decided.receipts[2], code="VT-2030"))),
        ),
        (
            "the result of another",
            "receipt id",
            replace(good, receipt=other.receipt, block=other.block),
        ),
        ("a receipt with another number", "position in block", renumbered),
        (
            "a block of another size",
            "position in block",
            replace(good, block=replace(good.block, size=good.block.size + 1)),
        ),
        (
            "another file name",
            "attested file",
            replace(good, attested_file=replace(attested, name="inspection-R80711.txt")),
        ),
        (
            "another file size",
            "attested file",
            replace(good, attested_file=replace(attested, size=38)),
        ),
        (
            "a file for no attestation",
            "attested file",
            replace(other, attested_file=attested),
        ),
    ]
    return [Refused(name, link, receipt_to_json(proof)) for name, link, proof in texts]


def _recode(text: bytes, good: ProvenReceipt, field: str, part: bytes) -> Refused:
    """Put other bytes into one field of the file; the summary cannot be made from such a part."""
    before = base64.b64encode(getattr(good, field))
    assert text.count(before) == 1, "only this field holds these bytes"
    changed = text.replace(before, base64.b64encode(part))
    return Refused(f"a {field} that does not decode", f"{field} bytes", changed)


def _change(name: str, link: str, good: ProvenReceipt, **parts: object) -> Refused:
    encoded = {field: encode(part) for field, part in parts.items()}
    return Refused(name, link, receipt_to_json(replace(good, **encoded)))


def _with_signatures(certificate: QuorumCertificate, *indexes: int) -> QuorumCertificate:
    signatures = tuple(certificate.signatures[index] for index in indexes)
    return replace(certificate, signatures=signatures)


def _renumber(decided: Decided) -> ProvenReceipt:
    """Let the validators decide a block whose receipts count wrongly."""
    chain = make_chain()
    receipts: tuple[Receipt, ...] = tuple(
        replace(receipt, index=receipt.index + 1) for receipt in decided.receipts
    )
    header = replace(decided.block.header, receipts_root=compute_receipts_root(receipts))
    assert compute_block_hash(header) != compute_block_hash(decided.block.header)
    path = prove_inclusion([leaf_hash(encode(receipt)) for receipt in receipts], 2)
    return replace(
        make_proven_receipt(chain, 2, 2, REPORT_NAME),
        receipt=encode(receipts[2]),
        block=Inclusion(2, len(receipts), path),
        header=encode(header),
        certificate=encode(make_certificate(header, chain.genesis)),
    )
