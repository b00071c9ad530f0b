"""What peers send each other: frames of 100 transactions."""

import pytest

from chain.genesis import Limits
from chain.scalars import NodeName
from node.replica.messages import Transactions, decode_frame, encode_frame
from tests.bench.conftest import Measure
from tests.bench.material import make_updates

FRAMES = 200

pytestmark = pytest.mark.bench


def make_message() -> Transactions:
    return Transactions(NodeName("own"), tuple(one.raw for one in make_updates("single", 100)))


def test_encode_200_gossip_frames_of_100_transactions(measure: Measure) -> None:
    message = make_message()
    assert decode_frame(encode_frame(message), Limits()) == message
    measure(lambda: [encode_frame(message) for _ in range(FRAMES)])


def test_decode_200_gossip_frames_of_100_transactions(measure: Measure) -> None:
    message, limits = make_message(), Limits()
    frame = encode_frame(message)
    assert decode_frame(frame, limits) == message
    measure(lambda: [decode_frame(frame, limits) for _ in range(FRAMES)])
