"""One reading shown without the others."""

import pytest
from msgspec.structs import replace

from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.hashing import EMPTY_HASH
from chain.operations import Telemetry
from chain.reading_proof import ReadingProof, build_reading_proof, check_reading_proof
from chain.scalars import Height, TwinId
from tests.vectors.sample import make_chain, make_key

CHAIN = make_chain()
TELEMETRY = CHAIN.blocks[1].transactions[0]
PROOF = build_reading_proof(TELEMETRY, 2)


def test_every_reading_leads_to_the_id_of_its_transaction() -> None:
    operation = TELEMETRY.body.operation
    assert isinstance(operation, Telemetry)
    shown = []
    for index in range(7):
        proof = build_reading_proof(TELEMETRY, index)
        assert check_reading_proof(proof, CHAIN.genesis_hash) == TELEMETRY.id
        shown.append((proof.twin, proof.reading))
    assert shown == [(b.twin, r) for b in operation.batches for r in b.readings]


def test_the_proof_holds_no_other_reading() -> None:
    assert b"1204.5" in TELEMETRY.raw
    assert b"1204.5" not in encode(PROOF)


def test_a_proof_travels() -> None:
    assert decode(encode(PROOF), ReadingProof, 4096) == PROOF


@pytest.mark.parametrize(
    ("changed", "link"),
    [
        (replace(PROOF, reading=replace(PROOF.reading, value="7")), "transaction signature: key"),
        (replace(PROOF, twin=TwinId("R80711")), "transaction signature: key"),
        (replace(PROOF, index=3), "transaction signature: key"),
        (replace(PROOF, count=8), "transaction signature: key"),
        (replace(PROOF, expiry_height=Height(1)), "transaction signature: key"),
        (replace(PROOF, salt=b"another salt"), "transaction signature: key"),
        (
            replace(PROOF, sender=make_key("administrator of certis").public_key),
            "transaction signature: key",
        ),
        (
            replace(PROOF, path=PROOF.path[1:]),
            "reading inclusion: a path of 2 steps cannot lead from reading 2 of 7 to their root",
        ),
        (
            replace(PROOF, index=7),
            "reading inclusion: a path of 3 steps cannot lead from reading 7",
        ),
        (replace(PROOF, genesis=EMPTY_HASH), "genesis: the reading is of chain 0000"),
    ],
)
def test_a_changed_proof_is_refused(changed: ReadingProof, link: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_reading_proof(changed, CHAIN.genesis_hash)
    assert caught.value.code == "VT-1304"
    assert str(caught.value.values["link"]).startswith(link)


def test_what_is_not_there_cannot_be_shown() -> None:
    for index in (-1, 7):
        with pytest.raises(IndexError, match=f"leaf {index} is not in a log of 7"):
            build_reading_proof(TELEMETRY, index)
    with pytest.raises(IndexError, match="holds no readings"):
        build_reading_proof(CHAIN.blocks[1].transactions[1], 0)
