"""What strangers wrote, on a terminal."""

from chain.plain_text import show_text


def test_a_strangers_text_cannot_move_the_cursor_or_start_a_line() -> None:
    assert show_text("é 🫨 \\ ok") == "é 🫨 \\ ok"
    assert show_text("a\nResult: ok.\x1b[2J\x9b\u202e") == (
        r"a\u000aResult: ok.\u001b[2J\u009b\u202e"
    )
