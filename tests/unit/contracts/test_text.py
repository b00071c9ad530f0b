from contracts.text import MESSAGE_SIZE_MAX, clean


def test_a_short_text_stays_as_it_is():
    assert clean("Schäden, 3 m²") == "Schäden, 3 m²"


def test_a_long_text_is_cut():
    assert clean("é" * 600) == "é" * MESSAGE_SIZE_MAX
    assert clean("abc", 2) == "ab"


def test_half_characters_are_replaced():
    assert clean("a\ud800b\udfff") == "a?b?"
