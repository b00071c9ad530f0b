"""What an engine is told about its chain: what never changes, and where it begins."""

from dataclasses import dataclass

from chain import keys
from chain.certificate import QuorumCertificate
from chain.genesis import Timing
from chain.scalars import Hash, Height, UnixMillis
from chain.validators import ValidatorSet


@dataclass(frozen=True, slots=True)
class Chain:
    """What stays the same at every height: the chain's name, its timing, and the verifier."""

    genesis_hash: Hash
    timing: Timing
    verify: keys.Verifier


@dataclass(frozen=True, slots=True)
class Tip:
    """What the last committed block leaves to an engine.

    `height` is the first one that is not committed; `validators` decide it, `next_validators` the
    one after it. `previous` is the certificate of the block below, None when that is genesis, and
    `previous_time_ms` its time.
    """

    height: Height
    previous: QuorumCertificate | None
    previous_time_ms: UnixMillis
    validators: ValidatorSet
    next_validators: ValidatorSet
