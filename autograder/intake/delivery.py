"""A submission into its folder: at each moment either the old one or the new one is there, whole."""

import hashlib
import os
import shutil
from pathlib import Path

from autograder.intake.files import TIMESTAMP, Unreadable, moment, shown


def deliver(submitted, one, contents, notes, scratch=None):
    """Write a submission to submitted/STUDENT/ASSIGNMENT.

    Args:
        one: has `student` and `assignment`.
        contents: path within the submission, as parts → bytes.
        notes: sentences on what was found there are added.
        scratch: where to write instead, if nothing is to be changed.

    Returns:
        that folder.

    Raises:
        Unreadable: another student's folder is in the way.
        OSError: it cannot be written. Then all is as before, or the earlier submission is aside.
    """
    home = submitted / one.student
    target = home / one.assignment
    not_alike(one.student, os.listdir(submitted) if submitted.is_dir() else [])
    if target.is_symlink() or home.is_symlink():
        raise Unreadable(f"{shown(target)} is a symbolic link: remove it first.")
    if target.exists():
        if digest(target) == digest_of(contents):
            notes.append("It was there already.")
            return target
        old, new = stamp(target), (contents.get((TIMESTAMP,)) or b"").decode("utf-8", "replace")
        if old and new and moment(old) and moment(new) and moment(old) > moment(new):
            notes.append("The one that is there already is newer, and stays.")
            return target
    part = (scratch or home) / f".{one.assignment}.part"
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
            return target
        if aside:
            os.rename(target, aside)
        os.rename(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def not_alike(student, others):
    """Two students whose folders some file systems take for one.

    Raises:
        Unreadable: that is so.
    """
    alike = [name for name in others if name.casefold() == student.casefold()]
    if alike and student not in alike:
        raise Unreadable(f"{student} and {alike[0]} differ only in capitals: rename one of them.")


def free_name(target):
    number = 1
    while (path := target.with_name(f"{target.name}.earlier-{number}")).exists():
        number += 1
    return path


def stamp(folder):
    try:
        return (folder / TIMESTAMP).read_text(encoding="utf-8", errors="replace")[:200].strip()
    except OSError:
        return ""


def digest(folder):
    """Of the files of a submission and their paths; when it was handed in does not matter."""
    files = {
        path.relative_to(folder).parts: path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    return digest_of(files)


def digest_of(contents):
    whole = hashlib.sha256()
    for inside, data in sorted(contents.items()):
        if inside != (TIMESTAMP,):
            whole.update("/".join(inside).encode("utf-8", "surrogateescape") + b"\0")
            whole.update(hashlib.sha256(data).digest())
    return whole.hexdigest()
