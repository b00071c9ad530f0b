"""Custody transfer: who may offer, accept, refuse and withdraw, and a shipment on a whole chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.contracts.standard.bench import HOUR, Bench, details_of
from tests.unit.contracts.standard.plant import Plant

NAME = "custody_transfer"
GOODS = "sscc-1"


@pytest.fixture
def contract() -> Bench:
    bench = Bench(NAME)
    bench.register(GOODS, "consignment", "shipper")
    return bench


def offer(contract: Bench, by: str, receiver: str, seal: str = "S-77") -> None:
    contract.by(by, "offer", consignment=GOODS, receiver=receiver, place="Dock 3", seal=seal)


def refused_offer(contract: Bench, by: str, **changes: str) -> str:
    arguments = {"consignment": GOODS, "receiver": "carrier", "place": "Dock 3", "seal": "S-77"}
    return contract.refused(by, "offer", **(arguments | changes))


def holder(contract: Bench) -> object:
    return contract.by("anybody", "holder", consignment=GOODS)


def test_custody_changes_when_both_have_said_so(contract: Bench) -> None:
    assert holder(contract) == "shipper"
    offer(contract, "shipper", "carrier")
    assert holder(contract) == "shipper", "an offer alone changes nothing"
    contract.by("carrier", "accept", consignment=GOODS, seal="S-77", condition="dry")
    assert holder(contract) == "carrier"
    assert contract.host.events == [
        (
            "custody_changed",
            {
                "twin": GOODS,
                "source": "shipper",
                "destination": "carrier",
                "place": "Dock 3",
                "seal": "S-77",
                "note": "dry",
            },
        )
    ]


def test_an_offer_opens_one_step_at_the_receiver(contract: Bench) -> None:
    offer(contract, "shipper", "carrier")
    [step] = contract.host.actions
    assert (step.kind, step.addressee) == ("custody_transfer", "carrier")
    assert step.title == "Accept or refuse sscc-1 from shipper"
    assert step.deadline_ms == contract.time_ms + 24 * HOUR
    assert details_of(step) == {"from": "shipper", "place": "Dock 3"}


def test_only_the_holder_offers_and_only_once(contract: Bench) -> None:
    assert refused_offer(contract, "carrier") == (
        "shipper holds sscc-1, so carrier cannot hand it over"
    )
    offer(contract, "shipper", "carrier")
    assert refused_offer(contract, "shipper", receiver="thief") == (
        "sscc-1 is offered to carrier already"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"consignment": "nothing"}, "there is no consignment nothing"),
        ({"receiver": "shipper"}, "shipper holds sscc-1 already"),
        ({"seal": ""}, "name the seal, or what else tells these goods from others"),
    ],
)
def test_an_offer_that_makes_no_sense_is_refused(
    contract: Bench, change: dict[str, str], reason: str
) -> None:
    assert refused_offer(contract, "shipper", **change) == reason


def test_only_the_receiver_accepts(contract: Bench) -> None:
    offer(contract, "shipper", "carrier")
    for sender in ("shipper", "receiver", ""):
        assert contract.refused(
            sender, "accept", consignment=GOODS, seal="S-77", condition="dry"
        ) == (f"sscc-1 is not offered to {sender}")
    assert holder(contract) == "shipper"


def test_nobody_accepts_what_is_not_offered(contract: Bench) -> None:
    reason = contract.refused("carrier", "accept", consignment=GOODS, seal="", condition="")
    assert reason == "sscc-1 is not offered to carrier"


def test_another_seal_can_only_be_refused(contract: Bench) -> None:
    offer(contract, "shipper", "carrier")
    assert contract.refused(
        "carrier", "accept", consignment=GOODS, seal="S-78", condition="dry"
    ) == ("the seal is not the one offered, so sscc-1 can only be refused")
    assert contract.refused("carrier", "refuse", consignment=GOODS, reason="") == "say why"
    contract.by("carrier", "refuse", consignment=GOODS, reason="seal S-78")
    assert holder(contract) == "shipper"
    assert contract.host.events[-1][0] == "custody_refused"


def test_each_transfer_is_another_step(contract: Bench) -> None:
    for giver, taker in (("shipper", "carrier"), ("carrier", "receiver")):
        offer(contract, giver, taker)
        contract.by(taker, "accept", consignment=GOODS, seal="S-77", condition="dry")
    assert [one.key for one in contract.host.actions] == ["transfer-0", "transfer-1"]


def test_an_offer_ends_once(contract: Bench) -> None:
    offer(contract, "shipper", "carrier")
    contract.by("carrier", "accept", consignment=GOODS, seal="S-77", condition="dry")
    for method in ("accept", "refuse"):
        arguments = {"seal": "S-77", "condition": "dry"} if method == "accept" else {"reason": "no"}
        assert contract.refused("carrier", method, consignment=GOODS, **arguments) == (
            "sscc-1 is not offered to carrier"
        )
    assert contract.refused("shipper", "withdraw", consignment=GOODS) == (
        "shipper offers sscc-1 to nobody"
    )


def test_only_the_holder_withdraws_and_may_offer_again(contract: Bench) -> None:
    offer(contract, "shipper", "carrier")
    assert contract.refused("carrier", "withdraw", consignment=GOODS) == (
        "carrier offers sscc-1 to nobody"
    )
    contract.by("shipper", "withdraw", consignment=GOODS)
    assert contract.refused(
        "carrier", "accept", consignment=GOODS, seal="S-77", condition="dry"
    ) == ("sscc-1 is not offered to carrier")
    offer(contract, "shipper", "receiver")
    assert [one.key for one in contract.host.actions] == ["transfer-0", "transfer-1"]


def test_the_hours_to_answer_are_a_parameter() -> None:
    quick = Bench(NAME, answer_hours=2)
    quick.register(GOODS, "consignment", "shipper")
    offer(quick, "shipper", "carrier")
    assert quick.host.actions[0].deadline_ms == quick.time_ms + 2 * HOUR


def read_departure(shared: Path) -> dict[str, Any]:
    """Give the departing event among the EPCIS 2.0 examples."""
    name = "epcisDocWithShippingAndTransportingEvent.jsonld"
    path = shared / "vectors" / "epcis-hash" / "tests" / "examples" / name
    if not path.is_file():
        pytest.skip(f"needs {name} of the EPCIS examples")
    events: list[dict[str, Any]] = json.loads(path.read_text())["epcisBody"]["eventList"]
    return next(event for event in events if event["bizStep"] == "departing")


def test_an_epcis_shipment_on_a_whole_chain(shared: Path) -> None:
    event = read_departure(shared)
    [consignment] = event["epcList"]
    place = event["readPoint"]["id"]
    plant = Plant("shipper", "carrier", "receiver", "insurer")
    plant.register("shipper", "transport-1099", "process", "transport")
    plant.register("shipper", consignment, "component", "consignment", "transport-1099")
    plant.deploy(NAME, "shipper")
    way = [("shipper", "carrier"), ("carrier", "receiver")]
    for giver, taker in way:
        arguments = {"consignment": consignment, "place": place, "seal": "S-77"}
        plant.call(giver, NAME, "offer", receiver=taker, **arguments)
        for other in {"shipper", "carrier", "receiver", "insurer"} - {taker}:
            assert plant.refuse(
                other, NAME, "accept", consignment=consignment, seal="S-77", condition="dry"
            ) == (f"{consignment} is not offered to {other}")
        plant.call(taker, NAME, "accept", consignment=consignment, seal="S-77", condition="dry")
        plant.answer(taker, plant.actions()[-1], "acknowledged", "taken over")
    assert plant.call("insurer", NAME, "holder", consignment=consignment) == "receiver"
    changes = [(one["source"], one["destination"]) for one in plant.events("custody_changed")]
    assert changes == way
    assert [one.addressee for one in plant.actions(consignment)] == ["carrier", "receiver"]
