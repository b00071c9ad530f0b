"""Snapshots: every part is bound to its place, and none is larger than is said in advance."""

from itertools import permutations

import pytest
from msgspec.structs import replace

from chain.errors import InvalidInput
from chain.state_chunk import ROOT, Place, StateChunk, check_chunk
from chain.state_node import hash_key
from node.replica import snapshot_server
from node.replica.messages import AnyPeerMessage, GivenState, Part
from tests.unit.chain.test_log_range import SIZES, Log
from tests.unit.chain.test_state_chunk import PAIRS, SIZE, Source
from tests.unit.node.replica.joining import Joining
from tests.unit.node.replica.test_joining_liars import (
    IN_TIME_MS,
    LIAR,
    PART_LIES,
    Lie,
    higher,
    in_offer,
)


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(PAIRS)


def all_chunks(source: Source) -> list[StateChunk]:
    """The whole state in chunks, as a node that joins would ask for them."""
    wanted, chunks = [ROOT], []
    while wanted:
        place = wanted.pop()
        chunk = source.chunk(place, SIZE // 8)
        assert chunk is not None
        chunks.append(chunk)
        wanted += chunk.beside(place.depth)
    return chunks


def is_refused(source: Source, chunk: StateChunk) -> bool:
    try:
        check_chunk(source.root, chunk)
    except InvalidInput as error:
        return error.code == "VT-1307"
    return False


def move(chunk: StateChunk, place: Place) -> StateChunk:
    return replace(chunk, depth=place.depth, prefix=place.prefix)


def test_bug_01_a_chunk_with_another_index_than_its_proof_is_refused(source: Source) -> None:
    """CometBFT ASA-2025-002 (GHSA-r3r4-g7hq-pq4f), and again gno PR 5479: the index of a part and
    the index inside its proof were not compared, so a good part was stored in a wrong place and
    the network stalled."""
    chunks = all_chunks(source)
    assert len(chunks) > 8
    assert not any(is_refused(source, chunk) for chunk in chunks)
    for one, other in permutations(chunks, 2):
        assert is_refused(source, move(one, other.place))
        assert is_refused(source, replace(one, pairs=other.pairs))
        assert is_refused(source, replace(one, siblings=other.siblings))
    for chunk in chunks:
        for prefix in range(16 ** min(chunk.depth + 1, 2)):
            if prefix != chunk.prefix:
                assert is_refused(source, replace(chunk, prefix=prefix))


def places(depth: int) -> list[Place]:
    """All places down to a depth."""
    return [Place(at, prefix) for at in range(depth + 1) for prefix in range(16**at)]


def test_bug_01_a_chunk_that_claims_another_depth_is_refused() -> None:
    """CometBFT ASA-2025-002: or the proof spoke of another total than the part. Empty chunks are
    the hard case: no key of theirs could stand in a wrong place."""
    sparse = Source({key: value for key, value in PAIRS.items() if hash_key(key)[0] < 16})
    found = [chunk for place in places(2) if (chunk := sparse.chunk(place)) is not None]
    assert min(len(chunk.pairs) for chunk in found) == 0
    for chunk in found:
        for place in places(2):
            longer = (*chunk.siblings, *chunk.siblings)[: place.depth]
            for other in (move(chunk, place), replace(move(chunk, place), siblings=longer)):
                assert is_refused(sparse, other) == (other != sparse.chunk(place))


@pytest.mark.parametrize("size", SIZES)
def test_bug_01_a_stretch_of_the_log_under_another_index_or_total_is_refused(size: int) -> None:
    """CometBFT ASA-2025-002, for the other thing that comes in parts: the ids of the log."""
    log = Log(size)
    middle = log.range(size // 3, max(size // 3 + 1, 2 * size // 3))
    log.check(middle)
    for first in range(size + 2):
        if first != middle.first:
            with pytest.raises(InvalidInput, match=r"^VT-1307"):
                log.check(replace(middle, first=first))
    for other in SIZES:
        if other != size and other >= middle.first + len(middle.ids):
            with pytest.raises(InvalidInput, match=r"^VT-1307"):
                Log(other).check(middle)


# ---------------------------------------------------------------------- a whole network

MOVED = (
    "another index with the right proof",
    "an index beyond the depth",
    "another depth",
    "a sibling left out",
    "ids from another place",
    "headers in another order",
)


class GiveAgain:
    """Answers every question for a part of the state with the last one it gave before."""

    def __init__(self) -> None:
        self._last: GivenState | None = None

    def __call__(self, message: AnyPeerMessage) -> list[AnyPeerMessage]:
        if not isinstance(message, Part) or not isinstance(message.given, GivenState):
            return [message]
        last, self._last = self._last, message.given
        return [replace(message, given=last or message.given)]


OTHERS: dict[str, Lie] = {
    "another part, right in itself": GiveAgain(),
    "another total in the offer": in_offer(lambda offer: higher(offer, tx_log_size=1)),
}


@pytest.mark.parametrize("name", [*MOVED, *OTHERS])
def test_bug_01_who_gives_a_part_under_another_index_is_dropped_and_nobody_waits_for_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """CometBFT ASA-2025-002: one peer with such parts stalled a network."""
    monkeypatch.setattr(snapshot_server, "CHUNK_SIZE_BYTES", 1_500)
    lie = (PART_LIES | OTHERS)[name]
    world = Joining()
    world.lie(LIAR, lambda message: list(lie(message)))
    assert world.join(IN_TIME_MS)
    world.check()
    assert world.codes() == {("node0", "VT-3034")}
