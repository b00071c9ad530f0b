"""Catching up: which blocks to ask of whom.

A peer's claimed height only decides whom to ask. Nothing it sends counts before its certificate
holds, and a peer that gives nothing useful loses its turn, so one liar cannot hold a node back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chain.scalars import Height, NodeName, UnixMillis
from node.replica.messages import BLOCKS_PER_MESSAGE_MAX, BlocksRequest

REQUEST_TIMEOUT_MS: Final = 2_000
REFUSED_MS: Final = 5_000


@dataclass(frozen=True, slots=True)
class Request:
    """A request for blocks that is under way."""

    peer: NodeName
    first: Height
    sent_ms: UnixMillis


class Catchup:
    """Keeps at most one request for blocks under way, from one peer after another."""

    def __init__(self) -> None:
        self._heights: dict[NodeName, Height] = {}
        self._not_before: dict[NodeName, UnixMillis] = {}
        self._asked_ms: dict[NodeName, UnixMillis] = {}
        self._request: Request | None = None

    @property
    def target(self) -> Height:
        """The greatest height that a connected peer claims."""
        return max(self._heights.values(), default=Height(0))

    def height_of(self, peer: NodeName) -> Height | None:
        """Give what a peer last claimed."""
        return self._heights.get(peer)

    def learn(self, peer: NodeName, height: Height) -> None:
        """A peer claims to be at `height`."""
        self._heights[peer] = height

    def forget(self, peer: NodeName) -> None:
        """A peer is gone, and with it what it owed us."""
        self._heights.pop(peer, None)
        self._not_before.pop(peer, None)
        self._asked_ms.pop(peer, None)
        if self._request and self._request.peer == peer:
            self._request = None

    def is_answer(self, peer: NodeName, heights: Sequence[Height]) -> bool:
        """Tell whether `heights` are what this peer owes: from the first one on, without gaps."""
        request = self._request
        if request is None or request.peer != peer or not heights:
            return False
        return list(heights) == list(range(request.first, request.first + len(heights)))

    def answered(self, peer: NodeName, *, is_useful: bool, now_ms: UnixMillis) -> None:
        """The request under way was answered; a useless answer costs the peer its turn."""
        if self._request and self._request.peer == peer:
            self._request = None
        if not is_useful:
            self._not_before[peer] = UnixMillis(now_ms + REFUSED_MS)

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
            self.answered(request.peer, is_useful=False, now_ms=now_ms)
        # In turn: whoever claims most must not be asked every time, or a slow liar sets the pace.
        candidates = [
            (self._asked_ms.get(peer, 0), -height, peer)
            for peer, height in self._heights.items()
            if height >= next_height and self._not_before.get(peer, 0) <= now_ms
        ]
        if not candidates:
            return None
        _, _, peer = min(candidates)
        self._asked_ms[peer] = now_ms
        self._request = Request(peer, next_height, now_ms)
        return peer, BlocksRequest(next_height, BLOCKS_PER_MESSAGE_MAX)
