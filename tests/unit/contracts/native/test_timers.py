"""The list of what is due: timers by name, deadlines of actions."""

from contracts import wakeup_keys
from contracts.native.timers import find_due, set_timer
from contracts.records import DueRecord
from contracts.state import MemoryView, Overlay
from tests.unit.contracts.support import NOW


def test_a_timer_stands_under_its_name_and_in_the_order_of_time():
    overlay = Overlay(MemoryView())
    assert find_due(overlay) is None
    set_timer("watch", "b", NOW, overlay)
    set_timer("watch", "a", NOW, overlay)
    set_timer("other", "a", NOW, overlay)
    set_timer("watch", "early", NOW - 1, overlay)
    assert find_due(overlay) == NOW - 1
    set_timer("watch", "early", NOW + 9, overlay)
    assert find_due(overlay) == NOW
    for contract, name in (("watch", "a"), ("watch", "b"), ("other", "a")):
        key = wakeup_keys.due_timer_key(NOW, contract, name)
        assert overlay.get_record(key, DueRecord) == DueRecord(NOW, contract, name, None)
        set_timer(contract, name, None, overlay)
    assert find_due(overlay) == NOW + 9
    set_timer("watch", "early", None, overlay)
    set_timer("watch", "early", None, overlay)
    assert overlay.writes() == {}
