"""The error tree: whose fault it is, and the sentence that says so."""

from chain import errors
from chain.catalogue import CATALOGUE
from chain.errors import ChainError, InvalidInput


def test_an_error_fills_its_values_in() -> None:
    error = InvalidInput("VT-1003", type="Pair", size=11, limit=10)
    assert str(error) == "VT-1003: Pair has 11 bytes; at most 10 are allowed."
    assert error.entry is CATALOGUE["VT-1003"]
    assert InvalidInput("VT-1301", key=b"\xab\xcd").why.startswith("The key abcd is not")


def error_kinds() -> set[type[ChainError]]:
    return {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, ChainError) and kind is not ChainError
    }


def test_the_tree_of_errors_says_whose_fault_it_is() -> None:
    assert {kind.__name__ for kind in error_kinds()} == {
        "InvalidInput",
        "Refused",
        "Busy",
        "ContractError",
        "PeerFault",
        "Corruption",
    }
