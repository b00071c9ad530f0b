"""A contract's life: proposed, approved, upgraded, paused, rolled back."""

import pytest

from chain.changes import InstallContract, PauseContract, ResumeContract, RollBackContract
from chain.operations import ApproveChange, Call, DeployContract, ProposeChange
from chain.values import decode_value, encode_value
from contracts import lifecycle_keys, state_keys
from contracts.records import TriggerRecord
from tests.unit.contracts.native.lifecycle import (
    FIRST,
    NAME,
    SECOND,
    add,
    approve,
    contract_of,
    decide,
    make_ledger,
    make_proposal,
    propose,
    version_of,
)
from tests.unit.contracts.support import ORGANISATIONS, Ledger, check_refused

SPEAKING = """
from contracts.author import ctx, initial, call

@initial
def begin() -> None:
    ctx.emit("begun", {})

@call
def nothing() -> None:
    pass
"""
WATCHING = """
from contracts.author import Update, on_update

@on_update(model="{model}", properties=["p"])
def watch(update: Update) -> None:
    pass
"""


@pytest.fixture
def ledger() -> Ledger:
    return make_ledger()


@pytest.fixture
def deployed(ledger: Ledger) -> Ledger:
    decide(ledger, make_proposal())
    add(ledger, 5)
    return ledger


def test_a_contract_is_in_force_with_the_approval_that_makes_it_enough(ledger):
    proposal = propose(ledger, make_proposal())
    assert ledger.apply(Call(NAME, "add", encode_value({"amount": 1}))).code == "VT-2040"
    assert decode_value(approve(ledger, proposal, ORGANISATIONS[1]).result)["status"] == "open"
    last = approve(ledger, proposal, ORGANISATIONS[2])
    assert last.is_ok
    assert [event.name for event in last.events] == ["change_approved", "contract_deployed"]
    assert add(ledger, 5) == 5
    version = version_of(ledger, 1)
    assert (version.status, version.cause, version.proposal) == ("active", "deployed", proposal)
    assert (version.organisation, version.transaction) == (ORGANISATIONS[0], last.transaction)
    assert contract_of(ledger).owner == ORGANISATIONS[0]


def test_nobody_deploys_on_one_word_where_others_must_approve(ledger):
    receipt = ledger.apply(DeployContract(NAME, FIRST, encode_value({})))
    message = (
        "Contract tally cannot be deployed on one word: contracts need approvals by more than two "
        "thirds of all organisations."
    )
    check_refused(ledger, receipt, "VT-2049", message)


@pytest.mark.parametrize("not_before", [0, 1000])
@pytest.mark.parametrize(
    ("parameters", "code", "reason"),
    [
        (
            encode_value([1]),
            "VT-2043",
            "Decoded, the parameters must be a dict from names to values.",
        ),
        (b"\xc1", "VT-1205", "The 1 bytes do not decode as a value."),
    ],
)
def test_a_published_package_is_not_installed_with_parameters_that_are_no_dict(
    deployed, parameters, code, reason, not_before
):
    package = version_of(deployed, 1).package
    change = InstallContract(NAME, package, parameters, 1, not_before)
    receipt = deployed.apply(ProposeChange(change, "because"))
    check_refused(deployed, receipt, code, reason)


def test_an_upgrade_takes_over_the_state(deployed):
    assert decide(deployed, make_proposal(SECOND, 1)).is_ok
    assert add(deployed, 1) == 11 * 1000 + 1
    assert (version_of(deployed, 1).status, version_of(deployed, 2).status) == (
        "replaced",
        "active",
    )
    assert version_of(deployed, 1).ended_height == deployed.height
    assert contract_of(deployed).version == 2


def test_a_migration_that_fails_is_not_even_proposed(deployed):
    add(deployed, 100)
    before = dict(deployed.overlay.writes())
    receipt = deployed.apply(make_proposal(SECOND, 1))
    check_refused(
        deployed, receipt, "VT-4101", "tally.from_first ended with: too much to take over"
    )
    assert deployed.overlay.writes() == before


def test_a_migration_that_fails_by_the_last_approval_leaves_everything_as_before(deployed):
    proposal = propose(deployed, make_proposal(SECOND, 1))
    approve(deployed, proposal, ORGANISATIONS[1])
    add(deployed, 100)
    before = dict(deployed.overlay.writes())
    receipt = approve(deployed, proposal, ORGANISATIONS[2])
    assert receipt.code == "VT-4101"
    assert deployed.overlay.writes() == before
    assert add(deployed, 1) == 106


def test_of_two_upgrades_at_once_the_first_that_is_approved_stands(deployed):
    third = SECOND.replace("1000", "10000")
    one, other = (propose(deployed, make_proposal(source, 1)) for source in (SECOND, third))
    approve(deployed, one, ORGANISATIONS[1])
    approve(deployed, other, ORGANISATIONS[1])
    assert approve(deployed, other, ORGANISATIONS[2]).is_ok
    receipt = approve(deployed, one, ORGANISATIONS[2])
    message = (
        "The change takes the place of version 1 of contract tally, but version 2 is in force."
    )
    check_refused(deployed, receipt, "VT-2048", message)
    assert add(deployed, 1) == 110001


def test_a_version_starts_at_its_height_before_the_transactions_of_the_block(deployed):
    start = deployed.height + 3
    receipt = decide(deployed, make_proposal(SECOND, 1, start))
    assert decode_value(receipt.result)["effective_height"] == start
    assert version_of(deployed, 2).status == "planned"
    while deployed.height < start - 1:
        deployed.begin_block()
    assert add(deployed, 1) == 6
    deployed.begin_block()
    assert version_of(deployed, 2).status == "active"
    assert version_of(deployed, 2).active_height == start
    assert add(deployed, 1) == 13 * 1000 + 1
    assert deployed.overlay.get(lifecycle_keys.contract_start_key(start)) is None  # type: ignore[arg-type]


def test_a_version_that_cannot_start_at_its_height_fails_whole(deployed):
    decide(deployed, make_proposal(SECOND, 1, deployed.height + 1))
    add(deployed, 100)
    deployed.begin_block()
    failed = version_of(deployed, 2)
    assert failed.status == "failed"
    assert failed.failure == "VT-4101: tally.from_first ended with: too much to take over"
    assert version_of(deployed, 1).status == "active"
    assert add(deployed, 1) == 106
    assert deployed.overlay.depth == 0
    assert decide(deployed, make_proposal(FIRST + "\n", 1)).is_ok
    assert contract_of(deployed).version == 3


def test_while_a_version_waits_nothing_else_is_decided(deployed):
    start = deployed.height + 5
    decide(deployed, make_proposal(SECOND, 1, start))
    receipt = deployed.apply(make_proposal(SECOND, 1))
    message = (
        "The change takes the place of version 1 of contract tally, but version 2 starts at "
        f"height {start}."
    )
    check_refused(deployed, receipt, "VT-2048", message)


def test_two_versions_for_one_height_start_one_after_the_other(ledger):
    start = ledger.height + 1
    for name in ("first", "second"):
        decide(ledger, make_proposal(FIRST, 0, start, name))
    assert version_of(ledger, 1, "second").active_height == start + 1
    ledger.begin_block()
    assert contract_of(ledger, "first").deployed_height == start
    assert version_of(ledger, 1, "second").status == "planned"
    ledger.begin_block()
    assert contract_of(ledger, "second").deployed_height == start + 1


def test_what_speaks_while_it_starts_cannot_wait_for_a_height(ledger):
    receipt = ledger.apply(make_proposal(SPEAKING, 0, ledger.height + 5))
    assert receipt.code == "VT-2076"
    last = decide(ledger, make_proposal(SPEAKING))
    assert [event.name for event in last.events][-1] == "begun"


def test_a_source_that_upgrades_from_other_versions_only_is_refused(deployed):
    decide(deployed, make_proposal(SECOND, 1))
    receipt = deployed.apply(make_proposal(SECOND + "\n", 2))
    message = "Contract tally has @upgrade functions, but none for version 2."
    check_refused(deployed, receipt, "VT-2078", message)


def test_a_paused_contract_is_not_called_until_it_is_resumed(deployed):
    assert decide(deployed, PauseContract(NAME)).is_ok
    receipt = deployed.apply(Call(NAME, "add", encode_value({"amount": 1})))
    message = "Contract tally is paused: nothing calls it and nothing wakes it."
    check_refused(deployed, receipt, "VT-2079", message)
    again = deployed.apply(ProposeChange(PauseContract(NAME)))
    check_refused(deployed, again, "VT-2077", "Contract tally: it is paused already.")
    assert decide(deployed, ResumeContract(NAME)).is_ok
    assert add(deployed, 1) == 6


def test_a_contract_is_rolled_back_to_the_version_before(deployed):
    decide(deployed, make_proposal(SECOND, 1))
    assert decide(deployed, RollBackContract(NAME, 1, 2)).is_ok
    assert add(deployed, 1) == 11
    version = version_of(deployed, 3)
    assert (version.cause, version.like, version.status) == ("rolled_back", 1, "active")
    assert version_of(deployed, 2).status == "replaced"


def test_a_version_that_comes_back_takes_nothing_over_a_second_time(deployed):
    decide(deployed, make_proposal(SECOND, 1))
    decide(deployed, RollBackContract(NAME, 1, 2))
    assert add(deployed, 0) == 10
    assert decide(deployed, RollBackContract(NAME, 2, 3)).is_ok
    assert add(deployed, 0) == 10 * 1000 + 1
    version = version_of(deployed, 4)
    assert (version.cause, version.like, version.replaces) == ("rolled_back", 2, 3)


def test_an_upgrade_of_what_was_rolled_back_to_names_the_version_in_force(deployed):
    decide(deployed, make_proposal(SECOND, 1))
    decide(deployed, RollBackContract(NAME, 1, 2))
    # Version 2 has taken the state over already: that of version 1 is gone.
    receipt = deployed.apply(make_proposal(SECOND, 3))
    message = "Contract tally has @upgrade functions, but none for version 3."
    check_refused(deployed, receipt, "VT-2078", message)
    assert decide(deployed, make_proposal(SECOND.replace("=1)", "=3)"), 3)).is_ok
    assert add(deployed, 0) == 20 * 1000 + 1


def test_only_what_was_in_force_can_be_rolled_back_to(deployed):
    receipt = deployed.apply(ProposeChange(RollBackContract(NAME, 1, 1)))
    message = "Contract tally: version 1 was never replaced by another one."
    check_refused(deployed, receipt, "VT-2077", message)
    assert deployed.apply(ProposeChange(PauseContract("nobody"))).code == "VT-2040"


def test_an_upgrade_waits_for_what_it_declares_and_for_nothing_else(ledger):
    decide(ledger, make_proposal(WATCHING.format(model="pump")))
    decide(ledger, make_proposal(WATCHING.format(model="fan"), 1))
    assert ledger.overlay.get(state_keys.trigger_key("pump")) is None
    record = ledger.overlay.get_record(state_keys.trigger_key("fan"), TriggerRecord)
    assert record is not None
    assert [one.contract for one in record.triggers] == [NAME]


def test_a_late_approval_changes_nothing(deployed):
    proposal = propose(deployed, make_proposal(SECOND, 1))
    approve(deployed, proposal)
    assert deployed.apply(ApproveChange(proposal), ORGANISATIONS[3]).code == "VT-2061"
