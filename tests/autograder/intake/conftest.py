"""A small assignment with every kind of cell, and a way to hand it in in any shape."""

import io
import json
import shutil
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course import Course, Submission
from autograder.intake import collect as whole
from autograder.intake import read
from autograder.intake.registry import FILE
from autograder.model import from_json, to_json
from autograder.release import release
from tests.support.tiny import mark

ROOT = Path(__file__).resolve().parents[3]
LOCKED = dict(grade=False, solution=False, locked=True)
ANSWER = dict(grade=False, solution=True, locked=False)
TEST = dict(grade=True, solution=False, locked=True)

SHIFT = """\
def shift(x):
    ### BEGIN SOLUTION
    return x + 1
    ### END SOLUTION


def back(x):
    ### BEGIN SOLUTION
    return x - 1
    ### END SOLUTION"""
SHIFT_TEST = """\
assert shift(2) == 3, "shift(2) is 3"
### BEGIN HIDDEN TESTS
assert back(shift(7)) == 7, "there and back again should be where it started"
### END HIDDEN TESTS"""
TWICE = """\
class Twice:
    def __call__(self, x):
        ### BEGIN SOLUTION
        return 2 * x
        ### END SOLUTION"""


def source():
    return new_notebook(
        cells=[
            new_markdown_cell("[badge](x)", id="badge"),
            new_code_cell("import sys", id="setup"),
            new_markdown_cell("# Two questions", id="title"),
            mark(new_code_cell("import math", id="imports"), **LOCKED),
            mark(new_code_cell(SHIFT, id="shift"), **ANSWER),
            mark(new_code_cell(SHIFT_TEST, id="shift-test"), points=2, **TEST),
            new_code_cell("print('a picture of', shift(1))", id="look"),
            new_markdown_cell("Now twice.", id="twice-text"),
            mark(new_code_cell(TWICE, id="twice"), **ANSWER),
            mark(new_code_cell("assert Twice()(2) == 4", id="twice-test"), points=1, **TEST),
        ],
        metadata=dict(kernelspec=dict(name="python3", display_name="Python 3", language="python")),
    )


MASTER = [cell.id for cell in source().cells]
MINE = {  # what a right student writes
    "shift": "def shift(x):\n    return x + 1\n\n\ndef back(x):\n    return x - 1",
    "twice": "class Twice:\n    def __call__(self, x):\n        return 2 * x",
}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    (root / "solutions" / "01_tiny").mkdir(parents=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    nbformat.write(source(), root / "solutions" / "01_tiny" / "tiny.ipynb")
    course = Course(root)
    release(course, "01_tiny")
    return course


@pytest.fixture
def course(made):
    shutil.rmtree(made.submitted, ignore_errors=True)
    return made


class Paper:
    """A released notebook as plain JSON, to be filled in and spoilt."""

    def __init__(self, course):
        path = course.exercises / "01_tiny" / "tiny.ipynb"
        self.tree = json.loads(path.read_text("utf-8"))
        for cell in self.cells:
            cell["source"] = "".join(cell["source"])
            cell["source"] = MINE.get(cell["id"], cell["source"])

    @property
    def cells(self):
        return self.tree["cells"]

    def __getitem__(self, name):
        return next(cell for cell in self.cells if cell.get("id") == name)

    def at(self, name):
        return self.cells.index(self[name])

    def add(self, after, source, kind="code", **more):
        cell = dict(cell_type=kind, metadata={}, source=source, **more)
        if kind == "code":
            cell |= dict(outputs=[], execution_count=None)
        self.cells.insert(self.at(after) + 1, cell)
        return cell

    def remove(self, *names):
        for name in names:
            self.cells.remove(self[name])

    def bytes(self):
        return json.dumps(self.tree).encode()


@pytest.fixture
def paper(course):
    return Paper(course)


@pytest.fixture
def hand_in(course, tmp_path):
    """hand_in(paper or bytes, name) → the sheet that `read` makes of it."""

    def hand_in(what=None, name="tiny.ipynb", folder=tmp_path / "ada"):
        folder.mkdir(exist_ok=True)
        if what is not None:
            data = what if isinstance(what, bytes) else what.bytes()
            (folder / name).write_bytes(data)
        (sheet,) = read(course, Submission("ada", "01_tiny", folder))
        assert from_json(to_json(sheet)) == sheet
        to_json(sheet).encode("utf-8")
        return sheet

    return hand_in


def ids(sheet):
    return [cell.id for cell in sheet.cells]


def of(sheet, name):
    return next(cell for cell in sheet.cells if cell.id == name)


def said(sheet):
    return " ".join(sheet.notes + [flag.text for flag in sheet.flags])


ONE = "01_tiny"


@pytest.fixture
def lay(tmp_path):
    """lay({"ada/tiny.ipynb": bytes}) → a folder with these files in it."""

    def lay(files, name="from"):
        for path, data in files.items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return tmp_path / name

    return lay


@pytest.fixture
def pack(tmp_path):
    """pack({"ada/tiny.ipynb": bytes}) → a zip archive of them."""

    def pack(files, name="from.zip"):
        (tmp_path / name).write_bytes(zipped(files))
        return tmp_path / name

    return pack


def book(paper, text=""):
    paper["shift"]["source"] += f"\n# {text}"
    return paper.bytes()


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return made.getvalue()


def there(course):
    """What lies in submitted/, less the log."""
    root = course.submitted
    files = [path for path in root.rglob("*") if path.is_file() and path.name != FILE]
    return sorted(path.relative_to(root).as_posix() for path in files)


def collect(*args, **more):
    """The submissions of a delivery, of which each entry was accounted for."""
    found = whole(*args, **more)
    assert all(why is None or (why and "\n" not in why) for _, why in found.entries)
    assert not any("nothing was done" in (why or "") for _, why in found.entries)
    return found.submissions
