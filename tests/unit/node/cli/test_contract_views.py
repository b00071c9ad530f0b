"""What is in force; test_contract_life.py looks at a contract through its life."""

from tests.unit.node.cli.conftest import Command, Served


def test_contracts_are_listed_with_who_owns_them(command: Command, served: Served) -> None:
    done = command("contract", "list", "--node", served.address)
    assert done.code == 0
    (line,) = [line for line in done.out.splitlines() if line.startswith("low-power")]
    assert line.split()[:4] == ["low-power", "1", "active", "borne-energie"]


def test_who_deployed_alone_is_named(command: Command, served: Served) -> None:
    done = command("contract", "show", "low-power", "--node", served.address)
    assert "version 1: active, deployed, from height 1 on" in done.out
    assert "  borne-energie" in done.out


def test_a_proposal_without_a_source_has_no_difference(command: Command, served: Served) -> None:
    done = command("contract", "diff", "low-power", "--version", "1", "--node", served.address)
    assert done.out == "The sources are the same.\n"
