"""Joining from a snapshot: find one, fetch its parts from several peers, have it put in place.

Peers are asked what they offer, and the newest offer is looked into first; one that does not hold
costs its sender the connection. Then every peer that has the state gives one part at a time. A peer
that is slow, or gives nothing, loses its turn; what it was asked for goes to another.
"""

from dataclasses import dataclass
from typing import Final

from chain.codec import encode
from chain.errors import InvalidInput, PeerFault
from chain.genesis import Limits
from chain.keys import Verifier
from chain.scalars import Hash, NodeName, UnixMillis
from node.replica import keys
from node.replica.effects import Disconnect, Effect, Install, SendTo, SendToAll, Write
from node.replica.gossip import Ration
from node.replica.head import Head
from node.replica.messages import (
    Offer,
    Part,
    PartName,
    PartRequest,
    SnapshotOffer,
    SnapshotRequest,
    Steps,
    size_of,
)
from node.replica.ports import Column, Put, Store, WriteBatch
from node.replica.snapshot_plan import CommitteePath, load_plan
from node.replica.snapshot_work import SnapshotProgress, SnapshotWork, name_staged
from node.replica.sync import REFUSED_MS, REQUEST_TIMEOUT_MS, CatchUpSetting, Claims

PARTS_TAKEN_PER_TICK_MAX: Final = 2 << 20
"""Bytes from one peer; it gives more than twice as many, for its ticks are not ours."""
STALL_MS: Final = 30_000
"""Without any part for so long, the snapshot is given up: perhaps nobody has it any more."""
REST_MS: Final = 30_000
"""After a search that led to nothing."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An offer that is being looked into."""

    peer: NodeName
    path: CommitteePath
    asked_ms: UnixMillis


class SnapshotLoader:
    """Loads one snapshot at a time. Times are steady milliseconds."""

    def __init__(
        self,
        store: Store,
        genesis: Hash,
        limits: Limits,
        setting: CatchUpSetting,
        claims: Claims,
        verify: Verifier,
    ) -> None:
        self._store = store
        self._genesis = genesis
        self._window = limits.expiry_window_blocks
        self._setting = setting
        self._claims = claims
        self._verify = verify
        self._asked: set[NodeName] = set()
        self._asked_ms: UnixMillis | None = None
        self._offers: dict[NodeName, Offer] = {}
        self._candidate: _Candidate | None = None
        self._requests: dict[NodeName, tuple[PartName, UnixMillis]] = {}
        self._not_before: dict[NodeName, UnixMillis] = {}
        self._ration = Ration(PARTS_TAKEN_PER_TICK_MAX)
        self._rest_until_ms = UnixMillis(0)
        self._progress_ms = UnixMillis(0)
        plan = load_plan(store)
        self._work = None if plan is None else SnapshotWork.resume(plan, self._window, store)

    @property
    def is_active(self) -> bool:
        """Whether a snapshot is being looked for or loaded."""
        return not (self._asked_ms is None and self._candidate is None and self._work is None)

    @property
    def progress(self) -> SnapshotProgress | None:
        """How far loading has come; None when nothing is being loaded."""
        return None if self._work is None else self._work.progress

    def consider(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Begin to look for a snapshot, if blocks would take too long or cannot be had."""
        if self.is_active or now_ms < self._rest_until_ms or not self._is_worth_it(head):
            return []
        peers = tuple(sorted(self._claims.beyond(head.next_height)))
        if not peers:
            return []  # The newest height cannot be given; soon it is not the newest any more.
        self._asked, self._asked_ms = set(peers), now_ms
        return [SendToAll(peers, SnapshotRequest())]

    def offered(
        self, peer: NodeName, message: SnapshotOffer, head: Head, now_ms: UnixMillis
    ) -> list[Effect]:
        """A peer says what it can give."""
        if self._asked_ms is None or peer not in self._asked:
            return []
        self._asked.discard(peer)
        if message.offer is not None and message.offer.header.height > head.height:
            self._offers[peer] = message.offer
        return [] if self._asked else self._choose(head, now_ms)

    def stepped(
        self, peer: NodeName, message: Steps, head: Head, now_ms: UnixMillis
    ) -> list[Effect]:
        """A peer whose offer is looked into says how the validators changed."""
        candidate = self._candidate
        if candidate is None or candidate.peer != peer:
            return []
        try:
            puts = candidate.path.take(message.steps)
        except InvalidInput as error:
            return self._refuse_offer(error, head, now_ms)
        if puts is None:
            return self._choose(head, now_ms)
        writes = [Write(WriteBatch(tuple(puts)), sync=False)] if puts else []
        return [*writes, *self._look_into(peer, candidate.path, head, now_ms)]

    def given(self, peer: NodeName, message: Part, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """A peer gives a part, or says that it cannot."""
        work, request = self._work, self._requests.get(peer)
        if work is None or request is None:
            return []
        name, _ = request
        if (message.height, message.part) != (work.plan.height, name):
            return []  # It is an answer to an earlier question.
        if work.plan.height <= head.height:
            return self._give_up(now_ms)  # Blocks came faster; nobody goes back.
        del self._requests[peer]
        self._ration.use(peer, size_of(message.given))
        if message.given is None:
            work.give_back(name)
            self._not_before[peer] = UnixMillis(now_ms + REFUSED_MS)
            return self._fetch(now_ms)
        try:
            puts = work.accept(name, message.given)
        except InvalidInput as error:
            work.give_back(name)
            self.forget(peer)
            self._not_before[peer] = UnixMillis(now_ms + REFUSED_MS)
            return [_fault(peer, "The part", error), *self._fetch(now_ms)]
        self._progress_ms = now_ms
        write = Write(WriteBatch(tuple(puts)), sync=False)
        if work.is_done:
            return [write, Install()]
        return [write, *self._fetch(now_ms)]

    def installed(self) -> None:
        """The snapshot is in place."""
        self._work = None
        self._requests.clear()

    def tick(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Time has passed: ask others for what did not come, or give up."""
        self._ration.renew()
        if self._work is not None:
            return self._tick_work(self._work, head, now_ms)
        if self._candidate is not None:
            if now_ms - self._candidate.asked_ms < REQUEST_TIMEOUT_MS:
                return []
            return self._choose(head, now_ms)
        if self._asked_ms is not None and now_ms - self._asked_ms >= REQUEST_TIMEOUT_MS:
            return self._choose(head, now_ms)
        return []

    def forget(self, peer: NodeName) -> None:
        """A peer is gone, and with it what it owed us."""
        request = self._requests.pop(peer, None)
        if request is not None and self._work is not None:
            self._work.give_back(request[0])
        self._asked.discard(peer)
        self._offers.pop(peer, None)
        self._not_before.pop(peer, None)

    # Which one

    def _is_worth_it(self, head: Head) -> bool:
        claim = self._claims.supported(head.validators)
        if self._claims.is_pruned(head.next_height) and (
            claim.height >= head.next_height or self._may_believe(head)
        ):
            return True
        # Whoever keeps everything fetches every block, unless there is nothing to keep yet.
        if head.height > 0 and self._setting.retain_blocks == 0:
            return False
        blocks, transactions = (
            self._setting.snapshot_behind_blocks,
            self._setting.snapshot_behind_transactions,
        )
        return (0 < blocks < claim.height - head.height) or (
            0 < transactions < claim.transactions - head.transactions_total
        )

    def _may_believe(self, head: Head) -> bool:
        """Tell whether to believe peers that the committee known here cannot speak for.

        Its members may all have left the chain. What peers then give counts by its certificates
        alone; only an archive, which a snapshot leaves with a gap, does not believe a few of them.
        """
        heard = self._claims.weight_heard(head.validators)
        has_blocks_to_lose = head.height > 0 and self._setting.retain_blocks == 0
        return heard == 0 or (heard < head.validators.honest_weight and not has_blocks_to_lose)

    def _choose(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Look into the newest offer that is left, or rest."""
        self._asked.clear()
        self._asked_ms = self._candidate = None
        if not self._offers:
            self._rest_until_ms = UnixMillis(now_ms + REST_MS)
            return []
        peer = max(self._offers, key=lambda one: (self._offers[one].header.height, one))
        path = CommitteePath(head, self._offers.pop(peer), self._genesis, self._verify)
        return self._look_into(peer, path, head, now_ms)

    def _look_into(
        self, peer: NodeName, path: CommitteePath, head: Head, now_ms: UnixMillis
    ) -> list[Effect]:
        self._candidate = _Candidate(peer, path, now_ms)
        request = path.request()
        if request is not None:
            return [SendTo(peer, request)]
        try:
            plan = path.check()
        except InvalidInput as error:
            return self._refuse_offer(error, head, now_ms)
        self._offers.clear()
        self._candidate = None
        self._progress_ms = now_ms
        self._work = SnapshotWork(plan, self._window)
        puts = (*name_staged(self._store), Put(Column.META, keys.SNAPSHOT, encode(plan)))
        write = Write(WriteBatch(puts), sync=False)
        return [write, *self._fetch(now_ms)]

    def _refuse_offer(self, error: InvalidInput, head: Head, now_ms: UnixMillis) -> list[Effect]:
        assert self._candidate is not None, "an offer is being looked into"
        peer = self._candidate.peer
        self.forget(peer)
        return [_fault(peer, "The offer", error), *self._choose(head, now_ms)]

    # Its parts

    def _fetch(self, now_ms: UnixMillis) -> list[Effect]:
        """Ask every peer that is free for one part."""
        work = self._work
        assert work is not None, "there is something to fetch"
        out: list[Effect] = []
        height = work.plan.height
        for peer in sorted(self._claims.can_give_state(height)):
            if (
                peer in self._requests
                or self._not_before.get(peer, 0) > now_ms
                or not self._ration.is_left(peer)
            ):
                continue
            part = work.take()
            if part is None:
                break
            self._requests[peer] = (part, now_ms)
            out.append(SendTo(peer, PartRequest(height, part)))
        return out

    def _tick_work(self, work: SnapshotWork, head: Head, now_ms: UnixMillis) -> list[Effect]:
        for peer, (part, sent_ms) in tuple(self._requests.items()):
            if now_ms - sent_ms >= REQUEST_TIMEOUT_MS:
                del self._requests[peer]
                work.give_back(part)
                self._not_before[peer] = UnixMillis(now_ms + REFUSED_MS)
        if self._progress_ms == 0:
            self._progress_ms = now_ms
        if work.plan.height > head.height and now_ms - self._progress_ms < STALL_MS:
            return [Install()] if work.is_done else self._fetch(now_ms)
        return self._give_up(now_ms)

    def _give_up(self, now_ms: UnixMillis) -> list[Effect]:
        self._work = None
        self._requests.clear()
        self._rest_until_ms = UnixMillis(now_ms + REST_MS)
        puts = (*name_staged(self._store), Put(Column.META, keys.SNAPSHOT, None))
        return [Write(WriteBatch(puts), sync=False)]


def _fault(peer: NodeName, what: str, error: InvalidInput) -> Disconnect:
    return Disconnect(peer, PeerFault("VT-3034", what=what, peer=peer, reason=error.why))
