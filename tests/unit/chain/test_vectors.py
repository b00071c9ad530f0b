"""The golden vectors: their bytes never change, and what they say is checked from the bytes."""

import json
from typing import Any

import pytest

from chain.block import Header, compute_block_hash
from chain.certificate import QuorumCertificate, check_certificate, compute_median_time
from chain.codec import decode, encode
from chain.committee_steps import CommitteeStep, follow_committee
from chain.errors import InvalidInput
from chain.evidence import Evidence, check_evidence, compute_evidence_id
from chain.genesis import Genesis, compute_genesis_hash, genesis_from_json, genesis_to_json
from chain.hashing import hash_tagged, signing_hash
from chain.json_view import from_plain, to_plain
from chain.keyfile import open_key
from chain.keys import SigningKey
from chain.merkle import leaf_hash, verify_consistency, verify_inclusion
from chain.proven_receipt import check_receipt, receipt_from_json
from chain.reading_proof import ReadingProof, check_reading_proof
from chain.receipt import Receipt
from chain.scalars import Hash
from chain.state_tree import StateProof, check_state_proof, update
from chain.transaction import (
    SignedTransaction,
    TransactionBody,
    check_stateless,
    decode_transaction,
    sign,
)
from chain.validators import ValidatorSet, compute_validators_root
from tests.vectors.make import FOLDER, make_files

TYPES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        Header,
        Receipt,
        QuorumCertificate,
        ValidatorSet,
        TransactionBody,
        SignedTransaction,
    )
}
GENESIS = genesis_from_json((FOLDER / "genesis.json").read_bytes())
GENESIS_HASH = compute_genesis_hash(GENESIS)


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


def unhex(text: str) -> Any:
    return bytes.fromhex(text)


def test_no_vector_changes_and_none_is_forgotten() -> None:
    made = make_files()
    kept = {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
    assert sorted(kept) == sorted(made)
    for name, data in made.items():
        assert kept[name] == data, name


def test_tagged_hashes() -> None:
    for case in load("hashing.json")["tagged"]:
        parts = [unhex(part) for part in case["parts"]]
        assert hash_tagged(case["tag"], *parts).hex() == case["hash"]
    for case in load("hashing.json")["signing"]:
        parts = [unhex(part) for part in case["parts"]]
        genesis = unhex(case["genesis"])
        assert signing_hash(case["purpose"], genesis, *parts).hex() == case["hash"]


def test_encoded_values_decode_to_what_the_view_shows() -> None:
    for case in load("codec.json")["encoded"]:
        kind, data = TYPES[case["type"]], unhex(case["hex"])
        value = decode(data, kind, len(data))
        assert to_plain(value) == case["value"]
        assert encode(from_plain(case["value"], kind)) == data


def test_refused_bytes_are_refused_with_their_code() -> None:
    for case in load("codec.json")["refused"]:
        with pytest.raises(InvalidInput) as caught:
            decode(unhex(case["hex"]), TYPES[case["type"]], 1 << 20)
        assert caught.value.code == case["code"], case["about"]


def test_transactions_from_secret_key_to_log_leaf() -> None:
    vectors = load("transactions.json")
    assert len({case["operation"] for case in vectors["transactions"]}) == 17
    for case in vectors["transactions"]:
        key = SigningKey(unhex(case["seed"]))
        assert key.public_key.hex() == case["sender"]
        body = decode(unhex(case["body"]), TransactionBody, 1 << 20)
        assert to_plain(body) == case["value"]
        signed = sign(body, key)
        assert signed.raw.hex() == case["raw"]
        assert signed.signature.hex() == case["signature"]
        opened = decode_transaction(unhex(case["raw"]))
        assert opened.id.hex() == case["id"]
        check_stateless(opened, unhex(vectors["genesis"]))
        assert case["log_leaf"] == case["id"]


def test_blocks_hash_and_their_certificates_hold() -> None:
    vectors = load("blocks.json")
    genesis = decode(unhex(vectors["genesis"]), Genesis, 1 << 20)
    assert genesis == GENESIS
    assert GENESIS_HASH.hex() == vectors["genesis_hash"]
    for case in vectors["blocks"]:
        header = decode(unhex(case["header"]), Header, 1024)
        assert compute_block_hash(header).hex() == case["hash"]
        certificate = decode(unhex(case["certificate"]), QuorumCertificate, 1 << 16)
        assert certificate.block.hex() == case["hash"]
        check_certificate(certificate, GENESIS_HASH, genesis.validators)
        assert compute_median_time(certificate, genesis.validators) == case["median_time_ms"]


def test_the_time_is_in_the_middle_of_the_weight() -> None:
    for case in load("blocks.json")["times"]:
        pairs = zip(case["times"], case["weights"], strict=False)
        times = sorted(time_ms for time_ms, weight in pairs for _ in range(weight))
        middle = len(times) // 2 if case["engine"] == "bft" else (len(times) - 1) // 2
        assert times[middle] == case["median_time_ms"], case


def test_log_proofs() -> None:
    vectors = load("log.json")
    leaves = [leaf_hash(unhex(leaf)) for leaf in vectors["leaves"]]
    roots = [unhex(root) for root in vectors["roots"]]
    for case in vectors["inclusion"]:
        path = [unhex(step) for step in case["path"]]
        index, size = case["index"], case["size"]
        assert verify_inclusion(leaves[index], index, size, path, roots[size])
    for case in vectors["inclusion_refused"]:
        path = [unhex(step) for step in case["path"]]
        leaf = leaves[case["leaf"]]
        root = roots[8]
        assert not verify_inclusion(leaf, case["index"], case["size"], path, root), case
    for case in vectors["consistency"] + vectors["consistency_refused"]:
        path = [unhex(step) for step in case["path"]]
        old, new = case["old_size"], case["new_size"]
        is_good = verify_consistency(old, new, roots[old], roots[new], path)
        assert is_good == ("about" not in case), case


def test_state_roots_and_proofs() -> None:
    vectors = load("state.json")
    root, nodes = Hash(bytes(32)), dict[Hash, bytes]()
    for step in vectors["steps"]:
        writes = {unhex(k): None if v is None else unhex(v) for k, v in step["writes"]}
        changed = update(root, writes, nodes.get)
        nodes.update(changed.nodes)
        root = changed.root
        assert root.hex() == step["root"]
    for case in vectors["proofs"] + vectors["refused"]:
        value = None if case["value"] is None else unhex(case["value"])
        proof = from_plain(case["proof"], StateProof)
        if "about" in case:
            with pytest.raises(InvalidInput, match="VT-1307"):
                check_state_proof(unhex(case["root"]), unhex(case["key"]), value, proof)
        else:
            check_state_proof(unhex(case["root"]), unhex(case["key"]), value, proof)
            assert encode(proof).hex() == case["encoded"]


def test_key_files_open() -> None:
    for case in load("keyfile.json")["files"]:
        passphrase = None if case["passphrase"] is None else unhex(case["passphrase"])
        assert open_key(case["text"].encode(), passphrase).key.seed.hex() == case["seed"]


def test_single_readings() -> None:
    vectors = load("reading.json")
    for case in vectors["proofs"]:
        proof = decode(unhex(case["hex"]), ReadingProof, 4096)
        assert to_plain(proof) == case["value"]
        assert check_reading_proof(proof, GENESIS_HASH).hex() == vectors["id"]
    for case in vectors["refused"]:
        with pytest.raises(InvalidInput, match="VT-1304"):
            check_reading_proof(from_plain(case["value"], ReadingProof), GENESIS_HASH)


def test_steps_lead_from_genesis_to_later_validators() -> None:
    vectors = load("committee.json")

    def follow(steps: list[str]) -> ValidatorSet:
        decoded = (decode(unhex(step), CommitteeStep, 1 << 16) for step in steps)
        return follow_committee(GENESIS, decoded)

    for count, case in enumerate(vectors["validators"]):
        validators = follow(vectors["steps"][:count])
        assert encode(validators).hex() == case["hex"]
        assert to_plain(validators) == case["value"]
        assert compute_validators_root(validators).hex() == case["root"]
        assert validators.quorum_weight == case["quorum_weight"]
    for case in vectors["refused"]:
        with pytest.raises(InvalidInput, match=r"VT-13(06|11)"):
            follow(case["steps"])


def test_evidence() -> None:
    vectors = load("evidence.json")
    validators = decode(unhex(vectors["validators"]), ValidatorSet, 1 << 16)
    genesis = unhex(vectors["genesis"])
    for case in vectors["evidence"]:
        evidence = decode(unhex(case["hex"]), Evidence, 1 << 16)
        assert to_plain(evidence) == case["value"]
        assert compute_evidence_id(evidence).hex() == case["id"]
        assert check_evidence(evidence, genesis, validators).node == case["node"]
    for case in vectors["refused"]:
        with pytest.raises(InvalidInput, match="VT-2070"):
            check_evidence(decode(unhex(case["hex"]), Evidence, 1 << 16), genesis, validators)


@pytest.mark.parametrize("name", ["sample", "telemetry", "failed", "changed"])
def test_receipt_files_verify(name: str) -> None:
    receipt = receipt_from_json((FOLDER / f"{name}.receipt.json").read_bytes())
    verdict = check_receipt(receipt, GENESIS)
    assert (verdict.code == "ok") == (name != "failed")
    if name in ("sample", "changed"):
        assert to_plain(verdict) == load(f"{name}.verdict.json")


def test_refused_receipts_name_their_link() -> None:
    for case in load("receipt-refused.json")["refused"]:
        genesis = genesis_from_json((FOLDER / case["genesis"]).read_bytes())
        with pytest.raises(InvalidInput) as caught:
            check_receipt(receipt_from_json(case["text"].encode()), genesis)
        assert str(caught.value.values["link"]).startswith(case["link"] + ": "), case["about"]


def test_genesis_is_written_as_it_is_read() -> None:
    assert genesis_to_json(GENESIS) == (FOLDER / "genesis.json").read_bytes()
