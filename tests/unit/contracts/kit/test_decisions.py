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
    (later,) = compare([order("a", 5)], [order("a", 7)])
    assert later.describe() == "later       height 5 -> 7  R1: R1 is slow"
