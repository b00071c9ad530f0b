"""Messages of heights not reached yet: a sign of having fallen behind, and a short waiting room.

All of it is bounded by the number of validators, and no single one can make the node believe in
a height for the others, or keep it from noticing a real one. Senders are told apart by their keys:
an index means one validator at one height and perhaps another at the next.
"""

from typing import Final

from chain.scalars import Height, PublicKey, Round
from chain.validators import ValidatorSet
from consensus.bft.checks import kind_of, sender_of
from consensus.bft.messages import Message, Proposal

HELD_ROUNDS_MAX: Final = 2
"""Rounds of the next height whose messages wait here; faster peers are barely beyond round 0."""


class AheadBook:
    """What was heard of heights above the present one.

    `validators` decide the height after the present one. Those of later heights are not known yet;
    messages from there are read as if nothing had changed.
    """

    def __init__(self, validators: ValidatorSet, height: Height) -> None:
        self.validators = validators
        self._height = height
        self._latest: dict[PublicKey, Height] = {}
        self._announced = height
        self._proposed: dict[PublicKey, Height] = {}
        self._held: dict[tuple[int, str, Round], Message] = {}

    def is_news(self, message: Message) -> bool:
        """Tell whether the message is worth the check of its signature."""
        member = self.validators.get(sender_of(message))
        if member is None:
            return False
        return message.height > self._latest.get(member.vote_key, self._height) or (
            self._holds(message) and self._slot(message) not in self._held
        )

    def add(self, message: Message) -> Height | None:
        """Take a checked message; give a height when it shows that the node fell behind.

        That is: more than a third of the weight was heard at that height or above, so a correct
        node is there; or the proposer of the height proposes. Each is told once.
        """
        if self._holds(message):
            self._held.setdefault(self._slot(message), message)
        sender = self.validators.members[sender_of(message)].vote_key
        if message.height <= self._latest.get(sender, self._height):
            return None
        self._latest[sender] = message.height
        supported = self._compute_supported()
        is_new = supported > self._announced and supported not in self._proposed.values()
        self._announced = max(self._announced, supported)
        if isinstance(message, Proposal):
            self._proposed[sender] = message.height
            return max(supported, message.height)
        return supported if is_new else None

    def advance(self, validators: ValidatorSet, height: Height) -> list[Message]:
        """Move to a height and give the messages that waited for it.

        Args: validators: of the height after it.
        """
        waiting = [message for message in self._held.values() if message.height == height]
        self.validators = validators
        self._height = height
        self._announced = max(self._announced, height)
        self._proposed = {}
        self._held = {}
        known = {member.vote_key for member in validators.members}
        self._latest = {
            key: latest for key, latest in self._latest.items() if latest > height and key in known
        }
        return waiting

    def _holds(self, message: Message) -> bool:
        return message.height == self._height + 1 and message.round < HELD_ROUNDS_MAX

    def _slot(self, message: Message) -> tuple[int, str, Round]:
        return (sender_of(message), kind_of(message), message.round)

    def _compute_supported(self) -> Height:
        """Give the highest height that more than a third of the weight was heard at or above."""
        weights = {member.vote_key: member.weight for member in self.validators.members}
        weight = 0
        for key, latest in sorted(self._latest.items(), key=lambda item: -item[1]):
            weight += weights[key]
            if weight >= self.validators.honest_weight:
                return latest
        return self._height
