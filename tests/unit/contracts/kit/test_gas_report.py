import pytest

from contracts.kit.executor import Run
from contracts.kit.gas_report import dump, gather, load, render


def run(handler: str, gas: int) -> Run:
    return Run("pump", "call", handler, "ok", gas)


def test_runs_are_summed_up_by_handler():
    prices = gather([run("b", 10), run("a", 5), run("b", 30), run("b", 20)])
    assert prices == {
        "pump.a": {"runs": 1, "median": 5, "most": 5},
        "pump.b": {"runs": 3, "median": 20, "most": 30},
    }
    assert load(dump(prices)) == prices


def test_the_table_says_what_changed():
    before = gather([run("a", 5), run("b", 10), run("gone", 1)])
    after = gather([run("a", 5), run("b", 1200), run("c", 1)])
    assert render(after, before).splitlines() == [
        "handler    runs  median   most  change",
        "pump.a        1       5      5    same",
        "pump.b        1   1,200  1,200  +1,190",
        "pump.c        1       1      1     new",
        "pump.gone     -       -      -    gone",
    ]


def test_another_file_is_no_gas_report():
    with pytest.raises(ValueError, match="no gas report"):
        load("[]")
