"""Events: numbered by the block alone, so anyone can resume anywhere."""

from chain.scalars import Height
from node.reader import Reader
from node.reader.events import list_events


def test_events_of_a_block_are_numbered_in_order(reader: Reader) -> None:
    found = list(list_events(reader.blocks.require(Height(4))))
    assert [(event.index, event.topic) for event in found] == [
        (0, "block"),
        (1, "transaction"),
        (2, "action"),
        (3, "transaction"),
    ]
    assert found[2].source["kind"] == "inspection"  # type: ignore[index]
    assert found[2].source["status"] == "open"  # type: ignore[index]


def test_resuming_leaves_out_what_came_before(reader: Reader) -> None:
    block = reader.blocks.require(Height(4))
    whole = list(list_events(block))
    assert [event.index for event in list_events(block, 2)] == [2, 3]
    assert list(list_events(block, 2)) == whole[2:]
    assert list(list_events(block, 4)) == []


def test_attestations_and_answers_are_events(reader: Reader) -> None:
    (attested,) = [
        e for e in list_events(reader.blocks.require(Height(5))) if e.topic == "attestation"
    ]
    assert attested.source["issuer"] == "certis"  # type: ignore[index]
    (answered,) = [e for e in list_events(reader.blocks.require(Height(6))) if e.topic == "action"]
    assert answered.source["status"] == "acknowledged"  # type: ignore[index]
