"""Tests of the contract: `veritwin contract test`, or pytest."""

DOCUMENT = "ab" * 32


def test_a_document_counts_when_two_others_have_signed_it_off(deploy, orgs):
    """A document counts when two others have signed it off."""
    contract = deploy("CONTRACT.py")
    contract.call("propose", sha256=DOCUMENT)
    assert contract.call("sign", sha256=DOCUMENT, sender=orgs.grid) is False
    assert contract.call("sign", sha256=DOCUMENT, sender=orgs.grid) is False
    assert contract.call("sign", sha256=DOCUMENT, sender=orgs.inspector) is True
    assert len(contract.events("signed_off")) == 1


def test_nobody_signs_off_the_own_document(deploy, expect_reject):
    """Nobody signs off the own document."""
    contract = deploy("CONTRACT.py")
    contract.call("propose", sha256=DOCUMENT)
    with expect_reject("VT-4101", "does not sign it off"):
        contract.call("sign", sha256=DOCUMENT)


def test_only_what_was_proposed_is_signed(deploy, orgs, expect_reject):
    """Only what was proposed is signed."""
    contract = deploy("CONTRACT.py")
    with expect_reject("VT-4101", "nobody proposed"):
        contract.call("sign", sha256=DOCUMENT, sender=orgs.grid)
