"""When a part is measured again, and when it is called slower."""

from collections.abc import Mapping, Sequence

from tests.bench.pairing import MORE_ROUNDS, MORE_TIMES, Pair, settle

DECODE, SEND = "tests/bench/test_a_parts.py::test_decode", "tests/bench/test_b_parts.py::test_send"


class FakeTree:
    """A tree whose parts take what they are told: the last figure again and again."""

    def __init__(self, order: list[str], name: str, **figures: Sequence[float]) -> None:
        self._order = order
        self._name = name
        tests = {"decode": DECODE, "send": SEND}
        self._took = {tests[part]: list(took) for part, took in figures.items()}
        self.asked: list[tuple[str, ...]] = []

    def list_tests(self) -> list[str]:
        return [DECODE, SEND]

    def measure(self, tests: Sequence[str]) -> Mapping[str, float]:
        self._order.append(self._name)
        self.asked.append(tuple(tests))
        return {
            test: took.pop(0) if len(took) > 1 else took[0]
            for test, took in self._took.items()
            if test in tests
        }


def test_trees_take_turns_in_changing_order() -> None:
    order: list[str] = []
    before, after = (FakeTree(order, name, decode=[1], send=[1]) for name in ("A", "B"))
    assert settle(Pair(before, after), 3).is_good
    assert "".join(order) == "ABBAAB"


def test_a_part_that_looked_slower_is_measured_again_alone_and_cleared() -> None:
    before = FakeTree([], "A", decode=[1], send=[1])
    after = FakeTree([], "B", decode=[1], send=[2, 2, 1.1])
    pair = Pair(before, after)
    assert settle(pair, 2).is_good
    assert after.asked == [(DECODE, SEND)] * 2 + [(SEND,)] * MORE_ROUNDS
    assert len(before.asked) == len(after.asked) == pair.rounds


def test_a_part_that_stays_slower_is_named() -> None:
    before = FakeTree([], "A", decode=[1], send=[1, 1.1])
    after = FakeTree([], "B", decode=[1], send=[1.2])
    pair = Pair(before, after)
    assert settle(pair, 2).slower == ("send",)
    assert pair.rounds == 2 + MORE_TIMES * MORE_ROUNDS


def test_a_former_tree_that_was_disturbed_hides_no_regression() -> None:
    before = FakeTree([], "A", decode=[1], send=[3, 3, 1])
    after = FakeTree([], "B", decode=[1], send=[1.3])
    assert settle(Pair(before, after), 2).slower == ("send",)


def test_a_part_that_became_faster_is_measured_again_once() -> None:
    before = FakeTree([], "A", decode=[1], send=[3])
    after = FakeTree([], "B", decode=[1], send=[1])
    pair = Pair(before, after)
    assert settle(pair, 2).is_good
    assert pair.rounds == 2 + MORE_ROUNDS


def test_a_part_that_only_the_new_tree_has_is_skipped_and_not_measured_again() -> None:
    before, after = FakeTree([], "A", decode=[1]), FakeTree([], "B", decode=[1], send=[1])
    comparison = settle(Pair(before, after), 1)
    assert comparison.skipped == ("send",)
    assert comparison.is_good


def test_a_part_that_breaks_in_the_new_tree_is_no_pass() -> None:
    before, after = FakeTree([], "A", decode=[1], send=[1]), FakeTree([], "B", decode=[1])
    comparison = settle(Pair(before, after), 1)
    assert comparison.broken == ("send",)
    assert not comparison.is_good
