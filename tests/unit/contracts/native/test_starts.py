"""The beginning of a block; test_versions.py tells the stories."""

import pytest

from chain.errors import Corruption
from chain.operations import ApproveChange
from chain.scalars import HEIGHT_MAX, Height
from chain.values import encode_value
from contracts import lifecycle_keys
from contracts.native.governance import PROPOSAL_BLOCKS
from contracts.native.starts import begin_block
from tests.unit.contracts.native.lifecycle import (
    FIRST,
    NAME,
    decide,
    make_ledger,
    make_proposal,
    propose,
    version_of,
)
from tests.unit.contracts.support import ORGANISATIONS, check_refused


def test_a_block_for_which_nothing_waits_writes_nothing():
    ledger = make_ledger()
    ledger.begin_block()
    assert ledger.overlay.writes() == {}


def test_a_start_takes_its_gas_from_the_block():
    ledger = make_ledger()
    initial = "\n\n@initial\ndef begin() -> None:\n    total.set(7)\n"
    source = "from contracts.author import Var, initial\n\ntotal = Var(int, 0)\n" + initial
    decide(ledger, make_proposal(source, not_before=ledger.height + 1))
    ledger.begin_block()
    assert version_of(ledger, 1).status == "active"
    assert 0 < ledger.limits.gas_per_block_max - ledger.block.gas.left < 5_000


def test_a_start_without_its_version_is_damage():
    ledger = make_ledger()
    ledger.overlay.put(
        lifecycle_keys.contract_start_key(Height(ledger.height)), encode_value(["nobody", 1])
    )
    with pytest.raises(Corruption, match="VT-2090"):
        begin_block(ledger.overlay, ledger.block, ledger.executor)


def test_no_version_waits_for_a_height_that_cannot_be(monkeypatch):
    ledger = make_ledger()
    last = ledger.height + 9
    monkeypatch.setattr("contracts.native.versions.HEIGHT_MAX", last)
    first, second = (
        propose(ledger, make_proposal(FIRST, not_before=last, name=name)) for name in ("one", "two")
    )
    for member in ORGANISATIONS[1:3]:
        ledger.apply_ok(ApproveChange(first), member)
    ledger.apply_ok(ApproveChange(second), ORGANISATIONS[1])
    assert ledger.apply(ApproveChange(second), ORGANISATIONS[2]).code == "VT-2066"
    ledger.begin_block()
    assert ledger.apply(make_proposal(FIRST, name="two")).is_ok


def test_no_version_is_planned_further_ahead_than_proposals_stay_open():
    ledger = make_ledger()
    last = ledger.height + PROPOSAL_BLOCKS
    for wanted in (last + 1, HEIGHT_MAX):
        receipt = ledger.apply(make_proposal(FIRST, not_before=wanted))
        reason = f"Contract {NAME}: it would start at height {wanted}, later than {last}."
        check_refused(ledger, receipt, "VT-2077", reason)
    assert decide(ledger, make_proposal(FIRST, not_before=last)).is_ok
    assert version_of(ledger, 1).active_height == last
