"""A file that is at every moment either the old one or the new one, whole."""

import contextlib
import errno
import os
from pathlib import Path

from autograder.course import Trouble


class Full(Trouble):
    """Nothing can be written there: the disk is full, or it cannot be written to."""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def write(path: str | Path, data: bytes | str, mode: int = 0o644, parents: bool = False) -> None:
    """Write bytes, or text as UTF-8, with these permissions; `parents`: make the folders on the way.

    Raises:
        Full: nothing can; Trouble: they cannot be written there. What was there stays.
    """
    path = Path(path)
    if path.is_dir():
        raise Trouble(f"{path} cannot be written: it is a folder; name a file.")
    part = path.with_name(f".{path.name}.part")
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)  # of a run that was killed; it may be read-only
        part.write_bytes(data.encode("utf-8", "replace") if isinstance(data, str) else data)
        part.chmod(mode)
        os.replace(part, path)
    except OSError as error:
        kind = Full if error.errno in FULL else Trouble
        raise kind(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
