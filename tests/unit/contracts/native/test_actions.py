import pytest

from chain.operations import Acknowledge, Call, Outcome
from chain.scalars import Hash, Height, OrganisationId, TwinId
from contracts import state_keys
from contracts.executor import ActionRequest, Execution
from contracts.manifest import compute_source_hash
from contracts.native.actions import UNFINISHED_ACTIONS_MAX
from contracts.records import ActionCause, ActionStep, TwinAnswer
from tests.unit.contracts.contract_support import CONTRACT, SOURCE, deploy_watcher
from tests.unit.contracts.support import (
    NOW,
    TURBINE,
    FakeExecutor,
    Ledger,
    check_refused,
    make_hash,
    make_key,
    payload_of,
    result_of,
)

CALL = Call(CONTRACT, "check", b"\x80")


def make_request(**changes: object) -> ActionRequest:
    fields = {
        "kind": "maintenance_order",
        "twin": TURBINE,
        "key": "2015-02-07",
        "title": "Stands still",
        "details": b"\x80",
        "addressee": "windcare",
        "deadline_ms": NOW + 86_400_000,
    }
    return ActionRequest(**(fields | changes))  # type: ignore[arg-type]


class Opener(FakeExecutor):
    """Opens the actions in `requests`, and keeps what the host answered."""

    def __init__(self, *requests: ActionRequest) -> None:
        super().__init__(self._open)
        self.requests = requests or (make_request(),)
        self.answers: list[str | None] = []

    def _open(self, invocation, host):
        if invocation.kind == "call":
            self.answers = [host.open_action(request) for request in self.requests]
        return Execution(status="ok", value=b"\xc0", gas_used=10)


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger(executor=Opener())
    ledger.register_turbine()
    ledger.register_key("workshop", "windcare", "operator")
    deploy_watcher(ledger)
    ledger.begin_block(NOW + 1)
    return ledger


def answer(ledger: Ledger, outcome: Outcome, note: str = "") -> dict[str, str]:
    receipt = ledger.apply(Acknowledge(ledger.only_action().id, outcome, note), "workshop")
    result = result_of(receipt)
    assert isinstance(result, dict)
    return result


def test_an_action_is_opened_with_its_cause(ledger):
    receipt = ledger.apply_ok(CALL)
    action = ledger.only_action()
    assert ledger.executor.answers == [action.id.hex()]
    assert (action.kind, action.twin, action.contract) == ("maintenance_order", TURBINE, CONTRACT)
    assert (action.key, action.title) == ("2015-02-07", "Stands still")
    assert (action.addressee, action.status) == ("windcare", "open")
    assert (action.opened_height, action.opened_time_ms) == (2, NOW + 1)
    assert action.deadline_ms == NOW + 86_400_000
    assert action.cause == ActionCause(receipt.transaction, TURBINE, None, None)
    assert (action.history, action.note) == ((), "")
    assert (action.acknowledged_by, action.acknowledged_height) == (None, None)
    twin = ledger.twin()
    assert (twin.open_actions, twin.acknowledged_actions) == ((action.id,), ())
    assert (twin.status, twin.counts.actions, twin.updated_height) == ("action_open", 1, 2)
    (event,) = receipt.events
    assert (event.source, event.name, event.subject) == (
        "native",
        "action_opened",
        action.id.hex(),
    )
    assert payload_of(event) == {
        "id": action.id.hex(),
        "kind": "maintenance_order",
        "twin": TURBINE,
        "contract": CONTRACT,
        "title": "Stands still",
        "addressee": "windcare",
        "deadline_ms": NOW + 86_400_000,
        "cause": {
            "transaction": receipt.transaction.hex(),
            "twin": TURBINE,
            "first_time_ms": None,
            "last_time_ms": None,
            "kind": "call",
            "about": "",
        },
        "rule": {"handler": "check", "source_hash": compute_source_hash(SOURCE).hex()},
    }


def test_an_action_is_listed_by_height_and_by_twin(ledger):
    ledger.apply_ok(CALL)
    action = ledger.only_action()
    for prefix in (state_keys.actions_in_order_prefix(), state_keys.twin_actions_prefix(TURBINE)):
        pairs = ledger.overlay.range(*state_keys.prefix_range(prefix), 10)
        assert [value for _, value in pairs] == [action.id]


def test_asking_again_does_nothing_while_the_action_is_unfinished(ledger):
    ledger.apply_ok(CALL)
    answers = []
    for outcome in ("acknowledged", "completed"):
        ledger.apply_ok(CALL)
        answers.append(ledger.executor.answers)
        answer(ledger, outcome)
    assert answers == [[None], [None]]
    first = ledger.only_action()
    receipt = ledger.apply_ok(CALL)
    assert ledger.executor.answers not in ([None], [first.id.hex()])
    assert [event.name for event in receipt.events] == ["action_opened"]
    assert ledger.twin().counts.actions == 2


def test_the_key_belongs_to_one_twin(ledger):
    ledger.register_turbine("R2")
    ledger.executor = Opener(make_request(), make_request(twin="R2"), make_request())
    ledger.apply_ok(CALL)
    first, second, third = ledger.executor.answers
    assert first != second
    assert third is None


def test_an_acknowledgement_closes_the_loop_on_the_twin(ledger):
    ledger.apply_ok(CALL)
    ledger.begin_block(NOW + 2)
    action = ledger.only_action()
    operation = Acknowledge(action.id, "acknowledged", "crew leaves at noon")
    receipt = ledger.apply(operation, "workshop")
    assert result_of(receipt) == {"action": action.id.hex(), "status": "acknowledged"}
    answered = ledger.only_action()
    assert answered.history == (
        ActionStep(
            "acknowledged",
            OrganisationId("windcare"),
            make_key("workshop").public_key,
            "crew leaves at noon",
            receipt.transaction,
            Height(3),
            ledger.block.time_ms,
        ),
    )
    assert (answered.status, answered.note) == ("acknowledged", "crew leaves at noon")
    assert (answered.acknowledged_by, answered.acknowledged_height) == ("windcare", 3)
    twin = ledger.twin()
    assert (twin.open_actions, twin.acknowledged_actions) == ((), (action.id,))
    assert (twin.status, twin.updated_height) == ("action_acknowledged", 3)
    assert twin.last_acknowledged == TwinAnswer(
        action.id, "acknowledged", OrganisationId("windcare"), Height(3), ledger.block.time_ms
    )
    (event,) = receipt.events
    assert (event.source, event.name, event.subject) == (
        "native",
        "action_acknowledged",
        action.id.hex(),
    )
    assert payload_of(event) == {
        "kind": "maintenance_order",
        "twin": TURBINE,
        "organisation": "windcare",
        "note": "crew leaves at noon",
    }


def test_a_completed_action_leaves_the_twin_as_normal(ledger):
    ledger.apply_ok(CALL)
    answer(ledger, "acknowledged", "on our way")
    assert answer(ledger, "completed", "bearing replaced")["status"] == "completed"
    action, twin = ledger.only_action(), ledger.twin()
    assert [step.status for step in action.history] == ["acknowledged", "completed"]
    assert (action.note, action.acknowledged_by) == ("bearing replaced", "windcare")
    assert (twin.status, twin.open_actions, twin.acknowledged_actions) == ("normal", (), ())
    assert twin.last_acknowledged is not None
    assert twin.last_acknowledged.outcome == "completed"


@pytest.mark.parametrize("steps", [("declined",), ("acknowledged", "declined")])
def test_an_action_is_declined_before_or_after_it_was_taken_on(ledger, steps):
    ledger.apply_ok(CALL)
    for outcome in steps:
        answer(ledger, outcome)
    assert ledger.only_action().status == "declined"
    assert ledger.twin().status == "normal"


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ((), "completed"),
        (("acknowledged",), "acknowledged"),
        (("declined",), "acknowledged"),
        (("declined",), "completed"),
        (("acknowledged", "completed"), "declined"),
        (("acknowledged", "completed"), "completed"),
    ],
)
def test_an_action_goes_no_other_way(ledger, steps, wanted):
    ledger.apply_ok(CALL)
    for outcome in steps:
        answer(ledger, outcome)
    action = ledger.only_action()
    check_refused(
        ledger,
        ledger.apply(Acknowledge(action.id, wanted), "workshop"),
        "VT-2052",
        f"Action {action.id.hex()} is {action.status}; it cannot become {wanted}.",
    )


def test_only_the_addressee_answers(ledger):
    ledger.apply_ok(CALL)
    action = ledger.only_action()
    check_refused(
        ledger,
        ledger.apply(Acknowledge(action.id, "acknowledged"), "certis"),
        "VT-2051",
        f"Action {action.id.hex()} is for windcare; the sender belongs to certis.",
    )


def test_an_unknown_action_is_refused(ledger):
    check_refused(
        ledger,
        ledger.apply(Acknowledge(make_hash(9), "acknowledged"), "workshop"),
        "VT-2050",
        f"There is no action {make_hash(9).hex()}.",
    )


def test_unfinished_actions_of_a_twin_are_bounded(ledger):
    for number in range(UNFINISHED_ACTIONS_MAX):
        ledger.executor.requests = (make_request(key=str(number)),)
        ledger.apply_ok(CALL)
    ledger.executor.requests = (make_request(key="one more"),)
    check_refused(
        ledger,
        ledger.apply(CALL),
        "VT-2053",
        "Twin R80711 has 64 actions that are neither completed nor declined.",
    )
    oldest = ledger.twin().open_actions[0]
    ledger.apply_ok(Acknowledge(Hash(oldest), "declined"), "workshop")
    ledger.apply_ok(CALL)
    assert len(ledger.twin(TwinId(TURBINE)).open_actions) == UNFINISHED_ACTIONS_MAX
