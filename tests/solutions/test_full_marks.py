"""Graded like a submission, in a real kernel: a solution has full marks, an empty sheet has none."""

import shutil
from pathlib import Path

import nbformat
import pytest

from autograder.__main__ import main
from autograder.course import Course, Submission
from autograder.demo import Sheet, empty
from autograder.grade import grade
from autograder.report import scores

ROOT = Path(__file__).resolve().parents[2]
COURSE = Course(ROOT)


@pytest.mark.slow
@pytest.mark.parametrize("assignment", COURSE.assignments)
def test_the_solution_gets_full_marks_and_an_empty_sheet_none(assignment, tmp_path):
    (tmp_path / "autograder").mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    shutil.copytree(COURSE.solutions / assignment, tmp_path / "solutions" / assignment)
    course = Course(tmp_path)
    assert main(["release", "--course", str(tmp_path)]) == 0
    handed_in = []
    for student in ("solution", "empty"):
        sheet = Sheet(course, assignment)
        if student == "empty":
            empty(1)(sheet)
        folder = course.submitted / student / assignment
        folder.mkdir(parents=True)
        nbformat.write(sheet.nb, folder / sheet.name)
        handed_in.append(Submission(student, assignment, folder))
    outcomes = {one.submission.student: one for one in grade(course, handed_in)}
    assert outcomes["solution"].graded and outcomes["solution"].why == []
    assert outcomes["empty"].graded
    got = {row["student"]: row for row in scores(course)}
    assert got["solution"]["score"] == got["solution"]["max_score"] > 0
    assert got["empty"]["score"] == 0
