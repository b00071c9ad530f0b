"""Lists of a chain on which nothing has happened yet."""

from collections.abc import Iterator

import pytest

from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import ChainBuilder
from tests.unit.node.cli.conftest import Command, Served, serving


@pytest.fixture(scope="module")
def young() -> Iterator[Served]:
    chain = ChainBuilder()
    chain.add_block()
    with serving(FakeNode(chain)) as found:
        yield found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("twins list", "There is no twin yet. Register one: veritwin twins register --help"),
        ("twins list --model x", "No twin is like that; without options all are listed."),
        (
            "actions list",
            "No contract has asked for an action yet. What is deployed: veritwin contract list",
        ),
        ("contract list", "No contract is deployed. Begin one: veritwin contract new --help"),
        (
            "member proposals",
            "There are no such proposals. Make one: veritwin member propose --help",
        ),
        ("evidence list", "No offence was proven."),
    ],
)
def test_an_empty_list_says_why_or_what_to_do_next(
    command: Command, young: Served, words: str, said: str
) -> None:
    listed = command(*words.split(), "--node", young.address)
    assert listed.code == 0, listed.err
    assert len(listed.out.splitlines()) == 1, "the heads"
    assert listed.err.endswith(f"\n{said}\n")
    quiet = command(*words.split(), "--node", young.address, "--json")
    assert (quiet.json, quiet.err) == ({"items": []}, "")
