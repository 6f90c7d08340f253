"""The master of a notebook: as it is graded, and as it was released."""

import ast
import contextlib
import hashlib
import json
import re
from dataclasses import dataclass, field

import nbformat

from autograder.course import Trouble, said
from autograder.intake.static_checks import Names, of_course
from autograder.intake.syntax import Opaque, of_master
from autograder.model import ANSWER, FREE, GIVEN, TEST, TEXT, Cell

TELLTALE = 25  # characters
QUOTED = re.compile(r"\"([^\"{}\n]+)\"|'([^'{}\n]+)'")
OURS = ("badge", "setup")
"""The ids of cells that tools/tidy.py writes into each notebook. They are the master's."""


@dataclass
class Master:
    """A notebook of solutions/.

    cells: as they are graded: answers are the stubs of the release, tests have the hidden part.
    released: cell id → source, as students got it.
    fixed: ids of the cells whose source is never the student's.
    hidden: cell id → (lines, texts in quotes) that only the graders see, the longer ones.
    references: what of utils/ only its tests use.
    """

    notebook: str
    cells: list
    released: dict
    fixed: set
    hidden: dict = field(default_factory=dict)
    references: frozenset = frozenset()

    def __post_init__(self):
        known = "\n".join(self.released.values())
        for cell in self.cells:
            if cell.role == TEST and cell.source != self.released[cell.id]:
                rows = [line for line in lines(cell.source) if telling(line, known)]
                quoted = [a or b for a, b in QUOTED.findall(cell.source)]
                self.hidden[cell.id] = (rows, [text for text in quoted if telling(text, known)])
        self.by_id = {cell.id: cell for cell in self.cells}
        self.by_grade_id = {cell.grade_id: cell for cell in self.cells if cell.grade_id}


def references(cells):
    """What of utils/ only tests use, and no solution: that with which an answer is compared."""
    names = Names()
    used: dict[bool, list[ast.Module]] = {True: [], False: []}
    for cell in cells:
        with contextlib.suppress(Opaque):
            trees = of_master(cell.source)[0] if cell.kind == "code" else []
            used[cell.role == TEST] += trees
            for tree in trees:
                names.learn(tree)
    tests, others = ({x for tree in used[test] for x in of_course(tree, names)} for test in used)
    return frozenset(tests - others)


def telling(text, known):
    """Is this a text of the hidden tests that nobody writes by chance?"""
    return len(text) >= TELLTALE and text not in known and not text.startswith("###")


def lines(source):
    return [line.strip() for line in source.splitlines() if line.strip()]


def masters(course, assignment):
    """The masters of an assignment, one for each notebook.

    Raises:
        Trouble: there is none, or nbgrader cannot release one.
    """
    paths = course.notebooks(assignment)
    if not paths:
        raise Trouble(f"there is no assignment {assignment} in {course.solutions}.")
    return [master(course, path) for path in paths]


def master(course, path):
    """One master. The same source and configuration give the same object: leave it as it is."""
    try:
        data = path.read_bytes()
        key = hashlib.sha256(data + repr(course.config).encode()).hexdigest()
        if key not in KNOWN:
            KNOWN[key] = made(course, path, data)
        return KNOWN[key]
    except Exception as error:  # whatever nbgrader's steps stumble over
        raise Trouble(f"{path} cannot be released: {said(error)}.") from error


KNOWN: dict[str, Master] = {}


def made(course, path, data):
    """A master, made by the steps of nbgrader's GenerateAssignment.

    What they have made when they come to write it into the gradebook is what is graded.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import SaveCells

    steps = list(GenerateAssignment(config=course.config).preprocessors)
    saved = steps.index(SaveCells) if SaveCells in steps else len(steps)
    about = dict(assignment=path.parent.name, notebook=path.stem, student=".", db_url="")
    resources = {"nbgrader": about, "unique_key": path.stem}
    nb = nbformat.reads(data.decode("utf-8"), as_version=4)
    name_cells(nb, data)
    compared = references([cell_of(cell) for cell in nb.cells])
    for step in steps[:saved]:
        nb, resources = step(config=course.config).preprocess(nb, resources)
    cells = [cell_of(cell) for cell in nb.cells]
    fixed = {one.id for one, cell in zip(cells, nb.cells, strict=True) if is_fixed(one, cell)}
    for step in steps[saved + 1 :]:
        nb, resources = step(config=course.config).preprocess(nb, resources)
    released = {one.id: cell.source for one, cell in zip(cells, nb.cells, strict=True)}
    return Master(path.stem, cells, released, fixed, references=compared)


def name_cells(nb, data):
    """A master without cell ids gets the same ones each time."""
    if nb.nbformat_minor >= 5 and b'"id"' in data:
        return
    for number, cell in enumerate(nb.cells, 1):
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id") or f"cell-{number}"


def cell_of(cell):
    mark = cell.metadata.get("nbgrader", {})
    return Cell(
        id=cell.id,
        role=role(cell, mark),
        kind=cell.cell_type,
        source=cell.source,
        grade_id=mark.get("grade_id"),
        points=float(mark["points"]) if "points" in mark else None,
        metadata=json.loads(json.dumps(cell.metadata)),
    )


def role(cell, mark):
    if mark.get("solution"):
        return ANSWER
    if mark.get("grade"):
        return TEST
    if cell.cell_type != "code":
        return TEXT
    return GIVEN if mark.get("locked") or cell.id in OURS else FREE


def is_fixed(one, cell):
    mark = cell.metadata.get("nbgrader", {})
    locked = mark.get("locked") and not mark.get("solution")
    return one.role in (TEST, GIVEN) or bool(locked) or one.id in OURS
