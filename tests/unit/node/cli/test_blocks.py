from tests.unit.node.cli.conftest import Command, Served


def test_blocks_are_listed_newest_first(command: Command, served: Served) -> None:
    done = command("blocks", "list", "--limit", "3", "--node", served.address, "--json")
    assert [block["height"] for block in done.json["items"]] == [7, 6, 5]


def test_a_block_is_shown_with_its_signers(command: Command, served: Served) -> None:
    done = command("blocks", "show", "3", "--node", served.address)
    assert done.code == 0, done.err
    assert "signed by              gridlink-1, windcare-1, certis-1 in round 0" in done.out


def test_the_latest_block_is_the_default(command: Command, served: Served) -> None:
    done = command("blocks", "show", "--node", served.address, "--json")
    assert done.json["header"]["height"] == 7
