import pytest
from msgspec.structs import replace

from chain.errors import InvalidInput
from chain.scalars import Height, Round
from consensus.bft.state import (
    HARD_STATE_SIZE_BYTES_MAX,
    NEVER_SIGNED,
    OWN_VOTES_MAX,
    Step,
    initial_state,
)
from consensus.effects import Persist
from consensus.state import encode_engine_state
from consensus.value import PAYLOAD_SIZE_BYTES_MAX
from tests.unit.consensus.world import (
    Bench,
    decode_hard_state,
    make_proposal,
    make_value,
    make_vote,
)

V = make_value("v")


def test_a_state_with_everything_in_it_reads_back() -> None:
    bench = Bench(1).start()
    bench.build(V)
    bench.votes("prevote", V.id, 2, 3)
    state = bench.of(Persist)[-1].state
    assert (state.proposal, state.valid_value, state.locked_value_id) != (None, None, None)
    assert len(state.votes) == 2
    assert len(state.valid_prevotes) == 3
    assert decode_hard_state(encode_engine_state(state)) == state


def test_an_initial_state_waits() -> None:
    state = initial_state(Height(9), NEVER_SIGNED)
    assert (state.height, state.round, state.step) == (9, 0, Step.WAIT)
    assert decode_hard_state(encode_engine_state(state)) == state


def test_the_largest_state_fits_its_limit() -> None:
    value = replace(V, payload=bytes(PAYLOAD_SIZE_BYTES_MAX))
    vote = make_vote("precommit", 0, V.id, height=2**50, round_=2**30)
    state = replace(
        initial_state(Height(2**50), NEVER_SIGNED),
        proposal=make_proposal(value),
        valid_value=value,
        valid_prevotes=(vote,) * 256,
        votes=(vote,) * OWN_VOTES_MAX,
    )
    data = encode_engine_state(state)
    assert len(data) <= HARD_STATE_SIZE_BYTES_MAX
    assert decode_hard_state(data) == state


def test_damaged_bytes_are_refused() -> None:
    data = encode_engine_state(initial_state(Height(9), NEVER_SIGNED))
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode_hard_state(data[:-1])


def test_a_state_in_an_effect_does_not_change_afterwards() -> None:
    bench = Bench(1).start()
    bench.build(V)
    persisted = bench.of(Persist)[-1].state
    before = encode_engine_state(persisted)
    bench.votes("prevote", V.id, 2, 3)
    bench.fire("precommit")
    assert encode_engine_state(persisted) == before
    with pytest.raises(AttributeError):
        persisted.round = Round(5)  # type: ignore[misc]
