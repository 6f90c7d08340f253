"""Whatever is raised for one submission is that submission's verdict: the class goes on."""

import importlib

import pytest

from autograder.atomic import Full
from autograder.course import Trouble
from autograder.grade import grade
from autograder.record import feedback
from autograder.report import results
from tests.support import fake_judge
from tests.support.recording import hand_in

BREAKS = [  # (module, function): what may go wrong with one submission
    ("autograder.record.graded_notebook", "clean_output"),
    ("autograder.record.graded_notebook", "build"),
    ("autograder.record.recorder", "entry"),
    ("autograder.record.recorder", "hand_on"),
    ("autograder.record.feedback_page", "page"),
    ("autograder.record.feedback_page", "output"),
    ("autograder.grade", "told"),
]
MARK = "BOOM"


def graded(course):
    settings = dict(read=fake_judge.read, work=fake_judge.work, begin=None, workers=1)
    names = course.submissions(["01_tiny"])
    return {one.submission.student: one for one in grade(course, names, **settings)}


@pytest.fixture
def handed_in(known):
    """Three hand in; what bob wrote and showed has the mark in it."""
    for student in ("ann", "bob", "eve"):
        answer = f"def double(x):\n    return x + x\nprint('{MARK if student == 'bob' else ''}')"
        hand_in(known, student, double=answer)
    return known


def breaking(monkeypatch, module, name, error):
    """The function raises this whenever it has to do with bob's work."""
    room = importlib.import_module(module)
    real = getattr(room, name)

    def breaks(*args, **kwargs):
        if MARK in repr(args):
            raise error
        return real(*args, **kwargs)

    monkeypatch.setattr(room, name, breaks)


@pytest.mark.parametrize(("module", "name"), BREAKS)
def test_the_others_are_graded_and_the_log_says_why(handed_in, monkeypatch, module, name):
    breaking(monkeypatch, module, name, RecursionError("too deep"))
    found = graded(handed_in)
    assert {student for student, one in found.items() if one.graded} == {"ann", "eve"}
    assert "RecursionError: too deep" in " ".join(found["bob"].why)
    log = (handed_in.autograded.parent / "grade.log").read_text()
    assert "bob" in log and "Traceback" in log and "RecursionError: too deep" in log
    scores = {one.student: one.score for one in results(handed_in)}
    assert scores["ann"] == scores["eve"] == 2


def test_the_next_run_tries_it_again(handed_in, monkeypatch):
    with monkeypatch.context() as broken:
        breaking(broken, "autograder.record.feedback_page", "page", ValueError("odd"))
        assert not graded(handed_in)["bob"].graded
    again = graded(handed_in)
    assert again["bob"].graded and again["bob"].fresh and not again["ann"].fresh


def test_a_page_that_cannot_be_written_stops_nobody_else(handed_in):
    (handed_in.feedback).mkdir(parents=True, exist_ok=True)
    (handed_in.feedback / "bob").write_text("a file in its place")
    found = graded(handed_in)
    assert {student for student, one in found.items() if one.graded} == {"ann", "eve"}
    assert "cannot be written" in " ".join(found["bob"].why)


def test_a_full_disk_stops_all(handed_in, monkeypatch):
    def full(*args, **kwargs):
        raise Full("x cannot be written: No space left on device.")

    monkeypatch.setattr("autograder.record.recorder.atomic.write", full)
    with pytest.raises(Trouble, match="No space left"):
        graded(handed_in)


def test_a_graded_notebook_that_was_damaged_since(handed_in):
    graded(handed_in)
    path = handed_in.autograded / "bob" / "01_tiny" / "tiny.ipynb"
    path.chmod(0o644)
    path.write_text("{")
    found = graded(handed_in)
    assert not found["bob"].graded and found["ann"].graded and found["eve"].graded
    with pytest.raises(Trouble, match="cannot be read: grade it again"):
        feedback(handed_in, "bob", "01_tiny")
    assert graded(handed_in)["bob"].graded, "the run after that grades it anew"


def test_what_nbgrader_needs_to_release_feedback_is_copied_along(handed_in):
    folder = handed_in.submitted / "ann" / "01_tiny"
    (folder / "submission_secret.txt").write_text("a secret")
    (folder / "timestamp.txt").write_text("2026-11-26 12:00:00.000000 UTC")
    graded(handed_in)
    there = handed_in.autograded / "ann" / "01_tiny"
    assert (there / "submission_secret.txt").read_text() == "a secret"
    assert (there / "timestamp.txt").read_text().startswith("2026-11-26")
    assert not (handed_in.autograded / "bob" / "01_tiny" / "submission_secret.txt").exists()


def test_the_command_for_feedback_goes_on_and_says_so(handed_in, monkeypatch, capsys):
    from autograder.__main__ import main

    graded(handed_in)
    breaking(monkeypatch, "autograder.record.feedback_page", "output", ValueError("odd"))
    assert main(["feedback", "--course", str(handed_in.root)]) == 1
    said = capsys.readouterr()
    assert "2 of 3 pages" in said.out and "bob, 01_tiny: odd." in said.err + said.out
    assert "Traceback" not in said.out + said.err
