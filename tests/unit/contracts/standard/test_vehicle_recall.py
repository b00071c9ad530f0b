"""Vehicle recall: ranges, owners, late enrolment, remedies, and three fleets on a whole chain."""

from __future__ import annotations

from typing import Any

import pytest

from chain.operations import Call
from chain.values import encode_value
from tests.unit.contracts.standard.bench import DAY, Bench, details_of
from tests.unit.contracts.standard.plant import Plant

NAME = "vehicle_recall"
RANGE: dict[str, Any] = {
    "campaign": "R-1",
    "first": "WVW0000000A000010",
    "last": "WVW0000000A000030",
    "fault": "the airbag may burst",
    "remedy": "Replace the airbag",
}


@pytest.fixture
def contract() -> Bench:
    return Bench(NAME)


def serial(number: int) -> str:
    return f"WVW0000000A{number:06d}"


def enrol(contract: Bench, *numbers: int, owner: str = "fleet-a") -> None:
    """Let a fleet enrol airbags by their numbers."""
    for number in numbers:
        contract.register(f"airbag-{number}", "airbag", owner)
        contract.by(owner, "enrol", twin=f"airbag-{number}", serial=serial(number))


def notify(contract: Bench, *without: str) -> object:
    return contract.by("anybody", "notify", campaign="R-1", without=list(without))


def notify_all(contract: Bench, *without: str) -> None:
    while notify(contract, *without):
        pass


def told(contract: Bench) -> list[str]:
    return sorted(one.twin for one in contract.host.actions)


def test_each_owner_in_the_range_is_told_once(contract: Bench) -> None:
    enrol(contract, 9, 10, 20)
    enrol(contract, 30, 31, owner="fleet-b")
    contract.by("maker", "announce", **RANGE)
    assert contract.orders == [], "to announce tells nobody yet"
    notify_all(contract)
    assert contract.orders == [
        ("recall", "airbag-10", "fleet-a"),
        ("recall", "airbag-20", "fleet-a"),
        ("recall", "airbag-30", "fleet-b"),
    ], "the first and the last are inside, their neighbours are not"
    order = contract.host.actions[0]
    assert order.title == "WVW0000000A000010: Replace the airbag"
    assert order.deadline_ms == contract.time_ms + 60 * DAY
    assert details_of(order) == {
        "campaign": "R-1",
        "serial": "WVW0000000A000010",
        "fault": "the airbag may burst",
    }
    assert notify(contract) == 0
    assert len(contract.orders) == 3


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 21])
def test_batches_reach_everybody(contract: Bench, count: int) -> None:
    enrol(contract, *range(10, 10 + count), 31)
    contract.by("maker", "announce", **RANGE)
    passed: list[object] = []
    while not passed or passed[-1]:
        passed.append(notify(contract))
        assert len(passed) < 9
    assert told(contract) == [f"airbag-{number}" for number in range(10, 10 + count)]
    assert passed == [10] * (count // 10) + ([count % 10] if count % 10 else []) + [0]


def test_enrolled_before_it_was_reached_is_told_in_turn(contract: Bench) -> None:
    enrol(contract, *range(10, 21))
    contract.by("maker", "announce", **RANGE)
    notify(contract)
    enrol(contract, 25)
    assert len(contract.orders) == 10
    notify_all(contract)
    assert len(contract.orders) == 12


def test_enrolled_after_it_was_passed_is_told_at_once(contract: Bench) -> None:
    enrol(contract, *range(11, 25))
    contract.by("maker", "announce", **RANGE)
    notify(contract)
    enrol(contract, 10)
    assert contract.orders[-1] == ("recall", "airbag-10", "fleet-a")
    notify_all(contract)
    enrol(contract, 9, 30, 31)
    assert contract.orders[-1] == ("recall", "airbag-30", "fleet-a")
    assert len(contract.orders) == 16
    assert len(set(told(contract))) == 16


def test_the_first_one_enrolled_before_anybody_was_told_is_told_once(contract: Bench) -> None:
    contract.by("maker", "announce", **RANGE)
    enrol(contract, 10)
    assert contract.orders == []
    notify_all(contract)
    assert len(contract.orders) == 1


def test_one_number_is_a_range(contract: Bench) -> None:
    enrol(contract, 9, 10, 11)
    contract.by("maker", "announce", **(RANGE | {"last": RANGE["first"]}))
    notify_all(contract)
    assert told(contract) == ["airbag-10"]


def test_an_owner_that_did_not_consent_is_passed_over(contract: Bench) -> None:
    enrol(contract, *range(10, 15))
    enrol(contract, *range(15, 20), owner="fleet-b")
    contract.by("maker", "announce", **RANGE)
    notify_all(contract, "fleet-a")
    assert {owner for _, _, owner in contract.orders} == {"fleet-b"}
    assert len(contract.orders) == 5


def test_who_may_enrol_what(contract: Bench) -> None:
    contract.register("airbag-1", "airbag", "fleet-a")
    for sender, twin in (("fleet-b", "airbag-1"), ("fleet-a", "airbag-2")):
        assert contract.refused(sender, "enrol", twin=twin, serial=serial(1)) == (
            f"{twin} does not belong to {sender}"
        )
    enrol(contract, 1)
    assert contract.refused("fleet-a", "enrol", twin="airbag-1", serial=serial(1)) == (
        f"{serial(1)} is enrolled already"
    )


@pytest.mark.parametrize(
    "bad", ["", "A" * 16, "A" * 18, "a" * 17, "A" * 16 + "/", "A" * 16 + " ", "A" * 16 + "\u00e9"]
)
def test_what_is_no_serial_number(contract: Bench, bad: str) -> None:
    contract.register("airbag-1", "airbag", "fleet-a")
    reason = "a serial number has 17 capitals and digits"
    assert contract.refused("fleet-a", "enrol", twin="airbag-1", serial=bad) == reason
    for end in ("first", "last"):
        assert contract.refused("maker", "announce", **(RANGE | {end: bad})) == reason


def test_what_is_no_recall(contract: Bench) -> None:
    assert contract.refused("fleet-a", "announce", **RANGE) == ("only the maker announces a recall")
    reason = "a recall has a name of its own, a range and a remedy"
    assert contract.refused("maker", "announce", **(RANGE | {"remedy": ""})) == reason
    turned = RANGE | {"first": RANGE["last"], "last": RANGE["first"]}
    assert contract.refused("maker", "announce", **turned) == reason
    contract.by("maker", "announce", **RANGE)
    assert contract.refused("maker", "announce", **RANGE) == reason
    assert contract.refused("fleet-a", "notify", campaign="R-2", without=[]) == (
        "there is no campaign R-2"
    )


def test_there_are_not_more_recalls_than_one_enrolment_can_tell(contract: Bench) -> None:
    for number in range(15):
        contract.by("maker", "announce", **(RANGE | {"campaign": f"R-{number}"}))
        contract.by("maker", "notify", campaign=f"R-{number}", without=[])
    assert contract.refused("maker", "announce", **(RANGE | {"campaign": "R-15"})) == (
        "there are 15 recalls already: deploy this contract once more"
    )
    enrol(contract, 20)
    assert len(contract.orders) == 15


def test_a_workshop_remedies_what_is_recalled_once(contract: Bench) -> None:
    enrol(contract, 9, 10, 30, 31)
    contract.by("maker", "announce", **RANGE)
    said = {"campaign": "R-1", "serial": serial(10), "proof": "part 4711"}
    assert contract.refused("fleet-a", "remedied", **said) == (
        "fleet-a is no workshop of this recall"
    )
    reason = "a remedy is for a twin that is recalled, and has a proof"
    for change in (*({"serial": serial(number)} for number in (9, 12, 31)), {"proof": ""}):
        assert contract.refused("workshop", "remedied", **(said | change)) == reason
    contract.by("workshop", "remedied", **(said | {"serial": serial(30)}))
    contract.by("workshop", "remedied", **said)
    assert contract.refused("workshop", "remedied", **said) == (
        f"{serial(10)} was remedied already"
    )
    notify_all(contract)
    found = contract.by("authority", "progress", campaign="R-1")
    assert isinstance(found, dict)
    assert (found["told"], found["remedied"]) == (2, 2)


def test_parameters_replace_names_and_numbers() -> None:
    small = Bench(NAME, maker="airbag-maker", serial_size=4, batch=1)
    for number in ("A001", "A002"):
        small.register(number, "airbag", "fleet-a")
        small.by("fleet-a", "enrol", twin=number, serial=number)
    small.by("airbag-maker", "announce", **(RANGE | {"first": "A000", "last": "A009"}))
    assert [notify(small), notify(small), notify(small)] == [1, 1, 0]


def test_three_fleets_on_a_whole_chain() -> None:
    fleets = ("fleet-a", "fleet-b")
    plant = Plant("maker", *fleets, "workshop")
    plant.deploy(NAME, "maker")
    for at, fleet in enumerate(fleets):
        plant.register(fleet, f"{fleet}-depot", "environment", "fleet")
        for number in range(6 + at, 40, 6):
            vehicle, airbag = f"vehicle-{number}", f"airbag-{number}"
            plant.register(fleet, vehicle, "system", "vehicle", f"{fleet}-depot")
            plant.register(fleet, airbag, "component", "airbag", vehicle)
            plant.call(fleet, NAME, "enrol", twin=airbag, serial=serial(number))
    plant.call("maker", NAME, "announce", **RANGE)
    assert plant.refuse("fleet-a", NAME, "announce", **RANGE) == (
        "only the maker announces a recall"
    )
    plant.consent("fleet-a", NAME)
    notify = Call(NAME, "notify", encode_value({"campaign": "R-1", "without": []}))
    stopped = plant.attempt("maker", notify)
    assert (stopped.code, plant.orders()) == ("VT-2080", []), "fleet-b has not consented"
    while plant.call("maker", NAME, "notify", campaign="R-1", without=["fleet-b"]):
        pass
    expected = {f"airbag-{number}" for number in range(6, 40, 6) if 10 <= number <= 30}
    assert {(one.twin, one.addressee) for one in plant.actions()} == {
        (airbag, "fleet-a") for airbag in expected
    }
    order = plant.actions("airbag-12")[0]
    plant.answer("fleet-a", order, "acknowledged", "on Monday")
    plant.call("workshop", NAME, "remedied", campaign="R-1", serial=serial(12), proof="part 4711")
    plant.answer("fleet-a", order, "completed", "done")
    found = plant.call("fleet-b", NAME, "progress", campaign="R-1")
    assert isinstance(found, dict)
    assert (found["told"], found["remedied"]) == (len(expected), 1)
