"""A small chain with fixed keys, times and salts, so that every run makes the same bytes."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from chain.block import Block, Header, compute_block_hash, hash_previous_certificate
from chain.certificate import CommitSignature, QuorumCertificate, precommit_hash
from chain.codec import encode
from chain.dsse import pae
from chain.genesis import Genesis, Organisation, compute_genesis_hash
from chain.hashing import EMPTY_HASH
from chain.keys import SigningKey
from chain.merkle import leaf_hash, prove_inclusion, root_of_hashes
from chain.operations import (
    Acknowledge,
    AnyOperation,
    Attest,
    Call,
    DeployContract,
    PropertyDefinition,
    Reading,
    RegisterKey,
    RegisterTwin,
    RevokeKey,
    Telemetry,
    TwinReadings,
    UpdateTwin,
)
from chain.proven_receipt import Inclusion, ProvenReceipt, build_receipt
from chain.receipt import Event, Receipt, compute_receipts_root
from chain.scalars import (
    Gas,
    Hash,
    Height,
    NodeName,
    OrganisationId,
    Round,
    TwinId,
    UnixMillis,
    Weight,
    to_bytes,
)
from chain.state_tree import update
from chain.transaction import Transaction, TransactionBody, log_leaf, sign
from chain.validators import Validator, ValidatorSet, compute_validators_root

ORGANISATIONS = ("borne-energie", "gridlink", "windcare", "certis")
CREATED_MS = UnixMillis(1_423_306_800_000)
"""2015-02-07T11:00:00Z."""
REPORT = b"Main bearing of R80790: no findings.\n"
REPORT_NAME = "inspection-R80790.txt"
R80790 = TwinId("R80790")


@dataclass(frozen=True, slots=True)
class Decided:
    """A block with what came out of it."""

    block: Block
    certificate: QuorumCertificate
    transactions: tuple[Transaction, ...]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class SampleChain:
    """Genesis and all blocks."""

    genesis: Genesis
    genesis_hash: Hash
    blocks: tuple[Decided, ...]

    @property
    def transactions(self) -> list[Transaction]:
        """All transactions in the order of the log."""
        return [transaction for block in self.blocks for transaction in block.transactions]


def make_seed(name: str) -> bytes:
    """Give the secret of the key called `name`: no secret at all, as it stands here."""
    return sha256(b"sample key " + name.encode()).digest()


def make_key(name: str) -> SigningKey:
    """Give the key called `name`."""
    return SigningKey(make_seed(name))


def make_genesis(weights: tuple[int, ...] = (1, 1, 1, 1)) -> Genesis:
    """Give the first agreement of the four organisations, with one validator each."""
    return Genesis(
        version=1,
        chain_id="sample",
        created_ms=CREATED_MS,
        organisations=tuple(
            Organisation(
                OrganisationId(name),
                name.replace("-", " ").title(),
                make_key(f"administrator of {name}").public_key,
                b"certificate of " + name.encode(),
            )
            for name in ORGANISATIONS
        ),
        validators=ValidatorSet(
            tuple(
                Validator(
                    NodeName(f"{name}-1"),
                    OrganisationId(name),
                    make_key(f"vote of {name}").public_key,
                    Weight(weight),
                    Hash(sha256(b"issuer of " + name.encode()).digest()),
                    Hash(sha256(b"tls key of " + name.encode()).digest()),
                )
                for name, weight in zip(ORGANISATIONS, weights, strict=True)
            )
        ),
    )


def make_envelope(
    signer: SigningKey, name: str = REPORT_NAME, data: bytes = REPORT, **annotations: object
) -> bytes:
    """Give a DSSE envelope around an in-toto Statement about one file."""
    file: dict[str, object] = {
        "name": name,
        "digest": {"sha256": sha256(data).hexdigest()},
        "annotations": annotations or {"size": len(data)},
    }
    twin = {
        "name": f"veritwin:twin/{R80790}",
        "digest": {"sha256": sha256(R80790.encode()).hexdigest()},
    }
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [file, twin],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {"result": "PASSED"},
    }
    payload = json.dumps(statement).encode()
    payload_type = "application/vnd.in-toto+json"
    signature = signer.sign(pae(payload_type, payload))
    envelope = {
        "payloadType": payload_type,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": "", "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(envelope).encode()


def make_telemetry() -> Telemetry:
    """Give seven readings of two twins, one of them missing."""
    readings = [
        Reading(
            property="active_power",
            value=value,
            time_ms=UnixMillis(CREATED_MS + 600_000 * number),
            unit="KWT",
            quality=0 if value else 0x809B0000,
            sequence=number,
        )
        for number, value in enumerate(("1204.5", "-3.2", "", "0", "0.07"))
    ]
    rotor = [
        Reading("pitch_angle", value, CREATED_MS, "DD", 0, 7 + number)
        for number, value in enumerate(("-1.25", "89"))
    ]
    return Telemetry(
        (
            TwinReadings(R80790, tuple(readings)),
            TwinReadings(TwinId("R80790-rotor"), tuple(rotor)),
        )
    )


def make_operations() -> list[tuple[str, AnyOperation]]:
    """Give one operation of each kind, with the name of the key that sends it."""
    owner, partner = "administrator of borne-energie", "administrator of certis"
    return [
        (
            owner,
            RegisterTwin(
                R80790,
                "system",
                "wind-turbine",
                None,
                (PropertyDefinition("active_power", "KWT", "urn:iec:61400-25:WTUR.W"),),
                "Senvion MM82, Lorraine — n° 4",
            ),
        ),
        (owner, RegisterKey(make_key("gateway").public_key, "gateway-R80790", ("gateway",))),
        ("gateway", make_telemetry()),
        (owner, UpdateTwin(R80790, attributes=(("serial-number", "80790"), ("note", "")))),
        (partner, Attest(R80790, make_envelope(make_key(partner)))),
        (owner, DeployContract("maintenance", "def on_update(twin):\n    pass\n", b"\x80")),
        (owner, Call("maintenance", "check", b"\x80")),
        (
            "administrator of windcare",
            Acknowledge(Hash(sha256(b"action").digest()), "acknowledged", "Crew on the way."),
        ),
        (owner, RevokeKey(make_key("gateway").public_key, "gateway replaced")),
    ]


def make_transaction(
    sender: str, operation: AnyOperation, number: int = 0, genesis: Hash | None = None
) -> Transaction:
    """Sign an operation with the key called `sender`."""
    key = make_key(sender)
    body = TransactionBody(
        genesis=genesis or compute_genesis_hash(make_genesis()),
        sender=key.public_key,
        operation=operation,
        expiry_height=Height(100 + number),
        salt=sha256(b"salt %d" % number).digest()[:12],
    )
    return sign(body, key)


def make_certificate(
    header: Header,
    genesis: Genesis,
    voters: tuple[int, ...] = (0, 1, 3),
    round_: Round = Round(0),  # noqa: B008 - a number in a name
    key_names: dict[int, str] | None = None,
) -> QuorumCertificate:
    """Let the validators `voters` precommit a header, each at its own time.

    Args: key_names: of validators that do not vote with the key of genesis.
    """
    block = compute_block_hash(header)
    signatures = []
    for index in voters:
        time_ms = UnixMillis(header.time_ms + 40 + index)
        message = precommit_hash(header.genesis, header.height, round_, block, time_ms)
        name = (key_names or {}).get(index, f"vote of {ORGANISATIONS[index]}")
        signer = make_key(name)
        signatures.append(CommitSignature(index, time_ms, signer.sign(message)))
    return QuorumCertificate(header.height, round_, block, tuple(signatures))


def make_receipt(transaction: Transaction, index: int) -> Receipt:
    """Give a result for a transaction: the acknowledgement is refused, all others are well."""
    if isinstance(transaction.body.operation, Acknowledge):
        return Receipt(
            transaction.id, "VT-2050", "There is no such action.", Gas(0), b"\xc0", (), index
        )
    event = Event("native", "recorded", "R80790", b"\xc0")
    return Receipt(transaction.id, "ok", "", Gas(21 * index), b"\xc0", (event,), index)


@cache
def make_chain() -> SampleChain:
    """Give three blocks that hold one transaction of each operation."""
    genesis = make_genesis()
    genesis_hash = compute_genesis_hash(genesis)
    transactions = [
        make_transaction(sender, operation, number)
        for number, (sender, operation) in enumerate(make_operations())
    ]
    blocks: list[Decided] = []
    for part in (transactions[:2], transactions[2:7], transactions[7:]):
        header, block = make_header(genesis, blocks, tuple(part))
        blocks.append(block(make_certificate(header, genesis)))
    return SampleChain(genesis, genesis_hash, tuple(blocks))


def make_header(
    genesis: Genesis,
    before: Sequence[Decided],
    transactions: tuple[Transaction, ...],
    validators: tuple[ValidatorSet, ValidatorSet] | None = None,
) -> tuple[Header, Callable[[QuorumCertificate], Decided]]:
    """Make the next block; give its header, and how its certificate makes it a decided one.

    Args: validators: who decide it and the block after it, those of genesis unless given.
    """
    previous = before[-1] if before else None
    log = [t for decided in before for t in decided.transactions] + list(transactions)
    receipts = tuple(make_receipt(t, index) for index, t in enumerate(transactions))
    state = {b"sample/" + to_bytes(n): t.id for n, t in enumerate(log)}
    present, following = validators or (genesis.validators, genesis.validators)
    certificate = previous.certificate if previous else None
    header = Header(
        version=1,
        genesis=compute_genesis_hash(genesis),
        height=Height(len(before) + 1),
        time_ms=UnixMillis(CREATED_MS + 1_000 * (len(before) + 1)),
        proposer=len(before) % 4,
        previous=(
            compute_block_hash(previous.block.header) if previous else compute_genesis_hash(genesis)
        ),
        previous_certificate=hash_previous_certificate(certificate),
        tx_log_size=len(log),
        tx_log_root=root_of_hashes([leaf_hash(log_leaf(t)) for t in log]),
        state_root=update(EMPTY_HASH, state, lambda _: None).root,
        receipts_root=compute_receipts_root(receipts),
        validators_root=compute_validators_root(present),
        next_validators_root=compute_validators_root(following),
    )
    block = Block(header, tuple(t.raw for t in transactions), certificate)
    return header, lambda decided: Decided(block, decided, transactions, receipts)


def make_proven_receipt(
    chain: SampleChain,
    height: int,
    index: int,
    attested_name: str | None = None,
    changes: Sequence[bytes] = (),
) -> ProvenReceipt:
    """Prove transaction `index` of the block at `height`."""
    decided = chain.blocks[height - 1]
    log = [t for block in chain.blocks[:height] for t in block.transactions]
    log_index = len(log) - len(decided.transactions) + index
    log_path = prove_inclusion([leaf_hash(log_leaf(t)) for t in log], log_index)
    receipt_path = prove_inclusion([leaf_hash(encode(r)) for r in decided.receipts], index)
    return build_receipt(
        decided.transactions[index],
        Inclusion(log_index, len(log), log_path),
        decided.receipts[index],
        Inclusion(index, len(decided.receipts), receipt_path),
        decided.block.header,
        decided.certificate,
        attested_name,
        changes,
    )
