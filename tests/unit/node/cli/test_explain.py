from chain.catalogue import CATALOGUE
from node.cli.explain import find_entry
from tests.unit.node.cli.conftest import Command


def test_a_code_is_explained_with_cause_and_fix(command: Command) -> None:
    done = command("explain", "VT-2020")
    assert done.code == 0
    assert done.out.startswith("VT-2020 unknown-twin\n\nThe twin is not registered.\n")


def test_a_code_is_found_by_number_name_or_in_small_letters() -> None:
    entry = CATALOGUE["VT-2020"]
    for text in ("VT-2020", "vt-2020", "2020", "unknown-twin"):
        assert find_entry(text) == entry
    assert find_entry("VT-0000") is None


def test_an_unknown_code_ends_with_exit_code_3(command: Command) -> None:
    done = command("explain", "VT-0000")
    assert done.code == 3
    assert "There is no error VT-0000." in done.err


def test_without_a_code_all_are_listed(command: Command) -> None:
    done = command("explain", "--json")
    assert len(done.json["items"]) == len(CATALOGUE)
