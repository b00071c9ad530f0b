"""The tip of the chain: all that is needed to build or check the next block."""

from typing import Final

from msgspec import Struct

from chain.certificate import QuorumCertificate
from chain.genesis import Genesis, compute_genesis_hash
from chain.merkle import Frontier
from chain.scalars import CountField, Hash, HashField, Height, HeightField, MillisField
from chain.validators import ValidatorSet

HEAD_SIZE_BYTES_MAX: Final = 1 << 20


class Head(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last committed block, as far as its successor depends on it.

    `log` is the frontier of the transaction log after it; `certificate` is None before block 1.
    `last_validators` decided this block, `validators` decide the next one, `next_validators` the
    one after it: a change made by a block is in force two heights later.
    """

    height: HeightField
    block: HashField
    time_ms: MillisField
    state_root: HashField
    log: Frontier
    certificate: QuorumCertificate | None
    transactions_total: CountField
    last_validators: ValidatorSet
    validators: ValidatorSet
    next_validators: ValidatorSet

    @property
    def next_height(self) -> Height:
        """The height that is being worked on."""
        return Height(self.height + 1)

    def validators_of(self, height: Height) -> ValidatorSet | None:
        """Give who decides this block, the next one or the one after it; None for other heights."""
        known = (self.last_validators, self.validators, self.next_validators)
        ahead = height - self.height
        return known[ahead] if 0 <= ahead < len(known) else None


def head_of_genesis(genesis: Genesis, state_root: Hash) -> Head:
    """Give the head before the first block.

    Args: state_root: root of the state tree after the genesis writes.
    """
    return Head(
        Height(0),
        compute_genesis_hash(genesis),
        genesis.created_ms,
        state_root,
        Frontier(0, ()),
        None,
        0,
        genesis.validators,
        genesis.validators,
        genesis.validators,
    )
