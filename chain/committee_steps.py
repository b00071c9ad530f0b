"""Following the validators of a chain from genesis, by the few headers that change them.

A header names the set that decides the next height. Where that is another one, the header with its
certificate, signed by the set before it, hands over to the next. These steps alone lead from
genesis to any height, however long the chain is.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from chain import keys
from chain.block import HEADER_VERSION, Header, compute_block_hash
from chain.certificate import QuorumCertificate, check_certificate
from chain.errors import InvalidInput
from chain.genesis import Genesis, compute_genesis_hash
from chain.scalars import Hash, Height
from chain.validators import ValidatorSet, compute_validators_root

COMMITTEE_STEP_SIZE_BYTES_MAX: Final = 256 << 10
"""256 signatures and 256 validators with the longest names take less."""


class CommitteeStep(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A header after which others decide: its certificate, and the set that it names."""

    header: Header
    certificate: QuorumCertificate
    validators: ValidatorSet

    @property
    def height(self) -> Height:
        """The last height that the set before decided; `validators` decide the next one."""
        return self.header.height


def follow_committee(
    genesis: Genesis, steps: Iterable[CommitteeStep], verify: keys.Verifier = keys.verify
) -> ValidatorSet:
    """Give the validators after all steps, checking each to its last signature.

    Args: steps: all changes of the set since genesis, in order; none gives the set of genesis.
    Raises: InvalidInput: VT-1311, a step does not follow from the one before; VT-1306, its
    certificate does not hold.
    """
    name = compute_genesis_hash(genesis)
    present, height = genesis.validators, Height(0)
    for step in steps:
        check_step(step, present, height, name, verify)
        present, height = step.validators, step.height
    return present


def check_step(
    step: CommitteeStep,
    present: ValidatorSet,
    after: Height,
    genesis: Hash,
    verify: keys.Verifier = keys.verify,
) -> None:
    """Check one step.

    Args: present: who decides before it; after: height of the step before, 0 for the first.
    Raises: InvalidInput: VT-1311 or VT-1306, as `follow_committee`.
    """
    header = step.header
    if header.height <= after:
        raise InvalidInput(
            "VT-1311", height=header.height, reason=f"it does not come after height {after}"
        )
    root = compute_validators_root(present)
    check_decided(header, step.certificate, present, genesis, verify)
    if header.next_validators_root == root:
        raise InvalidInput("VT-1311", height=header.height, reason="it changes nothing")
    if header.next_validators_root != compute_validators_root(step.validators):
        raise InvalidInput(
            "VT-1311", height=header.height, reason="its validators are not those it hands over to"
        )


def check_decided(
    header: Header,
    certificate: QuorumCertificate,
    validators: ValidatorSet,
    genesis: Hash,
    verify: keys.Verifier = keys.verify,
) -> None:
    """Check that these validators decided this header.

    Raises: InvalidInput: VT-1311, it is another's header; VT-1306, the certificate does not hold.
    """
    for holds, reason in (
        (header.version == HEADER_VERSION, "it has another version"),
        (header.genesis == genesis, "it is of another chain"),
        (
            certificate.height == header.height and certificate.block == compute_block_hash(header),
            "its certificate is for another block",
        ),
        (
            header.validators_root == compute_validators_root(validators),
            "other validators decide its height",
        ),
    ):
        if not holds:
            raise InvalidInput("VT-1311", height=header.height, reason=reason)
    check_certificate(certificate, genesis, validators, verify=verify)
