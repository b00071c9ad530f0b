from chain.scalars import Hash, Height
from contracts import lifecycle_keys as keys
from contracts.state_keys import prefix_range


def test_versions_of_a_contract_are_neighbours_in_order():
    start, stop = prefix_range(keys.contract_versions_prefix("tally"))
    found = [keys.contract_version_key("tally", number) for number in (1, 2, 300)]
    assert sorted(found) == found
    assert all(start <= key < stop for key in found)
    assert not start <= keys.contract_version_key("tally2", 1) < stop


def test_starts_are_in_the_order_of_their_heights():
    heights = [keys.contract_start_key(Height(height)) for height in (9, 10, 1000)]
    assert sorted(heights) == heights
    assert all(key.startswith(keys.contract_starts_prefix()) for key in heights)


def test_no_two_kinds_share_a_key():
    hash_ = Hash(bytes(32))
    kinds = (
        keys.contract_package_key(hash_),
        keys.contract_part_key(hash_),
        keys.contract_newest_key("a"),
        keys.contract_pause_key("a"),
        keys.contract_policy_key(),
    )
    assert len({key.partition(b"/")[0] for key in kinds}) == len(kinds)
