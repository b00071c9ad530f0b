"""The overlay against a dict that is copied at every savepoint."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.state import MemoryView, Overlay

KEYS = st.binary(min_size=1, max_size=2).map(lambda key: bytes(byte % 4 for byte in key))
VALUES = st.binary(min_size=1, max_size=2)
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, VALUES),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("begin")),
    st.tuples(st.just("commit")),
    st.tuples(st.just("rollback")),
    st.tuples(st.just("range"), KEYS, KEYS, st.integers(0, 5)),
)


@given(st.dictionaries(KEYS, VALUES), st.lists(STEPS, max_size=40))
def test_overlay_behaves_like_a_dict_with_copies(committed, steps):
    overlay = Overlay(MemoryView(committed))
    model, saved = dict(committed), []
    for step in steps:
        match step:
            case ("put", key, value):
                overlay.put(key, value)
                model[key] = value
            case ("delete", key):
                overlay.delete(key)
                model.pop(key, None)
            case ("begin",):
                overlay.begin()
                saved.append(dict(model))
            case ("commit",) if saved:
                overlay.commit()
                saved.pop()
            case ("rollback",) if saved:
                overlay.rollback()
                model = saved.pop()
            case ("range", start, stop, limit):
                expected = [pair for pair in sorted(model.items()) if start <= pair[0] < stop]
                assert overlay.range(start, stop, limit) == expected[:limit]
        for key in (*model, *committed):
            assert overlay.get(key) == model.get(key)
    for _ in saved:
        overlay.commit()
    writes = overlay.writes()
    assert list(writes) == sorted(writes)
    assert all(committed.get(key) != value for key, value in writes.items())
    assert MemoryView(committed).apply(writes).range(b"", b"\xff", 1000) == sorted(model.items())
