"""Genesis: its file, its hash and what may not be in it."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from chain.errors import InvalidInput
from chain.genesis import (
    CREATED_MS_MAX,
    Genesis,
    Limits,
    check_genesis,
    compute_genesis_hash,
    genesis_from_json,
    genesis_to_json,
)
from chain.scalars import NodeName, OrganisationId, Weight
from chain.validators import ValidatorSet
from tests.vectors.sample import make_genesis

GOOD = make_genesis()
MEMBERS = GOOD.validators.members


def change(**fields: Any) -> bytes:
    return json.dumps({**json.loads(genesis_to_json(GOOD)), **fields}).encode()


def test_a_genesis_file_reads_back() -> None:
    assert genesis_from_json(genesis_to_json(GOOD)) == GOOD


def test_spacing_and_order_do_not_change_the_chain() -> None:
    shown = json.loads(genesis_to_json(GOOD))
    turned = json.dumps(dict(reversed(shown.items()))).encode()
    assert compute_genesis_hash(genesis_from_json(turned)) == compute_genesis_hash(GOOD)


def test_limits_may_be_left_out_and_are_part_of_the_hash() -> None:
    shown = json.loads(genesis_to_json(GOOD))
    del shown["limits"], shown["timing"], shown["contract_engine"]
    assert genesis_from_json(json.dumps(shown).encode()) == GOOD
    wider = replace(GOOD, limits=replace(GOOD.limits, expiry_window_blocks=7))
    assert compute_genesis_hash(wider) != compute_genesis_hash(GOOD)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it does not read as a genesis: Input data was truncated."),
        (b"[]", "it does not read as a genesis: Expected an object - at `$`."),
        (change(extra=1), "it does not read as a genesis: Unknown field `extra` - at `$`."),
        (
            change(validators={"members": [], "engine": "pow"}),
            "it does not read as a genesis: Invalid enum value 'pow' - at `$[4][1]`.",
        ),
        (change(organisations=[]), "it does not read as a genesis: Expected `array` of length"),
        (change(limits={"colour": 1}), "it does not read as a genesis: Unknown field `colour`"),
        (b"[" * 100_000, "it does not read as a genesis: "),
    ],
)
def test_what_is_no_genesis_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        genesis_from_json(data)
    assert caught.value.code == "VT-1305"
    assert caught.value.why.startswith(reason)


def test_a_huge_file_is_refused_unread() -> None:
    with pytest.raises(InvalidInput) as caught:
        genesis_from_json(b" " * ((4 << 20) + 1))
    assert caught.value.code == "VT-1003"


def with_second(**fields: Any) -> Genesis:
    members = (MEMBERS[0], replace(MEMBERS[1], **fields), *MEMBERS[2:])
    return replace(GOOD, validators=ValidatorSet(members))


FIRST, *OTHERS = GOOD.organisations
SECOND = OTHERS[0]


@pytest.mark.parametrize(
    ("genesis", "reason"),
    [
        (replace(GOOD, validators=ValidatorSet(())), "genesis names no validator"),
        (replace(GOOD, organisations=(FIRST, FIRST)), "genesis names the same organisation twice"),
        (
            replace(
                GOOD, organisations=(FIRST, replace(SECOND, administrator=FIRST.administrator))
            ),
            "genesis names the same administrator key twice",
        ),
        (replace(GOOD, version=2), "this program cannot read a genesis of version 2"),
        (
            replace(GOOD, organisations=(replace(FIRST, administrator=bytes(32)), *OTHERS)),
            "the administrator key of borne-energie is not an acceptable Ed25519 key",
        ),
        (
            with_second(vote_key=b"\x01" + bytes(31)),
            "the vote key of gridlink-1 is not an acceptable Ed25519 key",
        ),
        (
            replace(GOOD, validators=ValidatorSet(MEMBERS * 65)),
            "genesis names 260 validators, at most 256 are allowed",
        ),
        (
            replace(GOOD, limits=Limits(1024, transaction_size_bytes_max=1025)),
            "a transaction may have 1025 bytes, a block only 1024",
        ),
        (
            replace(GOOD, created_ms=CREATED_MS_MAX + 1),
            "it is from after the year 9999",
        ),
        (with_second(node=MEMBERS[0].node), "genesis names the same node twice"),
        (with_second(vote_key=MEMBERS[0].vote_key), "genesis names the same vote key twice"),
        (with_second(tls_key=MEMBERS[0].tls_key), "genesis names the same TLS key twice"),
        (
            replace(GOOD, validators=ValidatorSet((replace(MEMBERS[0], weight=Weight(0)),))),
            "no validator of genesis has any weight",
        ),
        (
            replace(
                GOOD, validators=replace(with_second(weight=Weight(2)).validators, engine="raft")
            ),
            "under Raft every weight is 0 or 1",
        ),
        (
            with_second(node=NodeName("x"), organisation=OrganisationId("nobody")),
            "validator x belongs to no organisation of genesis",
        ),
    ],
)
def test_what_the_types_cannot_say_is_checked(genesis: Genesis, reason: str) -> None:
    check_genesis(GOOD)
    with pytest.raises(InvalidInput) as caught:
        check_genesis(genesis)
    assert caught.value.code == "VT-1305"
    assert caught.value.why == reason + "."


def test_the_number_of_validators_is_limited_before_they_are_looked_at() -> None:
    shown = json.loads(genesis_to_json(GOOD))
    members = shown["validators"]["members"] * 65
    with pytest.raises(InvalidInput, match="length <= 256"):
        genesis_from_json(change(validators={"members": members}))
