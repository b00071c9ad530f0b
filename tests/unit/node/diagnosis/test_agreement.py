"""States that differ, chains that fork, validators that sign twice."""

from typing import Any

import msgspec

from chain.scalars import TwinId
from contracts.state_keys import twin_key
from node.api.views.consensus import AccusationView
from node.diagnosis.agreement import describe_key, find_differences, find_double_signers
from node.diagnosis.observation import StateDifference
from tests.unit.node.diagnosis.scenes import NAMES, NOW_MS, alarm, ask, home, observe, sight

ALPHA, BETA, GAMMA, DELTA = NAMES
KEY = twin_key(TwinId("pump-1"))


def parted(**changed: Any) -> StateDifference:
    values: dict[str, Any] = {
        "node": DELTA,
        "other": ALPHA,
        "height": 150,
        "fields": ("state_root",),
        "own_root": "ee" * 32,
        "other_root": "dd" * 32,
        "key": KEY,
        "path": "01" * 32,
        "own_value": "02" * 32,
        "other_value": None,
    }
    return StateDifference(**(values | changed))


def test_nodes_that_agree_give_no_finding() -> None:
    assert ask(find_differences, observe()) == []
    assert ask(find_double_signers, observe()) == []


def test_a_diverged_node_is_named_with_height_and_key() -> None:
    seen = observe(homes=[home(DELTA, alarm=alarm())], differences=[parted()])
    (finding,) = ask(find_differences, seen)
    assert (finding.code, finding.nodes, finding.since_ms) == (
        "VT-8102",
        (DELTA, ALPHA),
        NOW_MS - 600_000,
    )
    assert finding.what == (
        "delta-1 (delta) gets another state at height 150: "
        "the first key that differs is twin/pump-1."
    )
    assert finding.evidence == (
        "state root eeeeeeeeeeeeeeee.. at delta-1",
        "state root dddddddddddddddd.. at alpha-1",
        "value there: hash 0202020202020202.. at delta-1, none at alpha-1",
    )


def test_what_else_is_known_of_a_difference_is_said() -> None:
    known = parted(
        other=None,
        key=None,
        path=None,
        damaged=(KEY,),
        transaction="ab" * 32,
        note="no node that answers has this block to compare with",
    )
    (finding,) = ask(find_differences, observe(differences=[known]))
    assert finding.what.endswith("its disk holds another value of twin/pump-1.")
    assert finding.nodes == (DELTA,)
    assert finding.evidence[1:] == (
        "state root dddddddddddddddd.. at the quorum",
        "its own disk holds other values than the signed state: twin/pump-1",
        f"the first transaction with another result is {'ab' * 32}",
        "no node that answers has this block to compare with",
    )


def test_both_values_and_who_wrote_them_are_told_where_they_are_known() -> None:
    own, other = (msgspec.msgpack.encode(["T", {"power": power}]) for power in ("5", "6"))
    known = parted(
        own_value="02" * 32, own_data=own, other_value="03" * 32, other_data=other, writer="cd" * 32
    )
    (finding,) = ask(find_differences, observe(differences=[known]))
    assert finding.evidence[3:] == (
        "in it at [1].power: '5' at delta-1, '6' at alpha-1",
        f"the key was written last by transaction {'cd' * 32}",
    )
    (finding,) = ask(
        find_differences, observe(differences=[parted(own_value="02" * 32, own_data=own)])
    )
    assert finding.evidence[3].startswith("in it: 92a154")
    assert finding.evidence[3].endswith(" at delta-1, nothing at alpha-1")


def test_two_chains_are_told_as_a_fork() -> None:
    fork = parted(is_fork=True, signed_both=(BETA, GAMMA))
    (finding,) = ask(find_differences, observe(differences=[fork]))
    assert finding.code == "VT-8103"
    assert finding.what == (
        "delta-1 and alpha-1 hold different blocks from height 150 on: "
        "the first key that differs is twin/pump-1."
    )
    assert finding.evidence[-1] == "both blocks are signed by beta-1, gamma-1"


def test_the_key_is_named_as_well_as_it_is_known() -> None:
    assert describe_key(parted(key=None)) == (
        "the first key that differs has the path 0101010101010101.."
    )
    assert describe_key(parted(key=None, path=None)) == "which key differs is not known"
    alike = parted(key=None, path=None, own_root="dd" * 32, fields=("tx_log_root", "time_ms"))
    assert describe_key(alike) == "the state is alike, but not tx_log_root, time_ms"


def test_a_validator_that_signed_twice_is_named_once_with_all_witnesses() -> None:
    said = AccusationView(node=DELTA, kind="precommit", height=77, round=1, seen_ms=NOW_MS - 30_000)
    later = AccusationView(
        node=DELTA, kind="precommit", height=77, round=1, seen_ms=NOW_MS - 29_000
    )
    other = AccusationView(node=DELTA, kind="prevote", height=78, round=0, seen_ms=NOW_MS)
    seen = observe(
        sight(ALPHA, of_consensus={"accusations": [said]}),
        sight(BETA, of_consensus={"accusations": [later, other]}),
        sight(GAMMA),
    )
    first, accused = ask(find_double_signers, seen)
    assert (first.code, first.nodes, first.since_ms) == ("VT-8107", (DELTA,), NOW_MS - 30_000)
    assert first.what == ("delta-1 (delta) signed two precommits at height 77 round 1.")
    assert first.evidence == ("seen by alpha-1, beta-1",)
    assert (accused.code, accused.nodes) == ("VT-8150", (BETA, DELTA))
    assert accused.what == (
        "beta-1 says that delta-1 (delta) signed two prevotes at height 78 round 0."
    )
