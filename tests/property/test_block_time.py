"""Members with less than a third of the weight, or one clock, cannot move the time of a block."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chain.certificate import CommitSignature, QuorumCertificate, compute_median_time
from chain.scalars import Hash, Height, Round, Signature, UnixMillis
from tests.unit.consensus.world import make_validators

LIES = st.sampled_from([0, 1, 2**52]) | st.integers(0, 2**52)


@given(st.data())
def test_the_time_lies_between_two_honest_times(data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 9), min_size=4, max_size=7))
    total = sum(weights)
    order = data.draw(st.permutations(range(len(weights))))
    liars: set[int] = set()
    for index in order:
        if 3 * (sum(weights[liar] for liar in liars) + weights[index]) < total:
            liars.add(index)
    signers = set(range(len(weights)))
    for index in data.draw(st.permutations(range(len(weights)))):
        if 3 * sum(weights[signer] for signer in signers - {index}) > 2 * total:
            signers.discard(index)
    times = {
        index: data.draw(LIES if index in liars else st.integers(1_000, 2_000))
        for index in sorted(signers)
    }
    honest = [times[index] for index in signers - liars]
    found = compute_median_time(certify(times), make_validators(*weights))
    assert min(honest) <= found <= max(honest)


@given(st.integers(2, 7), st.data())
def test_under_raft_one_clock_ahead_moves_no_block_ahead(members: int, data: st.DataObject) -> None:
    validators = replace(make_validators(*[1] * members), engine="raft")
    order = data.draw(st.permutations(range(members)))
    signers = order[: data.draw(st.integers(validators.quorum_weight, members))]
    times = {index: data.draw(st.integers(1_000, 2_000)) for index in sorted(signers)}
    ahead = data.draw(st.sampled_from(signers))
    others = [time_ms for index, time_ms in times.items() if index != ahead]
    times[ahead] = 2**52
    assert compute_median_time(certify(times), validators) <= max(others)


def certify(times: dict[int, int]) -> QuorumCertificate:
    return QuorumCertificate(
        Height(1),
        Round(0),
        Hash(bytes(32)),
        tuple(
            CommitSignature(index, UnixMillis(time_ms), Signature(bytes(64)))
            for index, time_ms in times.items()
        ),
    )
