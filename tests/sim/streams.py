"""Chance in a simulation: one seed, and a stream of its own for each concern.

A draw more in one place then moves nothing in another: a seed that fails still fails when the
clients draw once more, and a fault kind can be switched off without changing the others.
"""

from random import Random


class Streams:
    """All streams of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, concern: str) -> Random:
        """Give the stream of a concern, from its beginning."""
        return Random(f"{self._seed}/{concern}")


def draw_ms(random: Random, least: int, most: int) -> int:
    """Draw a time between two bounds, short ones more often than long ones."""
    share = random.random()
    return least + int((most - least) * share * share)
