"""What no node can mean is found, wherever in an answer it stands."""

from typing import Any

import pytest
from msgspec.structs import replace

from chain.scalars import HEIGHT_MAX
from node.api.views.consensus import CertificateExpiryView
from node.diagnosis.bounds import ITEMS_MAX, TEXT_LENGTH_MAX, TIME_MAX_MS, find_out_of_bounds
from tests.unit.node.diagnosis.scenes import attendee, consensus, machine, status


def test_healthy_answers_are_within_bounds() -> None:
    for answer in (consensus("a"), machine("a"), status("a")):
        assert find_out_of_bounds(answer) is None
    behind = consensus("a", [attendee("a", "beta-1", clock_offset_ms=-5_000)])
    assert find_out_of_bounds(behind) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"now_ms": -1}, "now_ms is -1"),
        ({"now_ms": TIME_MAX_MS + 1}, f"now_ms is {TIME_MAX_MS + 1}"),
        ({"round": -1}, "round is -1"),
        ({"height": HEIGHT_MAX + 1}, f"height is {HEIGHT_MAX + 1}"),
        ({"step": "x" * (TEXT_LENGTH_MAX + 1)}, f"step has {TEXT_LENGTH_MAX + 1} characters"),
        ({"refusals": [None] * (ITEMS_MAX + 1)}, f"refusals has {ITEMS_MAX + 1} items"),
        ({"refusals": [b"bytes"]}, "refusals is of another kind"),
    ],
)
def test_what_no_node_can_mean_is_named(changed: dict[str, Any], reason: str) -> None:
    assert find_out_of_bounds(replace(consensus("a"), **changed)) == reason


def test_depth_makes_no_difference() -> None:
    wrong = CertificateExpiryView(name="node a", expires_ms=-(10**16))
    assert find_out_of_bounds(machine("a", certificates=[wrong])) == f"expires_ms is {-(10**16)}"
    assert find_out_of_bounds({"a": {"b_ms": [TIME_MAX_MS]}}) is None
    assert find_out_of_bounds({"a": {"b_ms": [-1]}}) == "b_ms is -1"
