"""Submissions into the gradebook, with nbgrader's own steps.

A submission takes nbgrader 5 to 8 seconds, most of them spent waiting for a fresh kernel to start,
to import torch and to end. So a few workers each grade one submission at a time. Only one of
them at a time has the gradebook open; while a notebook runs, the others may have it.
"""

import contextlib
import hashlib
import json
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from autograder.convert import convert, register
from autograder.course import Course, Submission, Trouble, said
from autograder.report import reasons

WORKERS = min(2, os.cpu_count() or 1)


@dataclass
class Outcome:
    """What became of a submission.

    `why` says why marks were lost; or, if it could not be graded, why not (then `graded` is False).
    """

    submission: Submission
    graded: bool
    why: list[str]


class Journal:
    """Which submissions have been graded, and with which tests: so a second run does only the rest."""

    def __init__(self, course):
        self.course = course
        self.path = course.autograded / ".journal.jsonl"
        self.keys = {}
        with contextlib.suppress(FileNotFoundError):
            for line in self.path.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError, KeyError):  # a line cut off by a power cut
                    entry = json.loads(line)
                    self.keys[entry["student"], entry["assignment"]] = entry["key"]

    def holds(self, submission):
        """Was this very submission graded with these very tests, and is the result still there?"""
        known = self.keys.get((submission.student, submission.assignment))
        graded = self.course.autograded / submission.student / submission.assignment
        return known is not None and graded.is_dir() and known == key(self.course, submission)

    def write(self, submission, key):
        """Note that it was graded; or, with `key` None, that it is about to be."""
        entry = dict(student=submission.student, assignment=submission.assignment, key=key)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")


def key(course, submission):
    """A fingerprint of what was handed in and of what it is graded with."""
    digest = hashlib.sha256()
    for folder in (submission.folder, course.solutions / submission.assignment):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def grade(course, submissions, again=False, workers=WORKERS):
    """Grade submissions; yields an `Outcome` as each is done. One that fails stops no other.

    Args:
        course: a Course.
        submissions: as from `course.submissions`.
        again: also those that are graded already.
        workers: how many at a time, ≥ 1.

    Raises:
        Trouble: nothing can be graded, for the gradebook or an assignment's source is out of order.
        KeyboardInterrupt: stopped; what was yielded is in the gradebook.
    """
    journal = Journal(course)
    todo = [one for one in submissions if again or not journal.holds(one)]
    for one in submissions:
        if one not in todo:
            yield Outcome(one, True, reasons(course, one.student, one.assignment))
    for assignment in sorted({one.assignment for one in todo}):
        register(course, assignment)
    if not todo:
        return
    keys = {one: key(course, one) for one in todo}  # before: what is handed in later comes later
    for one in todo:
        journal.write(one, None)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        min(workers, len(todo)), context, initializer=begin, initargs=(context.Lock(),)
    )
    running = {pool.submit(grade_one, course.root, one): one for one in todo}
    try:
        for future in as_completed(running):
            outcome = Outcome(running[future], *future.result())
            if outcome.graded:
                journal.write(outcome.submission, keys[outcome.submission])
            yield outcome
    except BrokenProcessPool as error:
        raise Trouble(
            "a worker was killed (is the memory full?): run the command again, it goes on from here."
        ) from error
    except BaseException:  # above all Ctrl-C: what is half-done is done again next time
        for worker in multiprocessing.active_children():
            worker.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


# ── in a worker ──────────────────────────────────────────────────────────────────────────────────

writing = None
"""Whoever holds this lock may use the gradebook."""


def begin(lock):
    global writing
    writing = lock
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process
    os.environ["OMP_NUM_THREADS"] = "1"  # the kernels: workers fill the cores


def grade_one(root, submission):
    """Grade one submission.

    Returns:
        (graded, why), as in `Outcome`.
    """
    course = Course(root)
    try:
        missing = look_at(course, submission)
        try:
            with writing:
                convert(course, autograde(), submission.assignment, submission.student)
        except Trouble as why:
            if missing:
                raise Trouble(f"{', '.join(missing)} were deleted, too much to put back.") from why
            raise
        return True, reasons(course, submission.student, submission.assignment)
    except Trouble as why:
        return False, [str(why)]
    except Exception as error:  # a submission may hold anything; the others go on
        return False, [f"{type(error).__name__}: {said(error)}."]


def look_at(course, submission):
    """Can these notebooks be graded at all?

    Returns:
        the marked cells that the student deleted, by grade_id.

    Raises:
        Trouble: no notebook, an unreadable one, or one with two cells of the same name.
    """
    import nbformat

    wanted = course.notebooks(submission.assignment)
    there = [path.name for path in sorted(submission.folder.glob("*.ipynb"))]
    ours = [path for path in wanted if path.name in there]
    if not ours:
        found = ", ".join(there) or "no notebook"
        raise Trouble(f"{wanted[0].name} is missing (found: {found}).")
    missing = []
    for path in ours:
        try:
            names = marked(nbformat.read(submission.folder / path.name, as_version=4))
        except Exception as error:  # nbformat lets out whatever the broken file provokes
            text = f"{path.name} cannot be read as a notebook: {brief(error)}."
            raise Trouble(text) from error
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:  # nbgrader 0.9.6 stumbles over them
            raise Trouble(f"{', '.join(twice)} is there twice: remove one of the two cells.")
        missing += [n for n in marked(nbformat.read(path, as_version=4)) if n not in names]
    return missing


def marked(nb):
    """The grade_ids in a notebook, in order."""
    marks = [cell.metadata.get("nbgrader", {}) for cell in nb.cells]
    return [mark["grade_id"] for mark in marks if "grade_id" in mark]


def brief(error):
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return (text if len(text) <= 80 else text[:79] + "…").rstrip(".")


def autograde():
    """nbgrader's Autograde, which lets others have the gradebook while a notebook runs."""
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import Execute

    class ExecuteUnlocked(Execute):
        def preprocess(self, nb, resources):
            writing.release()
            try:
                return super().preprocess(nb, resources)
            finally:
                writing.acquire()

    class AutogradeShared(Autograde):
        autograde_preprocessors = [
            ExecuteUnlocked if step is Execute else step
            for step in Autograde().autograde_preprocessors
        ]

    return AutogradeShared
