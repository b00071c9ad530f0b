"""Texts that strangers wrote, made fit to stand in a receipt."""

from typing import Final

MESSAGE_SIZE_MAX: Final = 512
"""Most characters of a receipt's message."""


def clean(text: str, limit: int = MESSAGE_SIZE_MAX) -> str:
    """Cut a text to `limit` characters and replace half characters, which have no encoding."""
    return text[:limit].encode("utf-8", "replace").decode()
