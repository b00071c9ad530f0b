"""Believes blocks as a light client does: from genesis on, by the signatures of who decided them.

A header counts with a certificate of the validators of its height, and who they are follows from
genesis by certified changes. So a node that shows another block than was decided is found out by
its own answer, and nobody is named for what was not signed.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from chain.block import Header, compute_block_hash
from chain.codec import decode
from chain.committee_steps import (
    COMMITTEE_STEP_SIZE_BYTES_MAX,
    CommitteeStep,
    check_decided,
    check_step,
)
from chain.errors import ChainError, InvalidInput
from chain.genesis import Genesis, compute_genesis_hash
from chain.scalars import GENESIS_HEIGHT, Hash, Height
from chain.validators import ValidatorSet, compute_validators_root
from node.diagnosis.asking import Asker, SeenBlock
from node.diagnosis.observation import Sight, Unproven


@dataclass(frozen=True, slots=True)
class ProvenBlock:
    """A header that `validators` decided, as checked to the last signature."""

    header: Header
    signers: tuple[int, ...]
    validators: ValidatorSet

    @property
    def hash(self) -> Hash:
        """The block's name."""
        return compute_block_hash(self.header)

    @property
    def signer_names(self) -> tuple[str, ...]:
        """The validators whose precommits are in its certificate, in order."""
        return tuple(self.validators.members[index].node for index in self.signers)


class Prover:
    """Checks what nodes of one chain show, each change of the validators once."""

    def __init__(self, genesis: Genesis) -> None:
        self._genesis = genesis
        self.name: Final = compute_genesis_hash(genesis)
        self._steps: dict[tuple[Hash, Height, bytes], CommitteeStep] = {}

    def follow(self, steps: Sequence[bytes]) -> tuple[ValidatorSet, Height]:
        """Give the validators after these changes, and the height of the last one.

        Raises: InvalidInput: one does not read, or does not follow from the one before.
        """
        present, height = self._genesis.validators, GENESIS_HEIGHT
        for data in steps:
            place = compute_validators_root(present), height, data
            step = self._steps.get(place)
            if step is None:
                step = decode(data, CommitteeStep, COMMITTEE_STEP_SIZE_BYTES_MAX)
                check_step(step, present, height, self.name)
                self._steps[place] = step
            present, height = step.validators, step.height
        return present, height

    def check(self, block: SeenBlock, height: int) -> ProvenBlock:
        """Check that a block was decided at a height.

        Raises: InvalidInput: VT-1311, VT-1306 or what its parts do not read as.
        """
        header = block.header
        if header.height != height:
            raise InvalidInput("VT-1311", height=height, reason=f"it is of height {header.height}")
        validators, last = self.follow(block.changes)
        if last >= height:
            raise InvalidInput(
                "VT-1311", height=height, reason=f"a change at height {last} is not before it"
            )
        check_decided(header, block.certificate, validators, self.name)
        signers = tuple(one.validator for one in block.certificate.signatures)
        return ProvenBlock(header, signers, validators)


class ProvenBlocks:
    """Blocks of several nodes, asked for and checked; remembers who showed what was not decided."""

    def __init__(self, asker: Asker, prover: Prover) -> None:
        self.asker: Final = asker
        """Asks the nodes themselves, whose other answers prove nothing."""
        self._prover = prover
        self._unproven: dict[str, Unproven] = {}

    @property
    def unproven(self) -> tuple[Unproven, ...]:
        """Nodes that showed what was not decided, each with the first such block."""
        return tuple(self._unproven.values())

    @property
    def chain(self) -> str:
        """The hash of the genesis that all is checked against."""
        return self._prover.name.hex()

    async def get(self, sight: Sight, height: int) -> ProvenBlock | None:
        """Give a block as a node holds it; None when it has it not, or shows what is no block.

        Raises: ChainError: it does not answer.
        """
        if height < 1:
            return None
        try:
            block = await self.asker.block(sight.address, height)
            return None if block is None else self._prover.check(block, height)
        except InvalidInput as error:
            self._unproven.setdefault(
                sight.node, Unproven(sight.address, sight.node, height, error.why)
            )
            return None

    async def deciders(self, sights: Sequence[Sight], block: ProvenBlock) -> ValidatorSet:
        """Give who decides the height after a block, by what one of these nodes proves of it.

        Returns: those that decided the block itself, when nobody proves the others.
        """
        wanted = block.header.next_validators_root
        if wanted == block.header.validators_root:
            return block.validators
        for sight in sights:
            with suppress(ChainError):
                steps = await self.asker.steps(sight.address, block.header.height + 1)
                found, _ = self._prover.follow(steps)
                if compute_validators_root(found) == wanted:
                    return found
        return block.validators


async def find_genesis(
    asker: Asker, sights: Sequence[Sight], homes: Sequence[Genesis]
) -> Genesis | None:
    """Give the chain that is looked at: of the homes, else the one that most nodes show.

    Returns: None when nobody shows a genesis.
    """
    if homes:
        return homes[0]
    chains: dict[str, list[Sight]] = {}
    for sight in sights:
        chains.setdefault(sight.status.genesis, []).append(sight)
    for name in sorted(chains, key=lambda name: -len(chains[name])):
        for sight in chains[name]:
            genesis = await asker.genesis(sight.address)
            if genesis is not None and compute_genesis_hash(genesis).hex() == name:
                return genesis
    return None
