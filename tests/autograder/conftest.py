"""A tiny course, without torch, so that its kernels start fast."""

import hashlib
import shutil
from pathlib import Path

import nbformat
import pytest

from autograder.__main__ import main
from autograder.course import Course
from tests.support.tiny import source

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def course(tmp_path):
    """A course with one assignment, released; nothing handed in."""
    root = tmp_path / "course"
    (root / "solutions" / "01_tiny").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    nbformat.write(source(), root / "solutions" / "01_tiny" / "tiny.ipynb")
    course = Course(root)
    assert main(["release", "--course", str(root)]) == 0
    return course


@pytest.fixture
def hand_in(course):
    """hand_in(student, **answers): a copy of the released notebook with these answers."""

    def hand_in(student, **answers):
        nb = nbformat.read(course.exercises / "01_tiny" / "tiny.ipynb", as_version=4)
        for cell in nb.cells:
            cell.source = answers.get(cell.id, cell.source)
        path = course.submitted / student / "01_tiny" / "tiny.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, path)
        return path

    return hand_in


@pytest.fixture
def autograder(course, capsys):
    """autograder("grade", "--all") → (exit status, what it printed, what it complained)."""

    def run(*args):
        capsys.readouterr()
        status = main([args[0], "--course", str(course.root), *args[1:]])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return status, said.out, said.err

    return run


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The folder of a course with one assignment, released and known to the gradebook."""
    from autograder.nbgrader_api import register

    root = tmp_path_factory.mktemp("template") / "course"
    (root / "solutions" / "01_tiny").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    nbformat.write(source(), root / "solutions" / "01_tiny" / "tiny.ipynb")
    assert main(["release", "--course", str(root)]) == 0
    register(Course(root), "01_tiny")
    return root


@pytest.fixture
def known(template, tmp_path):
    """A course with one assignment that the gradebook knows; nothing handed in."""
    shutil.copytree(template, tmp_path / "course")
    return Course(tmp_path / "course")


@pytest.fixture
def graded(course, hand_in, template):
    """graded(student): what the student handed in is in the gradebook: 1 of 3 points."""
    from autograder.record import record
    from tests.support.recording import result

    course.gradebook.parent.mkdir(exist_ok=True)
    shutil.copy(template / "autograder" / "gradebook.db", course.gradebook)

    def write(student, **more):
        digest = hashlib.sha256(hand_in(student).read_bytes()).hexdigest()
        one = result(student, digest=digest, **more)
        if one.scores["double-test"].score < 2:
            one.scores["double-test"].mistakes.append("squares, not doubles")
        record(course, one)

    return write
