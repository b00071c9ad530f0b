"""What deciding takes: checking a proposed payload, and the votes of a height."""

import pytest

from consensus.bft.messages import VoteKind
from consensus.effects import CheckPayload, Decide
from node.replica.payload import Payload, check_succeeds, from_value, to_value
from tests.bench.conftest import Measure
from tests.bench.material import Executing
from tests.unit.consensus.world import Bench, make_proposal, make_value, make_vote

HEIGHTS = 30

pytestmark = pytest.mark.bench


def test_check_10_proposed_payloads_of_1000_ids(measure: Measure, singles: Executing) -> None:
    chain, head = singles.chain, singles.head
    executed = singles.execute()
    ids = tuple(one.id for one in singles.transactions)
    value = to_value(Payload(executed.header, ids, head.certificate))
    limits = chain.genesis.limits

    def check() -> None:
        for _ in range(10):
            check_one()

    def check_one() -> None:
        payload = from_value(value, limits)
        certificate = payload.previous_certificate
        # Its signatures were checked when the block was decided; it is the head's own.
        check_succeeds(payload.header, certificate, head, chain.genesis_hash, refuse)

    measure(check)


def refuse(key: bytes, message: bytes, signature: bytes) -> bool:
    """Call every signature bad."""
    return False


def test_decide_30_heights_by_votes(measure: Measure) -> None:
    value = make_value("block")
    proposal = make_proposal(value)
    kinds: tuple[VoteKind, ...] = ("prevote", "precommit")
    votes = [make_vote(kind, index, value.id) for kind in kinds for index in (1, 2, 3)]

    def decide(engines: list[Bench]) -> None:
        for engine in engines:
            engine.start()
            engine.receive(proposal)
            assert engine.of(CheckPayload)
            engine.check(value)
            engine.receive(*votes)
            assert engine.of(Decide)

    measure(decide, lambda: [Bench() for _ in range(HEIGHTS)])
