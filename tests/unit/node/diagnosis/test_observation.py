"""What was seen: whose clock a time is by."""

from node.diagnosis.observation import Member
from tests.unit.node.diagnosis.scenes import NOW_MS, sight


def test_times_of_a_node_are_turned_to_the_clock_of_whoever_asked() -> None:
    assert sight("alpha-1", clock_ms=250.4).to_local(NOW_MS) == NOW_MS - 250
    assert sight("alpha-1", clock_ms=-90.0).to_local(NOW_MS) == NOW_MS + 90
    assert sight("alpha-1", clock_ms=2.0 * NOW_MS).to_local(NOW_MS) == 0


def test_a_member_is_named_with_its_organisation() -> None:
    assert str(Member("alpha-1", "alpha", 1)) == "alpha-1 (alpha)"
