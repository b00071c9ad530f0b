"""A finding: a sentence of the catalogue, filled in, with its severity."""

import pytest

from chain.catalogue_diagnosis import GRAVE, MINOR, NODE
from chain.scalars import UnixMillis
from node.diagnosis.finding import Finding, Severity, make_finding


def test_a_finding_fills_in_the_sentence_of_its_entry() -> None:
    finding = make_finding(
        "VT-8111",
        ["delta-1"],
        since_ms=UnixMillis(5),
        evidence=["one", "two"],
        node="delta-1",
        organisation="delta",
    )
    assert finding.what == "delta-1 (delta) is connected to none of the nodes that answer."
    assert (finding.nodes, finding.since_ms, finding.evidence) == (
        ("delta-1",),
        5,
        ("one", "two"),
    )
    assert finding.entry.name == "node-missing"


@pytest.mark.parametrize(
    ("entries", "severity"),
    [(GRAVE, Severity.CRITICAL), (NODE, Severity.ERROR), (MINOR, Severity.WARNING)],
)
def test_the_part_of_the_catalogue_tells_how_bad_it_is(
    entries: tuple[object, ...], severity: Severity
) -> None:
    for entry in (*GRAVE, *NODE, *MINOR):
        found = Finding(entry.code, (), "", None, ())
        assert (found.severity is severity) == (entry in entries), entry.code
