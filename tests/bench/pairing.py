"""Measuring two trees in turn until it is clear whether one is slower."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import click

from tests.bench.comparing import Comparison, compare

MORE_ROUNDS: Final = 5
"""How often a part that looks slower is measured again, each time."""
MORE_TIMES: Final = 3


class Measurable(Protocol):
    """A tree whose benchmarks can be run."""

    def list_tests(self) -> list[str]:
        """Name all benchmarks."""
        ...

    def measure(self, tests: Sequence[str]) -> Mapping[str, float]:
        """Run some of them; give for each that ran what it took, in seconds."""
        ...


class Pair:
    """Both trees, and all that was measured in them."""

    def __init__(self, before: Measurable, after: Measurable) -> None:
        self._trees = {"before": before, "after": after}
        self._figures: dict[str, dict[str, list[float]]] = {
            side: defaultdict(list) for side in self._trees
        }
        self._tests = {name_part(test): test for test in after.list_tests()}
        self.rounds = 0

    def measure(self, rounds: int, parts: Sequence[str] = ()) -> Comparison:
        """Measure both trees in turn, each time in the other order, and compare all so far.

        Args: parts: to be measured; all, when none is given.
        """
        tests = [self._tests[part] for part in parts or self._tests]
        for _ in range(rounds):
            sides = list(self._trees)
            if self.rounds % 2:
                sides.reverse()
            for side in sides:
                for test, took in self._trees[side].measure(tests).items():
                    self._figures[side][name_part(test)].append(took)
            self.rounds += 1
        return compare(self._figures["before"], self._figures["after"], tuple(self._tests))


def settle(pair: Pair, rounds: int) -> Comparison:
    """Compare two trees; what looks slower is measured again before it counts as slower.

    What looks much faster is measured again once: a former tree that was disturbed all the time
    would hide a regression.
    """
    comparison = pair.measure(rounds)
    parts = comparison.doubtful
    for _ in range(MORE_TIMES):
        if not parts:
            break
        click.echo(f"measured again: {', '.join(parts)}", err=True)
        comparison = pair.measure(MORE_ROUNDS, parts)
        parts = comparison.slower
    return comparison


def name_part(test: str) -> str:
    """Give the words of a test's name: that is what the part is called."""
    return test.rpartition("::test_")[2].replace("_", " ")
