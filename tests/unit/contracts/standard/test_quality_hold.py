"""Quality hold: what holds a batch, who releases it, and the life of two on a whole chain."""

from __future__ import annotations

import pytest

from tests.unit.contracts.standard.bench import MINUTE, Bench
from tests.unit.contracts.standard.plant import Plant

NAME = "quality_hold"
START = 1_650_000_000_000
BATCH = "batch-12"


@pytest.fixture
def contract() -> Bench:
    bench = Bench(NAME)
    bench.register(BATCH, "batch", "maker")
    return bench


def measure(contract: Bench, minute: int = 0, **values: str) -> None:
    rows = [(name, value, START + minute * MINUTE) for name, value in values.items()]
    contract.feed_once(BATCH, rows)


def release_by(contract: Bench, *signers: str, report: str = "QR-1") -> list[object]:
    return [contract.by(one, "release", batch=BATCH, report=report) for one in signers]


def test_a_good_batch_is_shipped_without_further_ado(contract: Bench) -> None:
    measure(contract, assay="99.5", ph="7.1")
    contract.by("maker", "ship", batch=BATCH, receiver="customer")
    assert contract.orders == []
    assert [name for name, _ in contract.host.events] == ["batch_shipped"]


@pytest.mark.parametrize(
    ("assay", "ph", "reason"),
    [
        ("94.9", "7.1", "assay is 94.9, not 95 to 105"),
        ("105.1", "7.1", "assay is 105.1, not 95 to 105"),
        ("100", "6.79", "ph is 6.79, not 6.8 to 7.4"),
    ],
)
def test_a_value_outside_holds_the_batch(contract: Bench, assay: str, ph: str, reason: str) -> None:
    measure(contract, assay=assay, ph=ph)
    [order] = contract.host.actions
    assert (order.kind, order.addressee) == ("quality_investigation", "quality")
    assert order.title == f"{BATCH} is on hold: {reason}"
    assert contract.refused("maker", "ship", batch=BATCH, receiver="customer") == (
        f"{BATCH} is on hold: {reason}"
    )


@pytest.mark.parametrize("assay", ["95", "105"])
def test_the_limits_themselves_are_good(contract: Bench, assay: str) -> None:
    measure(contract, assay=assay, ph="7.4")
    assert contract.orders == []


def test_what_was_never_measured_is_not_shipped(contract: Bench) -> None:
    reason = "assay was never measured"
    assert contract.refused("maker", "ship", batch=BATCH, receiver="customer") == reason
    measure(contract, assay="99", ph="")
    assert contract.refused("maker", "ship", batch=BATCH, receiver="customer") == (
        "ph was never measured"
    )


def test_a_bad_value_does_not_replace_a_good_one(contract: Bench) -> None:
    measure(contract, assay="99", ph="7")
    measure(contract, 1, assay="")
    contract.by("maker", "ship", batch=BATCH, receiver="customer")


def test_each_party_may_hold_and_nobody_else(contract: Bench) -> None:
    measure(contract, assay="99", ph="7")
    assert contract.refused("carrier", "hold", batch=BATCH, reason="a smell") == (
        f"carrier has no say about {BATCH}"
    )
    contract.by("customer", "hold", batch=BATCH, reason="a smell")
    contract.by("maker", "hold", batch=BATCH, reason="a wrong label")
    assert contract.orders == [("quality_investigation", BATCH, "quality")], "one investigation"
    assert contract.refused("maker", "ship", batch=BATCH, receiver="customer") == (
        f"{BATCH} is on hold: customer: a smell"
    )


@pytest.mark.parametrize("reason", ["", "x" * 201])
def test_a_reason_has_a_size(contract: Bench, reason: str) -> None:
    assert contract.refused("customer", "hold", batch=BATCH, reason=reason) == (
        "say why, in up to 200 characters"
    )
    contract.by("customer", "hold", batch=BATCH, reason="x" * 200)


def test_nobody_fills_a_batch_with_reasons(contract: Bench) -> None:
    for _ in range(10):
        contract.by("customer", "hold", batch=BATCH, reason="a smell")
    assert contract.refused("customer", "hold", batch=BATCH, reason="again") == (
        f"{BATCH} is held for 10 reasons already"
    )


@pytest.mark.parametrize("signers", [("maker", "quality"), ("quality", "maker")])
def test_two_signatures_release(contract: Bench, signers: tuple[str, str]) -> None:
    measure(contract, assay="99", ph="7")
    contract.by("customer", "hold", batch=BATCH, reason="a smell")
    assert release_by(contract, *signers) == ["on hold", "released"]
    assert contract.host.events == [
        (
            "batch_released",
            {"twin": BATCH, "report": "QR-1", "reasons": ["customer: a smell"]},
        )
    ]
    contract.by("maker", "ship", batch=BATCH, receiver="customer")


@pytest.mark.parametrize("signer", ["maker", "quality"])
def test_one_organisation_alone_releases_nothing(contract: Bench, signer: str) -> None:
    measure(contract, assay="99", ph="7")
    contract.by("customer", "hold", batch=BATCH, reason="a smell")
    assert release_by(contract, signer, signer, signer) == ["on hold"] * 3


def test_an_owner_that_is_its_own_quality_office_releases_nothing() -> None:
    alone = Bench(NAME, quality="maker")
    alone.register(BATCH, "batch", "maker")
    alone.by("maker", "hold", batch=BATCH, reason="a smell")
    assert alone.refused("maker", "release", batch=BATCH, report="QR-1") == (
        f"{BATCH} is released by its owner and maker, two organisations"
    )


def test_both_sign_for_the_same_report(contract: Bench) -> None:
    measure(contract, assay="99", ph="7")
    contract.by("customer", "hold", batch=BATCH, reason="a smell")
    release_by(contract, "maker", report="QR-1")
    assert contract.refused("quality", "release", batch=BATCH, report="QR-2") == (
        "maker signed for QR-1"
    )


def test_a_new_value_or_a_new_doubt_voids_a_signature(contract: Bench) -> None:
    measure(contract, assay="99", ph="7")
    contract.by("customer", "hold", batch=BATCH, reason="a smell")
    release_by(contract, "maker")
    measure(contract, 1, ph="7.1")
    assert release_by(contract, "quality") == ["on hold"]
    contract.by("customer", "hold", batch=BATCH, reason="a sound")
    assert release_by(contract, "maker") == ["on hold"]


def test_nothing_is_released_while_a_value_is_outside(contract: Bench) -> None:
    measure(contract, assay="94", ph="7")
    assert contract.refused("quality", "release", batch=BATCH, report="QR-1") == (
        "assay is 94, not 95 to 105"
    )
    measure(contract, 1, assay="96")
    assert release_by(contract, "quality", "maker") == ["on hold", "released"]


def test_others_sign_ship_and_scrap_nothing(contract: Bench) -> None:
    measure(contract, assay="99", ph="7")
    assert contract.refused("customer", "ship", batch=BATCH, receiver="customer") == (
        f"{BATCH} belongs to maker"
    )
    assert contract.refused("quality", "scrap", batch=BATCH, reason="old") == (
        f"{BATCH} belongs to maker"
    )
    contract.by("customer", "hold", batch=BATCH, reason="a smell")
    assert contract.refused("customer", "release", batch=BATCH, report="QR-1") == (
        f"{BATCH} is released by its owner and quality, two organisations"
    )


def test_what_is_not_on_hold_is_not_released(contract: Bench) -> None:
    assert contract.refused("quality", "release", batch=BATCH, report="QR-1") == (
        f"{BATCH} is not on hold"
    )


def test_a_closed_batch_does_not_change(contract: Bench) -> None:
    measure(contract, assay="94", ph="7")
    contract.by("maker", "scrap", batch=BATCH, reason="too little")
    before = dict(contract.host.state)
    measure(contract, 1, assay="99")
    assert contract.host.state == before
    for sender, method, argument in (
        ("maker", "ship", "receiver"),
        ("maker", "scrap", "reason"),
        ("maker", "hold", "reason"),
        ("quality", "release", "report"),
    ):
        reason = contract.refused(sender, method, **{"batch": BATCH, argument: "x"})
        assert reason == f"{BATCH} is scrapped"


@pytest.mark.parametrize(
    ("method", "argument"), [("hold", "reason"), ("release", "report"), ("ship", "receiver")]
)
def test_a_batch_that_does_not_exist(contract: Bench, method: str, argument: str) -> None:
    reason = contract.refused("maker", method, **{"batch": "batch-13", argument: "x"})
    assert reason == "there is no batch batch-13"


def test_held_again_is_another_investigation(contract: Bench) -> None:
    measure(contract, assay="99", ph="7")
    for _ in range(2):
        contract.by("customer", "hold", batch=BATCH, reason="a smell")
        release_by(contract, "maker", "quality")
    assert [one.key for one in contract.host.actions] == ["hold-1", "hold-2"]


def test_two_batches_on_a_whole_chain() -> None:
    plant = Plant("maker", "quality", "customer", "authority")
    plant.register("maker", "plant-1", "environment", "site")
    plant.register("maker", "granulation", "process", "process", "plant-1")
    for batch in ("batch-12", "batch-13"):
        plant.register("maker", batch, "process", "batch", "granulation", assay="P1", ph="Q30")
    plant.deploy(NAME, "maker")
    plant.measure("maker", "batch-12", [("assay", "99.1", START), ("ph", "7.0", START)])
    plant.measure("maker", "batch-13", [("assay", "93.2", START), ("ph", "7.0", START)])
    assert plant.orders() == [("quality_investigation", "batch-13", "quality")]
    assert plant.busy_parts("plant-1") == ["batch-13"]
    assert plant.refuse("maker", NAME, "ship", batch="batch-13", receiver="customer") == (
        "batch-13 is on hold: assay is 93.2, not 95 to 105"
    )
    plant.call("maker", NAME, "ship", batch="batch-12", receiver="customer")
    [order] = plant.actions("batch-13")
    plant.answer("quality", order, "acknowledged", "a second sample")
    later = START + MINUTE
    plant.measure("maker", "batch-13", [("assay", "98.7", later), ("ph", "7.1", later)])
    arguments = {"batch": "batch-13", "report": "QR-113"}
    assert plant.call("quality", NAME, "release", **arguments) == "on hold"
    plant.answer("quality", order, "completed", "a mix-up in the laboratory")
    assert plant.call("maker", NAME, "release", **arguments) == "released"
    plant.call("maker", NAME, "ship", batch="batch-13", receiver="customer")
    assert [one["twin"] for one in plant.events("batch_shipped")] == ["batch-12", "batch-13"]
    assert plant.twin("batch-13").status == "normal"
    assert plant.busy_parts("plant-1") == []
