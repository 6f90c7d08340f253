"""The graded notebook: nbgrader reads the recorded score out of it, and formgrader can show it."""

import json

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import compute_checksum, determine_grade

from autograder.model import Ran
from autograder.record import record
from tests.support.recording import extra, failed, result


def graded_notebook(course, graded):
    record(course, graded)
    path = course.autograded / graded.sheet.student / "01_tiny" / "tiny.ipynb"
    return nbformat.read(path, as_version=4)


def cell(nb, name):
    return next(one for one in nb.cells if one.metadata.get("nbgrader", {}).get("grade_id") == name)


OUTPUTS = {
    "nothing": [],
    "an error": [failed("no")],
    "a warning": [dict(output_type="stream", name="stderr", text="UserWarning")],
    "a result": [dict(output_type="execute_result", data={"text/plain": "1.5"}, metadata={})],
    "no number": [dict(output_type="execute_result", data={"text/plain": "nice"}, metadata={})],
    "a picture": [dict(output_type="execute_result", data={"image/png": "x"}, metadata={})],
    "too much": [dict(output_type="execute_result", data={"text/plain": "9"}, metadata={})],
    "negative": [dict(output_type="execute_result", data={"text/plain": "-1"}, metadata={})],
}


@pytest.mark.parametrize("score", [0.0, 0.5, 1.5, 2.0])
@pytest.mark.parametrize("outputs", OUTPUTS.values(), ids=OUTPUTS)
def test_nbgrader_reads_the_recorded_score(known, outputs, score):
    graded = result(first=score)
    graded.ran["double-test"] = Ran("ok", outputs, 2)
    nb = graded_notebook(known, graded)
    assert determine_grade(cell(nb, "double-test")) == (score, 2.0)


def test_a_test_that_did_not_run_has_not_passed(known):
    graded = result()
    graded.ran.pop("double-test")
    graded.scores.pop("double-test")
    assert determine_grade(cell(graded_notebook(known, graded), "double-test"))[0] == 0


def test_marks_and_locked_cells_are_the_masters(known):
    graded = result()
    graded.sheet.cells[2].source = "pass  # changed on the way"
    nb = graded_notebook(known, graded)
    nbformat.validate(nb)
    MetadataValidator().validate_nb(nb)
    test = cell(nb, "double-test")
    assert "double(3) is 6" in test.source
    assert test.metadata.nbgrader.checksum == compute_checksum(test)
    assert test.metadata.nbgrader.points == 2 and test.metadata.editable is False
    answer = cell(nb, "double")
    assert answer.metadata.nbgrader.checksum != compute_checksum(answer), "as released, that is"
    assert nb.metadata.kernelspec.name == "python3"


def test_what_nbgrader_has_no_place_for_is_in_the_metadata(known):
    nb = graded_notebook(known, result(notes=["A cell was there twice."]))
    about = nb.metadata.autograder
    assert about.tier == "stand-in" and about.seconds == 0.25
    assert about.notes == ["A cell was there twice."]
    noted = about.scores["double-test"]
    assert (noted.score, noted.most, noted.why) == (0, 2, "double(3) is 6")
    assert noted.finding is None and noted.mistakes == []
    assert cell(nb, "double").metadata.autograder.origin == "student"


@pytest.mark.parametrize("name", ["double", "a b", "ü" * 100, "", "x" * 200, "<script>"])
def test_odd_cell_ids_are_put_right(known, name):
    graded = extra(graded=result())
    graded.sheet.cells[-1].id = name
    nb = graded_notebook(known, graded)
    nbformat.validate(nb)
    assert len({one.id for one in nb.cells}) == len(nb.cells)


def test_a_students_cell_cannot_pass_for_a_test(known):
    graded = extra(result(), source="1")
    graded.sheet.cells[-1].metadata = {"nbgrader": {"grade": True, "grade_id": "x", "points": 9}}
    nb = graded_notebook(known, graded)
    assert "nbgrader" not in nb.cells[-1].metadata


def test_long_output_is_cut_as_the_configuration_says(known):
    shown = dict(output_type="stream", name="stdout", text="line\n" * 5000)
    nb = graded_notebook(known, extra(result(), shown))
    assert nb.cells[-1].outputs[0].text.count("\n") < 501
    path = known.autograded / "ann" / "01_tiny" / "tiny.ipynb"
    assert path.stat().st_size < 20_000 and path.stat().st_mode & 0o777 == 0o444


def test_text_that_is_no_text(known):
    shown = dict(output_type="stream", name="stdout", text="a\ud800b\x00c")
    nb = graded_notebook(known, extra(result(), shown, source="x = '\ud800'"))
    assert nb.cells[-1].outputs[0].text == "abc"
    json.dumps(nb).encode()
