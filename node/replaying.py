"""Execute a chain again, from genesis on, and compare every root with what the quorums signed.

Nothing is believed: each certificate is checked, each block executed by this program, and the
header that comes of it must be the one that was signed. What is left is this machine's own copy
of the state, which rehearsals and debugging start from.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from chain import keys
from chain.block import Block
from chain.certificate import QuorumCertificate
from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.genesis import Genesis
from chain.hashing import hash_tagged, signing_hash
from chain.json_view import from_plain, to_plain
from chain.scalars import (
    CountField,
    Hash,
    HashField,
    HeightField,
    NodeName,
    PublicKey,
    PublicKeyField,
    SignatureField,
)
from contracts import state_keys
from contracts.executor import Executor
from contracts.governance_records import VoteKeyRecord
from contracts.kit.decisions import Decision
from contracts.kit.executor import KitExecutor
from contracts.kit.rehearsal import RecordedBlock, list_decisions
from contracts.kit.state import GrowingState
from contracts.records import KeyRecord
from contracts.state import decode_record
from node.client import AsyncClient
from node.replica.admission import Admission
from node.replica.blocks import execute_decided
from node.replica.commit import build_batch, build_genesis_batch, next_head
from node.replica.messages import DecidedBlock
from node.replica.ports import Column, MemoryStore
from node.replica.transition import ExecutedBlock, Ledger

FORMAT: Final = "veritwin-replay/1"
BLOCK_SIZE_BYTES_MAX: Final = 128 << 20
_STATE_END: Final = b"\xff" * 600


class Certificate(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What somebody found who executed a chain again."""

    format: Annotated[str, Meta(max_length=64)]
    genesis: HashField
    height: HeightField
    block: HashField
    state_root: HashField
    transactions: CountField
    decisions: CountField
    decisions_hash: HashField
    program: Annotated[str, Meta(max_length=64)]


class SignedCertificate(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A certificate with the key and the signature of who made it."""

    certificate: Certificate
    key: PublicKeyField
    signature: SignatureField


@dataclass
class Replay:
    """A chain that is executed again, block by block, in memory.

    Args: genesis: the rules, from a source that is trusted; executor: what runs contracts.
    """

    genesis: Genesis
    executor: Executor = field(default_factory=KitExecutor)
    decisions: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._store = MemoryStore()
        self.ledger = Ledger(self.genesis, self._store, self.executor)
        self.head, batch = build_genesis_batch(self.genesis)
        self._store.write(batch, sync=False)
        self._state = GrowingState(self._store.range(Column.STATE, b"", _STATE_END))
        self._admission = Admission(
            self.genesis, self.ledger.genesis_hash, self._store, keys.verify
        )

    def execute(self, decided: DecidedBlock) -> RecordedBlock:
        """Check and execute the next block; give what is needed to execute it once more.

        Raises: PeerFault: VT-3032, no quorum decided this; Diverged: VT-3041, this program gets
        another result than the quorum.
        """
        peer = NodeName("replay")
        executed = execute_decided(
            decided, peer, self.head, self.ledger, self._admission.decode, keys.verify
        )
        self._store.write(build_batch(executed, decided.certificate), sync=False)
        self._state.write(executed.writes)
        self.head = next_head(executed, decided.certificate)
        self.decisions += list_decisions(self._state, self.head.height, executed.receipts)
        return _record(executed)

    def state(self) -> GrowingState:
        """Give a copy of the state as it is now."""
        return self._state.copy()

    def find_key(self, key: PublicKey) -> KeyRecord | VoteKeyRecord | None:
        """Find whose key this is, or was, by what the chain knows so far; None when nobody's."""
        registered = self._state.get(state_keys.public_key_key(key))
        if registered is not None:
            return decode_record(registered, KeyRecord)
        votes = self._state.get(state_keys.vote_key_key(key))
        return None if votes is None else decode_record(votes, VoteKeyRecord)

    def certify(self, program: str) -> Certificate:
        """Say what was found.

        Args: program: name and version of what executed the chain.
        """
        head = self.head
        return Certificate(
            FORMAT,
            self.ledger.genesis_hash,
            head.height,
            head.block,
            head.state_root,
            head.log.size,
            len(self.decisions),
            hash_decisions(self.decisions),
            program,
        )


async def fetch_blocks(
    client: AsyncClient,
    first: int,
    last: int,
    on_block: Callable[[int], None] = lambda _: None,
) -> AsyncIterator[DecidedBlock]:
    """Fetch the blocks of a chain from one height to another, in order.

    Args: on_block: is told each height.
    Raises: InvalidInput: VT-7004, the node does not keep one of them; VT-1002, one does not decode.
    """
    for height in range(first, last + 1):
        found = await client.get_json(f"/v1/blocks/{height}/whole")
        on_block(height)
        yield DecidedBlock(
            decode(_from_base64(found["block"]), Block, BLOCK_SIZE_BYTES_MAX),
            decode(_from_base64(found["certificate"]), QuorumCertificate, BLOCK_SIZE_BYTES_MAX),
        )


def hash_decisions(decisions: Sequence[Decision]) -> Hash:
    """Hash a list of decisions, so that two people can compare theirs in a line."""
    rows = [
        [one.contract, one.kind, one.twin, one.key, one.title, one.height, one.time_ms]
        for one in decisions
    ]
    return hash_tagged("replay-decisions", encode(rows))


def sign_certificate(certificate: Certificate, signer: keys.Signer) -> SignedCertificate:
    """Sign a certificate."""
    return SignedCertificate(certificate, signer.public_key, signer.sign(_to_sign(certificate)))


def is_signed(signed: SignedCertificate) -> bool:
    """Tell whether the key that a certificate names has signed it."""
    return keys.verify(signed.key, _to_sign(signed.certificate), signed.signature)


def certificate_to_json(signed: Certificate | SignedCertificate) -> bytes:
    """Write a certificate as JSON for people: named fields, hashes and keys in hex."""
    return msgspec.json.format(msgspec.json.encode(to_plain(signed)), indent=2) + b"\n"


def certificate_from_json(data: bytes) -> SignedCertificate:
    """Read a signed certificate.

    Raises: InvalidInput: VT-1312, it is something else.
    """
    try:
        found = from_plain(msgspec.json.decode(data), SignedCertificate)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("VT-1312", reason=f"it does not read as one: {error}") from error
    if found.certificate.format != FORMAT:
        raise InvalidInput("VT-1312", reason=f"its format is not {FORMAT}")
    return found


def _to_sign(certificate: Certificate) -> Hash:
    return signing_hash("replay", certificate.genesis, encode(certificate))


def _record(executed: ExecutedBlock) -> RecordedBlock:
    header = executed.header
    return RecordedBlock(header.height, header.time_ms, executed.transactions)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("VT-1002", type="block") from error
