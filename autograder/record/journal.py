"""What has been done, what was run and is not in the gradebook yet, and who is at it.

All of it lies in autograded/.grading/ and survives a kill at any moment:

    journal.jsonl   a line for each result that is in the gradebook, with the key it has; only appended
    spool/          results that were worked out, each until it is in the gradebook
    lock            held by the grader at work; the system lets go of it when that process ends

A key is a fingerprint of everything that a result depends on: what was handed in, the assignment's
folder in solutions/, utils/, the grader itself and the versions it runs on.
"""

import contextlib
import datetime
import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import socket
import stat
from pathlib import Path

from autograder import atomic
from autograder.course import CONFIG, Trouble
from autograder.model import from_json

ENGINE = (
    "intake",
    "sandbox",
    "bridge",
    "judge",
    "model.py",
)  # what a result depends on, in autograder/
PACKAGES = ("torch", "torchvision", "numpy", "matplotlib", "ipython", "nbformat", "nbgrader")
LARGEST = 64 << 20  # bytes of a file that are read for its fingerprint; else size and time do

MANY = 20_000  # files and folders of one submission that are looked at


def place(course, *names):
    """Where grading keeps its own things."""
    return course.autograded.joinpath(".grading", *names)


class Journal:
    """Which submissions have been graded, and with what: so a second run does only the rest."""

    def __init__(self, course):
        self.path = place(course, "journal.jsonl")
        self.entries = {}
        self.whole = True
        with contextlib.suppress(FileNotFoundError):
            data = self.path.read_bytes()
            self.whole = not data or data.endswith(b"\n")
            for line in data.splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError):  # cut off by a kill
                    entry = json.loads(line)
                    self.entries[entry["student"], entry["assignment"]] = entry

    def entry(self, submission):
        """What was noted last about this student and assignment; {} if nothing."""
        return self.entries.get((submission.student, submission.assignment), {})

    def write(self, submission, key, **about):
        """Note that it was graded; or, with `key` None, that it is to be graded again."""
        when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        entry = dict(
            student=submission.student,
            assignment=submission.assignment,
            key=key,
            when=when,
            **about,
        )
        line = ("" if self.whole else "\n") + json.dumps(entry) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line)
        self.whole = True
        self.entries[submission.student, submission.assignment] = entry


class Spool:
    """Results on their way into the gradebook, so that a kill in between costs no work."""

    def __init__(self, course):
        self.folder = place(course, "spool")

    def path(self, submission):
        name = f"{submission.student}\0{submission.assignment}".encode("utf-8", "surrogateescape")
        return self.folder / f"{hashlib.sha256(name).hexdigest()[:40]}.json"

    def keep(self, submission, key, graded):
        """Keep results with this key.

        Args:
            graded: Graded, as JSON; a list.
        """
        text = json.dumps(dict(key=key, graded=graded))
        atomic.write(self.path(submission), text.encode("utf-8", "surrogatepass"), parents=True)

    def find(self, submission, key):
        """The results with this key: a list of Graded, or None."""
        try:
            kept = json.loads(self.path(submission).read_bytes().decode("utf-8", "surrogatepass"))
            return [from_json(text) for text in kept["graded"]] if kept["key"] == key else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def drop(self, submission):
        self.path(submission).unlink(missing_ok=True)


class Lock:
    """Only one grader is at work on a course. In a `with`.

    Raises:
        Trouble: (when entered) there is another one.
    """

    def __init__(self, course):
        self.path = place(course, "lock")

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.path, "a+", encoding="utf-8")  # noqa: SIM115
        if not alone(self.file):
            self.file.seek(0)
            who = self.file.read().strip() or "of which nothing is known"
            self.file.close()
            raise Trouble(
                f"another grader is at work on this course, {who}: wait until it is done, or stop it."
            )
        now = datetime.datetime.now().strftime("%H:%M")
        self.file.truncate(0)
        self.file.write(f"process {os.getpid()} on {socket.gethostname()} since {now}")
        self.file.flush()
        return self

    def __exit__(self, *_):
        self.file.truncate(0)
        self.file.close()


def alone(file):
    """Lock an open file; False if somebody else has."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(1 << 30)  # a byte that nobody reads
        lock = functools.partial(msvcrt.locking, file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        lock = functools.partial(fcntl.flock, file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        lock()
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks: then it is up to people
        return True
    return True


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────


class Keys:
    """The fingerprints of a course's submissions. What they share is read once.

    Args:
        settings: what else a result depends on; turns into JSON.
    """

    def __init__(self, course, settings=None):
        self.course = course
        self.common = [environment(course), json.dumps(settings, sort_keys=True, default=str)]
        self.master = functools.cache(self.read_master)

    def read_master(self, assignment):
        return fingerprint(self.course.solutions / assignment)

    def __call__(self, submission):
        parts = [handed_in(submission.folder), self.master(submission.assignment), *self.common]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def environment(course):
    """A fingerprint of the grader, of utils/ and of the versions they run on."""
    found = [platform.python_version(), platform.machine()]
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name} {importlib.metadata.version(name)}")
    engine = Path(__file__).resolve().parents[1]
    spec = importlib.util.find_spec("utils")
    for folder in [*((spec and spec.submodule_search_locations) or []), course.root / "utils"]:
        found.append(fingerprint(Path(folder)))
    found += [fingerprint(engine / name) for name in ENGINE]
    found.append(fingerprint(course.root / CONFIG))
    return "\0".join(found)


def fingerprint(path):
    """Of a file, or of all files in a folder: names and contents."""
    digest = hashlib.sha256()
    paths = sorted(path.rglob("*")) if path.is_dir() else [path]
    for one in paths:
        if one.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(one.parts):
            digest.update(one.relative_to(path.parent).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(one.read_bytes()).digest())
    return digest.hexdigest()


def handed_in(folder):
    """Of a submission's folder and those below, which may hold anything: no link or device is opened."""
    digest = hashlib.sha256()
    seen, waiting = 0, [os.fspath(folder)]
    while waiting and seen < MANY:
        here = waiting.pop()
        with contextlib.suppress(OSError):
            for entry in sorted(os.scandir(here), key=lambda one: os.fsencode(one.name)):
                seen += 1
                about = entry.stat(follow_symlinks=False)
                name = os.fsencode(os.path.relpath(entry.path, folder))
                digest.update(name + b"\0" + str(stat.S_IFMT(about.st_mode)).encode())
                if stat.S_ISDIR(about.st_mode):
                    waiting.append(entry.path)
                if not stat.S_ISREG(about.st_mode):
                    continue
                if about.st_size > LARGEST:
                    digest.update(f"{about.st_size} {about.st_mtime_ns}".encode())
                else:
                    digest.update(hashlib.sha256(contents(entry.path)).digest())
    return digest.hexdigest()


def contents(path):
    """A regular file's bytes; none if it became something else since we looked, or is not ours."""
    try:
        handle = os.open(
            path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        )
    except OSError:
        return b"?"
    with open(handle, "rb") as file:
        return file.read(LARGEST)
