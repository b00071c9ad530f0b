"""Metrics: well named, explained, and of one node only."""

from prometheus_client.parser import text_string_to_metric_families

from node.metrics import PREFIX, Metrics

UNITS = ("_seconds", "_bytes", "_total", "_info")
COUNTS = (
    "height",
    "round",
    "mempool_transactions",
    "transactions_set_aside",
    "http_connections",
    "event_streams",
    "ready",
    "peer_connected",
    "peer_height",
    "base_height",
    "snapshot_parts",
)


def test_every_metric_has_the_prefix_a_text_and_a_unit() -> None:
    for family in Metrics("1.0", with_process=False).registry.collect():
        assert family.name.startswith(PREFIX)
        assert family.documentation.endswith(".")
        name = family.name + ("_total" if family.type == "counter" else "")
        assert name.endswith(UNITS) or name.removeprefix(PREFIX) in COUNTS, name


def test_two_nodes_in_one_process_count_apart() -> None:
    one, two = Metrics("1.0"), Metrics("1.0")
    one.height.set(7)
    assert two.registry.get_sample_value("veritwin_height") == 0


def test_rendered_text_parses() -> None:
    metrics = Metrics("1.0")
    metrics.requests.labels(method="GET", route="/v1/status", status="200").inc()
    families = {f.name: f for f in text_string_to_metric_families(metrics.render().decode())}
    assert families["veritwin_http_requests"].samples[0].value == 1
    assert "process_resident_memory_bytes" in families
