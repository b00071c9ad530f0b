"""The folder of a demo: the one that was named and is kept, or one that goes away at the end."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from chain.errors import InvalidInput

PREFIX: Final = "veritwin-demo-"


@contextmanager
def open_home(asked: Path | None) -> Iterator[Path]:
    """Give the demo's folder, empty and with its whole path; None asks for a temporary one.

    Raises: InvalidInput: VT-8010 it holds something, VT-8012 it cannot be made.
    """
    if asked is not None:
        yield _make(asked)
        return
    with writing(Path(tempfile.gettempdir())):
        folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write into an error that says what to do; `path` is where, roughly.

    Raises: InvalidInput: VT-8012.
    """
    try:
        yield
    except OSError as error:
        where = error.filename if isinstance(error.filename, str) else path
        reason = (error.strerror or str(error)).lower()
        raise InvalidInput("VT-8012", path=where, reason=reason) from error


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees it whole or not at all.

    Raises: InvalidInput: VT-8012.
    """
    with writing(path):
        temporary = path.with_name(path.name + ".part")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)


def _make(asked: Path) -> Path:
    if asked.exists() and not asked.is_dir():
        raise InvalidInput("VT-8012", path=asked, reason="it is a file, not a folder")
    with writing(asked):
        asked.mkdir(parents=True, exist_ok=True)
        found = sorted(entry.name for entry in asked.iterdir())
    if found:
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise InvalidInput("VT-8010", path=asked, found=found[0] + more)
    return asked.resolve()
