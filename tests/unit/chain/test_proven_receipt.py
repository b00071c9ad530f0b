"""The proven receipt as a file: one way to write it, refused with any byte changed."""

import base64
import json
from hashlib import sha256

import pytest
from msgspec.structs import replace

from chain.errors import InvalidInput
from chain.genesis import Genesis, genesis_from_json, genesis_to_json
from chain.proven_receipt import (
    Verdict,
    build_receipt,
    check_receipt,
    receipt_from_json,
    receipt_to_json,
)
from tests.vectors.sample import (
    REPORT,
    REPORT_NAME,
    make_chain,
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


def test_every_transaction_of_the_sample_is_proved() -> None:
    for height, decided in enumerate(CHAIN.blocks, start=1):
        for index, transaction in enumerate(decided.transactions):
            proof = make_proven_receipt(CHAIN, height, index)
            assert receipt_from_json(receipt_to_json(proof)) == proof
            assert check_receipt(proof, CHAIN.genesis).transaction == transaction.id


def test_the_file_is_for_people_and_always_the_same() -> None:
    assert receipt_to_json(GOOD) == TEXT
    shown = json.loads(TEXT)
    assert list(shown) == [
        "format",
        "summary",
        "transaction",
        "log",
        "receipt",
        "block",
        "header",
        "certificate",
        "validator_changes",
        "attested_file",
    ]
    assert shown["format"] == "veritwin-receipt/1"
    assert shown["summary"]["time"] == "2015-02-07T11:00:02.000Z"
    assert shown["attested_file"] == {
        "name": REPORT_NAME,
        "sha256": sha256(REPORT).hexdigest(),
        "size": len(REPORT),
    }


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80])
def test_every_changed_byte_is_refused(flip: int) -> None:
    for index in range(len(TEXT)):
        changed = bytearray(TEXT)
        changed[index] ^= flip
        assert ": " in broken_link(bytes(changed)), index


def test_every_byte_left_out_or_put_in_is_refused() -> None:
    for index in range(len(TEXT)):
        assert broken_link(TEXT[:index] + TEXT[index + 1 :]), index
    for index in range(0, len(TEXT) + 1, 7):
        for extra in (b" ", b"0", b"a", b"\0"):
            assert broken_link(TEXT[:index] + extra + TEXT[index:]), index


def test_the_text_is_what_a_browser_writes() -> None:
    """Python's json writes as `JSON.stringify(value, null, 2)` does, also where it escapes."""
    odd = "".join(map(chr, range(32))) + '\x7f\u2028/"\\é\U0001f600.pdf'
    assert GOOD.attested_file is not None
    proof = replace(GOOD, attested_file=replace(GOOD.attested_file, name=odd))
    for text in (TEXT, receipt_to_json(proof)):
        again = json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
        assert again.encode() == text


def test_another_format_is_named() -> None:
    assert broken_link(TEXT.replace(b"receipt/1", b"receipt/2")) == (
        "file form: its format is 'veritwin-receipt/2', not 'veritwin-receipt/1'"
    )


def test_a_changed_summary_in_a_sound_receipt_is_the_summarys_fault() -> None:
    assert broken_link(TEXT.replace(b'"height": 2', b'"height": 3')) == (
        "summary: it says something else than the proof below it"
    )


def test_spacing_is_part_of_the_file() -> None:
    why = "file form: spacing, order or spelling is not as the format has it"
    assert broken_link(json.dumps(json.loads(TEXT)).encode()) == why
    assert broken_link(TEXT.rstrip()) == why
    assert broken_link(TEXT.replace(b"\n", b"\r\n")) == why
    assert broken_link(TEXT.replace(b'"transaction": "k', b'"transaction": "\\u006b', 1)) == why


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_receipt_is_refused(data: bytes) -> None:
    assert broken_link(data).startswith("file form: ")


def test_a_huge_file_is_refused_unread() -> None:
    with pytest.raises(InvalidInput) as caught:
        receipt_from_json(b" " * ((16 << 20) + 1))
    assert caught.value.code == "VT-1003"


def test_a_genesis_file_of_the_same_chain_does() -> None:
    genesis = genesis_from_json(genesis_to_json(CHAIN.genesis))
    assert verify_file(TEXT, genesis).code == "ok"


def test_a_file_that_the_statement_does_not_name_cannot_be_built_in() -> None:
    decided = CHAIN.blocks[1]
    for transaction in decided.transactions[1:3]:
        with pytest.raises(InvalidInput, match=r"the transaction attests no file 'other\.pdf'"):
            build_receipt(
                transaction,
                GOOD.log,
                decided.receipts[2],
                GOOD.block,
                decided.block.header,
                decided.certificate,
                "other.pdf",
            )


def test_hashes_are_in_hex_and_bytes_in_base64() -> None:
    shown = json.loads(TEXT)
    assert base64.b64decode(shown["transaction"]) == GOOD.transaction
    assert [bytes.fromhex(step) for step in shown["log"]["path"]] == list(GOOD.log.path)
