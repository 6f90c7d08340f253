"""Files to collect from: those of a folder, or of a zip archive that is not trusted.

Nothing is written here. What is in an archive counts against limits while it is being unpacked,
whatever its directory says of it.
"""

import contextlib
import io
import os
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import Trouble
from autograder.intake.files import JUNK, LARGEST, Unreadable, content, kind, shown, why

ENTRIES = 200_000  # in an archive
TOTAL = 8 << 30  # bytes that are unpacked in one run
EACH = 256 << 20  # bytes that are unpacked for one submission
RATIO, SMALL = 200, 4 << 20  # how far a file may grow in unpacking, if it grows beyond SMALL
CHUNK = 1 << 16
BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, ValueError, EOFError)


class Budget:
    """How many bytes may still be read, of one submission and of all."""

    def __init__(self, left=EACH, whole=None):
        self.left, self.whole = left, whole

    def spend(self, size):
        self.left -= size
        if self.left < 0:
            raise Unreadable("it is far larger than a submission can be.")
        if self.whole:
            self.whole.spend(size)


@dataclass
class Item:
    """One file: where it lies, and how to get it.

    parts: of its path, safe ones: no "..", nothing absolute.
    trouble: why it cannot be taken, in one sentence; then there is nothing to read.
    """

    parts: tuple
    trouble: str | None = None
    reader: object = None
    size: int = 0
    notes: list = field(default_factory=list)

    @property
    def name(self):
        return shown("/".join(self.parts))

    def data(self, budget):
        """All bytes.

        Raises:
            Unreadable: it is no file, broken, too large, or the budget is spent.
        """
        if self.trouble:
            raise Unreadable(self.trouble)
        return self.reader(budget)


def items(source):
    """All files of a folder or a zip archive, in the order of their names.

    Raises:
        Trouble: there is no such thing, or it cannot be read at all.
    """
    source = Path(source)
    if source.is_dir():
        return in_folder(source)
    try:
        if not source.is_file():
            raise Trouble(f"{source} is neither a folder nor a zip archive.")
        with open(source, "rb") as file:
            start = file.read(4)
        if start[:2] == b"\x1f\x8b":
            raise Trouble(f"{source} is a .gz archive: unpack it and name the folder.")
        if start[:2] != b"PK":
            raise Trouble(f"{source} is no zip archive: name a folder or the zip from the LMS.")
        return in_zip(zipfile.ZipFile(source))
    except Unreadable as error:
        raise Trouble(f"{source}: {error}") from error
    except BROKEN as error:
        raise Trouble(f"{source} is cut off or damaged: {why(error)}.") from error


def in_folder(root):
    found = []
    for here, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - JUNK)
        for name in sorted(names) + [f for f in folders if os.path.islink(os.path.join(here, f))]:
            path = Path(here, name)
            parts = path.relative_to(root).parts
            if name in JUNK or name.startswith("._"):
                continue
            mode = os.lstat(path).st_mode
            if not stat.S_ISREG(mode):
                text = f"{shown('/'.join(parts))} is {kind(mode)}, not a file: left out."
                found.append(Item(parts, trouble=text))
            else:
                found.append(Item(parts, reader=from_disk(path), size=path.stat().st_size))
    return found


def from_disk(path):
    def reader(budget):
        data = content(path)
        budget.spend(len(data))
        return data

    return reader


def in_zip(archive, above=()):
    """The files of an archive; `above` is put before their paths."""
    infos = archive.infolist()
    if len(infos) > ENTRIES:
        raise Unreadable(f"it holds {len(infos):,} files: at most {ENTRIES:,} are looked at.")
    found = {}
    for info in infos:
        name = proper_name(info)
        parts, bad = safe(name)
        item = Item(above + parts, reader=from_zip(archive, info), size=info.file_size)
        if info.is_dir() or name.endswith("/") or set(parts) & JUNK or parts[-1].startswith("._"):
            continue
        mode = info.external_attr >> 16
        if bad:
            item.trouble = f"{shown(name)} {bad}: left out."
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            item.trouble = f"{item.name} is {kind(mode)}, not a file: left out."
        elif info.flag_bits & 1:
            item.trouble = f"{item.name} is encrypted: ask for it without a password."
        if item.parts in found:
            item.notes.append(f"{item.name} is in the archive twice: the last one counts.")
        found[item.parts] = item
    return list(found.values())


def proper_name(info):
    """The name; also of archives that write UTF-8 without saying so, or with Windows's strokes."""
    name = info.orig_filename.split("\0")[0]
    if not info.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def safe(name):
    """(parts of a path that stays below where it is put, what was wrong with it or None)."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    bad = None
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        bad = "has an absolute path"
    elif ".." in parts:
        bad = "has a path that leads out of the archive"
    elif any(ord(c) < 32 or ord(c) == 127 for c in name):
        bad = "has a name with control characters"
    elif len(parts) > 20 or any(len(part.encode("utf-8", "replace")) > 240 for part in parts):
        bad = "has too long a name"
    clean = tuple(part for part in parts if part != "..") or ("?",)
    return clean, bad


def from_zip(archive, info):
    def reader(budget):
        name = shown(proper_name(info).rpartition("/")[2])
        parts, size = [], 0
        try:
            with archive.open(info) as file:
                while chunk := file.read(CHUNK):
                    size += len(chunk)
                    budget.spend(len(chunk))
                    if size > LARGEST:
                        raise Unreadable(f"{name} unpacks to more than {LARGEST >> 20} MB.")
                    if size > SMALL and size > RATIO * max(info.compress_size, 1):
                        raise Unreadable(f"{name} is a zip bomb: it grows {RATIO}-fold and more.")
                    parts.append(chunk)
        except Unreadable:
            raise
        except (*BROKEN, RuntimeError) as error:
            raise Unreadable(f"{name} cannot be unpacked: {why(error)}.") from error
        return b"".join(parts)

    return reader


def opened(item, budget):
    """The files of a zip archive that a student handed in. Archives in it are left as they are.

    Raises:
        Unreadable: it is broken, or not allowed to be that large.
    """
    data = item.data(budget)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        return in_zip(archive)
    except Unreadable as error:
        raise Unreadable(f"{item.name}: {error}") from error
    except BROKEN as error:
        raise Unreadable(f"{item.name} is cut off or damaged: {why(error)}.") from error
