"""The gradebook: what stock nbgrader would write, in one transaction; work by hand stays."""

import contextlib
import datetime
import shutil
import sqlite3

import nbformat
import pytest

from autograder.course import Course, Trouble
from autograder.model import Ran, Score, from_json, to_json
from autograder.nbgrader_api import Away, convert, register
from autograder.record import record
from autograder.record.gradebook import Book
from tests.support.recording import change, result, rows


def grades(course, student="ann"):
    """grade_id → (automatic score, score by hand, to be looked at)."""
    with contextlib.closing(sqlite3.connect(course.gradebook)) as book:
        found = book.execute(
            "select c.name, g.auto_score, g.manual_score, g.needs_manual_grade from grade g "
            "join base_cell c on c.id = g.cell_id join submitted_notebook m on m.id = g.notebook_id "
            "join submitted_assignment x on x.id = m.assignment_id where x.student_id = ?",
            (student,),
        )
        return {name: tuple(others) for name, *others in found}


def comments(course):
    with contextlib.closing(sqlite3.connect(course.gradebook)) as book:
        found = book.execute(
            "select c.name, o.auto_comment from comment o join base_cell c on c.id = o.cell_id"
        )
        return dict(found.fetchall())


def test_scores_and_diagnoses_are_recorded(known):
    record(known, result(first=0.5, second=1.0))
    assert grades(known) == {"double-test": (0.5, None, 0), "half-test": (1.0, None, 0)}
    assert comments(known) == {"double": "* double-test: double(3) is 6", "half": None}


def test_recording_twice_changes_nothing(known):
    key = record(known, result())
    before = rows(known)
    assert record(known, result()) == key and rows(known) == before


def test_work_by_hand_stays_and_is_marked_for_another_look(known):
    record(known, result(first=0.0, second=0.0))
    change(
        known,
        "update grade set manual_score = 1.5, extra_credit = 0.25, needs_manual_grade = 0 where "
        "cell_id = (select id from base_cell where name = 'double-test' and type = 'GradeCell')",
    )
    change(known, "update comment set manual_comment = 'see me'")
    record(known, result(first=2.0, second=1.0))
    assert grades(known) == {"double-test": (2.0, 1.5, 1), "half-test": (1.0, None, 0)}
    assert all("see me" in row for row in rows(known)["comments"])
    assert any("0.25" in row for row in rows(known)["grades"])


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -1.0, 2.5, None])
def test_a_score_that_does_not_exist_waits_for_a_person(known, score):
    record(known, result(first=score))
    assert grades(known)["double-test"] == (None, None, 1)


def test_a_verdict_waits_for_a_person_and_says_why(known):
    record(known, result(first=2.0))
    broken = result()
    broken.sheet.cells, broken.scores, broken.ran = [], {}, {}
    broken.sheet.verdict = "tiny.ipynb is no notebook."
    record(known, broken)
    assert set(grades(known).values()) == {(None, None, 1)}
    assert set(comments(known).values()) == {"tiny.ipynb is no notebook."}
    path = known.autograded / "ann" / "01_tiny" / "tiny.ipynb"
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    assert "tiny.ipynb is no notebook." in nb.cells[0].source
    assert nb.metadata.autograder.verdict == "tiny.ipynb is no notebook."
    page = (known.feedback / "ann" / "01_tiny" / "tiny.html").read_text()
    assert "not graded" in page and "tiny.ipynb is no notebook." in page


def test_flags_raise_formgraders_flag(known):
    from autograder.model import Flag

    record(known, result("ann"))
    flagged = result("bob")
    flagged.flags = [Flag("forged", "An output was forged.")]
    record(known, flagged)
    assert rows(known)["notebooks"] == ["('ann', 'tiny', 0, None)", "('bob', 'tiny', 1, None)"]
    page = (known.feedback / "bob" / "01_tiny" / "tiny.html").read_text()
    assert "forged" not in page


def test_everything_or_nothing(known, monkeypatch):
    record(known, result(first=2.0))
    before = rows(known)

    def fails(*_):
        raise RuntimeError("in the middle")

    monkeypatch.setattr(Book, "fine", fails)
    for student in ("ann", "new"):
        with pytest.raises(RuntimeError):
            record(known, result(student, first=0.0))
    assert rows(known) == before


def test_a_locked_gradebook_is_away_and_nothing_is_written(known, monkeypatch):
    monkeypatch.setattr("autograder.record.gradebook.IMPATIENCE", 0.1)
    with Book(known) as book:
        before = rows(known)
        with contextlib.closing(sqlite3.connect(known.gradebook)) as other:
            other.execute("begin exclusive")
            with pytest.raises(Away, match="is locked"):
                record(known, result(), book=book)
            other.rollback()
        assert rows(known) == before
        record(known, result(), book=book)
        assert len(rows(known)["submissions"]) == 1


def test_a_gradebook_that_is_gone_for_a_while(known):
    hidden = known.gradebook.with_suffix(".away")
    with Book(known) as book:
        record(known, result("ann"), book=book)
        known.gradebook.rename(hidden)
        with pytest.raises(Away, match="is gone"):
            record(known, result("bob"), book=book)
        assert not known.gradebook.exists()
        hidden.rename(known.gradebook)
        record(known, result("bob"), book=book)
    assert len(rows(known)["submissions"]) == 2


def test_a_gradebook_that_is_none(known):
    known.gradebook.write_text("these are my notes " * 100)
    with pytest.raises(Trouble, match="is not a gradebook"):
        record(known, result())
    assert "my notes" in known.gradebook.read_text()


def test_an_assignment_that_the_gradebook_does_not_know(known):
    graded = result()
    graded.sheet.assignment = "09_other"
    with pytest.raises(Trouble, match="does not know 09_other"):
        record(known, graded)


# ── the same as stock nbgrader ───────────────────────────────────────────────────────────────────


def rich(cells):
    """A master with everything nbgrader knows: tests, answers graded by hand, a task, part points."""
    from nbformat.v4 import new_code_cell, new_markdown_cell

    from tests.support.tiny import mark

    by_hand = dict(grade=True, solution=True)
    return cells + [
        mark(new_markdown_cell("*Your answer here.*", id="why"), points=2, **by_hand),
        mark(new_markdown_cell("*Your answer here.*", id="why-not"), points=2, **by_hand),
        mark(new_code_cell("# plot it", id="plot"), points=3, **by_hand),
        mark(new_code_cell("0.5", id="part"), points=1, grade=True, locked=True),
        mark(new_markdown_cell("Do it on paper.", id="paper"), points=4, task=True, locked=True),
    ]


LATE = "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"


@pytest.mark.slow
def test_every_row_is_what_stock_nbgrader_writes(template, tmp_path):
    """Two courses, the same submissions: one graded by nbgrader, the other one recorded here."""
    from nbgrader.api import Gradebook
    from nbgrader.converters import Autograde

    from tests.support.fake_judge import read, work

    courses = []
    for name in ("stock", "ours"):
        shutil.copytree(template, tmp_path / name, ignore=shutil.ignore_patterns("*.db"))
        course = Course(tmp_path / name)
        path = course.solutions / "01_tiny" / "tiny.ipynb"
        nb = nbformat.read(path, as_version=4)
        nb.cells = rich(nb.cells)
        nbformat.write(nb, path)
        with open(course.root / "nbgrader_config.py", "a") as config:
            config.write(LATE)
        course = Course(tmp_path / name)
        register(course, "01_tiny")
        with Gradebook(course.db_url, course.course_id) as book:
            book.update_or_create_assignment("01_tiny", duedate="2026-01-10 12:00:00 UTC")
        answers = dict(double="def double(x):\n    return 2 * x", why="Because.", plot="print(1)")
        hand_in(course, "right", "2026-01-09 12:00:00 UTC", **answers)
        hand_in(course, "late", "2026-01-11 12:00:00 +0100", **answers)
        hand_in(course, "empty", None)
        courses.append(course)
    stock, ours = courses

    def both():
        convert(stock, Autograde, "01_tiny")
        for one in ours.submissions(["01_tiny"]):
            record(
                ours, *(partly(from_json(work(dict(sheet=to_json(s))))) for s in read(ours, one))
            )
        return rows(stock), rows(ours)

    theirs, mine = both()
    assert without_diagnoses(mine) == theirs
    assert any("5.0" in row or "2.5" in row for row in mine["notebooks"]), "no penalty at all"
    assert diagnoses(mine) == set(), "an answer without a word in it has no diagnosis"
    for course in courses:  # a person grades; then everything is graded again
        change(
            course, "update grade set manual_score = 1.0, needs_manual_grade = 0, extra_credit = 1"
        )
        change(course, "update comment set manual_comment = 'fine'")
        hand_in(course, "empty", "2026-01-08 12:00:00", half="def half(x):\n    return x")
    theirs, mine = both()
    assert without_diagnoses(mine) == theirs
    assert diagnoses(mine) == {("empty", "half")}
    again = datetime.datetime(2026, 1, 8, 12)
    assert any(str(again) in row for row in mine["submissions"])


def hand_in(course, student, stamp, **answers):
    folder = course.submitted / student / "01_tiny"
    folder.mkdir(parents=True, exist_ok=True)
    assert convert_release(course)
    nb = nbformat.read(course.exercises / "01_tiny" / "tiny.ipynb", as_version=4)
    for cell in nb.cells:
        cell.source = answers.get(cell.id, cell.source)
    nbformat.write(nb, folder / "tiny.ipynb")
    if stamp:
        (folder / "timestamp.txt").write_text(stamp)


def convert_release(course):
    from autograder.release import release

    release(course, "01_tiny", force=True)
    return True


def partly(graded):
    """The fake judge knows no results of cells; the judge does: half a point for `part`."""
    graded.scores["part"] = Score(0.5, 1.0)
    part = dict(output_type="execute_result", data={"text/plain": "0.5"}, metadata={})
    graded.ran["part"] = Ran("ok", [part], 5)
    return graded


def diagnoses(tables):
    found = [eval(row) for row in tables["comments"]]
    return {tuple(row[:2]) for row in found if row[3] and row[3] != "No response."}


def without_diagnoses(tables):
    """Where stock nbgrader leaves an answer's comment empty, a failed check's diagnosis stands."""
    told = [eval(row) for row in tables["comments"]]
    bare = [(*r[:3], r[3] if r[3] == "No response." else None, r[4]) for r in told]
    return {**tables, "comments": sorted(map(repr, bare))}
