from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from contracts.kit.decisions import Decision, Difference, compare


def order(key: str, height: int, twin: str = "R1") -> Decision:
    return Decision("watch", "maintenance_order", twin, key, f"{twin} is slow", height, height * 10)


def test_every_kind_of_difference_is_found_once():
    before = [order("a", 5), order("b", 6), order("c", 7), order("d", 8)]
    after = [order("a", 5), order("b", 4), order("c", 9), order("e", 8)]
    assert compare(before, after) == [
        Difference("earlier", order("b", 6), order("b", 4)),
        Difference("not_opened", order("d", 8), None),
        Difference("opened", None, order("e", 8)),
        Difference("later", order("c", 7), order("c", 9)),
    ]


def test_the_same_key_at_another_twin_is_another_order():
    assert [one.change for one in compare([order("a", 5)], [order("a", 5, "R2")])] == [
        "not_opened",
        "opened",
    ]


def test_a_key_that_comes_again_is_compared_in_turn():
    before = [order("a", 5), order("a", 9)]
    assert compare(before, [order("a", 5)]) == [Difference("not_opened", order("a", 9), None)]


def test_a_difference_is_told_in_a_line():
    (opened,) = compare([], [order("a", 5)])
    assert opened.describe() == "opened      height      5  R1: R1 is slow"
    assert opened.describe("watch") == opened.describe()
    assert opened.describe("beside") == "opened      height      5  watch at R1: R1 is slow"
    (later,) = compare([order("a", 5)], [order("a", 7)])
    assert later.describe() == "later       height 5 -> 7  R1: R1 is slow"


def asked(**others: Any) -> Decision:
    """Give an order with a deadline and details."""
    known = {"addressee": "workshop", "deadline_ms": 5_000, "details": {"limit": 80, "who": "a"}}
    return replace(order("a", 5), **(known | others))


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"addressee": "grid"}, "addressee 'workshop' -> 'grid'"),
        ({"deadline_ms": 8_050}, "deadline 4,950 ms later -> 8 s later"),
        ({"deadline_ms": None}, "deadline 4,950 ms later -> none"),
        ({"escalate_to": "owner"}, "escalate_to None -> 'owner'"),
        ({"title": "R1 is hot"}, "title 'R1 is slow' -> 'R1 is hot'"),
        ({"details": {"limit": Decimal(80), "who": "a"}}, "details.limit 80 -> Decimal('80')"),
        ({"details": {"who": "a", "why": 1}}, "details.limit 80 -> None, details.why None -> 1"),
        ({"details": None}, "details {'limit': 80, 'who': 'a'} -> None"),
    ],
)
def test_an_order_for_another_of_another_time_or_with_other_details_is_changed(others, told):
    after = asked(**others)
    (found,) = compare([asked()], [after])
    assert found == Difference("changed", asked(), after)
    assert found.describe() == f"changed     height      5  R1: {after.title}: {told}"


def test_an_order_that_comes_later_is_changed_only_by_what_it_says():
    later = replace(asked(), height=7, time_ms=70)
    assert [one.change for one in compare([asked()], [later])] == ["later"], "the same deadline"
    longer = replace(later, deadline_ms=5_020)
    assert [one.change for one in compare([asked()], [longer])] == ["later"], "as long a time"
    for_grid = replace(longer, addressee="grid")
    assert [one.change for one in compare([asked()], [for_grid])] == ["later", "changed"]
