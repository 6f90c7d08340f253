"""kill -9 with the real judge, in the real sandbox: what comes of a class is as if nothing had been.

`test_pipeline` does the same with more students, oftener, and a fake judge.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.__main__ import main
from autograder.course import Course
from autograder.record.journal import Journal, Spool
from tests.support.processes import alive, children
from tests.support.recording import rows
from tests.support.tiny import mark

IMPORTS = "import torch\nfrom utils.check import check_optimizer\nfrom utils.optim import Optim"
STEP = """\
class SGDOptimizer(Optim):
    def __init__(self, params, lr):
        super().__init__(params, dict(lr=lr))

    def my_step(self, p, state, group):
        ### BEGIN SOLUTION
        p.sub_(p.grad, alpha=group["lr"])
        ### END SOLUTION"""
RIGHT = 'p.sub_(p.grad, alpha=group["lr"])'
CHECK = "check_optimizer(SGDOptimizer, torch.optim.SGD, lr=0.1)"
HIDDEN = f"### BEGIN HIDDEN TESTS\n{CHECK.replace('0.1', '0.3')}\n### END HIDDEN TESTS"
HALF = "def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION"

KINDS = {
    "right": (RIGHT, "return x / 2"),
    "wrong sign": (RIGHT.replace("sub_", "add_"), "return x / 2"),
    "ends its process": ("import os; os._exit(3)", "return x / 2"),
    "half": (None, "return x / 2"),
    "torch's own": ('torch.optim.SGD([p], lr=group["lr"]).step()', "return x // 2"),
    "empty": (None, None),
}
"""What students write into the two answers; None is nothing."""

GRADE = """
import sys
from autograder.course import Course
from autograder.grade import grade
from autograder.record import journal
journal.environment = lambda course: "the same"  # also while somebody works on the grader
if __name__ == "__main__":
    course = Course(sys.argv[1])
    for one in grade(course, course.submissions(course.assignments), workers=2):
        print(one.submission.student, one.graded, flush=True)
"""


def made(root, students):
    """A course with one exercise, for which so many have handed in."""
    test = dict(grade=True, locked=True)
    cells = [
        mark(new_code_cell(IMPORTS, id="imports"), locked=True),
        mark(new_code_cell(STEP, id="step"), solution=True),
        mark(new_code_cell(CHECK, id="step-check"), points=1, **test),
        mark(new_code_cell(HIDDEN, id="step-hidden"), points=2, **test),
        mark(new_code_cell(HALF, id="half"), solution=True),
        mark(new_code_cell("assert half(3) == 1.5", id="half-test"), points=1, **test),
    ]
    kernel = dict(name="python3", display_name="Python 3", language="python")
    source = root / "solutions" / "01_sgd" / "sgd.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells, metadata=dict(kernelspec=kernel)), source)
    shutil.copy(Path(__file__).parents[2] / "nbgrader_config.py", root)
    assert main(["release", "--course", str(root)]) == 0
    course = Course(root)
    for number in range(students):
        hand_in(course, f"student-{number:03}", *list(KINDS.values())[number % len(KINDS)])
    (course.submitted / "student-007" / "01_sgd" / "sgd.ipynb").write_text("{")
    return course


def hand_in(course, student, step, half):
    nb = nbformat.read(course.exercises / "01_sgd" / "sgd.ipynb", as_version=4)
    for cell in nb.cells:
        for name, body in (("step", step), ("half", half)):
            if cell.id == name and body:
                *before, stub = cell.source.splitlines()
                indent = stub[: len(stub) - len(stub.lstrip())]
                cell.source = "\n".join([*before[: before.index(DEFS[name]) + 1], indent + body])
    folder = course.submitted / student / "01_sgd"
    folder.mkdir(parents=True)
    nbformat.write(nb, folder / "sgd.ipynb")


DEFS = {"step": "    def my_step(self, p, state, group):", "half": "def half(x):"}


def grader(course, folder):
    """A grader in a process group of its own; what it leaves goes into `folder`."""
    script = folder / "grade.py"
    script.write_text(GRADE)
    (folder / "tmp").mkdir(exist_ok=True)
    with open(folder / f"log-{time.monotonic_ns()}", "w") as log:
        return subprocess.Popen(
            [sys.executable, str(script), str(course.root)],
            stdout=log,
            stderr=log,
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
            start_new_session=True,
        )


def done(course):
    """How many submissions are in the gradebook, as the journal knows."""
    return len(Journal(course).entries)


def kill(process):
    """kill -9 for the whole group; all that came of it, if anything did yet, must be gone soon."""
    family = children(process.pid)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was over before it could be killed"
    until = time.monotonic() + 30
    while any(map(alive, family)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, family))


def pages(course):
    """Feedback pages, and graded notebooks but for the seconds that cells took."""
    found = {
        path.relative_to(course.root): path.read_text() for path in course.feedback.rglob("*.html")
    }
    for path in course.autograded.rglob("*.ipynb"):
        found[path.relative_to(course.root)] = without_seconds(json.loads(path.read_text()))
    return found


def without_seconds(x):
    if isinstance(x, list):
        return [without_seconds(part) for part in x]
    if isinstance(x, dict):
        return {k: without_seconds(v) for k, v in x.items() if k != "seconds"}
    return x


def disturbed(folder, students, kills, seed=9):
    """Grade a class with kills in between, and another time undisturbed; returns both courses."""
    course, lot = made(folder / "course", students), random.Random(seed)
    calm = Course(shutil.copytree(course.root, folder / "calm"))
    for number in range(kills):
        process, wanted = grader(course, folder), done(course) + lot.randint(1, students // kills)
        until = time.monotonic() + (lot.uniform(2, 9) if number == 0 else 200)
        while done(course) < wanted and time.monotonic() < until and process.poll() is None:
            time.sleep(0.01)
        time.sleep(lot.uniform(0, 0.5))
        kill(process)
        assert done(course) < students
    for one in (course, calm):
        last = grader(one, folder)
        try:
            assert last.wait(900) == 0
        finally:
            if last.poll() is None:
                kill(last)
    return course, calm


@pytest.mark.slow
def test_kill_9_at_any_moment_changes_nothing(tmp_path):
    course, calm = disturbed(tmp_path, students=30, kills=3)
    assert rows(course) == rows(calm) and len(rows(calm)["submissions"]) == 30
    assert any("lets torch take the step" in row for row in rows(calm)["comments"])
    one, other = pages(course), pages(calm)
    assert one.keys() == other.keys() and len(one) == 60
    assert [path for path in one if one[path] != other[path]] == []
    assert list(Spool(course).folder.iterdir()) == []
    killed = 3  # sandboxes, whose folders the next grader sweeps away once they are a minute old
    assert len(list((tmp_path / "tmp").glob("grading-*"))) <= killed
