from tests.unit.node.cli.conftest import Command, Served


def test_what_a_transaction_did_is_shown(command: Command, served: Served) -> None:
    transaction = served.node.chain.blocks[3].transactions[0]
    done = command("tx", "debug", transaction.id.hex(), "--node", served.address)
    assert done.code == 0, done.err
    assert done.out.startswith("height 4, index 0: ok\n")
    assert "low-power." in done.out
    assert " gas  " in done.out
    assert "written  action " in done.out


def test_a_refused_transaction_ends_as_it_was_recorded(command: Command, served: Served) -> None:
    block = served.node.chain.blocks[3]
    done = command(
        "tx", "debug", block.transactions[1].id.hex(), "--node", served.address, "--json"
    )
    assert done.json["code"] == block.receipts[1].code
    assert done.json["runs"] == []
