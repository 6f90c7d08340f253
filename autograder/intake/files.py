"""A file that someone handed in: found by name, opened with care, told in one sentence if it fails.

Nothing is followed (symbolic links), waited for (pipes, devices) or read beyond a limit.
"""

import os
import re
import stat
from pathlib import Path

LARGEST = 64 << 20  # bytes of a file
MANY = 5_000  # files and folders that are looked at in one submission
DEPTH = 4  # folders below the submission
JUNK = {".ipynb_checkpoints", "__pycache__", "__MACOSX", ".DS_Store", "Thumbs.db", ".git"}
TIMESTAMP = "timestamp.txt"


class Unreadable(Exception):
    """Why a file cannot be used, in one sentence."""


def content(path, limit=LARGEST):
    """The bytes of a regular file.

    Raises:
        Unreadable: it is something else, larger than `limit`, or the system says no.
    """
    name = shown(path.name)
    try:
        about = os.lstat(path)
        if not stat.S_ISREG(about.st_mode):
            raise Unreadable(f"{name} is {kind(about.st_mode)}, not a file.")
        if about.st_size > limit:
            raise Unreadable(too_large(name, about.st_size, limit))
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise Unreadable(f"{name} cannot be opened: {why(error)}.") from error
    with open(handle, "rb") as file:
        try:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise Unreadable(f"{name} is {kind(about.st_mode)}, not a file.")
            data = file.read(limit + 1)  # it may have grown meanwhile
        except OSError as error:
            raise Unreadable(f"{name} cannot be read: {why(error)}.") from error
    if len(data) > limit:
        raise Unreadable(too_large(name, len(data), limit))
    return data


def moment(text):
    """The time that a timestamp.txt says, in UTC without a zone, as nbgrader has it; or None."""
    from nbgrader.utils import parse_utc

    text = re.sub(r" ([+-]\d{4})$", r"\1", text.strip())  # nbgrader takes a lone +0200 for seconds
    try:
        return parse_utc(text)
    except Exception:  # dateutil lets out whatever the text provokes
        return None


def too_large(name, size, limit):
    return f"{name} is too large: {size / 2**20:,.0f} MB, and at most {limit >> 20} MB are read."


def kind(mode):
    """What a file is that is not a regular one."""
    names = {
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a symbolic link",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return names.get(stat.S_IFMT(mode), "something special")


def why(error):
    return getattr(error, "strerror", None) or str(error).strip().rstrip(".") or "no reason given"


def shown(name, most=60):
    """A name as it can be printed: one line, no control characters, not too long."""
    text = "".join(c if c.isprintable() else "?" for c in str(name))
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= most else text[: most - 1] + "…"


def listing(folder):
    """Everything in a folder except junk, as paths; those nearest to the top first.

    Links are named but not followed. At most `MANY`, at most `DEPTH` folders down.
    """
    found: list[Path] = []
    level = [Path(folder)]
    for _ in range(DEPTH):
        below: list[Path] = []
        for here in level:
            try:
                entries = sorted(os.scandir(here), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                if entry.name in JUNK or entry.name.startswith("._") or len(found) >= MANY:
                    continue
                found.append(Path(entry.path))
                if entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry.path))
        level = below
    return found


def could_be_notebook(name: str) -> bool:
    """Is a file of this name worth a look? Browsers save notebooks as .ipynb.txt and .json, too."""
    return name.lower().endswith((".ipynb", ".ipynb.txt", ".json"))


def notebooks(paths):
    """Those that are called a notebook, whatever they are; not folders with more in them."""
    called = [path for path in paths if path.suffix.lower() == ".ipynb"]
    return [path for path in called if not any(path in other.parents for other in called)]


def stem(name):
    """A notebook's name without what copying and downloading add: `sgd (1).ipynb` → `sgd`."""
    bare = re.sub(r"\.ipynb(\.txt|\.json)?$|\.json$", "", str(name), flags=re.I)
    return re.sub(r"(\s*\(\d+\)|-\d+|[-_ ]?copy\d*|[-_ ]?Kopie)+$", "", bare, flags=re.I).strip()
