"""exercises/ comes from solutions/: always the same, clean, and nobody's work is overwritten."""

import nbformat
import pytest


def released(course):
    return course.exercises / "01_tiny" / "tiny.ipynb"


def cell(path, name):
    return next(one for one in nbformat.read(path, as_version=4).cells if one.id == name)


def change(path, name, source):
    nb = nbformat.read(path, as_version=4)
    next(one for one in nb.cells if one.id == name).source = source
    nbformat.write(nb, path)


def test_answers_and_hidden_tests_are_taken_out(course):
    text = released(course).read_text()
    assert "2 * x" not in text and "double(3)" not in text
    assert "HIDDEN" not in text and "SOLUTION" not in text
    assert cell(released(course), "double").source.endswith("raise NotImplementedError()")
    assert "double(2) == 4" in cell(released(course), "double-test").source


def test_cell_ids_stay(course):
    source = nbformat.read(course.solutions / "01_tiny" / "tiny.ipynb", as_version=4)
    copy = nbformat.read(released(course), as_version=4)
    assert [one.id for one in copy.cells] == [one.id for one in source.cells]


def test_the_same_source_gives_the_same_bytes(course, autograder):
    before = released(course).read_bytes()
    released(course).unlink()
    status, out, _ = autograder("release")
    assert status == 0 and "released" in out
    assert released(course).read_bytes() == before


def test_outputs_in_the_source_do_not_get_out(course, autograder):
    path = course.solutions / "01_tiny" / "tiny.ipynb"
    before = released(course).read_bytes()
    nb = nbformat.read(path, as_version=4)
    nb.cells[1].outputs = [nbformat.v4.new_output("stream", text="the answer is 2 * x")]
    nb.cells[1].execution_count = 3
    nbformat.write(nb, path)
    assert autograder("release")[0] == 0
    assert released(course).read_bytes() == before


def test_the_gradebook_is_not_touched(course, autograder):
    autograder("release")
    assert not course.gradebook.exists()


def test_check_sees_drift_and_changes_nothing(course, autograder):
    assert autograder("release", "--check")[0] == 0
    change(course.solutions / "01_tiny" / "tiny.ipynb", "title", "# Tiny indeed")
    before = released(course).read_bytes()
    status, out, err = autograder("release", "--check")
    assert status == 1
    assert "exercises/01_tiny/tiny.ipynb" in out and "run `autograder release`" in err
    assert released(course).read_bytes() == before


def test_check_sees_an_exercise_without_a_source(course, autograder):
    stray = course.exercises / "00_gone" / "gone.ipynb"
    stray.parent.mkdir()
    stray.write_bytes(released(course).read_bytes())
    status, out, _ = autograder("release", "--check")
    assert status == 1 and "exercises/00_gone has no source" in out


def test_files_beside_the_notebook_come_along_and_go_again(course, autograder):
    data = course.solutions / "01_tiny" / "data.csv"
    data.write_text("1,2\n")
    assert autograder("release")[0] == 0
    assert (released(course).parent / "data.csv").read_text() == "1,2\n"
    data.unlink()
    assert autograder("release")[0] == 0
    assert not (released(course).parent / "data.csv").exists()


def test_answers_that_someone_wrote_in_exercises_are_not_overwritten(course, autograder):
    change(released(course), "double", "def double(x):\n    return x + x")
    status, _, err = autograder("release")
    assert status == 1 and "has answers in it (cell double)" in err
    assert "x + x" in released(course).read_text()
    assert autograder("release", "--force")[0] == 0
    assert "x + x" not in released(course).read_text()


@pytest.mark.parametrize(
    ("cell", "source", "sentence"),
    [
        ("title", "### BEGIN SOLUTION\n1\n### END SOLUTION", "Solution region detected"),
        ("title", "### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS", "Hidden test region detected"),
        ("double", "### BEGIN SOLUTION\n1", "cell double has a BEGIN or END SOLUTION too many"),
        (
            "half-test",
            "### BEGIN HIDDEN TEST\n1\n### END HIDDEN TESTS",
            "cell half-test has a BEGIN",
        ),
        ("half-test", "# BEGIN HIDEN TESTS\n1", "`# BEGIN HIDEN TESTS` would be left in cell half"),
    ],
)
def test_a_source_that_would_leak_is_not_released(course, autograder, cell, source, sentence):
    before = released(course).read_bytes()
    change(course.solutions / "01_tiny" / "tiny.ipynb", cell, source)
    status, _, err = autograder("release")
    assert status == 1 and sentence in err and err.count("\n") == 1
    assert released(course).read_bytes() == before


def test_a_source_that_is_no_notebook(course, autograder):
    (course.solutions / "01_tiny" / "tiny.ipynb").write_text('{"cells": [')
    status, _, err = autograder("release")
    assert status == 1 and "solutions/01_tiny/tiny.ipynb: " in err
