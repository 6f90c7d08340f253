"""A file that is at every moment either the old one or the new one, whole."""

import os
from pathlib import Path

from autograder.course import Trouble


def write(path, data):
    """Write bytes, or text as UTF-8.

    Raises:
        Trouble: they cannot be written there; then what was there stays.
    """
    path = Path(path)
    if path.is_dir():
        raise Trouble(f"{path} cannot be written: it is a folder; name a file.")
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data.encode("utf-8", "replace") if isinstance(data, str) else data)
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise Trouble(f"{path} cannot be written: {error.strerror}.") from error
