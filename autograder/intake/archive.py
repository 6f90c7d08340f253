"""The files of a delivery: a folder, or a zip archive that is not trusted.

Nothing is written here. Every file is an `Item`, also one that cannot be taken: then it says why.
What is in an archive counts against limits while it is being unpacked, whatever its directory says.
"""

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course import Trouble
from autograder.intake.encodings import best_codec, decoded, utf_8_or_better
from autograder.intake.files import JUNK, LARGEST, Unreadable, content, kind, shown, why

ENTRIES = 200_000  # in an archive
TOTAL = 8 << 30  # bytes that are unpacked in one run
EACH = 256 << 20  # bytes that are unpacked for one submission
RATIO, SMALL = 200, 4 << 20  # how far a file may grow in unpacking, if it grows beyond SMALL
CHUNK = 1 << 16
NESTED = 3  # archives in archives
BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, OSError, ValueError, EOFError)
UNICODE_PATH = 0x7075  # Info-ZIP's extra field: the name in UTF-8


class Budget:
    """How many bytes may still be read, of one submission and of all."""

    def __init__(self, left: int = EACH, whole: "Budget | None" = None):
        self.left, self.whole = left, whole

    def spend(self, size: int) -> None:
        """Raises Unreadable if that is more than is left."""
        self.left -= size
        if self.left < 0:
            raise Unreadable("it is far larger than a submission can be.")
        if self.whole:
            self.whole.spend(size)


@dataclass(eq=False)
class Item:
    """One entry of a delivery: a file, or a folder with nothing in it.

    parts: of its path, safe ones: no "..", nothing absolute.
    trouble: why it cannot be taken, in one sentence; then there is nothing to read.
    owners: of each part, if it lies on this machine's disk: numbers of users.
    within: how many archives it lies in, below the delivery's own.
    """

    parts: tuple[str, ...]
    trouble: str | None = None
    reader: Callable[[Budget], bytes] | None = None
    size: int = 0
    notes: list[str] = field(default_factory=list)
    owners: tuple[int, ...] = ()
    within: int = 0

    @property
    def name(self) -> str:
        return shown("/".join(self.parts))

    def data(self, budget: Budget) -> bytes:
        """All bytes.

        Raises:
            Unreadable: it is no file, broken, too large, or the budget is spent.
        """
        if self.trouble or self.reader is None:
            raise Unreadable(self.trouble or f"{self.name} is no file.")
        return self.reader(budget)


def items(source: Path, encoding: str | None = None) -> list[Item]:
    """All files of a folder or a zip archive, in the order of their names.

    Args:
        source: a folder; a zip archive; or a folder within a zip archive, as ARCHIVE.zip/FOLDER.
        encoding: that of names in an archive, if it is known; else it is guessed.

    Raises:
        Trouble: there is no such thing, or it cannot be read at all.
    """
    if source.is_dir():
        return in_folder(source)
    archive = next((one for one in (source, *source.parents) if one.is_file()), None)
    try:
        if archive is None and not source.exists():
            raise Trouble(f"{shown(source, 200)} is not there.")
        if archive is None:
            raise Trouble(f"{shown(source, 200)} is neither a folder nor a zip archive.")
        with open(archive, "rb") as file:
            start = file.read(4)
        if start[:2] == b"\x1f\x8b":
            raise Trouble(f"{archive} is a .gz archive: unpack it and name the folder.")
        if start[:2] != b"PK":
            raise Trouble(f"{archive} is no zip archive: name a folder or the zip from the LMS.")
        found = in_zip(zipfile.ZipFile(archive), lambda: zipfile.ZipFile(archive), encoding)
    except Unreadable as error:
        raise Trouble(f"{source}: {error}") from error
    except BROKEN as error:
        raise Trouble(f"{source} is cut off or damaged: {why(error)}.") from error
    below = source.relative_to(archive).parts
    inside = [item for item in found if item.parts[: len(below)] == below]
    if below and not inside:
        raise Trouble(f"there is no {shown('/'.join(below))} in {archive}.")
    for item in inside:
        item.parts = item.parts[len(below) :] or item.parts[-1:]
    return inside


def is_junk(parts: tuple[str, ...]) -> bool:
    """Is it what systems and editors leave behind, and nobody handed in?"""
    return bool(set(parts) & JUNK) or parts[-1].startswith("._")


def in_folder(root: Path) -> list[Item]:
    found: list[Item] = []
    names = ReadableNames()

    def complain(error: OSError) -> None:
        path = Path(error.filename)
        parts = path.relative_to(root).parts or (".",)
        text = f"{shown('/'.join(parts))} cannot be opened: {why(error)}."
        found.append(Item(names(parts), trouble=text))

    for here, folders, files in os.walk(root, onerror=complain):
        links = [one for one in folders if os.path.islink(os.path.join(here, one))]
        folders[:] = sorted(set(folders) - set(links))
        for name in sorted([*files, *links]):
            found.append(on_disk(Path(here, name), root, names))
        if not folders and not files and not links and Path(here) != root:
            parts = Path(here).relative_to(root).parts
            text = f"{shown('/'.join(parts))} is an empty folder."
            found.append(Item(names(parts), trouble=text))
    return found


def on_disk(path: Path, root: Path, names: "ReadableNames") -> Item:
    parts = path.relative_to(root).parts
    name = shown("/".join(parts))
    try:
        about = os.lstat(path)
    except OSError as error:
        return Item(names(parts), trouble=f"{name} cannot be opened: {why(error)}.")
    if not stat.S_ISREG(about.st_mode):
        text = f"{name} is {kind(about.st_mode)}, not a file: left out."
        return Item(names(parts), trouble=text)

    def reader(budget: Budget) -> bytes:
        data = content(path)
        budget.spend(len(data))
        return data

    return Item(names(parts), reader=reader, size=about.st_size, owners=owners(path, root))


def owners(path: Path, root: Path) -> tuple[int, ...]:
    """Who owns each folder on the way to a file, and the file (numbers of users)."""
    found: list[int] = []
    for one in [*reversed(path.relative_to(root).parents), path.relative_to(root)][1:]:
        try:
            found.append(os.lstat(root / one).st_uid)
        except OSError:
            break
    return tuple(found)


class ReadableNames:
    """The parts of a path on disk, those that are no UTF-8 as what they most likely say.

    Two names stay two.
    """

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def __call__(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(self.one, parts))

    def one(self, part: str) -> str:
        text = utf_8_or_better(part)
        while self.known.setdefault(text, part) != part:
            text += "~"
        return text


def in_zip(
    archive: zipfile.ZipFile,
    again: Callable[[], zipfile.ZipFile],
    encoding: str | None = None,
    within: int = 0,
) -> list[Item]:
    """The files of an archive.

    Args:
        again: opens the same archive once more, to read a file in it.
    """
    infos = archive.infolist()
    if len(infos) > ENTRIES:
        raise Unreadable(f"it holds {len(infos):,} files: at most {ENTRIES:,} are looked at.")
    raws = [raw_name(info) for info in infos]
    codec = encoding or best_codec([raw for raw in raws if isinstance(raw, bytes)])
    last: dict[tuple[str, ...], Item] = {}
    found, folders = [], []
    source = Reopened(archive, again)
    for info, raw in zip(infos, raws, strict=True):
        name = raw if isinstance(raw, str) else decoded(raw, codec)
        name = name.replace("\\", "/")
        parts, bad = safe(name)
        if info.is_dir() or name.endswith("/"):
            folders.append(parts)
            continue
        item = Item(parts, reader=from_zip(source, info, name), size=info.file_size, within=within)
        mode = info.external_attr >> 16
        if bad:
            item.trouble = f"{shown(name)} {bad}: left out."
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            item.trouble = f"{item.name} is {kind(mode)}, not a file: left out."
        elif info.flag_bits & 1:
            item.trouble = f"{item.name} is encrypted: ask for it without a password."
        if parts in last and not bad:
            text = f"{item.name} is in the archive twice: the last one counts."
            last[parts].trouble = text
            item.notes.append(text)
        if not bad:
            last[parts] = item
        found.append(item)
    filled = {item.parts[:at] for item in found for at in range(1, len(item.parts))}
    filled |= {parts[:at] for parts in folders for at in range(1, len(parts))}
    for parts in dict.fromkeys(folders):
        if parts not in filled:
            text = f"{shown('/'.join(parts))} is an empty folder."
            found.append(Item(parts, trouble=text, within=within))
    return found


def raw_name(info: zipfile.ZipInfo) -> str | bytes:
    """A name in an archive; as bytes, if the archive does not say what they mean."""
    extra, at = info.extra, 0
    while at + 4 <= len(extra):
        key, size = (
            int.from_bytes(extra[at : at + 2], "little"),
            extra[at + 2] + extra[at + 3] * 256,
        )
        if key == UNICODE_PATH and size > 5:
            try:
                return extra[at + 9 : at + 4 + size].decode("utf-8")
            except UnicodeDecodeError:
                break
        at += 4 + size
    name = info.orig_filename.split("\0")[0]
    if info.flag_bits & 0x800 or name.isascii():
        return name
    try:
        return name.encode("cp437")  # what Python took the bytes for
    except UnicodeEncodeError:
        return name


def safe(name: str) -> tuple[tuple[str, ...], str | None]:
    """(parts of a path that stays below where it is put, what was wrong with it or None).

    The first part may have any signs: it is what somebody is called, and no file gets its name.
    """
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    bad = None
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        bad = "has an absolute path"
    elif ".." in parts:
        bad = "has a path that leads out of the archive"
    elif any(ord(sign) < 32 or ord(sign) == 127 for part in parts[1:] for sign in part):
        bad = "has a name with control characters"
    elif len(parts) > 20 or any(len(part.encode("utf-8", "replace")) > 240 for part in parts):
        bad = "has too long a name"
    clean = tuple(part for part in parts if part != "..") or ("?",)
    return clean, bad


class Reopened:
    """An archive whose files are read one by one; let go of when another one is read.

    A class's delivery holds hundreds of archives: they are not all kept in memory.
    """

    now: "Reopened | None" = None

    def __init__(self, archive: zipfile.ZipFile, again: Callable[[], zipfile.ZipFile]):
        self.archive: zipfile.ZipFile | None = archive
        self.again = again
        self.use()

    def use(self) -> zipfile.ZipFile:
        if Reopened.now is not self:
            if Reopened.now:
                Reopened.now.archive = None
            Reopened.now = self
        if self.archive is None:
            self.archive = self.again()
        return self.archive


def from_zip(source: Reopened, info: zipfile.ZipInfo, path: str) -> Callable[[Budget], bytes]:
    name = shown(path.rpartition("/")[2])

    def reader(budget: Budget) -> bytes:
        parts, size = [], 0
        try:
            with source.use().open(info) as file:
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


def opened(item: Item, budget: Budget) -> Iterator[Item]:
    """The files of a zip archive within a delivery, and of archives in it, some levels down.

    Their `parts` are those within the archive; what lay in an archive `work.zip` in it, lies in a
    folder `work`.

    Raises:
        Unreadable: it is broken, or not allowed to be that large.
    """
    data = item.data(budget)
    if item.within >= NESTED:
        raise Unreadable(f"{item.name} lies in {NESTED} archives: it was not opened.")

    def again() -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(item.data(Budget())))

    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        inside = in_zip(archive, again, within=item.within + 1)
    except Unreadable as error:
        raise Unreadable(f"{item.name}: {error}") from error
    except BROKEN as error:
        raise Unreadable(f"{item.name} is cut off or damaged: {why(error)}.") from error
    for one in inside:
        if not is_archive(one) or is_junk(one.parts):
            yield one
            continue
        try:
            folder = (*one.parts[:-1], one.parts[-1][:-4] or "zip")
            for deeper in opened(one, budget):
                deeper.parts = (*folder, *deeper.parts)
                yield deeper
        except Unreadable as error:
            one.trouble = str(error)
            yield one


def is_archive(item: Item) -> bool:
    return item.trouble is None and item.parts[-1].lower().endswith(".zip")
