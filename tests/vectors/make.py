"""Write the golden vectors: `python -m tests.vectors.make`.

The files are formats that others rely on. When a run of this changes one, the protocol changed:
that needs a new format version and an entry in CHANGELOG.md, not a new vector file.
"""

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from chain.block import compute_block_hash
from chain.certificate import (
    CommitSignature,
    QuorumCertificate,
    compute_certificate_hash,
    compute_median_time,
    precommit_hash,
)
from chain.codec import encode
from chain.committee_steps import CommitteeStep
from chain.evidence import compute_evidence_id, put_in_order
from chain.genesis import compute_genesis_hash, genesis_to_json
from chain.hashing import EMPTY_HASH, hash_tagged, signing_hash
from chain.json_view import to_plain
from chain.keyfile import Cost, seal_key
from chain.merkle import leaf_hash, prove_consistency, prove_inclusion, root_of_hashes
from chain.operations import digest_operation, name_of
from chain.proven_receipt import ProvenReceipt, check_receipt, receipt_to_json
from chain.reading_proof import build_reading_proof
from chain.scalars import Hash, Height, Round, Signature, UnixMillis
from chain.state_node import hash_key, hash_value
from chain.state_tree import prove, update
from chain.transaction import log_leaf
from chain.validators import EngineName, ValidatorSet, compute_validators_root
from chain.votes import SignedKind
from chain.wording import describe_operation
from tests.vectors.governed import (
    encode_steps,
    make_committees,
    make_evidence,
    make_governed_chain,
    make_steps,
)
from tests.vectors.refused import make_refused
from tests.vectors.sample import (
    REPORT_NAME,
    make_certificate,
    make_chain,
    make_genesis,
    make_key,
    make_proven_receipt,
    make_seed,
)

FOLDER: Final = Path(__file__).resolve().parent
MEDIANS: Final = (
    ((7,), (1, 1, 1, 1)),
    ((30, 10), (1, 1, 1, 1)),
    ((30, 10, 20), (1, 1, 1, 1)),
    ((10, 40, 30, 20), (1, 1, 1, 1)),
    ((10, 20, 30, 40), (1, 1, 0, 1)),
)
"""Times of a certificate's signatures, by member, and the members' weights."""
LOG_LEAVES: Final = tuple(
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)
"""The leaves of Certificate Transparency's own tests; their roots are known to the world."""


def make_hashing() -> Any:
    """Tagged hashes and signing hashes."""
    genesis = compute_genesis_hash(make_genesis())
    tagged: list[tuple[str, list[bytes]]] = [
        ("header", []),
        ("header", [b""]),
        ("header", [b"ab", b"c"]),
        ("header", [b"a", b"bc"]),
        ("state/key", [b"twin/R80790"]),
        ("transaction", [bytes(range(256)) * 2]),
    ]
    return {
        "tagged": [
            {"tag": tag, "parts": _hexes(parts), "hash": hash_tagged(tag, *parts).hex()}
            for tag, parts in tagged
        ],
        "signing": [
            {
                "purpose": purpose,
                "genesis": genesis.hex(),
                "parts": ["0102"],
                "hash": signing_hash(purpose, genesis, b"\x01\x02").hex(),
            }
            for purpose in ("transaction", "precommit")
        ],
    }


def make_codec() -> Any:
    """Encoded Structs, and bytes that must be refused with their error code."""
    chain = make_chain()
    decided = chain.blocks[1]
    body = encode(decided.transactions[1].body)
    signed = decided.transactions[1].raw
    values = [
        ("Header", decided.block.header),
        ("Receipt", decided.receipts[1]),
        ("QuorumCertificate", decided.certificate),
        ("ValidatorSet", chain.genesis.validators),
        ("TransactionBody", decided.transactions[1].body),
    ]
    short = b"\xdc\x00\x05" + body[1:]
    refused = [
        ("TransactionBody", b"", "VT-1001", "nothing"),
        ("TransactionBody", body[:-1], "VT-1001", "one byte less"),
        ("TransactionBody", body + b"\x00", "VT-1001", "one byte more"),
        ("TransactionBody", b"\x94" + body[1:], "VT-1001", "an array that is too short"),
        ("TransactionBody", short, "VT-1002", "an array length in its longer form"),
        ("SignedTransaction", b"\x92\xa1a" + signed[-66:], "VT-1001", "a text for bytes"),
        ("SignedTransaction", b"\x92\xc4\x01a" + signed[-65:], "VT-1001", "a short signature"),
    ]
    return {
        "encoded": [
            {"type": kind, "value": to_plain(value), "hex": encode(value).hex()}
            for kind, value in values
        ],
        "refused": [
            {"type": kind, "hex": data.hex(), "code": code, "about": about}
            for kind, data, code, about in refused
        ],
    }


def make_transactions() -> Any:
    """One transaction of each operation and of each change, from secret key to log leaf."""
    chain = make_governed_chain()
    owners = (f"administrator of {o.id}" for o in chain.genesis.organisations)
    names = {make_key(name).public_key: name for name in ("gateway", "vote of gridlink", *owners)}
    return {
        "genesis": chain.genesis_hash.hex(),
        "transactions": [
            {
                "operation": name_of(transaction.body.operation),
                "about": describe_operation(transaction.body.operation),
                "value": to_plain(transaction.body),
                "seed": make_seed(names[transaction.body.sender]).hex(),
                "sender": transaction.body.sender.hex(),
                "body": encode(transaction.body).hex(),
                "operation_digest": digest_operation(transaction.body.operation).hex(),
                "id": transaction.id.hex(),
                "signing_hash": signing_hash(
                    "transaction", chain.genesis_hash, transaction.id
                ).hex(),
                "signature": transaction.signature.hex(),
                "raw": transaction.raw.hex(),
                "log_leaf": log_leaf(transaction).hex(),
            }
            for transaction in chain.transactions
        ],
    }


def make_blocks() -> Any:
    """Headers, their hashes, and the certificates that decided them."""
    chain = make_chain()
    blocks = []
    for decided in chain.blocks:
        header, certificate = decided.block.header, decided.certificate
        blocks.append(
            {
                "header": encode(header).hex(),
                "value": to_plain(header),
                "hash": compute_block_hash(header).hex(),
                "receipts": [encode(receipt).hex() for receipt in decided.receipts],
                "certificate": encode(certificate).hex(),
                "certificate_hash": compute_certificate_hash(certificate).hex(),
                "median_time_ms": compute_median_time(certificate, chain.genesis.validators),
                "precommit_hashes": [
                    precommit_hash(
                        header.genesis,
                        header.height,
                        certificate.round,
                        certificate.block,
                        commit.time_ms,
                    ).hex()
                    for commit in certificate.signatures
                ],
            }
        )
    return {
        "genesis": encode(chain.genesis).hex(),
        "genesis_hash": chain.genesis_hash.hex(),
        "validators_root": compute_validators_root(chain.genesis.validators).hex(),
        "quorum_weight": chain.genesis.validators.quorum_weight,
        "blocks": blocks,
        "times": [
            _median_of(engine, times, weights)
            for engine in ("bft", "raft")
            for times, weights in MEDIANS
        ],
    }


def _median_of(engine: EngineName, times: Sequence[int], weights: Sequence[int]) -> Any:
    """The time that a certificate with these times gives; its signatures are empty."""
    members = make_chain().genesis.validators.members
    validators = ValidatorSet(
        tuple(
            replace(member, weight=weight) for member, weight in zip(members, weights, strict=True)
        ),
        engine,
    )
    signatures = tuple(
        CommitSignature(index, UnixMillis(time_ms), Signature(bytes(64)))
        for index, time_ms in enumerate(times)
    )
    certificate = QuorumCertificate(Height(1), Round(0), EMPTY_HASH, signatures)
    return {
        "engine": engine,
        "times": list(times),
        "weights": list(weights),
        "median_time_ms": compute_median_time(certificate, validators),
    }


def make_log() -> Any:
    """Roots, inclusion and consistency proofs of an RFC 9162 log, and proofs to be refused."""
    leaves = [leaf_hash(data) for data in LOG_LEAVES]
    roots = [root_of_hashes(leaves[:size]) for size in range(len(leaves) + 1)]
    inclusion = [
        {"index": i, "size": n, "path": _hexes(prove_inclusion(leaves[:n], i))}
        for n in range(1, len(leaves) + 1)
        for i in range(n)
    ]
    consistency = [
        {"old_size": m, "new_size": n, "path": _hexes(prove_consistency(leaves[:n], m))}
        for n in range(1, len(leaves) + 1)
        for m in range(1, n + 1)
    ]
    path = _hexes(prove_inclusion(leaves, 5))
    step = _hexes(prove_consistency(leaves, 6))
    return {
        "leaves": _hexes(LOG_LEAVES),
        "leaf_hashes": _hexes(leaves),
        "roots": _hexes(roots),
        "inclusion": inclusion,
        "consistency": consistency,
        "inclusion_refused": [
            {"index": 4, "size": 8, "leaf": 5, "path": path, "about": "another index"},
            {"index": 5, "size": 6, "leaf": 5, "path": path, "about": "another size"},
            {"index": 5, "size": 8, "leaf": 4, "path": path, "about": "another leaf"},
            {"index": 5, "size": 8, "leaf": 5, "path": path[:-1], "about": "a step less"},
            {"index": 5, "size": 8, "leaf": 5, "path": [*path, path[0]], "about": "a step more"},
            {"index": 8, "size": 8, "leaf": 5, "path": path, "about": "an index outside"},
        ],
        "consistency_refused": [
            {"old_size": 0, "new_size": 8, "path": [], "about": "an empty old log"},
            {"old_size": 5, "new_size": 8, "path": step, "about": "another old size"},
            {"old_size": 6, "new_size": 7, "path": step, "about": "another new size"},
            {"old_size": 6, "new_size": 8, "path": step[:-1], "about": "a step less"},
            {"old_size": 6, "new_size": 8, "path": [*step, step[0]], "about": "a step more"},
            {"old_size": 7, "new_size": 6, "path": step, "about": "a log that shrank"},
        ],
    }


def make_state() -> Any:
    """Batches of writes with the root after each, and proofs under the roots."""
    key = [b"twin/%d" % number for number in range(24)]
    batches: list[dict[bytes, bytes | None]] = [
        {key[0]: b"first"},
        {each: b"value of " + each for each in key},
        {key[0]: b"", key[5]: b"changed", b"absent": None},
        {each: None for each in key[1:23]},
        {each: None for each in key},
    ]
    store: dict[Hash, bytes] = {}
    roots, steps, proofs = [EMPTY_HASH], [], []
    for batch in batches:
        changed = update(roots[-1], batch, store.get)
        store.update(changed.nodes)
        roots.append(changed.root)
        writes = [[k.hex(), None if v is None else v.hex()] for k, v in batch.items()]
        steps.append({"writes": writes, "root": changed.root.hex()})
    for step, name, value in (
        (1, key[0], b"first"),
        (1, b"absent", None),
        (2, key[7], b"value of twin/7"),
        (2, b"absent", None),
        (3, key[0], b""),
        (4, key[5], None),
        (5, key[0], None),
    ):
        proof = prove(roots[step], name, store.get)
        shown = None if value is None else value.hex()
        proofs.append(
            {
                "root": roots[step].hex(),
                "key": name.hex(),
                "value": shown,
                "proof": to_plain(proof),
                "encoded": encode(proof).hex(),
            }
        )
    good = proofs[2]
    siblings = good["proof"]["siblings"]
    other = {"path": hash_key(key[7]).hex(), "value_hash": hash_value(b"").hex()}
    first = base64.b64decode(siblings[0])
    # All places but one, the key's own among them.
    places = 0xFFFF ^ 1 << (hash_key(key[7])[0] >> 4 ^ 1)
    whole = base64.b64encode(places.to_bytes(2, "big") + first[2:34] * 15).decode()
    longer = base64.b64encode(first + b"\0").decode()
    refused = [
        {**good, "value": b"another".hex(), "about": "another value"},
        {**good, "value": None, "about": "absence of what is there"},
        {**good, "key": key[8].hex(), "about": "another key"},
        {**good, "root": roots[3].hex(), "about": "another root"},
        {**good, "proof": {"siblings": siblings[1:], "other": None}, "about": "a step less"},
        {**good, "proof": {"siblings": siblings, "other": other}, "about": "another leaf"},
        {
            **good,
            "proof": {"siblings": [whole, *siblings[1:]], "other": None},
            "about": "siblings in the place of the key's own child",
        },
        {
            **good,
            "proof": {"siblings": [longer, *siblings[1:]], "other": None},
            "about": "siblings with a byte too many",
        },
        {
            **good,
            "value": None,
            "proof": {"siblings": siblings, "other": other},
            "about": "absence shown by the key itself",
        },
    ]
    for case in refused:
        del case["encoded"]
    return {"steps": steps, "proofs": proofs, "refused": refused}


def make_keyfile() -> Any:
    """Key files in the clear and encrypted; costs are low, so that checking them is quick."""
    cases = []
    for label, passphrase in (("gateway-R80790", None), ("inspector", b"correct horse")):
        text = seal_key(
            make_seed("gateway"),
            label,
            "borne-energie",
            passphrase,
            bytes(range(16)),
            bytes(range(24)),
            Cost(passes=1, memory_bytes=1 << 20),
        )
        shown = None if passphrase is None else passphrase.hex()
        seed = make_seed("gateway").hex()
        cases.append({"text": text.decode(), "passphrase": shown, "seed": seed})
    return {"files": cases}


def make_reading() -> Any:
    """Single readings of a telemetry transaction with the id they lead to."""
    transaction = make_chain().blocks[1].transactions[0]
    proofs = [build_reading_proof(transaction, index) for index in range(7)]
    wrong = proofs[2]
    refused = [
        ("another value", replace(wrong, reading=replace(wrong.reading, value="1"))),
        ("another twin", replace(wrong, twin=proofs[6].twin)),
        ("another number", replace(wrong, index=3)),
        ("another count", replace(wrong, count=8)),
        ("a step less", replace(wrong, path=wrong.path[1:])),
        ("another expiry height", replace(wrong, expiry_height=1)),
    ]
    return {
        "id": transaction.id.hex(),
        "proofs": [{"value": to_plain(p), "hex": encode(p).hex()} for p in proofs],
        "refused": [{"about": about, "value": to_plain(p)} for about, p in refused],
    }


def make_committee() -> Any:
    """Steps from the validators of genesis to later ones, and steps that do not lead there."""
    chain = make_governed_chain()
    steps = make_steps()
    first, second = steps
    stale = make_certificate(first.header, chain.genesis, (0, 1))
    refused = [
        ("the first step is missing", [second]),
        ("in the wrong order", [second, first]),
        ("one step twice", [first, first]),
        ("other validators than it hands over to", [replace(first, validators=second.validators)]),
        ("two votes of four", [replace(first, certificate=stale)]),
        ("the certificate of another header", [replace(first, certificate=second.certificate)]),
        ("signed by a validator without weight", [first, _weightless(second)]),
        ("signed with the key of before", [first, second, _old_key()]),
        ("a header that changes nothing", [first, second, _unchanged()]),
    ]
    return {
        "genesis": "genesis.json",
        "steps": [encode(step).hex() for step in steps],
        "validators": [
            {
                "from_height": height,
                "hex": encode(validators).hex(),
                "value": to_plain(validators),
                "root": compute_validators_root(validators).hex(),
                "quorum_weight": validators.quorum_weight,
            }
            for height, validators in zip((1, 6, 7), make_committees(), strict=True)
        ],
        "refused": [
            {"about": about, "steps": [encode(step).hex() for step in wrong]}
            for about, wrong in refused
        ],
    }


def _weightless(step: CommitteeStep) -> CommitteeStep:
    signed = make_certificate(step.header, make_genesis(), (0, 1, 3))
    return replace(step, certificate=signed)


def _unchanged() -> CommitteeStep:
    decided = make_governed_chain().blocks[6]
    return CommitteeStep(decided.block.header, decided.certificate, make_committees()[2])


def _old_key() -> CommitteeStep:
    step = _unchanged()
    header = replace(step.header, next_validators_root=make_steps()[0].header.validators_root)
    signed = make_certificate(header, make_genesis(), (0, 1, 2))
    return CommitteeStep(header, signed, make_genesis().validators)


def make_evidence_vectors() -> Any:
    """Evidence that convicts, and evidence that proves nothing."""
    genesis = compute_genesis_hash(make_genesis())
    kinds: tuple[SignedKind, ...] = ("prevote", "precommit", "proposal")
    good = [make_evidence(kind) for kind in kinds]
    votes, precommits, _ = good
    later = make_evidence("precommit", round_=2)
    same = put_in_order(replace(precommits, second=later.first), genesis)
    refused = [
        ("the two in the other order", replace(votes, first=votes.second, second=votes.first)),
        (
            "one signature forged",
            replace(votes, second=replace(votes.second, signature=votes.first.signature)),
        ),
        ("a signature of another round", same),
        ("another validator accused", replace(votes, key=make_key("vote of gridlink").public_key)),
        ("another height", put_in_order(replace(votes, height=4), genesis)),
        ("another kind", replace(votes, kind="precommit")),
        ("the same vote twice", replace(votes, second=votes.first)),
        ("nobody that votes", replace(votes, key=make_key("gateway").public_key)),
    ]
    return {
        "genesis": genesis.hex(),
        "validators": encode(make_genesis().validators).hex(),
        "evidence": [
            {
                "value": to_plain(one),
                "hex": encode(one).hex(),
                "id": compute_evidence_id(one).hex(),
                "node": "certis-1",
            }
            for one in good
        ],
        "refused": [{"about": about, "hex": encode(one).hex()} for about, one in refused],
    }


def make_receipts() -> Any:
    """Receipts that must be refused, each with the link that must be named."""
    return {
        "refused": [
            {
                "about": case.name,
                "link": case.link,
                "genesis": case.genesis,
                "text": case.text.decode(),
            }
            for case in make_refused()
        ]
    }


def make_verdict() -> Any:
    """What checking sample.receipt.json says."""
    chain = make_chain()
    verdict = check_receipt(make_proven_receipt(chain, 2, 2, REPORT_NAME), chain.genesis)
    return to_plain(verdict)


def make_changed_receipt() -> ProvenReceipt:
    """A receipt from after two changes of the validators, of whom one has no vote any more."""
    return make_proven_receipt(make_governed_chain(), 7, 1, None, encode_steps())


def make_changed_verdict() -> Any:
    """What checking changed.receipt.json says."""
    return to_plain(check_receipt(make_changed_receipt(), make_governed_chain().genesis))


JSON_FILES: Final[dict[str, Callable[[], Any]]] = {
    "hashing.json": make_hashing,
    "codec.json": make_codec,
    "transactions.json": make_transactions,
    "blocks.json": make_blocks,
    "log.json": make_log,
    "state.json": make_state,
    "keyfile.json": make_keyfile,
    "reading.json": make_reading,
    "committee.json": make_committee,
    "evidence.json": make_evidence_vectors,
    "receipt-refused.json": make_receipts,
    "sample.verdict.json": make_verdict,
    "changed.verdict.json": make_changed_verdict,
}


def make_files() -> dict[str, bytes]:
    """Give every vector file by name."""
    files = {
        name: (json.dumps(make(), indent=2, ensure_ascii=False) + "\n").encode()
        for name, make in JSON_FILES.items()
    }
    chain = make_chain()
    files["genesis.json"] = genesis_to_json(chain.genesis)
    files["other-genesis.json"] = genesis_to_json(replace(chain.genesis, chain_id="other"))
    for name, height, index, attested in (
        ("sample.receipt.json", 2, 2, REPORT_NAME),
        ("telemetry.receipt.json", 2, 0, None),
        ("failed.receipt.json", 3, 0, None),
    ):
        files[name] = receipt_to_json(make_proven_receipt(chain, height, index, attested))
    files["changed.receipt.json"] = receipt_to_json(make_changed_receipt())
    return files


def _hexes(values: Any) -> list[str]:
    return [value.hex() for value in values]


if __name__ == "__main__":
    for file_name, file_data in make_files().items():
        (FOLDER / file_name).write_bytes(file_data)
