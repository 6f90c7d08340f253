"""A file that is at every moment either the old one or the new one, whole."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PART = ".part"  # how a file's name ends while it is being written
LONG = 3600  # seconds; no file takes so long to write


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A file to write to, beside `path`. It takes the name at the end, if nothing was raised.

    So a process that is killed leaves no half file, and two at once do not disturb each other.

    Raises:
        OSError: it cannot be written there; then what was there stays.
    """
    sweep(path)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", suffix=PART, delete=False
    ) as out:
        try:
            yield out  # type: ignore[misc]
        except BaseException:
            out.close()
            os.unlink(out.name)
            raise
    try:
        os.chmod(out.name, mode)
        os.replace(out.name, path)
    except BaseException:
        os.unlink(out.name)
        raise


def sweep(path: Path, older: float = LONG) -> None:
    """Remove what killed writers of this file left, so many seconds ago."""
    for part in path.parent.glob(f".{path.name}.*{PART}"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime >= older:
                part.unlink()


def write(path: Path, text: str) -> None:
    """Write a text, as UTF-8."""
    with replacing(path) as out:
        out.write(text.encode("utf-8", "replace"))
