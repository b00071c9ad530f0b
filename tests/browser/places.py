"""Addresses of the explorer on the fake chain."""

from collections.abc import Iterator
from typing import Final

from chain.changes import AddOrganisation, Change
from chain.operations import ProposeChange, ProposeContract, name_of
from chain.transaction import Transaction
from tests.unit.node.chain_builder import ChainBuilder


def list_transactions(chain: ChainBuilder) -> Iterator[Transaction]:
    """Give all transactions in order."""
    return (transaction for block in chain.blocks for transaction in block.transactions)


def find_caused(chain: ChainBuilder) -> tuple[str, str, int]:
    """Give (transaction, action, height) of where the contract opened the order."""
    for block in chain.blocks:
        for receipt in block.receipts:
            for event in receipt.events:
                if event.name == "action_opened":
                    return receipt.transaction.hex(), event.subject, block.header.height
    raise AssertionError("the fake farm stands still for two days")


def find_code(chain: ChainBuilder, code: str) -> str:
    """Give the first transaction whose receipt has this code."""
    return next(
        receipt.transaction.hex()
        for block in chain.blocks
        for receipt in block.receipts
        if receipt.code == code
    )


PAGES: Final = {
    "overview": "/",
    "twins": "/twins",
    "twin-list": "/twins?view=list&kind=system",
    "twin": "/twins/R80790",
    "past": "/twins/R80790?at=60",
    "blocks": "/blocks",
    "block": "/blocks/{height}",
    "transaction": "/tx/{transaction}",
    "attestation": "/tx/{attested}",
    "refused": "/tx/{refused}",
    "actions": "/actions",
    "action": "/actions/{action}",
    "contracts": "/contracts",
    "contract": "/contracts/frost_watch",
    "contract-version": "/contracts/frost_watch/versions/2",
    "deployed-alone": "/contracts/maintenance_by_power_curve/versions/1",
    "contract-proposal": "/proposals/{handed_in}",
    "proposing-contract": "/tx/{handed_in}",
    "attestations": "/attestations",
    "members": "/members",
    "members-past": "/members?at=100",
    "proposals": "/proposals",
    "proposal": "/proposals/{proposal}",
    "approved": "/proposals/{approved}",
    "evidence-list": "/evidence",
    "evidence": "/evidence/{evidence}",
    "proposing": "/tx/{proposal}",
    "reporting": "/tx/{reporting}",
    "handover": "/blocks/{handover}",
    "verify": "/verify",
    "missing-twin": "/twins/R1",
    "nowhere": "/twins/a/b/c",
}
"""One address of every page, by a short name."""


def find_kind(chain: ChainBuilder, operation: str) -> str:
    """Give the first transaction with this operation."""
    return next(
        one.id.hex() for one in list_transactions(chain) if name_of(one.body.operation) == operation
    )


def find_subject(chain: ChainBuilder, name: str, *, is_last: bool = False) -> str:
    """Give what the first event of this name, or the last one, is about."""
    found = [
        event.subject
        for block in chain.blocks
        for receipt in block.receipts
        for event in receipt.events
        if event.name == name
    ]
    return found[-1 if is_last else 0]


def find_change(chain: ChainBuilder, kind: type[Change]) -> str:
    """Give the first transaction that proposes a change of this kind."""
    return next(
        one.id.hex()
        for one in list_transactions(chain)
        if isinstance(one.body.operation, ProposeChange)
        and isinstance(one.body.operation.change, kind)
    )


def find_handed_in(chain: ChainBuilder, name: str) -> str:
    """Give the first transaction that proposes the source of a contract."""
    return next(
        one.id.hex()
        for one in list_transactions(chain)
        if isinstance(one.body.operation, ProposeContract)
        and one.body.operation.package.name == name
    )


def find_handover(chain: ChainBuilder) -> int:
    """Give the first height after which other validators decide."""
    return next(
        block.header.height
        for block in chain.blocks
        if block.header.validators_root != block.header.next_validators_root
    )


def list_pages(chain: ChainBuilder) -> dict[str, str]:
    """Give one address of every page on this chain."""
    transaction, action, height = find_caused(chain)
    found = {
        "transaction": transaction,
        "action": action,
        "height": height,
        "attested": find_kind(chain, "attest"),
        "refused": find_code(chain, "VT-2050"),
        "proposal": find_subject(chain, "change_proposed", is_last=True),
        "approved": find_change(chain, AddOrganisation),
        "handed_in": find_handed_in(chain, "maintenance_by_power_curve"),
        "evidence": find_subject(chain, "evidence_recorded"),
        "reporting": find_kind(chain, "report_evidence"),
        "handover": find_handover(chain),
    }
    return {name: path.format(**found) for name, path in PAGES.items()}
