"""Arguments as people write them, held against a method."""

from decimal import Decimal

import pytest

from chain.errors import InvalidInput
from chain.values import Value
from contracts.arguments import fit_arguments
from contracts.manifest import Parameter

PARAMETERS = (
    Parameter("batch", "str", True),
    Parameter("limit", "Decimal | None", False),
    Parameter("names", "list[str]", False),
    Parameter("free", "", False),
)


def fit(*given: str) -> dict[str, Value]:
    return fit_arguments("cold_room", "store", given, PARAMETERS)


def test_what_is_written_for_a_text_is_the_text() -> None:
    assert fit("batch=102") == {"batch": "102"}
    assert fit("batch=B-1") == {"batch": "B-1"}
    assert fit("batch=true") == {"batch": "true"}
    assert fit('batch="102"') == {"batch": "102"}


def test_numbers_lists_and_what_has_no_type() -> None:
    given = fit("batch=b", "limit=8", 'names=["a", "b"]', "free=7")
    assert given == {"batch": "b", "limit": 8, "names": ["a", "b"], "free": 7}
    assert isinstance(given["limit"], Decimal)
    assert fit("batch=b", "limit=null") == {"batch": "b", "limit": None}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((), "it needs batch"),
        (("batch=b", "bach=c"), "it has no argument bach; it has batch, limit, names, free"),
        (("batch=b", "limit=warm"), 'limit="warm" has to be a Decimal, such as 8.0 or null'),
        (("batch=b", "names=a"), 'names="a" has to be a list, such as [1, 2]'),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_sent(
    given: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        fit(*given)
    message = f"VT-4003: cold_room.store cannot be called like that: {reason}."
    assert str(refused.value) == message


def test_what_has_no_equals_sign_is_no_argument() -> None:
    with pytest.raises(ValueError, match="'batch' is not NAME=JSON"):
        fit("batch")
