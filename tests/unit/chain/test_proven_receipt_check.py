"""Checking a proven receipt: what it says when it holds, which link it names when not."""

from hashlib import sha256
from typing import get_args

import pytest
from msgspec.structs import replace

from chain.codec import encode
from chain.errors import InvalidInput
from chain.genesis import Genesis, compute_genesis_hash
from chain.open_receipt import Link, open_receipt
from chain.operations import Attest
from chain.proven_receipt import receipt_from_json, receipt_to_json
from chain.proven_receipt_check import Verdict, check_contents, check_file, check_receipt
from chain.scalars import TwinId
from tests.vectors.make import FOLDER
from tests.vectors.refused import Refused, make_refused
from tests.vectors.sample import (
    REPORT,
    REPORT_NAME,
    make_certificate,
    make_chain,
    make_envelope,
    make_key,
    make_proven_receipt,
)

CHAIN = make_chain()
GOOD = make_proven_receipt(CHAIN, 2, 2, REPORT_NAME)
TEXT = receipt_to_json(GOOD)


def verify_file(data: bytes, genesis: Genesis = CHAIN.genesis) -> Verdict:
    return check_receipt(receipt_from_json(data), genesis)


def broken_link(data: bytes, genesis: Genesis = CHAIN.genesis) -> str:
    with pytest.raises(InvalidInput) as caught:
        verify_file(data, genesis)
    assert caught.value.code == "VT-1304"
    return str(caught.value.values["link"])


def test_the_verdict_says_in_words_what_was_checked() -> None:
    verdict = verify_file(TEXT)
    transaction = CHAIN.blocks[1].transactions[2]
    sender = make_key("administrator of certis").public_key.hex()
    assert (verdict.transaction, verdict.height, verdict.code) == (transaction.id, 2, "ok")
    assert verdict.time_ms == 1_423_306_802_000
    assert verdict.sentences == (
        f"Transaction {transaction.id.hex()}: attestation about twin R80790.",
        f"Signed by key {sender}, which genesis names as administrator of certis.",
        "Included as transaction 5 of 7.",
        "Decided at height 2 by 3 of 4 validators: borne-energie-1, gridlink-1, certis-1 "
        "(weight 3 of 4).",
        "Block time 2015-02-07T11:00:02.000Z.",
        "Result: ok.",
        f"About the file {REPORT_NAME}, SHA-256 {sha256(REPORT).hexdigest()}.",
        f"Checked against genesis {CHAIN.genesis_hash.hex()} of chain sample.",
    )


def test_a_member_without_a_vote_is_not_counted() -> None:
    text = (FOLDER / "changed.receipt.json").read_bytes()
    (decided,) = (one for one in verify_file(text).sentences if one.startswith("Decided"))
    assert " by 3 of 3 validators: borne-energie-1, gridlink-1, windcare-1 " in decided


def test_the_verdict_does_not_name_an_organisation_it_cannot_know() -> None:
    sentences = check_receipt(make_proven_receipt(CHAIN, 2, 0), CHAIN.genesis).sentences
    gateway = make_key("gateway").public_key.hex()
    assert sentences[0].endswith(": 7 readings of R80790, R80790-rotor.")
    assert sentences[1] == (
        f"Signed by key {gateway}, registered on the chain, which recorded the organisation it "
        "acts for."
    )


def test_a_transaction_without_effect_is_proved_as_such() -> None:
    verdict = check_receipt(make_proven_receipt(CHAIN, 3, 0), CHAIN.genesis)
    assert verdict.code == "VT-2050"
    assert "Result: VT-2050, nothing was changed: There is no such action." in verdict.sentences


@pytest.mark.parametrize("case", make_refused(), ids=lambda case: f"{case.link}: {case.name}")
def test_the_link_that_broke_is_named(case: Refused) -> None:
    genesis = CHAIN.genesis
    if case.genesis == "other-genesis.json":
        genesis = replace(genesis, chain_id="other")
    assert broken_link(case.text, genesis).split(": ")[0] == case.link


def test_every_link_has_a_receipt_that_breaks_it() -> None:
    assert {case.link for case in make_refused()} == set(get_args(Link))


def test_the_whole_sentence_of_a_broken_link() -> None:
    other = replace(CHAIN.genesis, chain_id="other")
    assert broken_link(TEXT, other) == (
        f"genesis: the receipt is of chain {CHAIN.genesis_hash.hex()}, genesis.json is of chain "
        f"{compute_genesis_hash(other).hex()} (other)"
    )
    header = CHAIN.blocks[1].block.header
    two = replace(GOOD, certificate=encode(make_certificate(header, CHAIN.genesis, (0, 1))))
    with pytest.raises(InvalidInput) as caught:
        check_receipt(two, CHAIN.genesis)
    assert caught.value.why == "Broken link: certificate: weight 2 signed, 3 is needed."


def test_the_attested_file_itself_is_checked() -> None:
    check_file(GOOD, sha256(REPORT).digest(), len(REPORT))
    with pytest.raises(InvalidInput) as caught:
        check_file(GOOD, sha256(REPORT + b"!").digest(), len(REPORT))
    assert caught.value.why == (
        f"Broken link: attested file: {REPORT_NAME} has SHA-256 {sha256(REPORT).hexdigest()} by "
        f"the attestation, this file has {sha256(REPORT + b'!').hexdigest()}."
    )
    with pytest.raises(InvalidInput) as caught:
        check_file(GOOD, sha256(REPORT).digest(), 38)
    assert caught.value.why == (
        f"Broken link: attested file: {REPORT_NAME} has 37 bytes by the attestation, this file "
        "has 38."
    )


def test_a_receipt_about_no_file_vouches_for_none() -> None:
    with pytest.raises(InvalidInput, match="attested file: this receipt is about no file"):
        check_file(make_proven_receipt(CHAIN, 2, 2), sha256(REPORT).digest(), len(REPORT))


def test_an_attestation_that_failed_vouches_for_no_file() -> None:
    failed = replace(GOOD, receipt=encode(replace(CHAIN.blocks[1].receipts[2], code="VT-2030")))
    with pytest.raises(InvalidInput, match="did not record the attestation: VT-2030"):
        check_file(failed, sha256(REPORT).digest(), len(REPORT))


def test_a_statement_signed_by_another_key_is_refused() -> None:
    opened = open_receipt(GOOD)
    operation = Attest(TwinId("R80790"), make_envelope(make_key("stranger")))
    body = replace(opened.transaction.body, operation=operation)
    forged = replace(opened, transaction=replace(opened.transaction, body=body))
    with pytest.raises(InvalidInput, match="does not verify under the sender's key"):
        check_contents(forged, lambda key, message, signature: _verify_dsse_only(message))


def _verify_dsse_only(message: bytes) -> bool:
    """Let everything pass but the envelope's signature, which is what is looked at here."""
    return not message.startswith(b"DSSEv1 ")
