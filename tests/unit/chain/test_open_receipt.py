import pytest
from msgspec.structs import replace

from chain.block import Header
from chain.errors import InvalidInput
from chain.open_receipt import break_link, decode_part, open_receipt
from tests.vectors.sample import REPORT_NAME, make_chain, make_proven_receipt

CHAIN = make_chain()
GOOD = make_proven_receipt(CHAIN, 2, 2, REPORT_NAME)


def test_a_receipt_opens_into_its_parts() -> None:
    opened = open_receipt(GOOD)
    decided = CHAIN.blocks[1]
    assert opened.proof is GOOD
    assert opened.header == decided.block.header
    assert opened.certificate == decided.certificate
    assert opened.receipt == decided.receipts[2]
    assert opened.transaction.id == decided.transactions[2].id


@pytest.mark.parametrize("part", ["transaction", "receipt", "header", "certificate"])
def test_a_part_that_does_not_decode_is_named(part: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        open_receipt(replace(GOOD, **{part: b"\x00"}))
    assert caught.value.code == "VT-1304"
    assert str(caught.value.values["link"]).startswith(f"{part} bytes: ")


def test_a_broken_link_keeps_its_cause_and_one_full_stop() -> None:
    with pytest.raises(InvalidInput) as caught:
        decode_part(b"\x00", Header, 10, "header bytes")
    assert isinstance(caught.value.__cause__, InvalidInput)
    with pytest.raises(InvalidInput) as caught:
        break_link("genesis", "it is another one.")
    assert caught.value.why == "Broken link: genesis: it is another one."
