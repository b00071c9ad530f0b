"""Joining from a snapshot while peers lie: what is false is refused, its sender dropped.

Every lie differs from the truth in one thing. The node that joins gets there all the same, from
the honest peers and in time.
"""

from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from chain.block import Header
from chain.hashing import EMPTY_HASH
from chain.scalars import HEIGHT_MAX, Hash, Height, UnixMillis
from chain.state_node import hash_key
from node.replica.messages import (
    AnyPeerMessage,
    Blocks,
    GivenHeaders,
    GivenIds,
    GivenState,
    Offer,
    Part,
    SnapshotOffer,
    Status,
    Steps,
)
from node.replica.past import load_base
from node.replica.sync import CatchUpSetting
from tests.unit.node.replica.joining import BLOCKS, JOINER, SETTING, Joining, silent

LIAR = 0
NOWHERE = Hash(bytes(31) + b"\1")
IN_TIME_MS = 8_000
Lie = Callable[[AnyPeerMessage], Sequence[AnyPeerMessage]]


@pytest.fixture(autouse=True)
def _several_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.replica.snapshot_server.CHUNK_SIZE_BYTES", 1_500)


def join_with(lie: Lie, setting: CatchUpSetting = SETTING) -> Joining:
    """Let node 3 join while node 0 lies to it about one thing."""
    world = Joining(setting)
    world.lie(LIAR, lambda message: list(lie(message)))
    assert world.join(IN_TIME_MS)
    world.check()
    return world


# ---------------------------------------------------------------- parts


def in_state(change: Callable[[GivenState], GivenState]) -> Lie:
    return lambda m: (
        [replace(m, given=change(m.given))]
        if isinstance(m, Part) and isinstance(m.given, GivenState)
        else [m]
    )


def in_chunk(**changes: Callable[[GivenState], object]) -> Lie:
    def change(given: GivenState) -> GivenState:
        fields = {name: make(given) for name, make in changes.items()}
        return GivenState(replace(given.chunk, **fields))

    return in_state(change)


def in_headers(change: Callable[[tuple[Header, ...]], Sequence[Header]]) -> Lie:
    return lambda m: (
        [replace(m, given=GivenHeaders(tuple(change(m.given.headers))))]
        if isinstance(m, Part) and isinstance(m.given, GivenHeaders)
        else [m]
    )


def in_ids(**changes: Callable[[tuple[Hash, ...]], object]) -> Lie:
    def lie(m: AnyPeerMessage) -> Sequence[AnyPeerMessage]:
        if not isinstance(m, Part) or not isinstance(m.given, GivenIds):
            return [m]
        fields = {name: make(m.given.ids.ids) for name, make in changes.items()}
        return [replace(m, given=GivenIds(replace(m.given.ids, **fields)))]

    return lie


def wrong_place(given: GivenState) -> int:
    return given.chunk.prefix ^ 1 if given.chunk.depth else 1


def with_extra_pair(given: GivenState) -> tuple[tuple[bytes, bytes], ...]:
    place = given.chunk.place
    extra = next(
        (b"extra%d" % number, b"1")
        for number in range(100_000)
        if place.holds(int.from_bytes(hash_key(b"extra%d" % number), "big"))
    )
    return tuple(sorted((*given.chunk.pairs, extra), key=lambda pair: hash_key(pair[0])))


PART_LIES: dict[str, Lie] = {
    "another index with the right proof": in_chunk(prefix=wrong_place),
    "an index beyond the depth": in_chunk(prefix=lambda g: g.chunk.prefix + 16**g.chunk.depth),
    "another depth": in_chunk(depth=lambda g: g.chunk.depth + 1),
    "a sibling left out": in_chunk(siblings=lambda g: g.chunk.siblings[1:]),
    "a wrong sibling": in_chunk(
        siblings=lambda g: (g.chunk.siblings[0][:-32] + NOWHERE, *g.chunk.siblings[1:])
    ),
    "siblings that fit no place": in_chunk(siblings=lambda g: (NOWHERE, *g.chunk.siblings[1:])),
    "a pair left out": in_chunk(pairs=lambda g: g.chunk.pairs[1:]),
    "no pair at all": in_chunk(pairs=lambda g: ()),
    "a pair too many": in_chunk(pairs=with_extra_pair),
    "a pair twice": in_chunk(pairs=lambda g: (g.chunk.pairs[0], *g.chunk.pairs)),
    "a changed value": in_chunk(
        pairs=lambda g: ((g.chunk.pairs[0][0], b"changed"), *g.chunk.pairs[1:])
    ),
    "pairs in another order": in_chunk(pairs=lambda g: g.chunk.pairs[::-1]),
    "a header left out": in_headers(lambda headers: headers[:-1]),
    "no header": in_headers(lambda headers: ()),
    "headers in another order": in_headers(lambda headers: headers[::-1]),
    "a changed header": in_headers(
        lambda headers: (replace(headers[0], tx_log_size=0), *headers[1:])
    ),
    "a header too many": in_headers(lambda headers: (headers[0], *headers)),
    "an id left out": in_ids(ids=lambda ids: ids[:-1]),
    "an id too many": in_ids(ids=lambda ids: (*ids, NOWHERE)),
    "a changed id": in_ids(ids=lambda ids: (NOWHERE, *ids[1:])),
    "ids in another order": in_ids(ids=lambda ids: ids[::-1]),
    "ids from another place": in_ids(first=lambda ids: 0),
    "the log before them changed": in_ids(left=lambda ids: (NOWHERE,)),
    "the log after them changed": in_ids(right=lambda ids: (NOWHERE,)),
    "one kind of part for another": lambda m: (
        [replace(m, given=GivenHeaders(()))]
        if isinstance(m, Part) and isinstance(m.given, GivenState)
        else [m]
    ),
}


@pytest.mark.parametrize("name", PART_LIES)
def test_a_false_part_costs_its_sender_the_connection(name: str) -> None:
    world = join_with(PART_LIES[name])
    assert world.codes() == {("node0", "VT-3034")}
    why = {done.error.why for done in world.nodes[JOINER].disconnected}
    assert all(reason.startswith("The part from node0 does not hold: ") for reason in why)


def test_a_part_that_cannot_be_had_costs_nothing_but_the_turn() -> None:
    world = join_with(lambda m: [replace(m, given=None)] if isinstance(m, Part) else [m])
    assert world.codes() == set()


def test_a_part_of_another_height_is_not_looked_at() -> None:
    world = join_with(lambda m: [replace(m, height=Height(3))] if isinstance(m, Part) else [m])
    assert world.codes() == set()


def test_parts_that_nobody_asked_for_are_not_looked_at() -> None:
    world = join_with(lambda m: [m, m] if isinstance(m, Part) else [m])
    assert world.codes() == set()


def test_a_silent_peer_does_not_stall_the_others() -> None:
    world = Joining()
    world.lie(LIAR, lambda m: [] if isinstance(m, Part) else [m])
    assert world.join(3_000), "one request goes to it and comes back once"
    world.check()


def test_two_of_three_may_lie() -> None:
    world = Joining()
    first, second = PART_LIES["a changed value"], PART_LIES["a header left out"]
    world.lie(0, lambda m: list(first(m)))
    world.lie(1, lambda m: list(second(m)))
    assert world.join(IN_TIME_MS)
    world.check()
    assert {peer for peer, _ in world.codes()} <= {"node0", "node1"}


# ---------------------------------------------------------------- offers


def in_offer(change: Callable[[Offer], Offer]) -> Lie:
    return lambda m: (
        [SnapshotOffer(change(m.offer))]
        if isinstance(m, SnapshotOffer) and m.offer is not None
        else [m]
    )


def inflated(offer: Offer) -> Offer:
    header = replace(offer.header, height=Height(HEIGHT_MAX - 1))
    following = replace(offer.next_header, height=Height(HEIGHT_MAX))
    return replace(offer, header=header, next_header=following)


def higher(offer: Offer, **changes: object) -> Offer:
    """Make an offer the newest, so that it is looked into first; its header is false."""
    return replace(offer, header=replace(offer.header, height=Height(999), **changes))


OFFER_LIES: dict[str, Lie] = {
    "an inflated height": in_offer(inflated),
    "another state": in_offer(lambda o: higher(o, state_root=NOWHERE)),
    "a thin certificate": in_offer(
        lambda o: replace(
            higher(o), certificate=replace(o.certificate, signatures=o.certificate.signatures[:1])
        )
    ),
    "validators of its own": in_offer(
        lambda o: higher(o, validators_root=NOWHERE, next_validators_root=NOWHERE)
    ),
}


@pytest.mark.parametrize("name", OFFER_LIES)
def test_a_false_offer_costs_its_sender_the_connection(name: str) -> None:
    world = join_with(OFFER_LIES[name])
    assert world.codes() == {("node0", "VT-3034")}
    (why,) = {done.error.why for done in world.nodes[JOINER].disconnected}
    assert why.startswith("The offer from node0 does not hold: ")


SAME_HEIGHT_LIES: dict[str, Callable[[Offer], Offer]] = {
    "another state": lambda o: replace(o, header=replace(o.header, state_root=NOWHERE)),
    "a forged signature": lambda o: replace(
        o,
        certificate=replace(
            o.certificate,
            signatures=(
                replace(o.certificate.signatures[0], time_ms=UnixMillis(1)),
                *o.certificate.signatures[1:],
            ),
        ),
    ),
    "the certificate of the next block": lambda o: replace(o, certificate=o.next_certificate),
    "a next header that does not follow": lambda o: replace(
        o, next_header=o.header, next_certificate=o.certificate
    ),
    "a forged next certificate": lambda o: replace(
        o, next_certificate=replace(o.next_certificate, signatures=())
    ),
    "a changed next header": lambda o: replace(
        o, next_header=replace(o.next_header, next_validators_root=EMPTY_HASH)
    ),
}


@pytest.mark.parametrize("name", SAME_HEIGHT_LIES)
def test_an_offer_that_is_false_in_one_thing_is_refused(name: str) -> None:
    """Both others offer nothing at first, so that the false one is looked into."""
    world = Joining()
    lie = in_offer(SAME_HEIGHT_LIES[name])
    world.lie(LIAR, lambda m: list(lie(m)))
    for other in (1, 2):
        world.lie(other, lambda m: [SnapshotOffer(None)] if isinstance(m, SnapshotOffer) else [m])
    world.start(JOINER)
    assert world.run(3_000, lambda: bool(world.codes()))
    assert world.codes() == {("node0", "VT-3034")}
    assert world.nodes[JOINER].replica.view().snapshot is None


def in_steps(change: Callable[[Steps], Steps]) -> Lie:
    return lambda m: [change(m)] if isinstance(m, Steps) else [m]


STEP_LIES: dict[str, Callable[[Steps], Steps]] = {
    "no step": lambda m: Steps(()),
    "the first step left out": lambda m: Steps(m.steps[1:]),
    "the last step left out": lambda m: Steps(m.steps[:1]) if len(m.steps) > 1 else Steps(()),
    "steps in another order": lambda m: Steps(m.steps[::-1]),
    "a step twice": lambda m: Steps((m.steps[0], *m.steps)),
    "another set": lambda m: Steps((replace(m.steps[0], validators=m.steps[1].validators),)),
    "a thin certificate": lambda m: Steps(
        (
            replace(
                m.steps[0],
                certificate=replace(
                    m.steps[0].certificate, signatures=m.steps[0].certificate.signatures[:2]
                ),
            ),
        )
    ),
}


@pytest.mark.parametrize("name", STEP_LIES)
def test_false_steps_cost_their_sender_the_connection(name: str) -> None:
    world = Joining()
    lie = in_steps(STEP_LIES[name])
    for index in (0, 1, 2):
        world.lie(index, lambda m: list(lie(m)))
    world.start(JOINER)
    assert world.run(4_000, lambda: bool(world.codes()))
    assert {code for _, code in world.codes()} == {"VT-3034"}
    assert world.joiner == 0


def test_when_nobody_offers_anything_blocks_are_fetched() -> None:
    world = Joining()
    for index in (0, 1, 2):
        world.lie(index, lambda m: [SnapshotOffer(None)] if isinstance(m, SnapshotOffer) else [m])
    assert world.join(IN_TIME_MS)
    assert load_base(world.nodes[JOINER].store).height == 0


def test_a_peer_that_never_says_what_it_offers_costs_one_time_out() -> None:
    join_with(lambda m: [] if isinstance(m, SnapshotOffer) else [m])


def test_a_snapshot_that_nobody_gives_any_more_is_given_up() -> None:
    world = Joining()
    for index in (0, 1, 2):
        world.lie(index, lambda m: [replace(m, given=None)] if isinstance(m, Part) else [m])
    world.start(JOINER)
    world.run(3_000)
    assert world.nodes[JOINER].replica.view().snapshot is not None
    assert world.catch_up_within(60_000), "by blocks"
    assert world.nodes[JOINER].replica.view().snapshot is None
    world.check()


# ---------------------------------------------------------------- heights


def claims(*heights: tuple[int, int]) -> Lie:
    """Say one (height, base) after the other, and the last one from then on."""
    left = list(heights)

    def lie(message: AnyPeerMessage) -> Sequence[AnyPeerMessage]:
        if not isinstance(message, Status):
            return [message]
        height, base = left.pop(0) if len(left) > 1 else left[0]
        return [replace(message, height=Height(height), base=Height(base))]

    return lie


BLOCKS_ONLY = CatchUpSetting(snapshot_behind_blocks=0, snapshot_behind_transactions=0)


@pytest.mark.parametrize("setting", [SETTING, BLOCKS_ONLY], ids=["snapshot", "blocks"])
@pytest.mark.parametrize(
    ("lie", "is_dropped"),
    [
        (claims((2_000, 0), (1_001, 0)), True),
        (claims((BLOCKS, BLOCKS + 1)), True),
        (claims((HEIGHT_MAX, 0)), True),
        (claims((HEIGHT_MAX, HEIGHT_MAX)), False),
        (claims((0, 0)), False),
    ],
    ids=["lowered", "base above height", "inflated", "inflated base", "modest"],
)
def test_a_poisoned_height_holds_nobody_back(
    lie: Lie, is_dropped: bool, setting: CatchUpSetting
) -> None:
    def alone(message: AnyPeerMessage) -> Sequence[AnyPeerMessage]:
        """It gives no blocks either, as it has none where it says it is."""
        if isinstance(message, Blocks):
            return [Blocks(Height(HEIGHT_MAX), ())]
        return lie(message)

    world = Joining(setting)
    world.lie(LIAR, lambda m: list(alone(m)))
    assert world.join(IN_TIME_MS)
    world.run(4_000)
    assert world.joiner >= world.nodes[1].head.height - 1
    if is_dropped:
        assert world.codes() == {("node0", "VT-3033")}
    assert {peer for peer, _ in world.codes()} <= {"node0"}


def test_a_liar_alone_makes_nobody_look_for_a_snapshot() -> None:
    """Node 3 is level with the others; one claim of a long chain is no reason for anything."""
    world = Joining()
    assert world.join()
    world.sent.clear()
    world.lie(LIAR, lambda m: list(claims((5_000, 4_000))(m)))
    world.run(5_000)
    assert world.said(SnapshotOffer) == []
    assert world.joiner >= world.nodes[1].head.height - 1


def test_all_but_one_silent_is_enough() -> None:
    world = Joining()
    world.lie(0, silent)
    world.lie(1, lambda m: [] if isinstance(m, Part | Blocks) else [m])
    assert world.join(20_000)
    world.check()
