"""One member that signs anything: nothing breaks, nothing is decided, memory is bounded."""

from random import Random

import pytest
from msgspec.structs import replace

from chain.errors import PeerFault
from chain.scalars import Round, UnixMillis
from consensus.bft.messages import Message
from consensus.bft.votes import FUTURE_ROUNDS_MAX, PAST_ROUNDS_MAX
from consensus.effects import CheckPayload, Decide
from consensus.events import PayloadChecked
from tests.unit.consensus.world import Bench, make_proposal, make_value, make_vote

LIAR = 3
V = make_value("v")
VALUES = (
    V,
    make_value("w"),
    replace(V, payload=b"not what the name says"),
    replace(V, time_ms=UnixMillis(5)),
    make_value("far", time_ms=2**50),
)
HEIGHTS = (1, 1, 1, 1, 2, 3, 2**40, 2**53)
FAR_ROUNDS = (16, 17, 99_999, 100_001, 2**31 - 4)


def make_lie(random: Random, present: int) -> Message:
    """Give a message that the liar signs, now and then with another's name on it."""
    height = random.choice(HEIGHTS)
    round_ = random.choice((0, 1, present, present + 1, present + random.randrange(200)))
    round_ = random.choice((round_, round_, round_, random.choice(FAR_ROUNDS)))
    if random.random() < 0.5:
        block = random.choice((None, *(value.id for value in VALUES)))
        kind = random.choice(("prevote", "precommit"))
        vote = make_vote(kind, LIAR, block, height=height, round_=round_)  # type: ignore[arg-type]
        return replace(vote, validator=random.choice((LIAR, LIAR, LIAR, 0, 1, 4, 2**31)))
    round_ += (LIAR - height - round_) % 4
    valid_round = random.choice((-1, -1, 0, round_ - 1, round_, 5))
    return make_proposal(
        random.choice(VALUES),
        height=height,
        round_=round_,
        valid_round=valid_round,
        proposer=LIAR,
    )


@pytest.mark.parametrize("seed", range(4))
def test_one_liar_cannot_fill_or_break_a_node(seed: int) -> None:
    random = Random(seed)
    bench = Bench(0).start()
    asked: list[CheckPayload] = []
    for _ in range(1_500):
        deed = random.random()
        try:
            if deed < 0.7:
                bench.receive(make_lie(random, bench.state.round))
            elif deed < 0.8:
                step = random.choice(("propose", "prevote", "precommit"))
                bench.fire(step, bench.state.round)  # type: ignore[arg-type]
            elif deed < 0.9 and asked:
                check = asked.pop(random.randrange(len(asked)))
                bench.handle(PayloadChecked(check.height, check.value, random.random() < 0.5))
            else:
                bitmap = bytes([random.randrange(256)] * random.choice((0, 1, 1, 2)))
                summary = replace(bench.engine.summary(), round=Round(0), prevotes=bitmap)
                bench.engine.messages_missing_in(summary)
        except PeerFault:
            continue
        asked += bench.of(CheckPayload)
        assert bench.of(Decide) == []
    log = bench.engine._height.log
    assert len(log.votes.rounds()) <= PAST_ROUNDS_MAX + FUTURE_ROUNDS_MAX + 4
    assert len(log.proposals.rounds()) <= PAST_ROUNDS_MAX + 4
