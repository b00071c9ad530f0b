"""The answers of docs' API v1 about a `FakeChain`, as plain JSON values."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from chain import dsse
from chain.codec import encode
from chain.json_view import to_plain
from chain.merkle import leaf_hash, prove_inclusion
from chain.operations import Attest, Telemetry, name_of
from chain.proven_receipt import Inclusion, build_receipt, receipt_to_json
from chain.receipt import Receipt
from chain.transaction import Transaction, log_leaf
from chain.values import decode_value
from contracts.records import KeyRecord, TwinRecord
from contracts.state import decode_record
from tests.browser.fake_chain import Decided, FakeChain
from tests.vectors.sample import ORGANISATIONS

Json = dict[str, Any]
NODE: Final = "borne-energie-1"
CHAIN_LATENCY_MS: Final = 31
IN_BLOCK: Final = ("id", "operation", "organisation", "sender", "twins", "code")


@dataclass(frozen=True, slots=True)
class Place:
    """A transaction with its place in the chain."""

    transaction: Transaction
    receipt: Receipt
    block: Decided
    position: int

    @property
    def twins(self) -> list[str]:
        """Twins that the operation names."""
        operation = self.transaction.body.operation
        if isinstance(operation, Telemetry):
            return [batch.twin for batch in operation.batches]
        twin = getattr(operation, "twin", None)
        return [twin] if twin else []


def places(chain: FakeChain) -> Iterator[Place]:
    """Give all transactions, newest first."""
    for block in reversed(chain.blocks):
        pairs = list(zip(block.transactions, block.receipts, strict=True))
        for position in reversed(range(len(pairs))):
            yield Place(*pairs[position], block, position)


def find_place(chain: FakeChain, text: str) -> Place | None:
    """Find a transaction by its id in hex."""
    return next((p for p in places(chain) if p.transaction.id.hex() == text), None)


def organisation_of(chain: FakeChain, sender: bytes) -> str | None:
    """Give the organisation that a key acts for."""
    data = chain.blocks[-1].state.get(b"key/" + sender)
    return decode_record(data, KeyRecord).organisation if data else None


def view_status(chain: FakeChain, ready: bool) -> Json:
    """Answer /v1/status."""
    header = chain.blocks[-1].block.header
    peers = [
        {
            "node": f"{name}-1",
            "organisation": name,
            "connected": ready or name == "certis",
            "height": chain.height,
            "last_seen_ms": header.time_ms,
            "address": f"127.0.0.1:{9001 + i}",
        }
        for i, name in enumerate(ORGANISATIONS[1:])
    ]
    silent = ["2 of 4 members are silent (gridlink-1, windcare-1); 3 are needed to decide."]
    return {
        "chain_id": chain.genesis.chain_id,
        "genesis": chain.genesis_hash.hex(),
        "engine": "bft",
        "organisation": ORGANISATIONS[0],
        "node": NODE,
        "version": "0.1.0",
        "height": chain.height,
        "state_root": header.state_root.hex(),
        "block_hash": chain.blocks[-1].hash.hex(),
        "block_time_ms": header.time_ms,
        "last_commit_ms": header.time_ms + 20,
        "commit_latency_ms": CHAIN_LATENCY_MS,
        "round": 0,
        "step": "propose",
        "peers": peers,
        "validators": 4,
        "quorum": 3,
        "mempool": {"transactions": 0, "bytes": 0},
        "transactions_total": header.tx_log_size,
        "twins_total": len(list(twins(chain, chain.height))),
        "updates_per_second": 112.4,
        "ready": ready,
        "reasons": [] if ready else silent,
    }


def view_block_item(chain: FakeChain, block: Decided) -> Json:
    """Make the view of a block in a list."""
    members = chain.genesis.validators.members
    return {
        "height": block.block.header.height,
        "hash": block.hash.hex(),
        "time_ms": block.block.header.time_ms,
        "proposer": members[block.block.header.proposer].node,
        "transactions": len(block.transactions),
        "size_bytes": len(encode(block.block)),
        "round": block.certificate.round,
        "signers": [members[one.validator].node for one in block.certificate.signatures],
    }


def view_block(chain: FakeChain, block: Decided) -> Json:
    """Answer /v1/blocks/{height}."""
    members = chain.genesis.validators.members
    certificate = to_plain(block.certificate)
    for one in certificate["signatures"]:
        one["node"] = members[one["validator"]].node
    return {
        "hash": block.hash.hex(),
        "header": to_plain(block.block.header),
        "certificate": certificate,
        "size_bytes": len(encode(block.block)),
        "proposer_node": members[block.block.header.proposer].node,
        "transactions": [
            {key: item[key] for key in IN_BLOCK}
            for item in (
                view_transaction_item(chain, Place(t, r, block, i))
                for i, (t, r) in enumerate(zip(block.transactions, block.receipts, strict=True))
            )
        ],
    }


def view_raw_block(block: Decided) -> Json:
    """Answer /v1/blocks/{height}?raw=1."""
    return {
        "header": to_base64(encode(block.block.header)),
        "certificate": to_base64(encode(block.certificate)),
    }


def view_transaction_item(chain: FakeChain, place: Place) -> Json:
    """Make the view of a transaction in a list."""
    body = place.transaction.body
    return {
        "id": place.transaction.id.hex(),
        "height": place.block.block.header.height,
        "position": place.position,
        "operation": name_of(body.operation),
        "organisation": organisation_of(chain, body.sender),
        "sender": body.sender.hex(),
        "twins": place.twins,
        "code": place.receipt.code,
        "time_ms": place.block.block.header.time_ms,
    }


def view_transaction(chain: FakeChain, place: Place) -> Json:
    """Answer /v1/transactions/{id}."""
    receipt, body = place.receipt, place.transaction.body
    return {
        **view_transaction_item(chain, place),
        "state": "final" if receipt.is_ok else "rejected",
        "code": None if receipt.is_ok else receipt.code,
        "detail": receipt.message or None,
        "expiry_height": body.expiry_height,
        "size_bytes": place.transaction.size_bytes,
        "gas_used": receipt.gas_used,
        "result": None,
        "events": [
            {
                "source": e.source,
                "name": e.name,
                "subject": e.subject,
                "payload": str(decode_value(e.payload)),
            }
            for e in receipt.events
        ],
        "body": to_plain(body.operation),
        "signature": place.transaction.signature.hex(),
    }


def view_receipt(chain: FakeChain, place: Place) -> bytes:
    """Answer /v1/transactions/{id}/receipt."""
    header = place.block.block.header
    log = chain.log[: header.tx_log_size]
    index = header.tx_log_size - len(place.block.transactions) + place.position
    log_path = prove_inclusion([leaf_hash(log_leaf(one)) for one in log], index)
    leaves = [leaf_hash(encode(one)) for one in place.block.receipts]
    operation = place.transaction.body.operation
    name = None
    if isinstance(operation, Attest) and place.receipt.is_ok:
        name = read_statement(operation).files[0].name
    return receipt_to_json(
        build_receipt(
            place.transaction,
            Inclusion(index, len(log), log_path),
            place.receipt,
            Inclusion(place.position, len(leaves), prove_inclusion(leaves, place.position)),
            header,
            place.block.certificate,
            name,
        )
    )


def twins(chain: FakeChain, height: int) -> Iterator[TwinRecord]:
    """Give all twins as they were at a height."""
    pairs = chain.blocks[height - 1].state.range(b"twin/", b"twin0", 10_000)
    return (decode_record(value, TwinRecord) for _, value in pairs)


def view_block_event(block: Decided) -> Json:
    """Make the event that says a block was committed."""
    header = block.block.header
    return {
        "height": header.height,
        "hash": block.hash.hex(),
        "time_ms": header.time_ms,
        "transactions": len(block.transactions),
        "commit_ms": header.time_ms + 20,
    }


def paginate(items: list[Json], query: Callable[[str], str | None]) -> Json:
    """Cut a list into a page; the cursor counts what was shown."""
    start, limit = int(query("cursor") or 0), int(query("limit") or 50)
    end = start + limit
    return {"items": items[start:end], "next": str(end) if end < len(items) else None}


def to_base64(data: bytes) -> str:
    """Write bytes as base64."""
    return base64.b64encode(data).decode()


def read_statement(operation: Attest) -> dsse.Statement:
    """Give what an attestation states."""
    return dsse.parse_statement(dsse.parse_envelope(operation.envelope).payload)
