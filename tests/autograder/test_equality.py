"""Honest submissions get the same scores from stock nbgrader and from us, cell by cell.

All eight exercises; right, half-done and wrong: mistakes from the bank where the exercise has
optimizers, a changed sign or a lost result in the other answers.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.course import Course
from autograder.demo import Sheet, bank, empty
from autograder.grade import grade
from autograder.release import release
from tests.support.recording import rows

ROOT = Path(__file__).resolve().parents[2]
EXERCISES = sorted(path.parent.name for path in (ROOT / "solutions").glob("*/*.ipynb"))


def mistaken(number):
    """Every class that the bank knows has the bank's mistake of this number."""

    def fill(sheet):
        from utils.check.mistakes import families

        for family in families():
            if any(re.search(rf"^class {family.student}\b", c.source, re.M) for c in sheet.answers):
                mistake = family.mistakes[number % len(family.mistakes)]
                bank(family.student, mistake.name)(sheet)

    return fill


def sign_changed(sheet):
    """In every second answer, the first sum in the code is a difference."""
    for cell in sheet.answers[::2]:
        head, body = split(cell.source)
        cell.source = head + re.sub(r" \+ ", " - ", body, count=1)


def nothing_returned(sheet):
    """In every second answer, the last result is not returned."""
    for cell in sheet.answers[1::2]:
        head, body = split(cell.source)
        before, found, after = body.rpartition("return ")
        cell.source = head + before + (found and "_ = ") + after


def split(source):
    """An answer up to the end of its docstring, and from there on."""
    end = source.rfind('"""') + 3 if '"""' in source else 0
    return source[:end], source[end:]


STUDENTS = {
    "right": [],
    "half": [empty(1 / 2)],
    "mistaken": [mistaken(0), sign_changed],
    "careless": [mistaken(2), nothing_returned],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A course with all exercises, and a class that handed all of them in."""
    root = tmp_path_factory.mktemp("equality") / "course"
    root.mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(ROOT / "solutions", root / "solutions")
    course = Course(root)
    for exercise in EXERCISES:
        release(course, exercise)
        for student, changes in STUDENTS.items():
            sheet = Sheet(course, exercise)
            for change in changes:
                change(sheet)
            where = course.submitted / student / exercise
            where.mkdir(parents=True)
            nbformat.write(sheet.nb, where / sheet.name)
    return root


def stock(root, exercises):
    """A shell that runs nbgrader's own commands on these exercises, one after the other."""
    steps = [
        f'"{sys.executable}" -m nbgrader {command} {exercise}'
        for exercise in exercises
        for command in ("generate_assignment --force", "autograde")
    ]
    (root / "autograder").mkdir(exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MY_STEP_PROGRESS": "off"}
    with open(root / "stock.log", "wb") as log:
        return subprocess.Popen(
            ["/bin/sh", "-c", " && ".join(steps)],
            cwd=root,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def scores(course):
    """(student, exercise, cell) → (automatic score, waits for a person)."""
    found = map(eval, rows(course)["grades"])
    return {(row[0], row[7], row[1]): (row[3], row[6]) for row in found}


@pytest.mark.slow
def test_scores_equal_those_of_stock_nbgrader_cell_by_cell(folder, tmp_path):
    # Two of them side by side, each with half of the exercises: nbgrader itself does one at a time.
    halves = [Course(shutil.copytree(folder, tmp_path / f"stock-{n}")) for n in (0, 1)]
    running = [stock(half.root, EXERCISES[n::2]) for n, half in enumerate(halves)]
    for process, half in zip(running, halves, strict=True):
        assert process.wait() == 0, (half.root / "stock.log").read_text()[-3000:]
    theirs = {key: value for half in halves for key, value in scores(half).items()}

    ours = Course(folder)
    outcomes = list(grade(ours, ours.submissions(EXERCISES)))
    assert [one.why for one in outcomes if not one.graded] == []
    mine = scores(ours)

    different = {
        key: (mine.get(key), theirs[key]) for key in theirs if mine.get(key) != theirs[key]
    }
    assert different == {} and mine.keys() == theirs.keys()
    assert [one.flags for one in outcomes if one.flags] == []

    assert len(EXERCISES) == 9 and {exercise for _, exercise, _ in mine} == set(EXERCISES)
    for student in STUDENTS:  # each is what it is called, in every exercise
        for exercise in EXERCISES:
            own = [
                score
                for (who, where, _), (score, _) in mine.items()
                if (who, where) == (student, exercise)
            ]
            lost = sum(score == 0 for score in own)
            assert lost == 0 if student == "right" else 0 < lost < len(own), (student, exercise)
