"""Evidence convicts by two whole signatures of the one it names, or not at all."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from chain.evidence import Evidence, VoteSigned, put_in_order
from chain.operations import ReportEvidence
from chain.scalars import Hash, Height, Round, Signature, UnixMillis
from chain.votes import prevote_hash
from tests.unit.contracts.native.governance import make_ledger, weights_at
from tests.unit.contracts.native.test_evidence import LIAR, REPORTER, A, B, offence, standing
from tests.unit.contracts.support import Ledger, make_key

FORGED = Signature(bytes(64))


def forge_first(good: Evidence, ledger: Ledger) -> Evidence:
    return replace(good, first=replace(good.first, signature=FORGED))


def forge_second(good: Evidence, ledger: Ledger) -> Evidence:
    return replace(good, second=replace(good.second, signature=FORGED))


def same_signature_twice(good: Evidence, ledger: Ledger) -> Evidence:
    return replace(good, second=replace(good.second, signature=good.first.signature))


def signed_by_another(good: Evidence, ledger: Ledger) -> Evidence:
    """The second vote is real, but another validator's."""
    return replace(good, second=signed(ledger, B if good.first.block == A else A, "vote node-2"))


def accuse_another(good: Evidence, ledger: Ledger) -> Evidence:
    """Both votes are the liar's, and node 2 is named for them."""
    return replace(good, key=make_key("vote node-2").public_key)


def accuse_a_stranger(good: Evidence, ledger: Ledger) -> Evidence:
    return offence(ledger, node="nobody").evidence


def of_another_chain(good: Evidence, ledger: Ledger) -> Evidence:
    other = Hash(bytes(32))
    return replace(good, second=signed(ledger, B if good.first.block == A else A, genesis=other))


def of_another_round(good: Evidence, ledger: Ledger) -> Evidence:
    return replace(good, second=signed(ledger, B if good.first.block == A else A, round_=1))


def without_conflict(good: Evidence, ledger: Ledger) -> Evidence:
    return replace(good, second=good.first)


def with_unsigned_time(good: Evidence, ledger: Ledger) -> Evidence:
    """A field that the signature does not cover would make a second proof of one offence."""
    assert isinstance(good.second, VoteSigned)
    return replace(good, second=replace(good.second, time_ms=UnixMillis(1)))


def as_precommits(good: Evidence, ledger: Ledger) -> Evidence:
    return put_in_order(replace(good, kind="precommit"), ledger.hash)


def turned_round(good: Evidence, ledger: Ledger) -> Evidence:
    return replace(good, first=good.second, second=good.first)


def signed(
    ledger: Ledger,
    block: Hash,
    key: str = f"vote {LIAR}",
    *,
    genesis: Hash | None = None,
    round_: int = 0,
) -> VoteSigned:
    """A prevote of height 1, well signed for what it is."""
    digest = prevote_hash(genesis or ledger.hash, Height(1), Round(round_), block)
    return VoteSigned(block, UnixMillis(0), make_key(key).sign(digest))


@pytest.mark.parametrize(
    "change",
    [
        forge_first,
        forge_second,
        same_signature_twice,
        signed_by_another,
        accuse_another,
        accuse_a_stranger,
        of_another_chain,
        of_another_round,
        without_conflict,
        with_unsigned_time,
        as_precommits,
        turned_round,
    ],
)
def test_bug_08_evidence_that_does_not_hold_to_its_last_signature_convicts_nobody(
    change: Callable[[Evidence, Ledger], Evidence],
) -> None:
    """CometBFT PR 1749 and PR 5638: evidence was checked until enough signatures held, so forged
    ones behind them passed, and the set of accused validators was not checked at all."""
    ledger = make_ledger()
    report = offence(ledger)
    before = weights_at(ledger, 100)
    receipt = ledger.apply(ReportEvidence(change(report.evidence, ledger)), REPORTER)
    assert receipt.code == "VT-2070"
    assert weights_at(ledger, 100) == before
    assert all(standing(ledger, node).offences == 0 for node in before)
    ledger.apply_ok(report, REPORTER)
    assert weights_at(ledger, 100) == before | {LIAR: 0}
