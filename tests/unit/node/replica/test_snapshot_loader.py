"""When a node looks for a snapshot, whom it asks for what, and when it gives up."""

import pytest
from msgspec.structs import replace

from chain.genesis import compute_genesis_hash
from chain.keys import verify
from chain.scalars import HEIGHT_MAX, Height, NodeName, UnixMillis, Weight
from node.replica import snapshot_loader
from node.replica.effects import Disconnect, Effect, Install, SendTo, SendToAll, Write
from node.replica.head import Head
from node.replica.messages import (
    Part,
    PartRequest,
    SnapshotOffer,
    SnapshotRequest,
    Steps,
    StepsRequest,
    size_of,
)
from node.replica.past import load_head
from node.replica.ports import Column, MemoryStore
from node.replica.snapshot_loader import (
    REST_MS,
    STALL_MS,
    SnapshotLoader,
)
from node.replica.snapshot_server import SnapshotServer
from node.replica.sync import REFUSED_MS, REQUEST_TIMEOUT_MS, CatchUpSetting, Claim, Claims
from tests.unit.node.replica.joining import GENESIS, WINDOW, Joining

A, B, C = (NodeName(f"node{number}") for number in range(3))
NEWEST = 20
START = UnixMillis(5_000_000)
SETTING = CatchUpSetting(
    snapshot_interval_blocks=4, snapshot_behind_blocks=10, snapshot_behind_transactions=0
)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_server.CHUNK_SIZE_BYTES", 300)


class Bench:
    """A loader, and a server that has the chain."""

    def __init__(self, setting: CatchUpSetting = SETTING) -> None:
        world = Joining()
        source = world.nodes[0]
        self.source_head = source.head
        self.server = SnapshotServer(source.store, GENESIS.limits, 4)
        self.store: MemoryStore = world.nodes[3].store
        head = load_head(self.store)
        assert head is not None
        self.head: Head = head
        self.claims = Claims()
        self.now = START
        self.loader = SnapshotLoader(
            self.store,
            compute_genesis_hash(GENESIS),
            GENESIS.limits,
            setting,
            self.claims,
            verify,
        )

    def claim(self, *peers: NodeName, height: int | None = None, base: int = 0) -> None:
        at = self.source_head.height if height is None else Height(height)
        total = self.source_head.transactions_total
        for peer in peers:
            self.claims.learn(peer, Claim(at, Height(base), total))

    def consider(self) -> list[Effect]:
        return self.write(self.loader.consider(self.head, self.now))

    def offer(self, peer: NodeName, offer: SnapshotOffer | None = None) -> list[Effect]:
        message = self.server.offer(self.source_head) if offer is None else offer
        return self.write(self.loader.offered(peer, message, self.head, self.now))

    def steps(self, peer: NodeName, request: StepsRequest) -> list[Effect]:
        message = self.server.steps(request, self.source_head)
        return self.write(self.loader.stepped(peer, message, self.head, self.now))

    def give(self, peer: NodeName, request: PartRequest) -> list[Effect]:
        message = self.server.part(request, self.source_head, self.now)
        return self.write(self.loader.given(peer, message, self.head, self.now))

    def tick(self, after_ms: int = 500) -> list[Effect]:
        self.now = UnixMillis(self.now + after_ms)
        return self.write(self.loader.tick(self.head, self.now))

    def write(self, effects: list[Effect]) -> list[Effect]:
        """Do what the disk does at once; give the rest."""
        for effect in effects:
            if isinstance(effect, Write):
                self.store.write(effect.batch, sync=False)
        return [effect for effect in effects if not isinstance(effect, Write)]

    def begin(self, *peers: NodeName) -> list[Effect]:
        """Come as far as the first requests for parts."""
        self.claim(A, B, *peers)
        self.consider()
        for other in {A, B} - set(peers):
            self.claims.forget(other)
            self.loader.forget(other)
        out: list[Effect] = []
        for peer in peers:
            out = self.offer(peer)
        (ask,) = out
        assert isinstance(ask, SendTo)
        assert isinstance(ask.message, StepsRequest)
        return self.steps(ask.peer, ask.message)


def requests(effects: list[Effect]) -> dict[NodeName, PartRequest]:
    found = {}
    for effect in effects:
        if isinstance(effect, SendTo) and isinstance(effect.message, PartRequest):
            assert effect.peer not in found, "one for each peer"
            found[effect.peer] = effect.message
    return found


# ---------------------------------------------------------------- when


def test_a_node_that_is_far_behind_asks_everybody_who_is_ahead() -> None:
    bench = Bench()
    bench.claim(A, B)
    bench.claim(C, height=1)
    assert bench.consider() == [SendToAll((A, B), SnapshotRequest())]
    assert bench.loader.is_active
    assert bench.consider() == [], "once"


def test_one_peer_is_no_reason() -> None:
    bench = Bench()
    bench.claim(A, height=HEIGHT_MAX)
    assert bench.consider() == []
    bench.claim(B, C, height=9)
    assert bench.consider() == [], "nine blocks are quickly fetched"


def test_a_snapshot_may_be_left_to_need() -> None:
    bench = Bench(replace_setting(snapshot_behind_blocks=0))
    bench.claim(A, B, C)
    assert bench.consider() == []
    bench.claim(A, B, C, base=9)
    assert bench.consider() == [SendToAll((A, B, C), SnapshotRequest())]


def replace_setting(**changes: int) -> CatchUpSetting:
    return CatchUpSetting(
        **{
            "snapshot_interval_blocks": 4,
            "snapshot_behind_blocks": 10,
            "snapshot_behind_transactions": 0,
            **changes,
        }
    )


def test_transactions_count_too() -> None:
    many = replace_setting(snapshot_behind_blocks=1_000, snapshot_behind_transactions=5)
    bench = Bench(many)
    bench.claim(A, B)
    assert bench.consider()


def test_who_keeps_everything_does_not_throw_it_away() -> None:
    bench = Bench()
    bench.head = replace(bench.head, height=Height(3))
    bench.claim(A, B, C)
    assert bench.consider() == []
    pruning = Bench(replace_setting(retain_blocks=WINDOW + 300))
    pruning.head = bench.head
    pruning.claim(A, B, C)
    assert pruning.consider()


def test_one_liar_cannot_make_believe_that_blocks_are_gone() -> None:
    bench = Bench(replace_setting(snapshot_behind_blocks=0))
    bench.claim(A, height=900, base=800)
    bench.claim(B, C, height=0)
    assert bench.consider() == []


def strangers_to(bench: Bench) -> None:
    """Let the peers be none of the members that the own head names."""
    members = tuple(
        replace(member, node=NodeName(f"founder{index}"))
        for index, member in enumerate(bench.head.validators.members)
    )
    validators = replace(bench.head.validators, members=members)
    bench.head = replace(bench.head, validators=validators)


def test_blocks_that_nobody_has_are_not_waited_for_when_no_known_member_is_connected() -> None:
    bench = Bench(replace_setting(snapshot_behind_blocks=0))
    strangers_to(bench)
    bench.claim(A, B)
    assert bench.consider() == [], "they have the blocks"
    bench.claim(A, B, base=9)
    assert bench.consider() == [SendToAll((A, B), SnapshotRequest())]
    archive = Bench(replace_setting(snapshot_behind_blocks=0))
    archive.head = replace(archive.head, height=Height(3))
    strangers_to(archive)
    archive.claim(A, B, base=9)
    assert archive.consider()


def test_one_known_member_is_believed_by_who_has_nothing_to_lose() -> None:
    """A snapshot counts by its certificates; but it would leave a gap in what an archive keeps."""
    bench = Bench(replace_setting(snapshot_behind_blocks=0))
    bench.claim(A, base=9)
    assert bench.consider() == [SendToAll((A,), SnapshotRequest())]
    archive = Bench(replace_setting(snapshot_behind_blocks=0))
    archive.head = replace(archive.head, height=Height(3))
    archive.claim(A, base=9)
    assert archive.consider() == []
    pruning = Bench(replace_setting(snapshot_behind_blocks=0, retain_blocks=WINDOW + 300))
    pruning.head = archive.head
    pruning.claim(A, base=9)
    assert pruning.consider()


def test_an_honest_peer_whose_steps_do_not_begin_at_the_head_keeps_its_connection() -> None:
    bench = Bench(replace_setting(retain_blocks=WINDOW + 300))
    member = bench.head.validators.members[0]
    between = replace(bench.head.validators, members=(replace(member, weight=Weight(2)),))
    bench.head = replace(bench.head, height=Height(2), validators=between)
    bench.claim(A, B, base=9)
    assert bench.consider()
    bench.offer(A)
    (ask,) = bench.offer(B)
    assert ask == SendTo(B, StepsRequest(Height(2), Height(NEWEST + 1)))
    (ask,) = bench.write(bench.loader.stepped(B, Steps(()), bench.head, bench.now))
    assert ask == SendTo(A, StepsRequest(Height(2), Height(NEWEST + 1))), "the next one's offer"


# ---------------------------------------------------------------- which


def test_offers_are_waited_for_and_the_newest_is_looked_into() -> None:
    bench = Bench()
    bench.claim(A, B, C)
    bench.consider()
    assert bench.offer(A) == []
    assert bench.offer(A) == [], "one offer each"
    assert bench.offer(B, SnapshotOffer(None)) == []
    (ask,) = bench.offer(C)
    assert ask == SendTo(C, StepsRequest(Height(0), Height(NEWEST + 1)))


def test_who_does_not_answer_is_not_waited_for_long() -> None:
    bench = Bench()
    bench.claim(A, B)
    bench.consider()
    bench.offer(A)
    assert bench.tick(REQUEST_TIMEOUT_MS - 1) == []
    (ask,) = bench.tick(1)
    assert isinstance(ask, SendTo)
    assert ask.peer == A
    assert bench.offer(B) == [], "too late"


def test_an_offer_whose_steps_do_not_come_is_passed_over() -> None:
    bench = Bench()
    bench.claim(A, B)
    bench.consider()
    bench.offer(A)
    (first,) = bench.offer(B)
    assert isinstance(first, SendTo)
    (second,) = bench.tick(REQUEST_TIMEOUT_MS)
    assert isinstance(second, SendTo)
    assert {first.peer, second.peer} == {A, B}
    assert bench.tick(REQUEST_TIMEOUT_MS) == []
    assert not bench.loader.is_active


def test_after_a_search_for_nothing_it_rests() -> None:
    bench = Bench()
    bench.claim(A, B)
    bench.consider()
    bench.offer(A, SnapshotOffer(None))
    assert bench.offer(B, SnapshotOffer(None)) == []
    assert not bench.loader.is_active
    bench.now = UnixMillis(bench.now + REST_MS - 1)
    assert bench.consider() == []
    bench.now = UnixMillis(bench.now + 1)
    assert bench.consider()


def test_an_old_offer_is_none() -> None:
    bench = Bench(replace_setting(retain_blocks=WINDOW + 300))
    bench.claim(A, B)
    bench.consider()
    bench.head = replace(bench.head, height=Height(NEWEST))
    bench.offer(A)
    assert bench.offer(B) == []
    assert not bench.loader.is_active


def test_steps_that_nobody_asked_for_are_not_looked_at() -> None:
    bench = Bench()
    assert bench.loader.stepped(A, Steps(()), bench.head, bench.now) == []


# ---------------------------------------------------------------- parts


def test_every_peer_is_asked_for_one_part_at_a_time() -> None:
    bench = Bench()
    asked = requests(bench.begin(A, B, C))
    assert asked.keys() == {A, B}, "headers and the state's root; more is not known yet"
    more = requests(bench.give(B, asked[B]))
    assert more.keys() == {B, C}
    assert len({encode_part(request) for request in (*asked.values(), *more.values())}) == 4


def encode_part(request: PartRequest) -> str:
    return str(request.part)


def test_a_peer_is_asked_for_so_much_of_the_state_between_two_ticks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot_loader, "PARTS_TAKEN_PER_TICK_MAX", 3 * size_of(None))
    bench = Bench()
    asked = requests(bench.begin(A))
    count = 0
    while A in asked:
        count += 1
        asked = requests(bench.give(A, asked[A]))
    assert count == 3
    assert requests(bench.tick()).keys() == {A}


def test_a_silent_peer_loses_its_turn_and_the_part_goes_to_another() -> None:
    bench = Bench()
    asked = requests(bench.begin(A, B))
    lost = asked[A]
    bench.tick(REQUEST_TIMEOUT_MS - 1)
    again = requests(bench.give(B, asked[B]))
    assert bench.tick(1) == [], "one of them is silent, the other one busy"
    seen = []
    while lost not in seen:
        again = again or requests(bench.tick(100))
        assert again.keys() == {B}
        seen.append(again[B])
        again = requests(bench.give(B, again[B]))
    assert A in requests(bench.tick(REFUSED_MS))


def test_a_liar_is_dropped_and_not_asked_again_for_a_while() -> None:
    bench = Bench()
    asked = requests(bench.begin(A, B))
    message = bench.server.part(asked[B], bench.source_head, bench.now)
    wrong = replace(message, given=bench.server.part(asked[A], bench.source_head, bench.now).given)
    done = bench.write(bench.loader.given(B, wrong, bench.head, bench.now))
    (fault,) = [effect for effect in done if isinstance(effect, Disconnect)]
    assert (fault.peer, fault.error.code) == (B, "VT-3034")
    assert B not in requests(done)
    assert requests(bench.tick()).keys() <= {A}


def test_an_answer_to_an_earlier_question_is_passed_over() -> None:
    bench = Bench()
    asked = requests(bench.begin(A, B))
    late = Part(asked[A].height, asked[B].part, None)
    assert bench.loader.given(A, late, bench.head, bench.now) == []
    assert bench.loader.given(A, replace(late, height=Height(4)), bench.head, bench.now) == []
    assert bench.loader.given(C, late, bench.head, bench.now) == []
    assert requests(bench.give(A, asked[A])), "the question still stands"


def test_when_all_parts_are_here_they_are_put_in_place() -> None:
    bench = Bench()
    asked = requests(bench.begin(A, B, C))
    done: list[Effect] = []
    for _ in range(10_000):
        if not asked:
            asked = requests(bench.tick())
        peer, request = asked.popitem()
        done = bench.give(peer, request)
        asked.update(requests(done))
        if any(isinstance(effect, Install) for effect in done):
            break
    assert done == [Install()]
    assert bench.loader.progress is not None
    bench.loader.installed()
    assert not bench.loader.is_active


def test_a_snapshot_that_blocks_have_overtaken_is_not_put_in_place() -> None:
    """Found by the simulator (raft seed 13792): the last part came after the block, and went back
    to the snapshot's height."""
    bench = Bench()
    asked = requests(bench.begin(A, B, C))
    progress = bench.loader.progress
    assert progress is not None
    bench.head = replace(bench.head, height=progress.height)
    while asked:
        peer, request = asked.popitem()
        done = bench.give(peer, request)
        asked.update(requests(done))
        assert not any(isinstance(effect, Install) for effect in done)
    assert not bench.loader.is_active
    assert list(bench.store.range(Column.META, b"snapshot", b"snapshou")) == []


def test_without_progress_it_is_given_up_and_its_parts_forgotten() -> None:
    bench = Bench()
    asked = requests(bench.begin(A))
    bench.give(A, asked[A])
    bench.claims.forget(A)
    bench.loader.forget(A)
    for _ in range(STALL_MS // 500 - 1):
        assert bench.tick() == []
        assert list(bench.store.range(Column.META, b"snapshot", b"snapshou")) != []
    bench.tick()
    assert bench.loader.progress is None
    assert list(bench.store.range(Column.META, b"snapshot", b"snapshou")) == []


def test_a_new_loader_goes_on_with_what_is_stored() -> None:
    bench = Bench()
    asked = requests(bench.begin(A, B))
    for peer, request in asked.items():
        bench.give(peer, request)
    before = bench.loader.progress
    again = SnapshotLoader(
        bench.store,
        compute_genesis_hash(GENESIS),
        GENESIS.limits,
        SETTING,
        bench.claims,
        verify,
    )
    assert before is not None
    assert again.progress is not None
    assert again.progress.state_permille == before.state_permille > 0
    assert requests(again.tick(bench.head, bench.now)).keys() == {A, B}


def test_a_snapshot_that_blocks_have_overtaken_is_given_up() -> None:
    bench = Bench()
    bench.begin(A, B)
    bench.head = replace(bench.head, height=Height(NEWEST))
    bench.tick()
    assert not bench.loader.is_active


def test_nothing_is_written_that_was_not_checked() -> None:
    bench = Bench()
    asked = requests(bench.begin(A, B))
    message = bench.server.part(asked[B], bench.source_head, bench.now)
    wrong = replace(message, given=bench.server.part(asked[A], bench.source_head, bench.now).given)
    done = bench.loader.given(B, wrong, bench.head, bench.now)
    assert [effect for effect in done if isinstance(effect, Write)] == []
