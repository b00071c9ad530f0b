"""How handlers run and end, in process."""

from decimal import Decimal

import pytest

from chain.values import decode_value
from contracts.executor import HostFault
from contracts.inprocess import ContractCache, InProcessExecutor
from contracts.runtime.namespace import HELPERS
from tests.unit.contracts.memory_host import Deployed

SOURCE = """
from contracts.author import Decimal, Map, Update, Var, call, ctx, fail, initial, on_update, record

SEEN = []

@record
class Row:
    name: str
    amount: Decimal = Decimal(0)
    note: str | None = None

total = Var(int, 10)
names = Var(list, [])
rows = Map(Row)
counts = Map(int)

@initial
def begin() -> None:
    total.set(100)

@call
def add(amount: int) -> int:
    total.set(total.get() + amount)
    return total.get()

@call
def remember(x: int) -> int:
    SEEN.append(x)
    return len(SEEN)

@call
def stop(reason: str) -> None:
    total.set(1)
    ctx.emit("never", {})
    fail(reason)

@call
def divide(a: int, b: int) -> int:
    return a // b

@call
def rescue(b: int) -> str:
    try:
        return str(10 // b)
    except ArithmeticError:
        return "rescued"

@call
def swallow() -> None:
    while True:
        try:
            while True:
                pass
        except Exception:
            pass

@call
def dive(n: int) -> int:
    try:
        return dive(n + 1)
    except Exception:
        return n

@call
def keep(name: str, amount: Decimal) -> object:
    row = rows.get(name, Row(name))
    row.amount += amount
    rows[name] = row
    return rows[name]

@call
def listing(start: str = "", limit: int = 100) -> list[str]:
    counts["d"] = 4
    if "b" in counts:
        del counts["b"]
    return [f"{key}={value}" for key, value in counts.items(start, limit)]

@call
def aliases() -> object:
    items = names.get()
    items.append("x")
    return [names.get(), items]

@call
def wrong_type() -> None:
    total.set("text")

@call
def wrong_field() -> None:
    row = Row("a")
    row.amount = 5

@call
def around() -> object:
    return [ctx.contract, ctx.height, ctx.time_ms, ctx.sender, ctx.transaction]

@call
def parameters() -> object:
    return [ctx.parameter("limit", 1), ctx.parameter("other", "none"), ctx.parameter("curve", ())]

@call
def look(twin: str) -> object:
    found = ctx.twin(twin)
    if found is None:
        return None
    reading = found.reading("heat")
    return [found.id, found.model, found.owner, found.properties, found.value("heat"),
            None if reading is None else [reading.time_ms, reading.unit, reading.is_good]]

@call
def order(key: str) -> str | None:
    return ctx.open_action(kind="k", twin="t", key=key, title="a title", addressee="windcare",
                           details={"n": 1}, deadline_ms=ctx.time_ms + 5)

@on_update(model="pump", properties=["heat"])
def watch(update: Update) -> None:
    for sample in update.by_time():
        ctx.emit("sample", [sample.time_ms, sample.value("heat"), sample.value("flow"),
                            len(sample.readings)])
"""


@pytest.fixture
def deployed() -> Deployed:
    parameters = {"limit": 5, "curve": [[1, 2], [3, 4]], "other": "given"}
    return Deployed(SOURCE, InProcessExecutor(), parameters)


def test_a_var_has_its_default_until_it_is_set(deployed: Deployed) -> None:
    assert deployed.value("add", amount=1) == 11
    assert deployed.value("add", amount=1) == 12


def test_deployment_runs_the_initial_handler(deployed: Deployed) -> None:
    assert deployed.initial("begin").status == "ok"
    assert deployed.value("add", amount=1) == 101


def test_module_lists_are_new_in_every_invocation(deployed: Deployed) -> None:
    assert deployed.value("remember", x=1) == 1
    assert deployed.value("remember", x=1) == 1


def test_a_failure_leaves_nothing_and_shows_its_text(deployed: Deployed) -> None:
    execution = deployed.call("stop", reason="no " * 100)
    assert execution.status == "contract_error"
    assert execution.error == ("no " * 100)[:200]
    assert (deployed.host.state, deployed.host.events) == ({}, [])


def test_an_exception_shows_its_class_only(deployed: Deployed) -> None:
    execution = deployed.call("divide", a=1, b=0)
    assert (execution.status, execution.error, execution.value) == (
        "error",
        "ZeroDivisionError",
        b"",
    )


def test_the_author_can_see_the_exception_behind_an_error(deployed: Deployed) -> None:
    deployed.call("divide", a=1, b=0)
    assert isinstance(deployed.executor, InProcessExecutor)
    assert isinstance(deployed.executor.last_failure, ZeroDivisionError)
    deployed.call("divide", a=1, b=1)
    assert deployed.executor.last_failure is None


def test_an_exception_can_be_caught(deployed: Deployed) -> None:
    assert deployed.value("rescue", b=0) == "rescued"


@pytest.mark.parametrize(
    ("narrow", "body", "ending"),
    [
        ("ValueError", 'raise Exception("x")', "Exception"),
        ("Exception", 'raise Exception("x")', "caught"),
        ("Exception", "return later", "caught"),
        ("LookupError", "return later", "NameError"),
    ],
)
def test_an_exception_is_caught_as_in_python(narrow: str, body: str, ending: str) -> None:
    source = (
        "from contracts.author import call\n@call\ndef main(x: int):\n    try:\n"
        f"        {body}\n    except {narrow}:\n        return 'caught'\n    later = 1\n"
    )
    execution = Deployed(source, InProcessExecutor()).call("main", x=1)
    assert (execution.error or decode_value(execution.value)) == ending


def test_running_out_of_gas_cannot_be_caught(deployed: Deployed) -> None:
    execution = deployed.call("swallow")
    assert (execution.status, execution.gas_used) == ("out_of_gas", 1_000_000)


def test_calls_nested_too_deeply_cannot_be_caught(deployed: Deployed) -> None:
    assert deployed.call("dive", n=0).status == "call_depth"
    assert deployed.value("rescue", b=5) == "2"


@pytest.mark.parametrize(
    ("name", "arguments", "status", "error"),
    [
        ("nothing", {}, "no_such_handler", ""),
        ("watch", {}, "no_such_handler", ""),
        ("begin", {}, "no_such_handler", ""),
        ("add", {}, "error", "TypeError"),
        ("add", {"amount": "1"}, "error", "TypeError"),
        ("add", {"amount": True}, "error", "TypeError"),
        ("add", {"amount": 1, "more": 1}, "error", "TypeError"),
        ("wrong_type", {}, "error", "TypeError"),
        ("wrong_field", {}, "error", "TypeError"),
        ("listing", {"limit": 0}, "error", "ValueError"),
        ("order", {"key": ""}, "error", "ValueError"),
        ("keep", {"name": "", "amount": Decimal(1)}, "error", "ValueError"),
    ],
)
def test_a_wrong_call_has_a_defined_end(
    deployed: Deployed, name: str, arguments: dict[str, object], status: str, error: str
) -> None:
    execution = deployed.call(name, **arguments)
    assert (execution.status, execution.error) == (status, error)
    assert deployed.host.state == {}


def test_a_record_is_kept_under_its_key(deployed: Deployed) -> None:
    deployed.value("keep", name="x", amount=Decimal("0.25"))
    kept = {"name": "x", "amount": Decimal("0.5"), "note": None}
    assert deployed.value("keep", name="x", amount=Decimal("0.25")) == kept
    assert decode_value(deployed.host.state["rows/x"]) == kept


def test_a_map_lists_in_key_order_with_its_own_writes(deployed: Deployed) -> None:
    for key, value in {"c": 3, "a": 1, "b": 2, "e": 5}.items():
        deployed.host.state[f"counts/{key}"] = bytes([value])
    deployed.host.state["countsx"] = b"\x01"
    assert deployed.value("listing") == ["a=1", "c=3", "d=4", "e=5"]
    assert deployed.value("listing", limit=2) == ["a=1", "c=3"]
    assert deployed.value("listing", start="c", limit=2) == ["c=3", "d=4"]


def test_what_is_read_is_a_copy(deployed: Deployed) -> None:
    assert deployed.value("aliases") == [[], ["x"]]


def test_ctx_tells_about_the_block(deployed: Deployed) -> None:
    assert deployed.value("around") == ["example", 7, 1_700_000_000_000, "borne-energie", "ab" * 32]


def test_parameters_come_from_the_deployment(deployed: Deployed) -> None:
    assert deployed.value("parameters") == [5, "given", [[1, 2], [3, 4]]]


def test_a_twin_can_be_looked_at(deployed: Deployed) -> None:
    assert deployed.value("look", twin="T") is None
    deployed.host.twins["T"] = {
        "id": "T",
        "model": "pump",
        "owner": "borne-energie",
        "properties": {
            "heat": {"value": "80.5", "time_ms": 5, "unit": "CEL", "quality": 0, "sequence": 1}
        },
    }
    assert deployed.value("look", twin="T") == [
        "T",
        "pump",
        "borne-energie",
        ["heat"],
        Decimal("80.5"),
        [5, "CEL", True],
    ]


def test_an_action_is_opened_once_per_key(deployed: Deployed) -> None:
    assert deployed.value("order", key="a") == "action-1"
    assert deployed.value("order", key="a") is None
    [request] = deployed.host.actions
    assert request.deadline_ms == deployed.time_ms + 5
    assert decode_value(request.details) == {"n": 1}


def test_an_update_groups_its_readings_by_time(deployed: Deployed) -> None:
    execution = deployed.update(
        "P",
        ("heat", "2", 20),
        ("heat", "1", 10),
        ("flow", "7", 10),
        ("flow", "", 20, 0x80000000),
        ("heat", "3", 20),
    )
    assert execution.status == "ok"
    assert [payload for _, payload in deployed.host.events] == [
        [10, Decimal(1), Decimal(7), 2],
        [20, Decimal(3), None, 2],
    ]


def test_what_the_host_raises_goes_through_unchanged(deployed: Deployed) -> None:
    def broken(key: str) -> bytes | None:
        raise ValueError("the disk is gone")

    deployed.host.get = broken  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="the disk is gone"):
        deployed.call("add", amount=1)


def test_a_machine_s_memory_is_never_a_result(deployed: Deployed) -> None:
    def broken(key: str) -> bytes | None:
        raise MemoryError

    deployed.host.get = broken  # type: ignore[method-assign]
    with pytest.raises(MemoryError):
        deployed.call("add", amount=1)


def test_a_stored_source_that_is_no_contract_is_a_local_fault() -> None:
    with pytest.raises(HostFault, match="a stored contract does not load: VT-4001"):
        ContractCache().load(b"", "import os\n")


def test_the_cache_keeps_the_most_recent() -> None:
    cache = ContractCache(size_max=1)
    hashes = []
    for number in (1, 2):
        source = f"X = {number}\n"
        loaded = Deployed(source, InProcessExecutor()).manifest
        hashes.append(loaded.source_hash)
        cache.load(loaded.source_hash, source)
    assert cache.get(hashes[0]) is None
    assert cache.get(hashes[1]) is not None


@pytest.mark.parametrize("kind", [RecursionError, MemoryError])
@pytest.mark.parametrize("helper", ["_add", "_b_len"])
def test_a_machine_that_has_not_enough_is_seen_by_no_contract(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception], helper: str
) -> None:
    def give_up(*_: object) -> None:
        raise kind

    monkeypatch.setitem(HELPERS, helper, give_up)
    source = """
from contracts.author import Var, call
seen = Var(int, 0)
@call
def main() -> str:
    try:
        seen.set(1)
        return str(len([1]) + 1)
    except Exception:
        return "seen"
"""
    deployed = Deployed(source, InProcessExecutor())
    with pytest.raises(HostFault, match=kind.__name__):
        deployed.call("main")
    assert deployed.host.state == {}
