"""What is in force; test_contract_life.py looks at a contract through its life."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from chain.operations import ProposeContract
from chain.values import encode_value
from contracts.packaging import make_package
from tests.unit.contracts.native.lifecycle import FIRST, NAME
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.cli.conftest import Command, Served, serving
from tests.unit.node.contract_chain import build_contract_chain


def test_contracts_are_listed_with_who_owns_them(command: Command, served: Served) -> None:
    done = command("contract", "list", "--node", served.address)
    assert done.code == 0
    (line,) = [line for line in done.out.splitlines() if line.startswith("low-power")]
    assert line.split()[:4] == ["low-power", "1", "active", "borne-energie"]


def test_who_deployed_alone_is_named(command: Command, served: Served) -> None:
    done = command("contract", "show", "low-power", "--node", served.address)
    assert "version 1: active, deployed, from height 1 on" in done.out
    assert "  borne-energie" in done.out


def test_a_version_that_is_in_force_has_no_difference(command: Command, served: Served) -> None:
    done = command("contract", "diff", "low-power", "--version", "1", "--node", served.address)
    assert done.out == "The sources are the same.\n"


@pytest.fixture
def reviewed() -> Iterator[Served]:
    """Serve a chain with a contract in force, on which others can be proposed."""
    with serving(FakeNode(build_contract_chain())) as found:
        yield found


def propose(served: Served, name: str, source: str, replaces: int, report: str) -> str:
    """Propose a package as somebody would who does not use this program; give the proposal's id."""
    chain = served.node.chain
    package = replace(make_package(name, source, "def test_more(): ...\n"), report=report)
    proposal = chain.transaction(
        ProposeContract(package, encode_value({}), replaces), "borne-energie"
    )
    chain.add_block(proposal)
    assert chain.blocks[-1].receipts[-1].is_ok
    return proposal.id.hex()


def test_a_report_can_forge_no_line_of_the_difference(command: Command, reviewed: Served) -> None:
    id_ = propose(reviewed, NAME, FIRST, 2, "\x1b[2J\x1b[H--- in force\n\nparameters:\n+a=1\r!")
    done = command("contract", "diff", NAME, "--proposal", id_, "--node", reviewed.address)
    assert "\x1b" not in done.out
    assert done.out.endswith(
        "\n\nreport, as the proposer wrote it:\n"
        "| \\u001b[2J\\u001b[H--- in force\n| \n| parameters:\n| +a=1\\u000d!\n"
    )


def test_a_difference_shows_the_tests_too(command: Command, reviewed: Served) -> None:
    id_ = propose(reviewed, NAME, FIRST, 2, "")
    done = command("contract", "diff", NAME, "--proposal", id_, "--node", reviewed.address)
    assert "\ntests:\n--- in force\n+++ proposal " in done.out
    assert "\n-def test_it(): ...\n+def test_more(): ...\n" in done.out
    done = command("contract", "diff", NAME, "--version", "1", "--node", reviewed.address)
    assert "tests:" not in done.out


def test_tests_of_others_are_handed_out_with_a_warning(
    command: Command, reviewed: Served, tmp_path: Path
) -> None:
    id_ = propose(reviewed, NAME, FIRST, 2, "")
    words = ("contract", "diff", NAME, "--proposal", id_, "--out", tmp_path / "review")
    done = command(*words, "--node", reviewed.address)
    assert done.code == 0
    warning = (
        "These tests are Python that others wrote, and they run with your rights: read them first, "
        "and run them in a container or on a machine without keys.\n"
    )
    assert warning in done.err
    assert done.err.index(warning) < done.err.index("veritwin contract test")


def test_where_there_are_no_tests_none_are_suggested(
    command: Command, served: Served, tmp_path: Path
) -> None:
    words = ("contract", "diff", "low-power", "--version", "1", "--out", tmp_path / "review")
    done = command(*words, "--node", served.address)
    assert done.code == 0
    assert [path.name for path in (tmp_path / "review").iterdir()] == ["low-power.py"]
    assert "test" not in done.err.replace(str(tmp_path), "")


def test_a_proposal_about_another_contract_is_not_compared(
    command: Command, reviewed: Served
) -> None:
    id_ = propose(reviewed, "other", FIRST, 0, "")
    done = command("contract", "diff", NAME, "--proposal", id_, "--node", reviewed.address)
    assert (done.code, done.out) == (2, "")
    assert f"That proposal is about contract other, not {NAME}." in done.err
