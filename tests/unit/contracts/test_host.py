import pytest

from chain.operations import PropertyDefinition
from chain.receipt import Event
from chain.scalars import HEIGHT_MAX
from chain.values import decode_value
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.executor import ActionRequest
from contracts.host import CONTRACT_KEY_SIZE_MAX, EVENTS_MAX, LedgerHost
from contracts.records import ActionCause, ContractRecord, KeyRecord
from tests.unit.contracts.contract_support import CONTRACT, SOURCE, deploy_watcher
from tests.unit.contracts.support import (
    NOW,
    TURBINE,
    FakeExecutor,
    Ledger,
    make_key,
    make_reading,
    make_telemetry,
)

HALF = "\ud800"


class Stand:
    """A host of the contract `watcher`, outside of any executor."""

    def __init__(self, woken_by: str | None = TURBINE) -> None:
        self.ledger = Ledger()
        self.ledger.register_turbine()
        deploy_watcher(self.ledger)
        receipt = self.ledger.apply_ok(make_telemetry())
        overlay = self.ledger.overlay
        contract = overlay.get_record(state_keys.contract_key(CONTRACT), ContractRecord)
        sender = overlay.get_record(
            state_keys.public_key_key(make_key("borne-energie").public_key), KeyRecord
        )
        assert contract is not None
        assert sender is not None
        self.contract = contract
        cause = None
        if woken_by is not None:
            cause = ActionCause(receipt.transaction, self.ledger.twin().id, NOW, NOW)
        context = TransactionContext(
            self.ledger.block, FakeTransaction(receipt.transaction), sender, FakeExecutor()
        )
        self.host = LedgerHost(contract, "watch", cause, context, overlay)

    def failure(self) -> str:
        return str(self.host.failure)


class FakeTransaction:
    """Only the id of a transaction matters to a host."""

    def __init__(self, identifier) -> None:
        self.id = identifier


def make_request(**changes: object) -> ActionRequest:
    fields = {
        "kind": "maintenance_order",
        "twin": TURBINE,
        "key": "k",
        "title": "t",
        "details": b"\x80",
        "addressee": "windcare",
        "deadline_ms": None,
    }
    return ActionRequest(**(fields | changes))  # type: ignore[arg-type]


def test_a_contract_has_its_own_keys():
    stand = Stand()
    stand.host.put("count", b"\x01")
    stand.host.put("gone", b"\x02")
    stand.host.put("gone", None)
    assert stand.host.get("count") == b"\x01"
    assert stand.host.get("gone") is None
    assert stand.ledger.overlay.get(b"contract-state/watcher/count") == b"\x01"
    assert stand.host.failure is None


def test_a_range_stays_among_the_contracts_own_keys():
    stand = Stand()
    stand.ledger.overlay.put(b"contract-state/watcher2/m/a", b"other")
    for key in ("m/é", "m/a", "m/b", "n/a"):
        stand.host.put(key, key.encode())
    assert stand.host.range("m/", "m0", 10) == [
        ("m/a", b"m/a"),
        ("m/b", b"m/b"),
        ("m/é", "m/é".encode()),
    ]
    assert stand.host.range("m/", "m0", 2) == [("m/a", b"m/a"), ("m/b", b"m/b")]
    assert stand.host.range("", "\U0010ffff", 10)[-1] == ("n/a", b"n/a")


def test_keys_that_are_too_long_or_no_text_fail_the_invocation():
    for key in ("k" * (CONTRACT_KEY_SIZE_MAX + 1), HALF):
        for use in (
            lambda host, key=key: host.get(key),
            lambda host, key=key: host.put(key, b"\x01"),
            lambda host, key=key: host.range(key, "z", 1),
        ):
            stand = Stand()
            assert not use(stand.host)
            assert stand.failure() == (
                "VT-2046: Contract watcher was stopped: its keys have up to 512 bytes of text."
            )


def test_a_value_that_is_too_large_fails_the_invocation():
    stand = Stand()
    stand.host.put("k", bytes(65_536))
    assert stand.host.failure is None
    stand.host.put("k", bytes(65_537))
    assert stand.failure() == (
        "VT-1203: It has at least 65537 bytes; at most 65536 are allowed here."
    )


def test_the_source_is_found_by_its_hash():
    stand = Stand()
    assert stand.host.source(stand.contract.source_hash) == SOURCE


def test_a_twin_is_shown_with_the_properties_that_were_measured():
    stand = Stand()
    data = stand.host.twin(TURBINE)
    assert data is not None
    assert decode_value(data) == {
        "id": TURBINE,
        "model": "wind-turbine",
        "owner": "borne-energie",
        "properties": {
            "active_power": {
                "value": "1500.5",
                "time_ms": NOW,
                "unit": "KWT",
                "quality": 0,
                "sequence": 1,
            },
        },
    }


def test_an_unknown_twin_is_none():
    stand = Stand()
    assert stand.host.twin("R9") is None
    assert stand.host.twin(HALF) is None
    assert stand.host.failure is None


def test_the_largest_twin_fits_into_one_value():
    stand = Stand()
    names = [f"{number:_<64}".replace("_", "x") for number in range(256)]
    definitions = tuple(PropertyDefinition(name, "ABCDEFGH") for name in names)
    twin = "T" * 128
    stand.ledger.register_turbine(twin, model="m" * 64, properties=definitions)
    readings = [
        make_reading(
            property=name,
            unit="ABCDEFGH",
            value="-" + "1" * 40,
            quality=0xBFFFFFFF,
            sequence=HEIGHT_MAX,
        )
        for name in names
    ]
    stand.ledger.apply_ok(make_telemetry(*readings, twin=twin))
    data = stand.host.twin(twin)
    assert data is not None
    assert len(decode_value(data)["properties"]) == 256


def test_an_event_is_about_the_twin_that_woke_the_contract():
    stand = Stand()
    stand.host.emit("power_low", b"\xc0")
    assert stand.host.events == [Event(CONTRACT, "power_low", TURBINE, b"\xc0")]
    called = Stand(woken_by=None)
    called.host.emit("power_low", b"\xc0")
    assert called.host.events == [Event(CONTRACT, "power_low", "", b"\xc0")]


@pytest.mark.parametrize("name", ["", "two words", "a" * 65, "new\n", HALF])
def test_an_event_has_a_name(name):
    stand = Stand()
    stand.host.emit(name, b"\xc0")
    assert stand.host.events == []
    assert stand.failure() == (
        f"VT-2046: Contract watcher was stopped: {name[:64]!a} is not a name for an event."
    )


def test_events_are_bounded():
    stand = Stand()
    for _ in range(EVENTS_MAX):
        stand.host.emit("e", b"\xc0")
    assert stand.host.failure is None
    stand.host.emit("e", b"\xc0")
    assert stand.failure() == (
        "VT-2046: Contract watcher was stopped: it emits more than 256 events at once."
    )
    large = Stand()
    large.host.emit("e", bytes(16_385))
    assert large.failure() == (
        "VT-1203: It has at least 16385 bytes; at most 16384 are allowed here."
    )


def test_an_action_is_opened_once():
    stand = Stand()
    identifier = stand.host.open_action(make_request())
    assert identifier == stand.ledger.only_action().id.hex()
    assert stand.host.open_action(make_request()) is None
    assert [event.name for event in stand.host.events] == ["action_opened"]
    assert stand.host.failure is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "a b"}, "VT-2054: It cannot be opened: 'a b' is not a kind of action."),
        ({"key": ""}, "VT-2054: It cannot be opened: its key has 1 to 128 bytes of text."),
        ({"key": "é" * 65}, "VT-2054: It cannot be opened: its key has 1 to 128 bytes of text."),
        ({"title": HALF}, "VT-2054: It cannot be opened: its title has 1 to 256 bytes of text."),
        ({"deadline_ms": -1}, "VT-2054: It cannot be opened: its deadline is not a time."),
        (
            {"details": bytes(16_385)},
            "VT-1203: It has at least 16385 bytes; at most 16384 are allowed here.",
        ),
        ({"twin": "R9"}, "VT-2020: Twin 'R9' is not registered on this chain."),
        ({"twin": HALF}, r"VT-2020: Twin '\ud800' is not registered on this chain."),
        ({"addressee": "nobody"}, "VT-2055: No organisation 'nobody' is a member of this chain."),
        ({"addressee": HALF}, r"VT-2055: No organisation '\ud800' is a member of this chain."),
    ],
)
def test_a_wrong_request_opens_nothing_and_fails_the_invocation(change, message):
    stand = Stand()
    before = stand.ledger.overlay.writes()
    assert stand.host.open_action(make_request(**change)) is None
    assert stand.failure() == message
    assert stand.host.open_action(make_request()) is None
    assert stand.ledger.overlay.writes() == before


def test_the_first_failure_counts():
    stand = Stand()
    stand.host.open_action(make_request(twin="R9"))
    stand.host.emit("two words", b"\xc0")
    assert stand.failure().startswith("VT-2020")
