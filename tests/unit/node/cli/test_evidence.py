from tests.unit.node.cli.conftest import Command, Served


def test_offences_are_listed(command: Command, served: Served) -> None:
    chain = served.node.chain
    none = command("evidence", "list", "--node", served.address, "--json")
    assert none.json == {"items": []}
    assert not none.err
    assert "No offence was proven." in command("evidence", "list", "--node", served.address).err
    chain.add_block(chain.transaction(chain.equivocate("certis")))
    listed = command("evidence", "list", "--node", served.address)
    assert listed.code == 0, listed.err
    assert "two prevotes at height 7 round 0" in listed.out
    assert "suspended" in listed.out
    other = command("evidence", "list", "--of", "gridlink-1", "--node", served.address, "--json")
    assert other.json == {"items": []}
    other = command("evidence", "list", "--of", "gridlink-1", "--node", served.address)
    assert "No offence of gridlink-1 was proven." in other.err
