"""Stretches of the log: what is given proves itself, and nothing else does."""

import pytest
from msgspec.structs import replace

from chain.errors import InvalidInput
from chain.log_range import LogRange, build_log_range, check_log_range, name_roots
from chain.merkle import Frontier, append, index_completed, leaf_hash
from chain.scalars import Hash

SIZES = (1, 2, 3, 7, 8, 13, 16, 31)


def id_of(number: int) -> Hash:
    return Hash(number.to_bytes(32, "big"))


class Log:
    """A log with its nodes in memory."""

    def __init__(self, size: int) -> None:
        self.ids = [id_of(number) for number in range(size)]
        self.frontier, completed = append(Frontier(), [leaf_hash(one) for one in self.ids])
        self.nodes = index_completed(completed)

    def read(self, level: int, index: int) -> Hash:
        return self.nodes[level, index]

    def range(self, first: int, end: int) -> LogRange:
        return build_log_range(first, self.ids[first:end], len(self.ids), self.read)

    def check(self, found: LogRange) -> Frontier:
        return check_log_range(found, self.frontier.size, self.frontier.root)


@pytest.mark.parametrize("size", SIZES)
def test_every_stretch_of_every_log_proves_itself(size: int) -> None:
    log = Log(size)
    for first in range(size + 1):
        for end in range(first, size + 1):
            before, _ = append(Frontier(), [leaf_hash(one) for one in log.ids[:end]])
            assert log.check(log.range(first, end)) == before


def test_the_last_stretch_gives_the_frontier_to_append_to() -> None:
    log = Log(13)
    assert log.check(log.range(5, 13)) == log.frontier
    assert log.check(log.range(13, 13)) == log.frontier
    assert [log.read(*node) for node in name_roots(13)] == list(log.frontier.roots)


def test_an_empty_log_has_one_stretch() -> None:
    assert Log(0).check(LogRange(0, (), (), ())) == Frontier()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"first": 4}, "the subtrees before the range do not cover the log"),
        ({"first": 6}, "the subtrees after the range do not cover the log"),
        ({"ids": ()}, "the subtrees after the range do not cover the log"),
        ({"ids": (id_of(5), id_of(7))}, "the range leads to root"),
        ({"ids": (id_of(6), id_of(5))}, "the range leads to root"),
        ({"ids": tuple(id_of(n) for n in range(5, 8))}, "the subtrees after the range"),
        (
            {"ids": tuple(id_of(n) for n in range(5, 15))},
            "the log has 13 ids, the range ends at 15",
        ),
        ({"left": ()}, "the subtrees before the range do not cover the log"),
        ({"left": (id_of(0), id_of(1))}, "the range leads to root"),
        ({"right": (id_of(0), id_of(1), id_of(2))}, "the range leads to root"),
        ({"right": ()}, "the subtrees after the range do not cover the log"),
    ],
)
def test_a_changed_stretch_is_refused(change: dict[str, object], reason: str) -> None:
    log = Log(13)
    found = log.range(5, 7)
    assert len(found.right) == 3
    with pytest.raises(InvalidInput, match=rf"^VT-1307: {reason}"):
        log.check(replace(found, **change))


def test_a_stretch_of_another_log_is_refused() -> None:
    with pytest.raises(InvalidInput, match="VT-1307"):
        check_log_range(Log(13).range(5, 7), 13, Log(14).frontier.root)


def test_another_size_is_refused_though_the_root_is_right() -> None:
    log = Log(13)
    with pytest.raises(InvalidInput, match="VT-1307"):
        check_log_range(log.range(5, 13), 12, log.frontier.root)
