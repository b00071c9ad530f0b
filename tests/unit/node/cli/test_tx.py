import json
from pathlib import Path

from chain.operations import DeployContract
from chain.values import encode_value
from tests.unit.node.chain_builder import CONTRACT, START_MS, TURBINE
from tests.unit.node.cli.conftest import Command, Served


def last_id(served: Served) -> str:
    return served.node.chain.blocks[3].transactions[0].id.hex()


def test_a_transaction_is_shown_with_what_came_of_it(command: Command, served: Served) -> None:
    done = command("tx", "show", last_id(served), "--node", served.address)
    assert done.code == 0, done.err
    assert "state      final at height 4" in done.out
    assert "action_opened" in done.out


def test_what_a_contract_said_and_where_one_stopped_is_shown(
    command: Command, served: Served
) -> None:
    chain = served.node.chain
    source = CONTRACT.replace(
        "    for reading in",
        '    ctx.emit("seen", {"share": 1 / (update.readings[-1].value - 5)})\n    for reading in',
    )
    chain.add_block(chain.transaction(DeployContract("seeing", source, encode_value({}))))
    for number, value in enumerate(("7", "5")):
        chain.add_block(chain.power(value, first_ms=START_MS + 9_000_000 + number))
    said, stopped = (
        command("tx", "show", one.transactions[0].id.hex(), "--node", served.address)
        for one in chain.blocks[-2:]
    )
    assert f'event      seen {TURBINE}, seeing: {{"share": "0.5"}}\n' in said.out
    assert "tx debug" not in said.err
    failed = (
        f"event      contract_failed {TURBINE}: VT-4102, seeing.watch raised ZeroDivisionError.\n"
    )
    assert failed in stopped.out
    assert f"veritwin tx debug {chain.blocks[-1].transactions[0].id.hex()}" in stopped.err


def test_a_transaction_that_a_node_has_deleted_is_not_said_to_be_none(
    command: Command, served: Served, tmp_path: Path
) -> None:
    old = last_id(served)
    served.node.forget()
    for words in (("show", old), ("receipt", old, "--out", tmp_path / "r.json")):
        done = command("tx", *words, "--node", served.address)
        assert done.code == 3
        assert "error VT-7015: This node does not know it, or not any more" in done.err
        assert "blocks are kept here above height 4 only." in done.err


def test_waiting_for_a_final_transaction_returns_at_once(command: Command, served: Served) -> None:
    done = command("tx", "wait", last_id(served), "--node", served.address, "--json")
    assert done.json["state"] == "final"


def test_waiting_in_vain_ends_with_exit_code_5(command: Command, served: Served) -> None:
    done = command("tx", "wait", "ab" * 32, "--node", served.address, "--timeout", "0.2")
    assert done.code == 5
    assert done.err.splitlines()[-4].startswith("error VT-7021: ")


def test_a_fetched_receipt_verifies(
    command: Command, served: Served, genesis_path: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tx.receipt.json"
    done = command(
        "tx", "receipt", last_id(served), "--out", path, "--node", served.address,
        "--genesis", genesis_path,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert json.loads(path.read_text())["format"] == "veritwin-receipt/1"
    assert command("verify", path, "--genesis", genesis_path).code == 0


def test_no_node_at_all_ends_with_exit_code_7(command: Command) -> None:
    done = command("tx", "show", "ab" * 32, "--node", "http://127.0.0.1:1")
    assert done.code == 7
    assert done.err.startswith("error VT-7020: ")


def test_an_id_that_is_no_id_is_a_usage_error(command: Command, served: Served) -> None:
    done = command("tx", "wait", "xyz", "--node", served.address)
    assert done.code == 2
    assert "'xyz' is not a transaction id: 64 hex digits are expected." in done.err
