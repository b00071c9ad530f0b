from chain.operations import Call
from chain.values import encode_value
from contracts.kit.chain import Chain
from contracts.kit.debugger import debug_transaction
from contracts.kit.members import propose
from contracts.kit.rehearsal import Rehearsal
from node.cli.tx_debug import render, to_json
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


BANK = """from contracts.author import call

@call
def pay(parts: int) -> int:
    return 12 // parts
"""
SHOP = """from contracts.author import call, ctx

@call
def buy(parts: int) -> int:
    return ctx.call("bank", "pay", parts=parts)
"""


def test_a_called_contract_shows_its_own_line() -> None:
    chain = Chain()
    propose(chain, "bank", BANK, {})
    propose(chain, "shop", SHOP, {})
    before = chain.state.copy()
    chain.try_apply(Call("shop", "buy", encode_value({"parts": 0})))
    found = debug_transaction(Rehearsal(chain.genesis, before), chain.blocks[-1], 0)
    text = render(found, 7)
    assert (
        'Traceback (most recent call last):\n  "shop", line 5, in buy\n'
        '    return ctx.call("bank", "pay", parts=parts)\n      parts = 0\n'
        '  "bank", line 5, in pay\n    return 12 // parts\n      parts = 0\n'
    ) in text
    assert "\nbank.pay (call by shop): error ZeroDivisionError, " in text
    assert text.endswith("gas     4  def pay(parts: int) -> int:")
    shop, bank = to_json(found, 7)["runs"]
    assert [one["contract"] for one in shop["stack"]] == ["shop", "bank"]
    assert (bank["sender"], bank["status"]) == ("contract:shop", "error")
