"""A sample class, made from solutions/: each student is right or wrong in a way that has a name.

Nothing is stored as a notebook. A wrong answer is the right one from the bank of mistakes, with
that mistake in it; the rest of the submission is the solution. Some try to get points that they did
not earn, and some hand in files that are no notebooks.
"""

import re
import shutil
from collections.abc import Callable
from typing import Any

import nbformat

from autograder.course import CONFIG, Course, Submission, Trouble
from autograder.release import release

FOLDER = "autograder/demo"  # in the course's folder; git does not see it


class Sheet:
    """A submission in the making: the released notebook, with the answers of the solution in it.

    data: what is handed in instead of it, if anything is.
    """

    data: bytes | None = None

    def __init__(self, course: Course, assignment: str) -> None:
        (source,) = course.notebooks(assignment)
        solved = {cell.id: cell.source for cell in nbformat.read(source, as_version=4).cells}
        self.name = source.name
        self.nb = nbformat.read(course.exercises / assignment / source.name, as_version=4)
        self.answers = [
            cell for cell in self.nb.cells if cell.metadata.get("nbgrader", {}).get("solution")
        ]
        self.stubs = {cell.id: cell.source for cell in self.answers}
        for cell in self.answers:
            cell.source = re.sub(r"^ *### (BEGIN|END) SOLUTION\n?", "", solved[cell.id], flags=re.M)

    def where(self, name: str) -> Any:
        """The answer cell that defines this class."""
        for cell in self.answers:
            if re.search(rf"^class {name}\b", cell.source, re.M):
                return cell
        raise Trouble(
            f"the sample class needs an answer cell with the class {name} in {self.name}."
        )


# Ways to fill in a sheet. Each gives a function that changes it.

Fill = Callable[[Sheet], None]


def bank(student: str, mistake: str) -> Fill:
    """The class `student` is written with this mistake from the bank."""

    def fill(sheet: Sheet) -> None:
        from utils.check.mistakes import families

        family = next(one for one in families() if one.student == student)
        known = {one.name: one for one in family.mistakes}
        if mistake not in known:
            raise Trouble(f"the bank knows no mistake `{mistake}` of {student}.")
        source = family.write(known[mistake]).strip()
        sheet.where(student).source = re.sub(r"^class \w+", f"class {student}", source)

    return fill


def step(student: str, body: str) -> Fill:
    """The class `student` has its own constructor and this `my_step`."""

    def fill(sheet: Sheet) -> None:
        cell = sheet.where(student)
        head, _ = re.split(r"(?<=def my_step)", cell.source, maxsplit=1)
        lines = "\n".join(f"        {line}".rstrip() for line in body.strip().splitlines())
        cell.source = f"{head}(self, p, state, group):\n{lines}"

    return fill


def empty(share: float) -> Fill:
    """The last answers are left as they were released: this share of all."""

    def fill(sheet: Sheet) -> None:
        first = round(len(sheet.answers) * (1 - share))
        for cell in sheet.answers[first:]:
            cell.source = sheet.stubs[cell.id]

    return fill


def typo(sheet: Sheet) -> None:
    """A colon is missing in the first answer."""
    cell = sheet.answers[0]
    cell.source = re.sub(r":$", "", cell.source, count=1, flags=re.M)


def without_first_test(sheet: Sheet) -> None:
    """The first test cell is deleted."""
    tests = [c for c in sheet.nb.cells if c.metadata.get("nbgrader", {}).get("grade")]
    sheet.nb.cells.remove(tests[0])


def answer(name: str, source: str) -> Fill:
    """The answer cell with this grade_id holds something else."""

    def fill(sheet: Sheet) -> None:
        cell = next(one for one in sheet.answers if one.metadata.nbgrader.grade_id == name)
        cell.source = source

    return fill


def tests_skipped(sheet: Sheet) -> None:
    """Every test cell is marked to be left out."""
    for cell in sheet.nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata["tags"] = ["skip-execution"]


def tests_emptied(sheet: Sheet) -> None:
    """Nothing is left in the test cells."""
    for cell in sheet.nb.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.source = "pass"


def cut_off(sheet: Sheet) -> None:
    """Half of the file is missing, as after a broken upload."""
    data = nbformat.writes(sheet.nb).encode()
    sheet.data = data[: len(data) // 2]


def web_page(sheet: Sheet) -> None:
    """The page of the download was saved, and not what it downloads."""
    sheet.data = b"<!DOCTYPE html><title>Sign in</title><p>Please sign in."


COPIED_BACK = """
new = p - group["lr"] * p.grad
p.copy_(new)
"""
MOMENTUM_COPIED_BACK = """
v = group["momentum"] * state.get("v", torch.zeros_like(p)) + p.grad
state["v"] = v
p.copy_(p - group["lr"] * v)
"""
CALLS_ITSELF = "self.my_step(p, state, group)"
ALWAYS_EQUAL = """
class Yes(float):
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __sub__ = __rsub__ = __abs__ = lambda self, *other: self
    __hash__ = float.__hash__


def largest_stable_lr(curvatures):
    return Yes(1)
"""
LEAVES = """
import os

os._exit(0)
"""
LOOKS_UP = """
from pathlib import Path

for folder in Path.cwd().parents:
    for found in folder.glob("solutions/**/*.ipynb"):
        print(found.read_text())
"""
CALLS_TORCH = """
inner = torch.optim.SGD([p], lr=group["lr"])
inner.step()
"""
WRONG_NAME = 'p.sub_(p.gradient, alpha=group["lr"])'

SGD, MOMENTUM = "SGDOptimizer", "SGDMomentumOptimizer"
DAMPENING, NESTEROV = "SGDDampeningOptimizer", "NesterovOptimizer"

CLASS: dict[str, dict[str, list[Fill]]] = {
    "02_sgd": {
        "right": [],
        "copied-back": [step(SGD, COPIED_BACK)],
        "empty": [empty(1)],
        "half": [empty(1 / 2)],
        "syntax-error": [typo],
        "uphill": [bank(SGD, "steps uphill")],
        "gradient-changed": [bank(SGD, "p.grad is changed in place")],
        "exception": [step(SGD, WRONG_NAME)],
        "calls-torch": [step(SGD, CALLS_TORCH)],
        "always-equal": [empty(1), answer("limit", ALWAYS_EQUAL)],
        "tests-skipped": [empty(1), tests_skipped],
        "tests-emptied": [empty(1), tests_emptied],
        "leaves-early": [answer("axpy", LEAVES)],
        "looks-for-solutions": [answer("axpy", LOOKS_UP)],
        "cut-off": [cut_off],
        "web-page": [web_page],
    },
    "03_momentum": {
        "right": [],
        "copied-back": [step(MOMENTUM, MOMENTUM_COPIED_BACK)],
        "empty": [empty(1)],
        "half": [empty(1 / 2)],
        "lr-in-velocity": [bank(MOMENTUM, "lr is folded into the velocity")],
        "velocity-not-stored": [bank(MOMENTUM, "the velocity is not stored")],
        "first-step-dampened": [bank(DAMPENING, "the first gradient is dampened")],
        "gradient-changed": [bank(DAMPENING, "weight decay changes p.grad")],
        "plain-momentum": [bank(NESTEROV, "no look-ahead")],
        "calls-itself": [step(NESTEROV, CALLS_ITSELF)],
        "cell-deleted": [without_first_test],
    },
}
"""assignment → student → what is done to the right answers. A student is named after it."""

UNREADABLE = {"cut-off", "web-page"}
"""Those whose files are no notebooks: they are not graded."""


def prepare(course: Course, keep: bool = False) -> tuple[Course, list[Submission]]:
    """Make the sample class, in a course folder of its own.

    Args:
        keep: leave what an earlier run graded.

    Returns:
        that Course, and its submissions.
    """
    missing = [name for name in CLASS if name not in course.assignments]
    if missing:
        raise Trouble(f"the sample class needs {', '.join(missing)} in {course.solutions}.")
    root = course.root / FOLDER
    if root.exists() and not keep:
        from nbgrader.utils import rmtree

        rmtree(str(root))
    (root / "autograder").mkdir(parents=True, exist_ok=True)
    shutil.copy(course.root / CONFIG, root)
    for assignment in CLASS:
        target = root / "solutions" / assignment
        shutil.copytree(course.solutions / assignment, target, dirs_exist_ok=True)
    workspace = Course(root)
    for assignment in CLASS:
        release(workspace, assignment, force=True)
    submissions = [
        hand_in(workspace, assignment, student)
        for assignment, students in CLASS.items()
        for student in students
    ]
    return workspace, submissions


def hand_in(course: Course, assignment: str, student: str) -> Submission:
    """Fill in a sheet in this student's way, and put it where submissions go."""
    sheet = Sheet(course, assignment)
    for change in CLASS[assignment][student]:
        change(sheet)
    folder = course.submitted / student / assignment
    folder.mkdir(parents=True, exist_ok=True)
    data = sheet.data or nbformat.writes(sheet.nb).encode()
    (folder / sheet.name).write_bytes(data)
    return Submission(student, assignment, folder)
