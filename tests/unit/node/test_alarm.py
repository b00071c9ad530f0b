"""Why a node stopped: written down, told at the next start, put aside when it is over."""

import base64
import logging
from pathlib import Path

import msgspec
import pytest

from chain.errors import Busy, ChainError, Corruption, InvalidInput, PeerFault
from chain.scalars import Height, UnixMillis
from chain.state_node import decode_node, hash_node, split_nodes
from contracts.executor import HostFault
from node import alarm as alarms
from node.alarm import (
    NAME,
    PAST_NAME,
    Alarm,
    AlarmFile,
    describe_difference,
    explain_fault,
    find_cause,
    load_alarm,
)
from node.config import NodeConfig
from node.replica.divergence import Diverged, Divergence
from node.replica.ports import Column
from tests.unit.node.chain_builder import START_MS, ChainBuilder, build_demo

NOW_MS = UnixMillis(1_700_000_000_000)
BROKEN = Corruption("VT-6001", path="database", reason="a flipped bit")


@pytest.fixture
def config(tmp_path: Path) -> NodeConfig:
    return NodeConfig(node="acme-1", home=str(tmp_path))  # type: ignore[arg-type]


def ring(config: NodeConfig, error: BaseException, height: int = 7, now_ms: int = NOW_MS) -> None:
    """Let a node stop at a height."""
    file = AlarmFile(config)
    file.height = Height(height)
    file.ring(error, "1.2.3", UnixMillis(now_ms))


def load(config: NodeConfig) -> Alarm:
    found = load_alarm(config.home_path)
    assert found is not None
    return found


def diverged(chain: ChainBuilder, *, is_damaged: bool = True) -> Diverged:
    """A block of another node that this chain's store gives another result for."""
    decided = build_demo().add_block(chain.power("5", first_ms=START_MS + 10**7))
    if is_damaged:
        key, data = next(iter(chain.store.range(Column.STATE, b"twin/R80711", b"twin/R80712")))
        chain.damage({key: data.replace(b"Senvion", b"Sanvion")})
    executed = chain.ledger.execute_block(
        chain.head, decided.header.proposer, decided.transactions, chain.head.certificate
    )
    return Diverged(
        "VT-3028",
        Divergence(decided.header, executed),
        block=decided.hash,
        height=8,
        decided=decided.header.state_root,
        own=executed.header.state_root,
    )


# What is a fault


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BROKEN, "VT-6001"),
        (Busy("VT-6004", path="x"), "VT-6004"),
        (HostFault("the worker died twice"), "VT-8131"),
        (AssertionError("one commit at a time"), "VT-8130"),
        (Busy("VT-6002", path="x"), None),
        (InvalidInput("VT-8001", path="x", reason="y"), None),
        (OSError(98, "address already in use"), None),
    ],
)
def test_faults_of_machine_and_program_are_told_from_wrong_settings(
    error: Exception, code: str | None
) -> None:
    told = explain_fault(ExceptionGroup("tasks", [error]))
    assert (None if told is None else told[0]) == code


def test_the_cause_is_found_in_a_group_of_failed_tasks() -> None:
    fault = PeerFault("VT-5018", peer="x")
    group = ExceptionGroup("a", [ValueError("x"), ExceptionGroup("b", [OSError("y"), fault])])
    assert find_cause(group) is fault
    assert find_cause(BROKEN) is BROKEN
    assert isinstance(find_cause(ExceptionGroup("a", [ValueError("x")])), ValueError)


# The file


def test_a_fault_is_written_down(config: NodeConfig) -> None:
    ring(config, ExceptionGroup("tasks", [BROKEN]))
    assert load(config) == Alarm(
        format=alarms.FORMAT,
        node="acme-1",
        version="1.2.3",
        code="VT-6001",
        why="database: a flipped bit.",
        height=7,
        first_ms=NOW_MS,
        last_ms=NOW_MS,
    )
    assert load(config).title == "The database is damaged"


def test_the_same_fault_again_is_counted_and_another_one_is_not(config: NodeConfig) -> None:
    ring(config, BROKEN)
    ring(config, BROKEN, now_ms=NOW_MS + 5)
    ring(config, BROKEN, now_ms=NOW_MS + 9)
    again = load(config)
    assert (again.first_ms, again.last_ms, again.count) == (NOW_MS, NOW_MS + 9, 3)
    ring(config, BROKEN, height=8, now_ms=NOW_MS + 10)
    other = load(config)
    assert (other.first_ms, other.count) == (NOW_MS + 10, 1)


def test_one_divergence_is_one_fault_by_whichever_way_it_is_met(config: NodeConfig) -> None:
    for code, after_ms in (("VT-3028", 0), ("VT-3041", 5)):
        chain = build_demo()
        error = diverged(chain)
        error.code = code
        file = AlarmFile(config)
        file.note(error, chain.head, chain.store)
        file.ring(error, "1.2.3", UnixMillis(NOW_MS + after_ms))
    found = load(config)
    assert (found.code, found.count, found.first_ms, found.height) == ("VT-3041", 2, NOW_MS, 8)


def test_what_is_no_fault_leaves_the_file_as_it_is(config: NodeConfig) -> None:
    ring(config, InvalidInput("VT-8001", path="x", reason="y"))
    assert load_alarm(config.home_path) is None
    ring(config, BROKEN)
    ring(config, Busy("VT-6002", path="x"))
    assert load(config).code == "VT-6001"


def test_an_alarm_is_over_when_its_height_is_committed(config: NodeConfig) -> None:
    ring(config, BROKEN, height=7)
    file = AlarmFile(config)
    file.passed(Height(6))
    assert (file.last, (config.home_path / NAME).exists()) == (load(config), True)
    file.passed(Height(7))
    assert file.last is None
    assert not (config.home_path / NAME).exists()
    assert (config.home_path / PAST_NAME).exists()
    file.passed(Height(8))
    assert file.height == 9


def test_an_alarm_from_before_the_first_height_is_over_with_any(config: NodeConfig) -> None:
    AlarmFile(config).ring(BROKEN, "1.2.3", NOW_MS)
    assert load(config).height is None
    file = AlarmFile(config)
    file.passed(Height(1))
    assert file.last is None


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\xff", b'{"format": 1}', b"[" * 100_000], ids=lambda data: data[:9]
)
def test_a_file_that_is_no_alarm_is_none(config: NodeConfig, data: bytes) -> None:
    (config.home_path / NAME).write_bytes(data)
    assert load_alarm(config.home_path) is None


def test_an_alarm_of_another_format_or_beyond_all_measure_is_none(
    config: NodeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring(config, BROKEN)
    other = msgspec.structs.replace(load(config), format="veritwin-alarm/2")
    (config.home_path / NAME).write_bytes(msgspec.json.encode(other))
    assert load_alarm(config.home_path) is None
    ring(config, BROKEN)
    monkeypatch.setattr(alarms, "_FILE_SIZE_MAX", 10)
    assert load_alarm(config.home_path) is None


def test_where_nothing_can_be_written_the_node_stops_all_the_same(
    config: NodeConfig, caplog: pytest.LogCaptureFixture
) -> None:
    (config.home_path / f"{NAME}.new").mkdir()
    with caplog.at_level(logging.ERROR, "node"):
        ring(config, BROKEN)
    assert "the alarm could not be written" in caplog.text
    ring(NodeConfig(node="acme-1", home="nowhere/at/all"), BROKEN)  # type: ignore[arg-type]


def test_the_next_start_says_why_the_last_one_ended(
    config: NodeConfig, caplog: pytest.LogCaptureFixture
) -> None:
    chain = build_demo()
    error = diverged(chain)
    file = AlarmFile(config)
    file.note(error, chain.head, chain.store)
    file.ring(error, "1.2.3", NOW_MS)
    with caplog.at_level(logging.WARNING, "node"):
        AlarmFile(config).tell_last()
    (record,) = caplog.records
    values = record.__dict__["values"]
    assert record.message == "this node stopped by itself before"
    assert (values["code"], values["height"], values["times"]) == ("VT-3028", 8, 1)
    assert values["damaged"] == ["twin/R80711"]
    caplog.clear()
    (config.home_path / NAME).unlink()
    AlarmFile(config).tell_last()
    assert caplog.records == []


# What is kept of a block with two results


def test_of_a_divergence_all_is_kept_that_a_comparison_needs() -> None:
    chain = build_demo()
    error = diverged(chain)
    executed = error.divergence.executed
    kept = describe_difference(error.divergence, chain.head, chain.store)
    assert kept.decided_root == error.divergence.decided.state_root.hex()
    assert kept.own_root == executed.header.state_root.hex() != kept.decided_root
    assert kept.fields == ["state_root"]
    assert [bytes.fromhex(key) for key in kept.keys] == sorted(executed.writes)
    assert [one.id for one in kept.transactions] == [one.id.hex() for one in executed.transactions]
    assert kept.damaged == [b"twin/R80711".hex()]
    data = base64.b64decode(kept.nodes)
    names = {hash_node(decode_node(one)) for one in split_nodes(data)}
    assert executed.header.state_root in names
    assert kept.keys_left_out == 0
    values = [None if one is None else base64.b64decode(one) for one in kept.values]
    assert values == [executed.writes[key] for key in sorted(executed.writes)]
    assert set(kept.writers) == {0}


def test_what_is_kept_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = build_demo()
    error = diverged(chain)
    for name in ("KEYS_MAX", "NODES_SIZE_MAX", "TRANSACTIONS_MAX"):
        monkeypatch.setattr(alarms, name, 0)
    kept = describe_difference(error.divergence, chain.head, chain.store)
    assert (kept.keys, kept.nodes, kept.transactions) == ([], "", [])
    assert kept.keys_left_out == len(error.divergence.executed.writes) > 0


def test_of_values_so_much_is_kept_as_has_room(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = build_demo()
    error = diverged(chain)
    monkeypatch.setattr(alarms, "VALUES_SIZE_MAX", 0)
    kept = describe_difference(error.divergence, chain.head, chain.store)
    assert (kept.values, len(kept.writers)) == ([], len(kept.keys))


def test_a_disk_that_cannot_be_read_through_hides_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain = build_demo()
    error = diverged(chain)

    def fail(*_: object) -> None:
        raise ChainError("VT-6001", path="database", reason="a flipped bit")

    monkeypatch.setattr(alarms, "find_damaged", fail)
    kept = describe_difference(error.divergence, chain.head, chain.store)
    assert (kept.damaged, len(kept.keys) > 0) == ([], True)


def test_a_height_is_noted_for_any_fault(config: NodeConfig) -> None:
    chain = build_demo()
    file = AlarmFile(config)
    file.note(BROKEN, chain.head, chain.store)
    file.ring(BROKEN, "1.2.3", NOW_MS)
    found = load(config)
    assert (found.height, found.difference) == (8, None)
