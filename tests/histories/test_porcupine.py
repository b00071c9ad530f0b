"""The checker against 108 histories of real systems, with the verdicts of others."""

from pathlib import Path

import pytest

from tests.histories.linearizability import check
from tests.histories.models import REGISTER
from tests.histories.porcupine import LINEARIZABLE_LOGS, TEXT, read_kv, read_log

SOME_LOG = """\
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 1\t:invoke\t:write\t2
INFO  jepsen.util - 0\t:ok\t:read\tnil
INFO  jepsen.util - 2\t:invoke\t:cas\t[2 4]
INFO  jepsen.util - 1\t:info\t:write\t:timed-out
INFO  jepsen.util - 2\t:ok\t:cas\t[2 4]
INFO  jepsen.util - 3\t:invoke\t:read\tnil
INFO  jepsen.util - 3\t:fail\t:read\t:timed-out
INFO  jepsen.util - 3\t:invoke\t:read\tnil
INFO  jepsen.util - 3\t:ok\t:read\tVALUE
"""
SOME_KV = """\
{:process 0, :type :invoke, :f :append, :key "0", :value "x"}
{:process 0, :type :ok, :f :append, :key "0", :value "x"}
{:process 0, :type :invoke, :f :put, :key "1", :value "y z"}
{:process 1, :type :invoke, :f :get, :key "0", :value nil}
{:process 1, :type :ok, :f :get, :key "0", :value "VALUE"}
"""


@pytest.fixture
def histories(shared: Path) -> Path:
    folder = shared / "vectors" / "porcupine-histories"
    if not folder.is_dir():
        pytest.skip(f"needs {folder.name}/ (Porcupine's test_data) beside the other public vectors")
    return folder


@pytest.mark.parametrize("number", [number for number in range(103) if number != 95])
def test_a_jepsen_log_of_etcd_is_judged_as_others_did(number: int, histories: Path) -> None:
    found = [*histories.rglob(f"etcd_{number:03d}.log")]
    assert len(found) == 1
    verdict = check(REGISTER, read_log(found[0]))
    assert verdict.operations > 50
    assert verdict.is_linearizable == (number in LINEARIZABLE_LOGS)


@pytest.mark.parametrize("clients", ["01", "10", "50"])
@pytest.mark.parametrize("verdict", ["ok", "bad"])
def test_a_history_of_a_store_is_judged_as_others_did(
    clients: str, verdict: str, histories: Path
) -> None:
    found = [*histories.rglob(f"c{clients}-{verdict}.txt")]
    assert len(found) == 1
    assert check(TEXT, read_kv(found[0])).is_linearizable == (verdict == "ok")


@pytest.mark.parametrize(("value", "holds"), [("4", True), ("2", False), ("nil", False)])
def test_logs_are_read(value: str, holds: bool, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(SOME_LOG.replace("VALUE", value))
    history = read_log(tmp_path / "log")
    assert [one.call for one in history if not one.is_known] == [("write", 2)]
    assert check(REGISTER, history).is_linearizable == holds


@pytest.mark.parametrize(("value", "holds"), [("x", True), ("", False), ("xx", False)])
def test_stores_are_read(value: str, holds: bool, tmp_path: Path) -> None:
    (tmp_path / "kv").write_text(SOME_KV.replace("VALUE", value))
    history = read_kv(tmp_path / "kv")
    assert [one.call for one in history if not one.is_known] == [("put", "y z")]
    assert check(TEXT, history).is_linearizable == holds
