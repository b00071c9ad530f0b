import pytest

from chain.codec import encode
from chain.errors import Corruption
from chain.scalars import Height, OrganisationId
from contracts.records import OrganisationRecord
from contracts.state import MemoryView, Overlay


def make_record(administrators: int = 1) -> OrganisationRecord:
    return OrganisationRecord(OrganisationId("gridlink"), "Gridlink", administrators, Height(0))


class CountingView(MemoryView):
    """Counts look-ups, to see what the overlay keeps."""

    reads = 0

    def get(self, key: bytes) -> bytes | None:
        self.reads += 1
        return super().get(key)


def test_reads_fall_through_to_the_view_and_are_kept():
    view = CountingView({b"a": b"1"})
    overlay = Overlay(view)
    assert [overlay.get(b"a"), overlay.get(b"a"), overlay.get(b"b"), overlay.get(b"b")] == [
        b"1",
        b"1",
        None,
        None,
    ]
    assert view.reads == 2


def test_writes_hide_the_view_and_come_out_sorted():
    overlay = Overlay(MemoryView({b"a": b"1", b"b": b"2"}))
    overlay.put(b"c", b"3")
    overlay.delete(b"b")
    overlay.put(b"a", b"9")
    assert overlay.get(b"a") == b"9"
    assert overlay.get(b"b") is None
    assert list(overlay.writes().items()) == [(b"a", b"9"), (b"b", None), (b"c", b"3")]


def test_a_write_that_changes_nothing_is_left_out():
    overlay = Overlay(MemoryView({b"a": b"1"}))
    overlay.put(b"a", b"2")
    overlay.put(b"a", b"1")
    overlay.delete(b"absent")
    assert overlay.writes() == {}


def test_rollback_undoes_writes_and_deletions():
    overlay = Overlay(MemoryView({b"a": b"1"}))
    overlay.put(b"b", b"2")
    overlay.begin()
    overlay.delete(b"a")
    overlay.put(b"b", b"3")
    overlay.rollback()
    assert overlay.get(b"a") == b"1"
    assert overlay.writes() == {b"b": b"2"}


def test_an_inner_commit_is_undone_by_the_outer_rollback():
    overlay = Overlay(MemoryView())
    overlay.begin()
    overlay.begin()
    overlay.put(b"a", b"1")
    overlay.commit()
    assert overlay.get(b"a") == b"1"
    overlay.rollback()
    assert overlay.writes() == {}


def test_the_innermost_savepoint_is_read_first():
    overlay = Overlay(MemoryView({b"a": b"0"}))
    overlay.put(b"a", b"1")
    overlay.begin()
    overlay.put(b"a", b"2")
    overlay.begin()
    assert overlay.get(b"a") == b"2"
    overlay.delete(b"a")
    assert overlay.get(b"a") is None


def test_an_inner_rollback_keeps_what_the_outer_savepoint_wrote():
    overlay = Overlay(MemoryView())
    overlay.begin()
    overlay.put(b"a", b"1")
    overlay.begin()
    overlay.put(b"a", b"2")
    overlay.rollback()
    overlay.commit()
    assert overlay.writes() == {b"a": b"1"}


def test_unpaired_savepoints_are_our_own_bug():
    overlay = Overlay(MemoryView())
    with pytest.raises(AssertionError, match="commit without begin"):
        overlay.commit()
    with pytest.raises(AssertionError, match="rollback without begin"):
        overlay.rollback()
    overlay.begin()
    with pytest.raises(AssertionError, match="a savepoint is still open"):
        overlay.writes()


def test_range_merges_view_and_writes_in_order():
    overlay = Overlay(MemoryView({b"a/1": b"v", b"a/3": b"v", b"a/5": b"v", b"b": b"v"}))
    overlay.put(b"a/2", b"w")
    overlay.put(b"a/3", b"w")
    overlay.delete(b"a/1")
    assert overlay.range(b"a/", b"a0", 10) == [(b"a/2", b"w"), (b"a/3", b"w"), (b"a/5", b"v")]
    assert overlay.range(b"a/3", b"a/5", 10) == [(b"a/3", b"w")]


def test_range_gives_the_limit_even_where_the_first_keys_were_deleted():
    view = MemoryView({b"%02d" % number: b"v" for number in range(10)})
    overlay = Overlay(view)
    for number in range(5):
        overlay.delete(b"%02d" % number)
    assert [key for key, _ in overlay.range(b"00", b"99", 2)] == [b"05", b"06"]
    assert overlay.range(b"00", b"99", 0) == []


@pytest.mark.parametrize("between", [1, 7, 64, 65, 300])
def test_range_is_in_order_however_many_keys_were_written_since_the_last_one(between):
    names = [b"%03d" % (number * 37 % 300) for number in range(300)]
    overlay = Overlay(MemoryView({}))
    for begin in range(0, 300, between):
        for name in names[begin : begin + between]:
            overlay.put(name, b"v")
        known = sorted(names[: begin + between])
        assert [key for key, _ in overlay.range(b"", b"z", 300)] == known


def test_range_forgets_keys_that_were_rolled_back():
    overlay = Overlay(MemoryView())
    overlay.begin()
    overlay.put(b"a", b"1")
    overlay.rollback()
    assert overlay.range(b"a", b"z", 10) == []


def test_a_record_is_read_through_every_layer():
    overlay = Overlay(MemoryView({b"o": encode(make_record(1))}))
    assert overlay.get_record(b"o", OrganisationRecord) == make_record(1)
    overlay.begin()
    overlay.put_record(b"o", make_record(2))
    assert overlay.get_record(b"o", OrganisationRecord) == make_record(2)
    assert overlay.get(b"o") == encode(make_record(2))
    assert overlay.range(b"o", b"p", 1) == [(b"o", encode(make_record(2)))]
    overlay.delete(b"o")
    assert overlay.get_record(b"o", OrganisationRecord) is None
    overlay.rollback()
    assert overlay.get_record(b"o", OrganisationRecord) == make_record(1)


def test_a_record_is_decoded_once():
    overlay = Overlay(MemoryView({b"o": encode(make_record())}))
    first = overlay.get_record(b"o", OrganisationRecord)
    assert overlay.get_record(b"o", OrganisationRecord) is first


def test_bytes_that_were_put_are_read_as_a_record():
    overlay = Overlay(MemoryView())
    overlay.put(b"o", encode(make_record()))
    assert overlay.get_record(b"o", OrganisationRecord) == make_record()


def test_a_damaged_record_stops_the_node():
    overlay = Overlay(MemoryView({b"o": b"\x93\x01"}))
    with pytest.raises(Corruption) as caught:
        overlay.get_record(b"o", OrganisationRecord)
    assert str(caught.value) == (
        "VT-2090: 2 bytes of committed state do not decode as OrganisationRecord."
    )


def test_memory_view_applies_writes_to_a_copy():
    before = MemoryView({b"a": b"1", b"b": b"2"})
    after = before.apply({b"a": None, b"c": b"3", b"absent": None})
    assert after.range(b"", b"z", 10) == [(b"b", b"2"), (b"c", b"3")]
    assert before.get(b"a") == b"1"
