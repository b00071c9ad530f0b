from chain.scalars import OrganisationId, UnixMillis
from contracts import wakeup_keys
from contracts.state_keys import prefix_range
from tests.unit.contracts.support import make_hash


def test_layout_of_every_key():
    name, at = make_hash(7), b"\0\0\0\0\0\0\x01\x02"
    time_ms, organisation = UnixMillis(258), OrganisationId("certis")
    assert wakeup_keys.attestation_trigger_key("https://a/b") == b"attestation-trigger/https://a/b"
    assert wakeup_keys.timer_key("c", "t") == wakeup_keys.timers_prefix("c") + b"t" == b"timer/c/t"
    assert wakeup_keys.untold_key("c", name) == wakeup_keys.untold_prefix("c") + name
    assert wakeup_keys.untold_prefix("c") == b"untold/c/"
    assert wakeup_keys.timer_count_key("c") == b"timer-count/c"
    assert wakeup_keys.due_action_key(time_ms, name) == b"due/" + at + name
    timer = wakeup_keys.due_timer_key(time_ms, "c", "t")
    assert timer.startswith(b"due/" + at)
    assert len(timer) == len(b"due/") + 8 + 32
    assert wakeup_keys.consent_key(organisation, "c", name) == b"consent/certis/c/" + name


def test_what_is_due_later_comes_behind():
    start, stop = prefix_range(wakeup_keys.due_prefix())
    keys = [wakeup_keys.due_action_key(UnixMillis(number), make_hash(0)) for number in (1, 300)]
    assert start < keys[0] < wakeup_keys.due_from(UnixMillis(2)) < keys[1] < stop


def test_names_of_timers_have_one_place_each():
    places = {
        wakeup_keys.due_timer_key(UnixMillis(1), contract, name)
        for contract, name in (("a", "bc"), ("ab", "c"), ("a", "b"))
    }
    assert len(places) == 3
