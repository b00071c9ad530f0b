"""Who was heard when, how long the present round lasts, whose clock is off.

The replica knows what is; this remembers since when. It is told of what happens in the event loop
and answers `GET /v1/consensus`. Nothing decides on it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from chain.certificate import QuorumCertificate
from chain.errors import PeerFault
from chain.scalars import Hash, Height, NodeName, Round, UnixMillis
from chain.validators import ValidatorSet
from consensus.bitmap import decode_bitmap
from consensus.engine import Summary
from consensus.messages import BftMessage, get_sender, kind_of
from node.replica.effects import Commit
from node.replica.setting import ReplicaView

CLOCK_SAMPLES: Final = 9
"""Newest certificates that a clock is judged by, an odd number."""
CLOCK_SAMPLES_MIN: Final = 3
ACCUSATIONS_MAX: Final = 32
REFUSALS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Contact:
    """The connection to a peer: whether it stands, since when, and why the last one ended."""

    is_connected: bool
    since_ms: UnixMillis
    heard_ms: UnixMillis | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SeenVote:
    """The newest vote of a validator that was counted here."""

    kind: str
    height: Height
    round: Round
    seen_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class Accusation:
    """A validator was seen signing two different messages of one kind at one place."""

    node: NodeName
    kind: str
    height: Height
    round: Round
    seen_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proposed block of a height that was found invalid here."""

    height: Height
    block: Hash
    why: str
    seen_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class Position:
    """The round that is worked on, and since when."""

    height: Height
    round: Round
    since_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class Start:
    """Where and when a node began to catch up."""

    height: Height
    since_ms: UnixMillis


class Attendance:
    """What one node remembers of the others and of the present height.

    Args: view: the replica at the start; now_ms: the moment of the start.
    """

    def __init__(self, view: ReplicaView, now_ms: UnixMillis) -> None:
        self.first_height: Final = view.head.height
        self.position = Position(view.summary.height, view.summary.round, now_ms)
        self.catch_up: Start | None = None
        self.accusations: deque[Accusation] = deque(maxlen=ACCUSATIONS_MAX)
        self.refusals: deque[Refusal] = deque(maxlen=REFUSALS_MAX)
        self._started_ms = now_ms
        self._contacts: dict[NodeName, Contact] = {}
        self._heard: dict[NodeName, UnixMillis] = {}
        self._votes: dict[NodeName, SeenVote] = {}
        self._offsets: dict[NodeName, deque[int]] = {}
        self._summary: Summary | None = None

    # Peers

    def up(self, peer: NodeName, now_ms: UnixMillis) -> None:
        """A peer is connected."""
        self._contacts[peer] = Contact(True, now_ms)

    def down(self, peer: NodeName, reason: str, now_ms: UnixMillis) -> None:
        """A peer is gone."""
        self._contacts[peer] = Contact(False, now_ms, reason=reason)

    def heard(self, peer: NodeName, now_ms: UnixMillis) -> None:
        """A peer sent anything."""
        self._heard[peer] = now_ms

    @property
    def connected(self) -> frozenset[NodeName]:
        """Peers that are connected now."""
        return frozenset(peer for peer, one in self._contacts.items() if one.is_connected)

    def heard_ms(self, peer: NodeName) -> UnixMillis | None:
        """Give when a peer last sent anything."""
        return self._heard.get(peer)

    def contact(self, peer: NodeName) -> Contact:
        """Give how the connection to a peer is; one that never was is missing since the start."""
        known = self._contacts.get(peer, Contact(False, self._started_ms))
        return Contact(known.is_connected, known.since_ms, self._heard.get(peer), known.reason)

    # Consensus

    def observe(self, view: ReplicaView, now_ms: UnixMillis) -> None:
        """Take in how the replica is after a step."""
        if not view.is_catching_up and view.snapshot is None:
            self.catch_up = None
        elif self.catch_up is None:
            self.catch_up = Start(view.head.height, now_ms)
        summary = view.summary
        if summary == self._summary:
            return
        self._summary = summary
        if (summary.height, summary.round) != (self.position.height, self.position.round):
            self.position = Position(summary.height, summary.round, now_ms)
        for kind, voters in read_votes(summary, view.head.validators).items():
            for node in voters:
                self._note(node, SeenVote(kind, summary.height, summary.round, now_ms))

    def committed(self, commit: Commit, now_ms: UnixMillis) -> None:
        """A block was decided: its certificate tells who voted, and by which clocks."""
        certificate = commit.certificate
        validators = commit.head.last_validators
        for node in voters_of(certificate, validators):
            self._note(node, SeenVote("precommit", commit.height, certificate.round, now_ms))
        if not commit.is_catch_up:
            for node, offset in compute_offsets(certificate, validators).items():
                self._offsets.setdefault(node, deque(maxlen=CLOCK_SAMPLES)).append(offset)

    def accused(self, first: BftMessage, validators: ValidatorSet, now_ms: UnixMillis) -> NodeName:
        """A validator signed `first` and something else; gives its name."""
        node = get_sender(first, validators).node
        self.accusations.append(Accusation(node, kind_of(first), first.height, first.round, now_ms))
        return node

    def refused(self, block: Hash, why: str, now_ms: UnixMillis) -> None:
        """A proposed block was found invalid here."""
        self.refusals.append(Refusal(self.position.height, block, why, now_ms))

    def vote(self, node: NodeName) -> SeenVote | None:
        """Give the newest vote of a validator that was counted here."""
        return self._votes.get(node)

    def clock_offset_ms(self, node: NodeName) -> int | None:
        """Give how far a validator's clock is ahead of the others', by the times in its votes.

        A vote's time is never before its block's, so a clock that is behind looks less so.
        Returns: None with too few votes; negative when it is behind.
        """
        offsets = self._offsets.get(node, ())
        return round(median(offsets)) if len(offsets) >= CLOCK_SAMPLES_MIN else None

    def _note(self, node: NodeName, vote: SeenVote) -> None:
        before = self._votes.get(node)
        if before is None or _place(before) < _place(vote):
            self._votes[node] = vote


def read_votes(summary: Summary, validators: ValidatorSet) -> dict[str, frozenset[NodeName]]:
    """Name the validators whose votes of the present round are here, by kind of vote.

    Returns: nothing for another set of validators; no prevotes under an engine without them.
    """
    bitmaps = {"prevote": summary.prevotes, "precommit": summary.precommits}
    try:
        return {
            kind: frozenset(
                validators.members[index].node
                for index in decode_bitmap(bitmap, len(validators), kind)
            )
            for kind, bitmap in bitmaps.items()
            if bitmap
        }
    except PeerFault:
        return {}


def voters_of(certificate: QuorumCertificate, validators: ValidatorSet) -> Sequence[NodeName]:
    """Name the validators whose precommits are in a certificate."""
    found = (validators.get(signature.validator) for signature in certificate.signatures)
    return [member.node for member in found if member is not None]


def compute_offsets(
    certificate: QuorumCertificate, validators: ValidatorSet
) -> dict[NodeName, int]:
    """Give how far each voter's clock is from the middle of all that signed, in milliseconds."""
    middle = median(signature.time_ms for signature in certificate.signatures)
    return {
        member.node: round(signature.time_ms - middle)
        for signature in certificate.signatures
        if (member := validators.get(signature.validator)) is not None
    }


def _place(vote: SeenVote) -> tuple[int, int, bool]:
    return vote.height, vote.round, vote.kind == "precommit"
