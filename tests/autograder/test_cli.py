"""The command line: it teaches, and bad input gets one clear sentence and an exit status of not 0."""

import sqlite3
import subprocess
import sys

import pytest

from autograder.__main__ import HELP, main


@pytest.mark.parametrize("command", [None, *HELP])
def test_help_teaches_on_every_command(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"] if command else ["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert len(said) >= 300
    if command is None:
        assert all(name in said for name in HELP)


def test_python_m_autograder_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "--help"], capture_output=True, text=True, check=True
    )
    assert "usage: autograder" in done.stdout


@pytest.mark.parametrize(
    "args", [["grade", "--all"], ["release"], ["doctor"], ["report"], ["demo"]]
)
def test_outside_the_course_folder(args, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(args) == 1
    said = capsys.readouterr().err
    assert "is not in a course" in said and "--course" in said and said.count("\n") == 1


def test_below_the_course_folder_it_finds_the_course(course, monkeypatch, capsys):
    monkeypatch.chdir(course.solutions / "01_tiny")
    assert main(["release", "--check"]) == 0


def test_a_configuration_that_does_not_run(course, autograder):
    (course.root / "nbgrader_config.py").write_text("c = get_config()\nc.x = 1 / 0\n")
    status, _, err = autograder("release")
    assert status == 1 and "nbgrader_config.py does not run: division by zero" in err


@pytest.mark.parametrize("command", ["grade", "release", "report", "feedback"])
def test_an_unknown_assignment(course, hand_in, autograder, command):
    hand_in("ann")
    course.gradebook.write_bytes(b"")
    status, _, err = autograder(command, "01_tiyn")
    assert status == 1 and "there is no assignment 01_tiyn: did you mean 01_tiny?" in err


def test_a_course_without_assignments(course, autograder):
    (course.solutions / "01_tiny" / "tiny.ipynb").unlink()
    for command in ("release", "feedback"):
        status, _, err = autograder(command)
        assert status == 1 and "there is no assignment in" in err


def test_grade_wants_to_know_what(course, hand_in, autograder):
    hand_in("ann")
    status, _, err = autograder("grade")
    assert status == 1 and "Name assignments, or say --all. Handed in so far: 01_tiny 1" in err


def test_no_submissions(autograder):
    status, _, err = autograder("grade", "01_tiny")
    assert status == 1
    assert "put submissions into autograder/submitted/STUDENT/01_tiny/" in err


def test_a_student_who_handed_in_nothing(hand_in, autograder):
    hand_in("ann")
    status, _, err = autograder("grade", "--all", "--student", "bob")
    assert status == 1 and "bob handed in nothing" in err


def test_report_and_feedback_before_anything_is_graded(hand_in, autograder):
    hand_in("ann")
    for command in ("report", "feedback"):
        status, _, err = autograder(command)
        assert status == 1 and "run `autograder grade` first" in err


def test_a_gradebook_that_is_none(course, hand_in, autograder):
    hand_in("ann")
    course.gradebook.write_text("these are my notes, in a file of the wrong name " * 20)
    for command in (["grade", "--all"], ["report"]):
        status, _, err = autograder(*command)
        assert status == 1 and "gradebook.db is not a gradebook" in err
    assert "my notes" in course.gradebook.read_text()


def test_a_gradebook_that_is_locked(course, hand_in, autograder, monkeypatch):
    monkeypatch.setattr("autograder.convert.PATIENCE", 0.1)
    hand_in("ann")
    with sqlite3.connect(course.gradebook) as other:
        other.execute("create table x (y)")
        other.commit()
        other.execute("begin exclusive")
        status, _, err = autograder("grade", "--all")
        other.rollback()
    assert status == 1 and "gradebook.db is locked: another program is writing to it" in err


def test_doctor_finds_all_well(autograder):
    status, out, _ = autograder("doctor")
    assert status == 0 and "all well" in out
    for word in (
        "python",
        "torch",
        "nbgrader",
        "gradebook",
        "source 01_tiny",
        "current",
        "sandbox",
    ):
        assert word in out
    assert "none yet" in next(line for line in out.splitlines() if "sandbox" in line)


def test_doctor_changes_nothing(course, autograder):
    before = {path for path in course.root.rglob("*") if "__pycache__" not in str(path)}
    autograder("doctor")
    assert {path for path in course.root.rglob("*") if "__pycache__" not in str(path)} == before


def test_doctor_sees_what_is_wrong(course, autograder):
    (course.exercises / "01_tiny" / "tiny.ipynb").unlink()
    (course.exercises / "00_gone").mkdir()
    (course.exercises / "00_gone" / "gone.ipynb").write_text("{}")
    course.gradebook.parent.mkdir(exist_ok=True)
    course.gradebook.write_text("no gradebook " * 100)
    (course.solutions / "02_bad").mkdir()
    (course.solutions / "02_bad" / "bad.ipynb").write_text("not json")
    status, out, _ = autograder("doctor")
    bad = [line for line in out.splitlines() if line.startswith("BAD")]
    assert status == 1 and "4 bad" in out
    for name in ("gradebook ", "release 01_tiny", "release 00_gone", "source 02_bad"):
        assert sum(name in line for line in bad) == 1
