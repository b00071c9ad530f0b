"""Spans, sizes and lists in words."""

from collections.abc import Sequence

_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_SIZES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def format_span(milliseconds: float) -> str:
    """Write a span in its greatest whole unit: 250 ms, 3 s, 5 min, 2 h, 9 d."""
    seconds = max(0.0, milliseconds) / 1000
    for size, unit in _SPANS:
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{milliseconds:.0f} ms"


def format_size(size_bytes: int) -> str:
    """Write a number of bytes in its greatest unit."""
    for size, unit in _SIZES:
        if size_bytes >= size:
            return f"{size_bytes / size:.0f} {unit}"
    return f"{size_bytes} bytes"


def join_words(words: Sequence[object], last: str = "and") -> str:
    """Write a list as people say it: a, b and c."""
    texts = [str(word) for word in words]
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"
