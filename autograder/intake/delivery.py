"""A submission into its folder: the old one is there, or the new one, whole."""

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from autograder.intake.files import TIMESTAMP, Unreadable, moment, shown

Contents = Mapping[tuple[str, ...], bytes]
"""A submission: path in it, as parts → bytes."""


def deliver(
    submitted: Path,
    student: str,
    assignment: str,
    contents: Contents,
    notes: list[str],
    scratch: Path | None = None,
) -> tuple[Path, bool]:
    """Write a submission to submitted/STUDENT/ASSIGNMENT.

    Args:
        contents: path within the submission, as parts → bytes.
        notes: sentences on what was found there are added.
        scratch: where to write instead, if nothing is to be changed.

    Returns:
        (that folder, whether this very submission is in it now).

    Raises:
        Unreadable: something is in the way.
        OSError: it cannot be written. Then all is as before, or the earlier submission is aside.
    """
    home = submitted / student
    target = home / assignment
    if target.is_symlink() or home.is_symlink():
        raise Unreadable(f"{shown(target)} is a symbolic link: remove it first.")
    if target.exists():
        if digest(target) == digest_of(contents):
            notes.append("It was there already.")
            return target, True
        old, new = stamp(target), (contents.get((TIMESTAMP,)) or b"").decode("utf-8", "replace")
        before, now = moment(old), moment(new)
        if before and now and before > now:
            notes.append("The one that is there already is newer, and stays.")
            return target, False
    part = (scratch or home) / f".{assignment}.part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        for inside, data in contents.items():
            path = part.joinpath(*inside)
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        aside = free_name(target) if target.exists() else None
        if aside:
            notes.append(f"Another one was there before: it is kept as {aside.name}.")
        if scratch:
            return target, True
        if aside:
            os.rename(target, aside)
        os.rename(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target, True


def free_name(target: Path) -> Path:
    number = 1
    while (path := target.with_name(f"{target.name}.earlier-{number}")).exists():
        number += 1
    return path


def stamp(folder: Path) -> str:
    """What its timestamp.txt says."""
    try:
        return (folder / TIMESTAMP).read_text(encoding="utf-8", errors="replace")[:200].strip()
    except OSError:
        return ""


def digest(folder: Path) -> str:
    """Of the files of a submission and their paths; when it was handed in does not matter."""
    files = {
        path.relative_to(folder).parts: path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    return digest_of(files)


def digest_of(contents: Contents) -> str:
    whole = hashlib.sha256()
    for inside, data in sorted(contents.items()):
        if inside != (TIMESTAMP,):
            whole.update("/".join(inside).encode("utf-8", "surrogateescape") + b"\0")
            whole.update(hashlib.sha256(data).digest())
    return whole.hexdigest()
