"""A throw-away course around the corpus, and an eye on what must not change."""

import contextlib
import hashlib
import os
import shutil
import socket
import threading
from functools import cache
from pathlib import Path

import nbformat

from autograder.course import Course, Submission
from autograder.nbgrader_api import gradebook
from autograder.release import release
from tests.autograder.corpus.case import CASES, Paper

ROOT = Path(__file__).resolve().parents[3]
MARK, PROCESS = "corpus_leftover", "corpus-leftover"
SHARED = [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")]


class World:
    """A course folder with the real exercises, a home folder, and somebody who listens.

    Args:
        folder: where; made if it is not there.
        assignments: which exercises.
    """

    def __init__(self, folder, assignments):
        self.folder, self.home = Path(folder), Path(folder) / "home"
        root = self.folder / "course"
        if not root.exists():
            self.home.mkdir(parents=True)
            (self.home / ".bashrc").write_text("# a home\n")
            (root / "autograder").mkdir(parents=True)
            shutil.copy(ROOT / "nbgrader_config.py", root)
            for name in assignments:
                shutil.copytree(ROOT / "solutions" / name, root / "solutions" / name)
                release(Course(root), name)
        self.course = Course(root)
        self.calls = []

    @contextlib.contextmanager
    def listening(self):
        """Somebody waits for a call, on a port of this machine and on an abstract unix socket."""
        tcp, unix = socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):  # a second world beside this one
            unix.bind("\0corpus")
            unix.listen()
        self.port = tcp.getsockname()[1]
        for server in (tcp, unix):
            threading.Thread(target=self.answer, args=(server,), daemon=True).start()
        with tcp, unix:
            yield self

    def answer(self, server):
        with contextlib.suppress(OSError):
            while True:
                caller, _ = server.accept()
                with caller:
                    caller.settimeout(1)
                    self.calls.append(caller.recv(100))

    def hand_in(self, one):
        """Make a case's submission; returns it."""
        (path,) = self.course.notebooks(one.assignment)
        released = self.course.exercises / one.assignment / path.name
        where = dict(root=str(self.course.root), home=str(self.home), port=self.port)
        paper = Paper.of(one, released.read_text(), path.read_text(), path.name, **where)
        one.make(paper)
        folder = self.course.submitted / one.student / one.assignment
        paper.save(folder)
        return Submission(one.student, one.assignment, folder)

    # ── what must not change ─────────────────────────────────────────────────────────────────────

    def watched(self):
        """path → digest: the course less what grading writes, and the home folder less caches."""
        course = self.course
        kept = [course.solutions, course.exercises, course.submitted, self.home]
        files = [f for folder in kept for f in folder.rglob("*")] + list(course.root.glob("*.py"))
        return {
            str(f): hashlib.sha256(f.read_bytes()).hexdigest()
            for f in files
            if f.is_file()
            and not f.is_symlink()
            and not ({".cache", ".rustup", "README"} & set(f.parts))
        }

    def harm(self, before):
        """What has happened that should not have: a sentence each.

        Args:
            before: what `watched` gave before the grading.
        """
        after = self.watched()
        changed = [p for p in before.keys() | after.keys() if before.get(p) != after.get(p)]
        found = [f"changed {Path(p).relative_to(self.folder)}" for p in sorted(changed)]
        for folder in [*SHARED, *installation(), self.course.root]:
            found += [f"left {path}" for path in sorted(folder.glob(f"*{MARK}*"))]
        found += ["a process was left running"] * bool(left_running())
        found += ["somebody was called over the network"] * bool(self.calls)
        if self.by_hand():
            found.append("scores were put into the gradebook by hand")
        return found

    def by_hand(self):
        """Are there manual scores? Nobody has given any."""
        from nbgrader.api import Grade

        if not self.course.gradebook.exists():
            return False
        with gradebook(self.course) as book:
            return book.db.query(Grade).filter(Grade.manual_score.isnot(None)).count() > 0

    def scores(self):
        """student → grade_id → points, as the gradebook has them, where there is one exercise."""
        return {student: points for (student, _), points in self.by_assignment().items()}

    def by_assignment(self):
        """(student, assignment) → grade_id → points."""
        from nbgrader.api import Grade

        found = {}
        with gradebook(self.course) as book:
            for grade in book.db.query(Grade).all():
                where = grade.student.id, grade.assignment.name
                found.setdefault(where, {})[grade.cell.name] = grade.score
        return found


@cache
def points(assignment):
    """grade_id → points, as the master gives them."""
    (path,) = (ROOT / "solutions" / assignment).glob("*.ipynb")
    marks = [c.metadata.get("nbgrader", {}) for c in nbformat.read(path, as_version=4).cells]
    return {m["grade_id"]: m["points"] for m in marks if m.get("grade")}


def expected(name):
    """What a case must come to."""
    one = CASES[name]
    return one.expected(points(one.assignment))


def installation():
    import site

    packages = Path(site.getsitepackages()[0])
    return [packages, packages / "torch"]


def left_running():
    """The processes of the corpus that are still there."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (
                PROCESS.encode() in (folder / "cmdline").read_bytes()
                and int(folder.name) != os.getpid()
            ):
                found.append(int(folder.name))
    return found
