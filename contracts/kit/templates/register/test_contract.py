"""Tests of the contract: `veritwin contract test`, or pytest."""


def test_a_part_goes_from_holder_to_holder(deploy, orgs):
    """A part goes from holder to holder."""
    contract = deploy("CONTRACT.py")
    contract.call("add", serial="A-1")
    assert contract.call("hand_over", serial="A-1", to=orgs.workshop) == 1
    assert contract.call("hand_over", serial="A-1", to=orgs.grid, sender=orgs.workshop) == 2
    assert contract.call("holder", serial="A-1") == orgs.grid
    assert len(contract.events("handed_over")) == 2


def test_nobody_hands_over_what_others_hold(deploy, orgs, expect_reject):
    """Nobody hands over what others hold."""
    contract = deploy("CONTRACT.py")
    contract.call("add", serial="A-1")
    with expect_reject("VT-4101", "A-1 is with owner"):
        contract.call("hand_over", serial="A-1", to=orgs.grid, sender=orgs.grid)


def test_a_serial_number_is_added_once(deploy, expect_reject):
    """A serial number is added once."""
    contract = deploy("CONTRACT.py")
    contract.call("add", serial="A-1")
    with expect_reject("VT-4101", "already"):
        contract.call("add", serial="A-1")
