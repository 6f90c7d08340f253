"""A class through `autograder grade` and through `nbgrader autograde`, on the same submissions.

Exercise 03: students who are right, half-done and wrong. The promise: 30 times as many submissions a
minute; at most 0.3 s a submission beyond what its own cells and tests take; warm in 10 s.
nbgrader draws every picture; we tell those of the course in words, unless we are asked to draw.
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

ROOT = Path(__file__).resolve().parents[1]
EXERCISE = "03_momentum"
KINDS = (
    [],
    [bank("SGDMomentumOptimizer", "lr is folded into the velocity")],
    [empty(1 / 2)],
    [bank("NesterovOptimizer", "no look-ahead")],
)
STOCK, OURS, DRAWN = 4, 100, 12  # submissions


def main():
    workers = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as scratch:
        course = prepared(Path(scratch) / "course")
        each = by_nbgrader(course, len(hand_in(course, STOCK)))
        print(f"nbgrader autograde      {each:5.2f} s a submission, {60 / each:6.1f} a minute")
        start, pace, own = by_us(course, hand_in(course, OURS), workers)
        whole = pace + start / OURS
        print(f"autograder grade        {pace:5.2f} s a submission, {60 / pace:6.1f} a minute")
        print(f"  times as many         {each / pace:5.1f}  (promised 30)")
        print(f"  with the start        {each / whole:5.1f}  in a class of {OURS}")
        print(f"  start, first results  {start:5.1f} s  (promised 10)")
        print(
            f"  beyond the running of its cells and tests {workers * pace - own:.2f} s a submission, "
            "on one core  (promised 0.3)"
        )
        some = hand_in(course, DRAWN)[:DRAWN]
        _, pace, _ = by_us(course, some, workers, limits={"pictures": True})
        print(
            f"  with all pictures     {pace:5.2f} s a submission, {each / pace:.1f} times as many"
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
        folder = course.submitted / f"student{i:03}" / EXERCISE
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


def by_us(course, submissions, workers, limits=None):
    """Seconds until the first results; a submission, from then on; in its cells and tests."""
    times, before = [], time.perf_counter()
    for outcome in grade(course, submissions, again=True, workers=workers, limits=limits):
        assert outcome.graded, outcome
        times.append(time.perf_counter() - before)
    first = times[workers - 1]
    return first, (times[-1] - first) / (len(times) - workers), own(course) / len(times)


def own(course):
    """Seconds in the students' cells and their tests, as the graded notebooks tell."""
    cells = (
        cell
        for path in course.autograded.rglob("*.ipynb")
        for cell in nbformat.read(path, as_version=4).cells
    )
    return sum(cell.metadata.get("autograder", {}).get("seconds", 0.0) for cell in cells)
