"""Planted bugs around who decides: changes of the committee, evidence, joining from a snapshot."""

from typing import Final

from tests.sim.mutant import Edit, Mutant, Tests

_NATIVE: Final = "tests/unit/contracts/native/"
_CHAIN: Final = "tests/unit/chain/"
_REPLICA: Final = "tests/unit/node/replica/"

MEMBERS_MUTANTS: Final = (
    Mutant(
        "change-the-committee-at-once",
        "a change of the committee is in force at the next height, whose set is promised already",
        (Edit("contracts/native/committee.py", "DELAY: Final = 2\n", "DELAY: Final = 1\n"),),
        Tests((_NATIVE + "test_committee.py", _REPLICA + "test_membership.py")),
    ),
    Mutant(
        "two-thirds-approve",
        "two thirds of the organisations change the committee, not more than that",
        (
            Edit(
                "contracts/native/policy.py",
                "    return policy.approvals or counted * 2 // 3 + 1",
                "    return policy.approvals or (counted * 2 + 2) // 3",
            ),
        ),
        Tests((_NATIVE + "test_governance.py",)),
    ),
    Mutant(
        "rotate-to-a-foreign-key",
        "a node may take a vote key that it cannot sign with",
        (
            Edit(
                "contracts/native/membership.py",
                "    if not context.block.verify(new_key, proven, operation.proof):",
                "    if not operation.proof:",
            ),
        ),
        Tests((_NATIVE + "test_membership.py",)),
    ),
    Mutant(
        "convict-without-signatures",
        "evidence needs no signature of the accused",
        (
            Edit(
                "chain/evidence.py",
                "        if not verify(evidence.key, _hash_of(statement, evidence, genesis), "
                "statement.signature):",
                "        if not statement.signature:",
            ),
        ),
        Tests((_CHAIN + "test_evidence.py",)),
    ),
    Mutant(
        "convict-for-the-same-block",
        "a vote for the same block at another time convicts who signed it",
        (
            Edit(
                "chain/evidence.py",
                "        return first.block != second.block",
                "        return first != second",
            ),
        ),
        Tests((_CHAIN + "test_evidence.py",)),
    ),
    Mutant(
        "convict-again-and-again",
        "one offence is put on record as often as somebody reports it",
        (
            Edit(
                "contracts/native/evidence.py",
                "    if known is not None:\n        raise Refused",
                "    if known is not None and known.height < 0:\n        raise Refused",
            ),
        ),
        Tests((_NATIVE + "test_evidence.py",)),
    ),
    Mutant(
        "take-any-chunk",
        "a part of a snapshot is taken whatever root it leads to",
        (Edit("chain/state_chunk.py", "    if reached != root:", "    if not reached:"),),
        Tests((_CHAIN + "test_state_chunk.py",)),
    ),
)
