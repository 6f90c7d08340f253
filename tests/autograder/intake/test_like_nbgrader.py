"""An honest submission has the cells that nbgrader's autograde would run, one by one."""

import json

import nbformat
import pytest

from autograder.course import Course, Submission
from autograder.demo import Sheet as Filled
from autograder.demo import empty, typo
from autograder.intake import read
from autograder.nbgrader_api import convert, register

from .conftest import MINE, ROOT


def stock(course, student, assignment):
    """The sources that `nbgrader autograde` would run: its own steps, all but the execution."""
    from nbgrader.converters import Autograde

    class Sanitize(Autograde):
        autograde_preprocessors = []

    convert(course, Sanitize, assignment, student)
    (path,) = (course.autograded / student / assignment).glob("*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    return [(cell.cell_type, cell.source) for cell in cells]


def ours(course, student, assignment):
    folder = course.submitted / student / assignment
    (sheet,) = read(course, Submission(student, assignment, folder))
    assert sheet.verdict is None and sheet.flags == []
    return [(cell.kind, cell.source) for cell in sheet.cells]


def own_cells(filled):
    """Helpers, experiments and notes between all cells."""
    for at in range(len(filled.nb.cells), 0, -1):
        new = nbformat.v4.new_code_cell(f"mine_{at} = {at}")
        filled.nb.cells.insert(at, nbformat.v4.new_markdown_cell("a note") if at % 3 else new)


def changed_pictures(filled):
    """Other numbers in the cells without marks."""
    for cell in filled.nb.cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata and cell.id != "setup":
            cell.source += "\n# another one"


WAYS = {
    "right": [],
    "empty": [empty(1)],
    "half": [empty(1 / 2)],
    "typo": [typo],
    "own": [own_cells],
    "pictures": [changed_pictures, own_cells],
}


@pytest.mark.slow
def test_honest_submissions_of_all_exercises_run_the_same_cells_as_in_nbgrader(tmp_path):
    here, course = Course(ROOT), None
    root = tmp_path / "course"
    root.mkdir()
    (root / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    (root / "solutions").symlink_to(here.solutions)
    course = Course(root)
    assert len(course.assignments) == 9
    for assignment in course.assignments:
        register(course, assignment)
        for student, ways in WAYS.items():
            filled = Filled(here, assignment)
            for way in ways:
                way(filled)
            folder = course.submitted / student / assignment
            folder.mkdir(parents=True)
            nbformat.write(filled.nb, folder / filled.name)
            assert ours(course, student, assignment) == stock(course, student, assignment)


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p["shift-test"].update(source="pass"),
        lambda p: p["imports"].update(source="math = None"),
        lambda p: p["twice"].update(cell_type="markdown"),
        lambda p: p["look"].update(cell_type="markdown"),
        lambda p: p["title"].update(source="# My own title"),
        lambda p: p.add("shift", "again = 1")["metadata"].update(tags=["skip-execution"]),
        lambda p: p.tree["metadata"].update(kernelspec=dict(name="ir", display_name="R")),
        lambda p: p["setup"].update(source=""),
    ],
)
def test_what_nbgrader_puts_right_is_put_right_in_the_same_way(course, paper, spoil):
    spoil(paper)
    folder = course.submitted / "ada" / "01_tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_text(json.dumps(paper.tree))
    register(course, "01_tiny")
    (sheet,) = read(course, Submission("ada", "01_tiny", folder))
    mine = [(cell.kind, cell.source) for cell in sheet.cells if cell.id != "setup"]
    theirs = [one for one in stock(course, "ada", "01_tiny") if one[1] not in ("import sys", "")]
    assert mine == theirs and ("code", MINE["shift"]) in mine


@pytest.mark.slow
def test_the_masters_metadata_is_what_nbgrader_leaves_in_the_graded_notebook(course, paper):
    folder = course.submitted / "ada" / "01_tiny"
    folder.mkdir(parents=True)
    (folder / "tiny.ipynb").write_bytes(paper.bytes())
    register(course, "01_tiny")
    stock(course, "ada", "01_tiny")
    path = course.autograded / "ada" / "01_tiny" / "tiny.ipynb"
    theirs = {cell.id: cell.metadata for cell in nbformat.read(path, as_version=4).cells}
    (sheet,) = read(course, Submission("ada", "01_tiny", folder))
    assert {cell.id: cell.metadata for cell in sheet.cells} == theirs
