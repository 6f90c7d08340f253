"""What students get: current, without answers and hidden tests."""

import re
from pathlib import Path

import nbformat
import pytest

from autograder.__main__ import main
from autograder.course import Course

ROOT = Path(__file__).resolve().parents[2]
COURSE = Course(ROOT)
PAIRS = [
    (source, COURSE.exercises / source.relative_to(COURSE.solutions))
    for name in COURSE.assignments
    for source in COURSE.notebooks(name)
]


def cells(path):
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def regions(text, name):
    """The lines between the marks of a region."""
    found = re.findall(rf"BEGIN {name}\n(.*?)^[^\n]*END {name}", text, re.S | re.M)
    return [line.strip() for part in found for line in part.splitlines() if line.strip()]


def test_the_release_is_current(capsys):
    assert main(["release", "--check", "--course", str(ROOT)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize(("source", "released"), PAIRS, ids=lambda path: path.stem)
def test_no_answer_and_no_hidden_test_is_in_it(source, released):
    answers = hidden = 0
    open_cells = cells(released)
    for name, cell in cells(source).items():
        kept = [line.strip() for line in open_cells[name].source.splitlines()]
        visible = re.sub(
            r"BEGIN (SOLUTION|HIDDEN).*?END (SOLUTION|HIDDEN)", "", cell.source, flags=re.S
        )
        visible = [line.strip() for line in visible.splitlines()]
        for line in regions(cell.source, "SOLUTION"):
            answers += 1
            assert line not in kept or line in visible
        for line in regions(cell.source, "HIDDEN TESTS"):
            hidden += 1
            assert line not in kept or line in visible
    assert answers and hidden


@pytest.mark.parametrize(("source", "released"), PAIRS, ids=lambda path: path.stem)
def test_every_test_is_worth_points_and_the_title_gives_their_sum(source, released):
    marks = [cell.metadata.get("nbgrader", {}) for cell in cells(released).values()]
    points = [mark["points"] for mark in marks if mark.get("grade")]
    assert all(points)
    texts = [c.source for c in cells(released).values() if c.cell_type == "markdown"]
    title = next(text for text in texts if text.startswith("# "))
    assert f"{sum(points)} points" in title
    each = [text for text in texts if text.startswith("## ")]
    named = [int(n) for text in each for n in re.findall(r"★.* · (\d+) points?", text)]
    assert sum(named) == sum(points)
