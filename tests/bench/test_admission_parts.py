"""The way of a transaction from a client into the mempool, but for its signature."""

import pytest

from chain.scalars import NodeName, UnixMillis
from node.replica.admission import Admission
from node.replica.effects import Answer
from node.replica.events import Submitted
from node.replica.gossip import Neighbours
from node.replica.mempool import Mempool, MempoolLimits
from node.replica.proposals import Proposals
from node.replica.transactions import TransactionFlow
from tests.bench.conftest import Measure
from tests.bench.material import Executing

NOW_MS = UnixMillis(1_700_000_000_000)
OWN = NodeName("own")

pytestmark = pytest.mark.bench


def accept(key: bytes, message: bytes, signature: bytes) -> bool:
    """Call every signature good; checking them has a part of its own."""
    return True


def make_flow(given: Executing) -> TransactionFlow:
    chain = given.chain
    admission = Admission(chain.genesis, chain.genesis_hash, given.store, accept)
    mempool = Mempool(MempoolLimits())
    proposals = Proposals(chain.ledger, admission, mempool, accept)
    return TransactionFlow(OWN, admission, mempool, proposals, Neighbours(OWN))


def test_admit_100_transactions_to_the_mempool(measure: Measure, singles: Executing) -> None:
    raws = [one.raw for one in singles.transactions[:100]]

    def admit(flow: TransactionFlow) -> None:
        for ticket, raw in enumerate(raws):
            effects = flow.submit(Submitted(ticket, raw, NOW_MS), singles.head, NOW_MS)
            assert isinstance(effects[0], Answer)
            assert effects[0].error is None

    measure(admit, lambda: make_flow(singles))
