"""Views of blocks and certificates."""

from collections.abc import Sequence

from chain.block import Header
from chain.codec import encode
from chain.json_view import to_plain
from chain.validators import ValidatorSet
from node.api.views.common import Json, View, to_base64
from node.reader.blocks import BlockReader, StoredBlock


class BlockSummary(View, frozen=True, kw_only=True):
    """A block in a list."""

    height: int
    hash: str
    time_ms: int
    proposer: str
    transactions: int
    size_bytes: int
    round: int
    signers: list[str]


class BlockList(View, frozen=True, kw_only=True):
    """Blocks, newest first."""

    items: list[BlockSummary]
    next: str | None


class SignatureView(View, frozen=True, kw_only=True):
    """A validator's precommit in a certificate."""

    validator: int
    node: str
    time_ms: int
    signature: str


class CertificateView(View, frozen=True, kw_only=True):
    """The proof that a block was decided."""

    height: int
    round: int
    block: str
    signatures: list[SignatureView]


class BlockTransaction(View, frozen=True, kw_only=True):
    """A transaction in a block; `code` is "ok" or why it changed nothing."""

    id: str
    operation: str
    organisation: str | None
    sender: str
    twins: list[str]
    code: str


class BlockView(View, frozen=True, kw_only=True):
    """A block; `header` has all its fields by name."""

    hash: str
    header: dict[str, Json]
    certificate: CertificateView
    transactions: list[BlockTransaction]
    size_bytes: int
    proposer_node: str


class RawBlockView(View, frozen=True, kw_only=True):
    """The bytes that were hashed and signed, in base64.

    `validator_changes` lead from genesis to the validators that decided the block.
    """

    header: str
    certificate: str
    validator_changes: list[str]


class WholeBlockView(View, frozen=True, kw_only=True):
    """A block and its certificate, encoded and in base64: enough to execute it again."""

    block: str
    certificate: str


def node_of(validators: ValidatorSet, index: int) -> str:
    """Give a validator's node name; empty when there is no such validator."""
    member = validators.get(index)
    return member.node if member is not None else ""


def summarize_block(block: StoredBlock, validators: ValidatorSet) -> BlockSummary:
    """Make the view of a block in a list."""
    certificate = block.certificate
    return BlockSummary(
        height=block.height,
        hash=block.hash.hex(),
        time_ms=block.header.time_ms,
        proposer=node_of(validators, block.header.proposer),
        transactions=len(block.block.transactions),
        size_bytes=block.size_bytes,
        round=certificate.round,
        signers=[node_of(validators, one.validator) for one in certificate.signatures],
    )


def view_certificate(block: StoredBlock, validators: ValidatorSet) -> CertificateView:
    """Make the view of a block's certificate."""
    certificate = block.certificate
    return CertificateView(
        height=certificate.height,
        round=certificate.round,
        block=certificate.block.hex(),
        signatures=[
            SignatureView(
                validator=one.validator,
                node=node_of(validators, one.validator),
                time_ms=one.time_ms,
                signature=one.signature.hex(),
            )
            for one in certificate.signatures
        ],
    )


def view_block(block: StoredBlock, validators: ValidatorSet, blocks: BlockReader) -> BlockView:
    """Make the view of a block with all its transactions."""
    return BlockView(
        hash=block.hash.hex(),
        header=view_header(block.header),
        certificate=view_certificate(block, validators),
        transactions=[
            BlockTransaction(
                id=one.id.hex(),
                operation=one.operation_name,
                organisation=blocks.organisation_of(one.transaction.body.sender),
                sender=one.transaction.body.sender.hex(),
                twins=list(one.twins),
                code=one.receipt.code,
            )
            for one in block.transactions()
        ],
        size_bytes=block.size_bytes,
        proposer_node=node_of(validators, block.header.proposer),
    )


def view_header(header: Header) -> dict[str, Json]:
    """Give all fields of a header by name, hashes in hex."""
    plain: dict[str, Json] = to_plain(header)
    return plain


def view_whole_block(block: StoredBlock) -> WholeBlockView:
    """Make the view of all that was decided at a height."""
    return WholeBlockView(
        block=to_base64(encode(block.block)), certificate=to_base64(encode(block.certificate))
    )


def view_raw_block(block: StoredBlock, changes: Sequence[bytes]) -> RawBlockView:
    """Make the view of what was signed, with the encoded changes of validators before it."""
    return RawBlockView(
        header=to_base64(encode(block.header)),
        certificate=to_base64(encode(block.certificate)),
        validator_changes=[to_base64(step) for step in changes],
    )
