"""The judge of a run, without processes: each broken promise is told."""

from dataclasses import replace

import pytest

from chain.keys import SigningKey
from chain.scalars import Hash, Height
from chain.transaction import TransactionBody, sign
from node.api.views.transactions import TransactionView
from tests.e2e.judge import ChainCopy, Place, check_copies
from tests.e2e.watchers import Watch
from tests.e2e.workload import Attempt, call_of
from tests.histories.history import UNKNOWN, Operation
from tests.histories.watch import EventId


def make_attempt(number: int) -> Attempt:
    operation = Operation("lists-0-0", ("append", number), UNKNOWN, number, None)
    signer = SigningKey(bytes(32))
    body = TransactionBody(
        Hash(bytes(32)),
        signer.public_key,
        call_of("lists", operation),
        Height(100),
        number.to_bytes(8, "big"),
    )
    return Attempt("lists", operation, sign(body, signer))


FIRST, SECOND, UNANSWERED = (make_attempt(number) for number in range(3))
for position, attempt in enumerate((FIRST, SECOND)):
    attempt.settle(
        TransactionView(id=attempt.id, state="final", height=5, position=position, result=1), 9
    )
ATTEMPTS = [FIRST, SECOND, UNANSWERED]
COPY = ChainCopy(
    "alpha-1",
    {4: "aa", 5: "bb"},
    {FIRST.id: Place(5, 0, "ok"), SECOND.id: Place(5, 1, "ok")},
    (),
)
OTHER = replace(COPY, node="beta-1")


def test_a_true_run_passes() -> None:
    check_copies(ATTEMPTS, [COPY, OTHER])


def test_a_node_that_joined_from_a_snapshot_has_the_rest_only() -> None:
    joined = replace(COPY, node="beta-1", blocks={5: "bb"}, base=4)
    check_copies(ATTEMPTS, [joined, COPY])
    with pytest.raises(AssertionError, match="beta-1 and alpha-1 have different blocks"):
        check_copies(ATTEMPTS, [replace(joined, blocks={5: "cc"}), COPY])


def without(id_: str) -> dict[str, Place]:
    return {name: place for name, place in COPY.places.items() if name != id_}


BROKEN = {
    "lost everywhere": (
        [replace(copy, places=without(FIRST.id)) for copy in (COPY, OTHER)],
        "lost although final: .*append",
    ),
    "lost at one node": (
        [COPY, replace(OTHER, places=without(SECOND.id))],
        "beta-1 and alpha-1 order otherwise",
    ),
    "told another place": (
        [replace(COPY, places={**COPY.places, FIRST.id: Place(4, 0, "ok")})],
        r"told Place\(height=5, .*, found Place\(height=4, ",
    ),
    "final, yet it changed nothing": (
        [replace(COPY, places={**COPY.places, FIRST.id: Place(5, 0, "VT-4101")})],
        "told .*code='ok'.*found .*code='VT-4101'",
    ),
    "executed twice": (
        [COPY, replace(OTHER, twice=(FIRST.id,))],
        "beta-1 has executed twice: ",
    ),
    "expired, and executed later": (
        [replace(COPY, places={**COPY.places, UNANSWERED.id: Place(5, 2, "ok")})],
        "expired, yet in the chain: ",
    ),
    "a fork": (
        [COPY, replace(OTHER, blocks={4: "aa", 5: "cc"})],
        r"beta-1 and alpha-1 have different blocks at \[5\]",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_told(name: str) -> None:
    copies, words = BROKEN[name]
    with pytest.raises(AssertionError, match=words):
        check_copies(ATTEMPTS, copies)


def test_events_that_a_node_skipped_with_a_snapshot_are_not_asked_of_it() -> None:
    chain = {EventId(height, 0): f"block {height}" for height in range(1, 8)}
    watch = Watch("beta-1", gaps=[(EventId(2, 0), 5)])
    assert [id_.height for id_ in watch.without_gaps(chain)] == [1, 2, 6, 7]
