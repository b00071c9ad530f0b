"""The verdict on made-up figures."""

from tests.bench.comparing import Comparison, Row, compare, describe

PARTS = ("decode", "execute")


def test_equal_figures_are_good() -> None:
    figures = {"decode": [0.002, 0.003], "execute": [0.5]}
    found = compare(figures, figures, PARTS)
    assert found.is_good
    assert [row.ratio for row in found.rows] == [1, 1]


def test_a_part_over_the_limit_is_named_and_no_other() -> None:
    found = compare(
        {"decode": [1.0], "execute": [1.0]}, {"decode": [1.14], "execute": [1.16]}, PARTS
    )
    assert found.slower == ("execute",)
    assert not found.is_good


def test_a_part_that_became_faster_is_good() -> None:
    assert compare({"decode": [1.0]}, {"decode": [0.2]}, ["decode"]).is_good


def test_the_least_of_each_side_counts_so_one_quiet_moment_is_enough() -> None:
    noisy = compare({"decode": [1.0, 9.0]}, {"decode": [7.0, 1.1, 8.0]}, ["decode"])
    assert noisy == Comparison((Row("decode", 1.0, 1.1),), (), ())
    assert noisy.is_good


def test_more_rounds_that_are_slow_as_well_do_not_clear_a_part() -> None:
    assert compare({"decode": [1.0, 1.2]}, {"decode": [1.3, 1.2, 1.4]}, ["decode"]).slower


def test_a_part_that_the_other_tree_cannot_run_is_skipped_by_name() -> None:
    found = compare({"decode": [1.0]}, {"decode": [1.0], "execute": [1.0]}, PARTS)
    assert found.skipped == ("execute",)
    assert found.is_good


def test_a_part_that_the_new_tree_cannot_run_is_broken() -> None:
    found = compare({"decode": [1.0], "execute": [1.0]}, {"decode": [1.0]}, PARTS)
    assert found.broken == ("execute",)
    assert not found.is_good


def test_the_table_names_everything() -> None:
    found = compare(
        {"decode": [0.001], "send": [0.001]},
        {"decode": [0.0012], "new": [1.0]},
        ("decode", "send", "new"),
    )
    assert describe(found) == [
        "part     before us    after us  ratio",
        "decode      1000.0      1200.0   1.20  slower",
        "skipped, the other commit cannot run it: new",
        "broken, make bench-parts tells why: send",
    ]
