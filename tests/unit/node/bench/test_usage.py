"""What nodes spent: read from their metrics, shared out over transactions and nodes."""

import pytest

from node.bench.usage import compare, parse_usage

TEXT = """# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total {cpu}
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 5.0e+07
# TYPE veritwin_cpu_seconds_total counter
veritwin_cpu_seconds_total{{part="verify"}} {verify}
veritwin_cpu_seconds_total{{part="http"}} 1.0
# TYPE veritwin_peer_bytes_total counter
veritwin_peer_bytes_total{{direction="in",peer="b"}} 999.0
veritwin_peer_bytes_total{{direction="out",peer="b"}} {wire}
veritwin_peer_bytes_total{{direction="out",peer="c"}} 100.0
# TYPE veritwin_peer_messages_total counter
veritwin_peer_messages_total{{direction="in",peer="b"}} 9.0
veritwin_peer_messages_total{{direction="out",peer="b"}} {messages}
# TYPE veritwin_store_size_bytes gauge
veritwin_store_size_bytes 2000.0
# TYPE veritwin_readings_total counter
veritwin_readings_total 77.0
# TYPE veritwin_transactions_total counter
veritwin_transactions_total{{outcome="ok"}} 70.0
veritwin_transactions_total{{outcome="VT-2026"}} 7.0
"""


def test_metrics_are_read_by_what_they_mean() -> None:
    usage = parse_usage(TEXT.format(cpu=4.0, verify=2.5, wire=300.0, messages=4.0))
    assert usage.cpu_seconds == {"verify": 2.5, "http": 1.0}
    assert usage.process_cpu_seconds == 4.0
    assert (usage.wire_bytes, usage.messages) == (400.0, 4.0)
    assert (usage.rss_bytes, usage.disk_bytes, usage.readings) == (5e7, 2000.0, 77.0)
    assert usage.outcomes == {"ok": 70.0, "VT-2026": 7.0}


def test_what_was_spent_is_shared_by_transactions_and_nodes() -> None:
    before = parse_usage(TEXT.format(cpu=4.0, verify=2.0, wire=300.0, messages=4.0))
    after = parse_usage(TEXT.format(cpu=8.0, verify=3.0, wire=800.0, messages=10.0))
    spent = compare([before, before], [after, after], 1_000)
    assert spent.cpu_us["verify"] == pytest.approx(1_000)
    assert spent.cpu_us["http"] == 0
    assert spent.cpu_us["other"] == pytest.approx(3_000)
    assert spent.wire_bytes == pytest.approx(0.5)
    assert spent.messages == 12


def test_no_transaction_is_no_division_by_nothing() -> None:
    usage = parse_usage("")
    assert compare([usage], [usage], 0).wire_bytes == 0
