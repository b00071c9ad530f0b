"""Which snapshot to load, and why it can be trusted: from genesis to a state root.

The validators are followed through the headers that change them, each under the certificate of
those before it. The header of the snapshot and the one after it stand under certificates of the
validators that this leads to. The second says who decides two heights later, which the state of the
first height has set in force.
"""

from typing import Final

from msgspec import Struct

from chain.block import Header, compute_block_hash
from chain.certificate import QuorumCertificate
from chain.codec import decode, encode
from chain.committee_steps import (
    COMMITTEE_STEP_SIZE_BYTES_MAX,
    CommitteeStep,
    check_decided,
    check_step,
)
from chain.errors import Corruption, InvalidInput
from chain.keys import Verifier
from chain.merkle import Frontier
from chain.scalars import Hash, Height
from chain.validators import ValidatorSet, compute_validators_root
from node.replica import keys
from node.replica.head import Head
from node.replica.messages import (
    BLOCKS_BYTES_TARGET,
    STEPS_PER_MESSAGE_MAX,
    Offer,
    StepsRequest,
)
from node.replica.ports import Column, Put, Store

PLAN_SIZE_BYTES_MAX: Final = 1 << 20
_SETS_KEPT: Final = 4
"""At most one change for each height: more do not bear on an offer, which spans three."""


class Plan(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A snapshot that is trusted, and all its head needs besides the log.

    `validators` decided the header, `next_validators` the one after it, `last_validators` come
    then.
    """

    header: Header
    certificate: QuorumCertificate
    validators: ValidatorSet
    next_validators: ValidatorSet
    last_validators: ValidatorSet

    @property
    def height(self) -> Height:
        """The height whose state is loaded."""
        return self.header.height

    def head(self, log: Frontier) -> Head:
        """Give the head that the chain goes on from, with the frontier of the log there."""
        header = self.header
        return Head(
            height=header.height,
            block=compute_block_hash(header),
            time_ms=header.time_ms,
            state_root=header.state_root,
            log=log,
            certificate=self.certificate,
            transactions_total=header.tx_log_size,
            last_validators=self.validators,
            validators=self.next_validators,
            next_validators=self.last_validators,
        )


def load_plan(store: Store) -> Plan | None:
    """Read the plan that was begun, or None.

    Raises: Corruption: VT-6012, it does not decode.
    """
    data = store.get(Column.META, keys.SNAPSHOT)
    try:
        return None if data is None else decode(data, Plan, PLAN_SIZE_BYTES_MAX)
    except InvalidInput as error:
        raise Corruption("VT-6012", reason="the snapshot's plan does not decode") from error


class CommitteePath:
    """Who decides the heights around an offer, as far as the steps that came in lead.

    Args: head: the own one, where the path begins; genesis: the name of the chain.
    """

    def __init__(self, head: Head, offer: Offer, genesis: Hash, verify: Verifier) -> None:
        self._offer = offer
        self._genesis = genesis
        self._verify = verify
        self._is_told = False
        self._sets: list[tuple[Height, ValidatorSet]] = [(head.height, head.validators)]
        """The newest sets, each with the last height that the set before it decided."""

    def request(self) -> StepsRequest | None:
        """Give the question for further steps, or None when the peer told all and they lead there.

        Asked once even where none seems to be needed: a committee may have changed and changed
        back, and who starts from between needs those steps from this node one day.
        """
        if self._is_told and self._leads():
            return None
        return StepsRequest(self._sets[-1][0], self._offer.next_header.height)

    def _leads(self) -> bool:
        """Tell whether the known steps lead to the sets that the offer names."""
        header, following = self._offer.header, self._offer.next_header
        needed = (
            (header.height, header.validators_root),
            (following.height, following.validators_root),
            (Height(following.height + 1), following.next_validators_root),
        )
        return all(compute_validators_root(self._at(height)) == root for height, root in needed)

    def take(self, steps: tuple[CommitteeStep, ...]) -> list[Put] | None:
        """Follow further steps; give what to store of them, or None when they begin elsewhere.

        That is nobody's fault: a committee may have changed and changed back, and a peer that
        passed over both by a snapshot has no step from the set between, where this node's head is.

        Raises: InvalidInput: VT-1311 or VT-1306, one does not hold or is missing.
        """
        last = self._offer.next_header.height
        if self._begins_elsewhere(steps):
            return None
        if not steps and not self._leads():
            raise InvalidInput("VT-1311", height=last, reason="a step to its validators is missing")
        puts = []
        size = 0
        for step in steps:
            after, present = self._sets[-1]
            if step.height > last:
                raise InvalidInput("VT-1311", height=step.height, reason="nobody asked for it")
            check_step(step, present, after, self._genesis, self._verify)
            self._sets = [*self._sets, (step.height, step.validators)][-_SETS_KEPT:]
            data = encode(step)
            size += len(data)
            puts.append(Put(Column.BLOCKS, keys.committee_step(step.height), data))
        self._is_told = (
            len(steps) < STEPS_PER_MESSAGE_MAX
            and size <= BLOCKS_BYTES_TARGET - COMMITTEE_STEP_SIZE_BYTES_MAX
        )
        return puts

    def _begins_elsewhere(self, steps: tuple[CommitteeStep, ...]) -> bool:
        """Tell whether the first steps of a peer do not begin at the head, which is not genesis.

        From genesis, and from each step to the next, an honest list always leads on.
        """
        height, present = self._sets[0]
        if height == 0 or len(self._sets) > 1:
            return False
        if not steps:
            return not self._leads()
        return steps[0].header.validators_root != compute_validators_root(present)

    def check(self) -> Plan:
        """Check the offer to its last signature; no step is missing any more.

        Raises: InvalidInput: VT-1311 or VT-1306, it does not hold.
        """
        header, following = self._offer.header, self._offer.next_header
        validators, after = self._at(header.height), self._at(following.height)
        for one, certificate, signers in (
            (header, self._offer.certificate, validators),
            (following, self._offer.next_certificate, after),
        ):
            check_decided(one, certificate, signers, self._genesis, self._verify)
        if (
            following.previous != compute_block_hash(header)
            or following.height != header.height + 1
        ):
            raise InvalidInput(
                "VT-1311", height=following.height, reason="it does not follow the snapshot"
            )
        last = self._at(Height(following.height + 1))
        return Plan(header, self._offer.certificate, validators, after, last)

    def _at(self, height: Height) -> ValidatorSet:
        """Give who decides a height, by the steps that are known."""
        found = self._sets[0][1]
        for after, validators in self._sets:
            if after < height:
                found = validators
        return found
