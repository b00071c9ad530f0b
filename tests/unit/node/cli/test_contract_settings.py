"""Which parameters a deployment gets."""

from decimal import Decimal

import click
import pytest

from chain.errors import InvalidInput
from node.cli.contract_settings import (
    Settings,
    choose_arguments,
    choose_parameters,
    parse_settings,
)

SOURCE = '''"""Reads two."""

from contracts.author import Decimal, call, ctx


@call
def show() -> Decimal:
    """Give them."""
    return ctx.parameter("limit", Decimal(8)) * ctx.parameter("times", 1)
'''
PRESENT = {"settings": ["limit=8.5", 'old="gone"', "times=3"]}


def test_settings_are_read() -> None:
    assert parse_settings(("a=1", "b=1.50", 'c=["x"]', "d=beta", "e=")) == {
        "a": 1,
        "b": Decimal("1.5"),
        "c": ["x"],
        "d": "beta",
        "e": "",
    }
    with pytest.raises(click.UsageError, match="--set 'a' is not NAME=JSON"):
        parse_settings(("a",))
    with pytest.raises(click.UsageError, match="--set a is given twice"):
        parse_settings(("a=1", "b=2", "a=2"))


def test_an_argument_is_given_once() -> None:
    parameters = [{"name": "a", "type": "int", "required": True}]
    contract = {"name": "tally", "methods": [{"name": "add", "parameters": parameters}]}
    with pytest.raises(click.UsageError, match="--set a is given twice"):
        choose_arguments("add", ("a=1", "a=2"), contract)


def test_what_is_no_number_is_told_with_what_it_has_to_be() -> None:
    with pytest.raises(InvalidInput, match='limit="NaN" is a text; it has to be a Decimal'):
        choose_parameters(SOURCE, Settings(given=("limit=NaN",)))


def test_present_parameters_stay_and_those_that_nothing_reads_go(
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen = choose_parameters(SOURCE, Settings(given=("limit=9",)), PRESENT)
    assert chosen == {"limit": 9, "times": 3}
    assert isinstance(chosen["limit"], Decimal)
    assert capsys.readouterr().err == "Left out: the source does not read old any more.\n"


def test_a_parameter_is_unset() -> None:
    chosen = choose_parameters(SOURCE, Settings(unset=("times", "old")), PRESENT)
    assert chosen == {"limit": Decimal("8.5")}
    with pytest.raises(click.UsageError, match="--unset limt: there is no such parameter now"):
        choose_parameters(SOURCE, Settings(unset=("limt",)), PRESENT)


def test_a_new_contract_has_those_that_are_given() -> None:
    assert choose_parameters(SOURCE, Settings(given=("times=2",))) == {"times": 2}
