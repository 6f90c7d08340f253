"""Why marks were lost: from the check's diagnosis, the judge's note, or what the cell said."""

import hashlib
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.utils import compute_checksum

from autograder.model import Score
from autograder.report.reasons import Mistake, noted, reasons
from utils.check.finding import NO_STEP, Finding, Line

CHECK = """\
✗ SGDOptimizer stopped in step 1: it goes wrong.
  with       lr = 0.1

  Diagnosis  Steps uphill. The sign of the step is wrong, so that
             the loss grows.
  Hint 1     Look at the sign."""


def failed(name, value):
    return new_output("error", ename=name, evalue=value, traceback=[])


def cell(name, *outputs, points=2, **what):
    one = new_code_cell("pass", id=name, outputs=list(outputs))
    mark = dict(grade_id=name, grade=True, solution=False, locked=True, points=points)
    one.metadata.nbgrader = {**mark, "schema_version": 3, "task": False, **what}
    return one


@pytest.fixture
def graded(course):
    """graded(*cells, about=…): a graded notebook of ann's."""

    def write(*cells, about=None):
        nb = new_notebook(cells=list(cells))
        if about is not None:
            nb.metadata.autograder = about
        path = course.autograded / "ann" / "01_tiny" / "tiny.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(nb, path)
        return course

    return write


FOUND = Finding(
    "SGDOptimizer", "SGDOptimizer does not take the same steps as SGD.", mistakes=("steps uphill",),
    diagnosis=("Steps uphill. The sign of the step is wrong.",), line=Line(3, "    p.add_(p.grad, alpha=lr)"),
)  # fmt: skip


@pytest.fixture
def judged(graded, hand_in):
    """judged(**scores): a graded notebook of ann's for which the judge noted this."""

    def write(**scores):
        digest = hashlib.sha256(hand_in("ann").read_bytes()).hexdigest()
        scores = {name: asdict(score) for name, score in scores.items()}
        cells = [cell(name, failed("CheckFailed", CHECK)) for name in scores]
        return graded(*cells, about=dict(digest=digest, scores=scores))

    return write


def score(found, **more):
    found_by = dict(
        finding=found.to_json(), mistakes=list(found.mistakes), unwritten=found.unwritten
    )
    return Score(0.0, 2.0, why=CHECK, raised="CheckFailed", **found_by, **more)


def test_a_finding_in_one_sentence_with_its_line(judged):
    found = noted(judged(check=score(FOUND), hidden=score(FOUND)), "ann", "01_tiny")
    assert found.why == [
        "check, hidden: SGDOptimizer: steps uphill (line 3: p.add_(p.grad, alpha=lr))"
    ]
    assert found.mistakes == [
        Mistake(cell, "steps uphill", "p.add_(p.grad, alpha=lr)") for cell in ("check", "hidden")
    ]


def test_a_finding_without_a_name_says_what_was_measured(judged):
    seen = replace(
        FOUND, mistakes=("unknown",), diagnosis=(), observed=("Grows with lr.",), line=None
    )
    found = noted(judged(check=score(seen)), "ann", "01_tiny")
    assert found.why == ["check: Grows with lr."]
    assert found.mistakes == [Mistake("check", "unknown")]


def test_a_label_that_is_renamed_on_the_screen_breaks_no_report(judged, monkeypatch):
    """What the report says is read from fields: the message may be in any words."""
    course = judged(check=score(FOUND))
    before = noted(course, "ann", "01_tiny")
    monkeypatch.setattr(
        sys.modules[__name__], "CHECK", "✗ Etwas ist falsch.\n  Befund  ganz anders"
    )
    after = noted(judged(check=score(FOUND)), "ann", "01_tiny")
    assert (after.why, after.mistakes) == (before.why, before.mistakes)


def test_what_is_not_written_yet_is_known_by_its_field(judged):
    found = replace(FOUND, mistakes=(NO_STEP,), line=None)
    course = judged(check=score(found))
    assert [one.unwritten for one in noted(course, "ann", "01_tiny").mistakes] == [True]


def test_no_regular_expression_reads_english():
    assert "import re" not in Path(sys.modules[noted.__module__].__file__).read_text()


def test_a_notebook_that_plain_nbgrader_graded_shows_the_first_line(graded):
    found = noted(graded(cell("check", failed("CheckFailed", CHECK))), "ann", "01_tiny")
    assert found.why == ["check: ✗ SGDOptimizer stopped in step 1: it goes wrong."]
    assert found.mistakes == []


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (failed("AssertionError", "half(3) is 1.5\nand so on"), "half(3) is 1.5"),
        (failed("AssertionError", ""), "an assertion failed"),
        (failed("ValueError", "no"), "ValueError: no"),
        (new_output("stream", name="stderr", text="careful"), "wrote to stderr"),
    ],
)
def test_what_a_cell_said(graded, output, said):
    (why,) = reasons(graded(cell("test", output)), "ann", "01_tiny")
    assert why.startswith(f"test: {said}")


def test_partial_points(graded):
    output = new_output("execute_result", {"text/plain": "0.5"}, execution_count=1)
    assert reasons(graded(cell("test", output)), "ann", "01_tiny") == ["test: 0.5 of 2 points"]


def test_nothing_lost(graded):
    assert reasons(graded(cell("test")), "ann", "01_tiny") == []


def test_what_the_judge_noted_counts_more_than_outputs(graded, hand_in):
    path = hand_in("ann")
    scores = {"test": dict(score=0.0, most=2.0, why="the answer is -1", mistakes=["the sign"])}
    about = dict(
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        scores=scores,
        flags=[dict(kind="torch.optim called", text="cell double calls torch.optim.SGD.")],
    )
    output = new_output("stream", name="stderr", text="a warning")
    found = noted(graded(cell("test", output), about=about), "ann", "01_tiny")
    assert found.why == ["test: the answer is -1"]
    assert found.mistakes == [Mistake("test", "the sign")] and found.about == [about]


def test_of_what_could_not_be_graded_one_sentence_is_said(graded):
    """Not also that each cell was not answered."""
    blank = cell("answer", grade=False, solution=True, checksum=None)
    blank.metadata.nbgrader.checksum = compute_checksum(blank)
    found = noted(graded(blank, cell("test"), about=dict(verdict="cut off.")), "ann", "01_tiny")
    assert found.why == [] and found.about == [{"verdict": "cut off."}]
    assert noted(graded(blank), "ann", "01_tiny").why == ["answer: not answered"]


@pytest.mark.parametrize("digest", ["", "0" * 64, None, ["x"]])
def test_a_student_cannot_write_what_grading_noted(graded, hand_in, digest):
    """`nbgrader autograde` keeps the metadata of what was handed in."""
    hand_in("ann")
    forged = {"test": dict(score=2.0, most=2.0, why="", mistakes=[])}
    course = graded(
        cell("test", failed("ValueError", "no")),
        about=dict(digest=digest, scores=forged, flags=[{}], tier="namespaces"),
    )
    found = noted(course, "ann", "01_tiny")
    assert found.why == ["test: ValueError: no"] and found.about == [{}]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"cells": 3, "metadata": {}}', '{"cells": [{}], "metadata": {}}']
)
def test_a_graded_notebook_that_cannot_be_read(course, text):
    path = course.autograded / "ann" / "01_tiny" / "tiny.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert reasons(course, "ann", "01_tiny") == []


def test_colours_and_signs_that_move_the_cursor_are_taken_out(graded):
    course = graded(cell("test", failed("ValueError", "\x1b[31mred\x1b[0m \x1b]0;title\x07\x08up")))
    assert reasons(course, "ann", "01_tiny") == ["test: ValueError: red \ufffdup"]


def test_lines_of_a_cell_as_a_list(graded):
    """In a file, texts may be lists of lines."""
    course = graded(cell("test", failed("CheckFailed", CHECK)))
    path = course.autograded / "ann" / "01_tiny" / "tiny.ipynb"
    assert isinstance(json.loads(path.read_text())["cells"][0]["source"], list)
    assert reasons(course, "ann", "01_tiny") == [
        "test: ✗ SGDOptimizer stopped in step 1: it goes wrong."
    ]
