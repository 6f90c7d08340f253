"""`utils.atomic` for the grader: what goes wrong becomes a sentence."""

import errno
from pathlib import Path

from autograder.course import Trouble
from utils.atomic import replacing, sweep


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
    try:
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path, older=0)  # of a run that was killed: only one grader is at work
        with replacing(path, mode) as out:
            out.write(data.encode("utf-8", "replace") if isinstance(data, str) else data)
    except OSError as error:
        kind = Full if error.errno in FULL else Trouble
        raise kind(f"{path} cannot be written: {error.strerror}.") from error
