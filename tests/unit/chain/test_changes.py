import pytest

from chain.changes import (
    AddOrganisation,
    AddValidator,
    AnyChange,
    RemoveValidator,
    SetEngine,
    SetWeight,
    describe_change,
    possession_hash,
)
from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.genesis import Organisation
from chain.hashing import hash_tagged
from chain.json_view import from_plain, to_plain
from chain.operations import ProposeChange
from chain.scalars import Hash, NodeName, OrganisationId, PublicKey, Weight
from chain.validators import Validator

GENESIS = hash_tagged("test", b"genesis")
KEYS = [PublicKey(bytes([number]) * 32) for number in range(3)]
MEMBER = Validator(
    NodeName("acme-2"), OrganisationId("acme"), KEYS[0], Weight(3), Hash(KEYS[1]), Hash(KEYS[2])
)
CHANGES: dict[str, AnyChange] = {
    "add organisation acme": AddOrganisation(
        Organisation(OrganisationId("acme"), "Acme", KEYS[0], b"DER")
    ),
    "add node acme-2 of acme with weight 3": AddValidator(MEMBER, "10.0.0.7", 9000),
    "remove node acme-2": RemoveValidator(NodeName("acme-2")),
    "set the weight of node acme-2 to 0": SetWeight(NodeName("acme-2"), Weight(0)),
    "agree by bft": SetEngine("bft"),
}


@pytest.mark.parametrize("words", CHANGES)
def test_a_change_travels_reads_as_json_and_is_told_in_words(words: str) -> None:
    proposal = ProposeChange(CHANGES[words], "because")
    assert decode(encode(proposal), ProposeChange, 1 << 16) == proposal
    assert from_plain(to_plain(proposal), ProposeChange) == proposal
    assert describe_change(proposal.change) == words


@pytest.mark.parametrize("host", ["a b", "host\n", "x" * 254, "h\x00st"])
def test_an_address_that_cannot_be_dialled_is_refused(host: str) -> None:
    good = AddValidator(MEMBER, "host", 9000)
    assert decode(encode(good), AddValidator, 1 << 16) == good
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode(encode(AddValidator(MEMBER, host, 9000)), AddValidator, 1 << 16)


def test_no_change_leads_to_raft() -> None:
    data = encode(SetEngine("bft")).replace(b"bft", b"raf")
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode(data, SetEngine, 1 << 16)


def test_a_proof_of_possession_is_good_for_one_rotation_only() -> None:
    node = NodeName("acme-2")
    signed = {
        possession_hash(GENESIS, node, KEYS[0], KEYS[1]),
        possession_hash(hash_tagged("test", b"other"), node, KEYS[0], KEYS[1]),
        possession_hash(GENESIS, NodeName("acme-1"), KEYS[0], KEYS[1]),
        possession_hash(GENESIS, node, KEYS[2], KEYS[1]),
        possession_hash(GENESIS, node, KEYS[0], KEYS[2]),
    }
    assert len(signed) == 5
