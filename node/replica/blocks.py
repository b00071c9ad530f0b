"""Giving committed blocks to peers, and checking the blocks that peers give."""

from collections.abc import Callable

from chain.block import Block, compute_block_hash
from chain.certificate import QuorumCertificate, check_certificate
from chain.codec import decode, encode
from chain.errors import ChainError, Corruption, InvalidInput, PeerFault
from chain.genesis import Limits
from chain.keys import Verifier
from chain.scalars import GENESIS_HEIGHT, Height, NodeName
from chain.transaction import Transaction
from node.replica import keys
from node.replica.divergence import Diverged, Divergence
from node.replica.head import Head
from node.replica.messages import (
    BLOCKS_BYTES_TARGET,
    BLOCKS_PER_MESSAGE_MAX,
    Blocks,
    BlocksRequest,
    DecidedBlock,
    frame_size_bytes_max,
)
from node.replica.payload import check_succeeds
from node.replica.ports import Column, Store
from node.replica.transition import ExecutedBlock, GrownLog, Ledger


class BlockServer:
    """Reads committed blocks for peers that are behind."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._size_max = frame_size_bytes_max(limits)

    def answer(self, request: BlocksRequest, head: Head, base: Height = GENESIS_HEIGHT) -> Blocks:
        """Give blocks from `request.first` on, about 1 MiB of them and at least one.

        Args: base: blocks are kept above it; at or below it there is none to give.
        """
        blocks: list[DecidedBlock] = []
        size = 0
        last = min(head.height, request.first + min(request.count, BLOCKS_PER_MESSAGE_MAX) - 1)
        first = max(1, request.first)
        for number in range(first, last + 1) if first > base else ():
            decided = self._load(Height(number))
            size += len(encode(decided))
            if blocks and size > BLOCKS_BYTES_TARGET:
                break
            blocks.append(decided)
        return Blocks(head.height, tuple(blocks), base)

    def _load(self, height: Height) -> DecidedBlock:
        block = self._store.get(Column.BLOCKS, keys.block(height))
        certificate = self._store.get(Column.BLOCKS, keys.certificate(height))
        if block is None or certificate is None:
            raise Corruption("VT-3040", height=height)
        return DecidedBlock(
            decode(block, Block, self._size_max),
            decode(certificate, QuorumCertificate, self._size_max),
        )


def execute_decided(
    decided: DecidedBlock,
    peer: NodeName,
    head: Head,
    ledger: Ledger,
    decode_checked: Callable[[bytes], Transaction],
    verify: Verifier,
) -> ExecutedBlock:
    """Check a block that others decided, to its last signature, and execute it.

    Args: decode_checked: gives a transaction whose signature holds, or raises InvalidInput.

    Whose turn it was to propose is not checked: a value may be proposed again in a later round, so
    no certificate tells who built it. `proposer` is the builder's own word, and nothing is computed
    from it.

    Raises: PeerFault: VT-3032, the peer sent what no quorum decided; Diverged: VT-3041, a quorum
    decided this but this node gets another result.
    """
    header = decided.block.header
    certificate = decided.certificate
    try:
        if certificate.height != header.height or certificate.block != compute_block_hash(header):
            raise PeerFault("VT-3032", peer=peer, reason="its certificate is for another block")
        check_certificate(certificate, ledger.genesis_hash, head.validators, verify=verify)
        check_succeeds(
            header,
            decided.block.previous_certificate,
            head,
            ledger.genesis_hash,
            verify,
        )
        transactions = tuple(decode_checked(raw) for raw in decided.block.transactions)
    except PeerFault:
        raise
    except ChainError as error:
        raise PeerFault("VT-3032", peer=peer, reason=error.why) from error
    log = GrownLog.create(head, transactions)
    if not log.is_of(header):
        raise PeerFault("VT-3032", peer=peer, reason="its transactions are not the block's")
    try:
        executed = ledger.execute_block(
            head, header.proposer, transactions, decided.block.previous_certificate, log=log
        )
    except InvalidInput as error:
        raise PeerFault("VT-3032", peer=peer, reason=error.why) from error
    if executed.header == header:
        return executed
    raise Diverged(
        "VT-3041",
        Divergence(header, executed),
        height=header.height,
        decided=header.state_root,
        own=executed.header.state_root,
    )
