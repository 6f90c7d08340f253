"""A class through `autograder grade` and through `nbgrader autograde`, on the same submissions.

Exercise 03: students who are right, half-done and wrong. The promise: 30 times as many submissions a
minute; at most 0.3 s a submission beyond what its own cells and tests take; warm in 10 s.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.course import Course
from autograder.demo import Sheet, bank, empty
from autograder.grade import grade
from autograder.release import release
from autograder.sheet import from_json

ROOT = Path(__file__).resolve().parents[1]
EXERCISE = "03_momentum"
KINDS = (
    [],
    [bank("SGDMomentumOptimizer", "lr is folded into the velocity")],
    [empty(1 / 2)],
    [bank("NesterovOptimizer", "no look-ahead")],
)
STOCK, OURS = 4, 40  # submissions: a pace can be seen


def main():
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch:
        course = prepared(Path(scratch) / "course")
        stock = hand_in(course, STOCK)
        each = by_nbgrader(course, len(stock))
        print(f"nbgrader autograde   {each:6.2f} s a submission, {60 / each:6.1f} a minute")
        for n in (STOCK, OURS):
            seconds, own = by_us(course, hand_in(course, n), workers)
            start = f", {workers} workers, their start included" if n == STOCK else ""
            print(
                f"autograder grade     {seconds / n:6.2f} s a submission, {60 * n / seconds:6.1f} a "
                f"minute ({n} of them{start}): {each * n / seconds:.1f} times as many  (promised 30)"
            )
        beyond = (seconds * workers - own) / OURS
        print(
            f"beyond the cells and tests themselves: {beyond:.2f} s a submission on one core, "
            "start included  (promised 0.3)"
        )


def prepared(root):
    """A course folder with the exercise."""
    root.mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(ROOT / "solutions" / EXERCISE, root / "solutions" / EXERCISE)
    for name in ("utils", "data"):
        (root / name).symlink_to(ROOT / name)
    course = Course(root)
    release(course, EXERCISE)
    return course


def hand_in(course, n):
    for i in range(n):
        sheet = Sheet(course, EXERCISE)
        for change in KINDS[i % len(KINDS)]:
            change(sheet)
        folder = course.submitted / f"student{i:02}" / EXERCISE
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(sheet.nb, folder / sheet.name)
    return course.submissions([EXERCISE])


def by_nbgrader(course, n):
    """Seconds a submission, of nbgrader's own command."""
    for command in ("generate_assignment", "autograde"):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "nbgrader", command, EXERCISE, "--force"],
            cwd=course.root,
            check=True,
            capture_output=True,
        )
    return (time.perf_counter() - start) / n


def by_us(course, submissions, workers):
    """(seconds in all, seconds in the students' cells and their tests)."""
    start = time.perf_counter()
    outcomes = list(grade(course, submissions, again=True, workers=workers))
    seconds = time.perf_counter() - start
    assert all(outcome.graded for outcome in outcomes), outcomes
    own = 0.0
    for path in course.autograded.rglob("*.json"):
        graded = from_json(path.read_text(encoding="utf-8"))
        own += sum(ran.seconds for ran in graded.ran.values())
    return seconds, own
