"""Catching up: what peers say of themselves, and which blocks to ask of whom.

A peer's claimed height only decides whom to ask. Nothing it sends counts before its certificate
holds, and a peer that gives nothing useful loses its turn, so one liar cannot hold a node back.
Claims that contradict each other end the connection. What more than a third of the weight claims is
true, and tells a node that it is behind.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chain.errors import PeerFault
from chain.scalars import Height, NodeName, UnixMillis
from chain.validators import ValidatorSet
from node.replica.messages import BLOCKS_PER_MESSAGE_MAX, Blocks, BlocksRequest

REQUEST_TIMEOUT_MS: Final = 2_000
REFUSED_MS: Final = 5_000
OWED_COUNT_MAX: Final = 4
"""Answers that are still taken of a peer that was asked again and again, the newest."""
CLAIM_SLACK_BLOCKS: Final = 64
"""How far behind its newest claim an older one of the same peer may arrive, on links that
reorder."""


@dataclass(frozen=True, slots=True)
class CatchUpSetting:
    """What a node is told about keeping and fetching the past.

    `retain_blocks`: 0 keeps all. A snapshot is loaded when the chain is ahead by more blocks or
    transactions than given here (0: never for that reason), and whenever nobody has the blocks.
    """

    retain_blocks: int = 0
    snapshot_interval_blocks: int = 32
    snapshot_behind_blocks: int = 1_000
    snapshot_behind_transactions: int = 20_000


@dataclass(frozen=True, slots=True)
class Request:
    """A request for blocks that is under way."""

    peer: NodeName
    first: Height
    sent_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class Claim:
    """What a peer says it has: blocks above `base` and up to `height`.

    `transactions` counts those of the whole chain up to that height.
    """

    height: Height
    base: Height
    transactions: int


class Claims:
    """What each connected peer says of its chain."""

    def __init__(self) -> None:
        self._claims: dict[NodeName, Claim] = {}
        self._hints: dict[NodeName, Height] = {}

    @property
    def highest(self) -> Height:
        """The greatest height that a connected peer claims or hinted at."""
        heights = [claim.height for claim in self._claims.values()]
        return max([*heights, *self._hints.values()], default=Height(0))

    def get(self, peer: NodeName) -> Claim | None:
        """Give what a peer said last."""
        return self._claims.get(peer)

    def height_of(self, peer: NodeName) -> Height | None:
        """Give the height that a peer claims or hinted at."""
        claim, hint = self._claims.get(peer), self._hints.get(peer)
        if claim is None or hint is None:
            return hint if claim is None else claim.height
        return max(claim.height, hint)

    def heights_of(self, peers: Iterable[NodeName]) -> tuple[tuple[NodeName, Height], ...]:
        """Give what `height_of` gives, of those peers that said anything."""
        heights = ((peer, self.height_of(peer)) for peer in peers)
        return tuple((peer, height) for peer, height in heights if height is not None)

    def learn(self, peer: NodeName, claim: Claim) -> None:
        """A peer says what it has.

        Raises: PeerFault: VT-3033, that cannot be, or contradicts what it said before.
        """
        if claim.base > claim.height:
            raise PeerFault(
                "VT-3033",
                peer=peer,
                reason=f"its blocks begin above {claim.base} and end at {claim.height}",
            )
        before = self._claims.get(peer)
        if before is not None and claim.height < before.height:
            if claim.height < before.height - CLAIM_SLACK_BLOCKS:
                raise PeerFault(
                    "VT-3033",
                    peer=peer,
                    reason=f"it was at height {before.height} and now says {claim.height}",
                )
            return
        self._claims[peer] = claim
        if self._hints.get(peer, 0) <= claim.height:
            self._hints.pop(peer, None)

    def hint(self, peer: NodeName, height: Height) -> None:
        """A message that a peer passed on is from above `height`; it need not be there itself."""
        if height > (self.height_of(peer) or 0):
            self._hints[peer] = height

    def drop_hint(self, peer: NodeName) -> None:
        """A hint led to nothing."""
        self._hints.pop(peer, None)

    def forget(self, peer: NodeName) -> None:
        """A peer is gone."""
        self._claims.pop(peer, None)
        self._hints.pop(peer, None)

    def can_give_block(self, height: Height) -> list[NodeName]:
        """Name the peers that say, or may be thought, to have the block at a height."""
        return [
            peer
            for peer in dict.fromkeys((*self._claims, *self._hints))
            if (self.height_of(peer) or 0) >= height and self._base_of(peer) < height
        ]

    def beyond(self, height: Height) -> list[NodeName]:
        """Name the peers that say they are above a height."""
        return [peer for peer, claim in self._claims.items() if claim.height > height]

    def can_give_state(self, height: Height) -> list[NodeName]:
        """Name the peers that say they have the state of a height, and the block after it."""
        return [peer for peer, claim in self._claims.items() if claim.base <= height < claim.height]

    def is_pruned(self, height: Height) -> bool:
        """Tell whether every peer that is beyond a height says it no longer has its block."""
        beyond = [claim for claim in self._claims.values() if claim.height >= height]
        return bool(beyond) and all(claim.base >= height for claim in beyond)

    def supported(self, validators: ValidatorSet) -> Claim:
        """Give the greatest height, and number of transactions, that a correct peer must claim.

        More than a third of the weight claims as much or more, so at least one of them does not
        lie.
        """
        return Claim(
            Height(self._supported(validators, "height")),
            Height(0),
            self._supported(validators, "transactions"),
        )

    def weight_heard(self, validators: ValidatorSet) -> int:
        """Give the weight of the validators that are connected and said where they stand."""
        return sum(member.weight for member in validators.members if member.node in self._claims)

    def _supported(self, validators: ValidatorSet, field: str) -> int:
        known = [
            (int(getattr(claim, field)), member.weight)
            for member in validators.members
            if (claim := self._claims.get(member.node)) is not None
        ]
        weight = 0
        for number, more in sorted(known, reverse=True):
            weight += more
            if weight >= validators.honest_weight:
                return number
        return 0

    def _base_of(self, peer: NodeName) -> Height:
        claim = self._claims.get(peer)
        return Height(0) if claim is None else claim.base


class Catchup:
    """Keeps at most one request for blocks under way, from one peer after another.

    A peer that does not answer in time loses its turn, but its answer still counts when it comes:
    on a slow way every answer is late, and whoever threw them away would stand still.
    """

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._not_before: dict[NodeName, UnixMillis] = {}
        self._rests_until: dict[NodeName, UnixMillis] = {}
        """Who was late: until then asked if there is nobody else, and only when it owes nothing."""
        self._owed: dict[NodeName, list[Height]] = {}
        """Where the answers begin that a peer was asked for and has not given, in time or late."""
        self._asked_ms: dict[NodeName, UnixMillis] = {}
        self._request: Request | None = None

    def forget(self, peer: NodeName) -> None:
        """A peer is gone, and with it what it owed us."""
        self._not_before.pop(peer, None)
        self._rests_until.pop(peer, None)
        self._owed.pop(peer, None)
        self._asked_ms.pop(peer, None)
        if self._request and self._request.peer == peer:
            self._request = None

    def take_answer(
        self, peer: NodeName, message: Blocks, next_height: Height, now_ms: UnixMillis
    ) -> bool:
        """Take a peer's answer; tell whether it is of use: what was asked for, without gaps.

        Args: next_height: the first height that is missing here.
        Raises: PeerFault: VT-3033, it says that it has what was asked for and does not give it.
        """
        owed = self._owed.get(peer, [])
        heights = [decided.block.header.height for decided in message.blocks]
        if _is_run(heights) and heights[0] in owed:
            owed.remove(heights[0])
            is_news = heights[-1] >= next_height
            self._end_request(peer, heights[0], is_news=is_news)
            return is_news
        self._owed.pop(peer, None)
        self._lose_turn(peer)
        self._not_before[peer] = UnixMillis(now_ms + REFUSED_MS)
        if owed and not heights and all(message.base < one <= message.height for one in owed):
            raise PeerFault(
                "VT-3033", peer=peer, reason=f"it says it has block {owed[0]} and does not give it"
            )
        return False

    def next_request(
        self, next_height: Height, now_ms: UnixMillis
    ) -> tuple[NodeName, BlocksRequest] | None:
        """Give the request to send now, or None when there is nothing to ask or one is under way.

        Args: next_height: the first height that is missing here.
        """
        request = self._request
        if request is not None:
            if now_ms - request.sent_ms < REQUEST_TIMEOUT_MS:
                return None
            self._lose_turn(request.peer)
            self._rests_until[request.peer] = UnixMillis(now_ms + REFUSED_MS)
        # In turn: whoever claims most must not be asked every time, or a slow liar sets the pace.
        candidates = [
            (
                self._rests(peer, now_ms),
                self._asked_ms.get(peer, 0),
                -(self._claims.height_of(peer) or 0),
                peer,
            )
            for peer in self._claims.can_give_block(next_height)
            if self._may_be_asked(peer, now_ms)
        ]
        if not candidates:
            return None
        *_, peer = min(candidates)
        self._asked_ms[peer] = now_ms
        self._owed[peer] = [*self._owed.get(peer, []), next_height][-OWED_COUNT_MAX:]
        self._request = Request(peer, next_height, now_ms)
        return peer, BlocksRequest(next_height, BLOCKS_PER_MESSAGE_MAX)

    def _end_request(self, peer: NodeName, first: Height, *, is_news: bool) -> None:
        """Note a right answer: to the request, or so late that others were asked instead."""
        request = self._request
        if request is not None and (request.peer, request.first) == (peer, first):
            self._rests_until.pop(peer, None)
            self._request = None
        elif is_news:
            self._request = None

    def _lose_turn(self, peer: NodeName) -> None:
        """What a peer was asked for now is asked of others."""
        self._claims.drop_hint(peer)
        if self._request and self._request.peer == peer:
            self._request = None

    def _rests(self, peer: NodeName, now_ms: UnixMillis) -> bool:
        return self._rests_until.get(peer, 0) > now_ms

    def _may_be_asked(self, peer: NodeName, now_ms: UnixMillis) -> bool:
        if self._not_before.get(peer, 0) > now_ms:
            return False
        return not (self._rests(peer, now_ms) and self._owed.get(peer))


def _is_run(heights: Sequence[Height]) -> bool:
    """Tell whether there are heights, and they rise by one."""
    return bool(heights) and list(heights) == list(range(heights[0], heights[0] + len(heights)))
